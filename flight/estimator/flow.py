"""Velocity over ground from optical flow and the height above it."""

import math

from flight.estimator import history, report, update
from flight.estimator.layout import FLOW, MOCAP, THETA
from flight.kernel import kernel
from flight.quaternion import down_frd, quat, rotate
from flight.vector import Vec3, cross, dot, vec

LOWEST_M = 0.1
FASTEST_RAD_S = 50.0


@kernel
def is_credible(sample, params):
    """Tell whether a flow sample is usable; NaN fails every comparison."""
    return (
        sample.quality >= params.flow_quality
        and abs(sample.rate_x) < FASTEST_RAD_S
        and abs(sample.rate_y) < FASTEST_RAD_S
    )


@kernel
def step(state, params, sample, now_us):
    """Fuse the flow along both body axes: rate_x - omega_x = -v_y / d and rate_y - omega_y = v_x / d."""
    if not sample.fresh or not is_credible(sample, params):
        return
    history.recall(state, sample.t_us, now_us, params.flow_delay - params.imu_delay)
    past = state.past
    cosine = down_frd(quat(past.q_ned_frd)).z
    if cosine < math.cos(params.range_tilt) or update.is_healthy(state.aid, MOCAP, now_us, params.aid_time):
        return
    distance = max(report.height_above_ground(state, params, now_us), LOWEST_M) / cosine
    forward = rotate(quat(past.q_ned_frd), Vec3(1.0, 0.0, 0.0))
    right = rotate(quat(past.q_ned_frd), Vec3(0.0, 1.0, 0.0))
    rate = Vec3(sample.rate_x, sample.rate_y, 0.0) - vec(past.omega_frd)
    worst = max(fuse(state, params, forward, rate.y, distance), fuse(state, params, right, -rate.x, distance))
    update.note(state.aid, FLOW, worst, now_us)
    if worst <= 1.0:
        state.aided_us = now_us


@kernel
def fuse(state, params, direction, rate, distance):
    """Correct the velocity along a body axis, given as a world direction, by the ground's rate along it."""
    filter = state.filter
    v_ned = vec(state.past.v_ned)
    along = dot(direction, v_ned)
    update.on_velocity(filter, direction / distance, state.past)
    # A turn of the body turns the axis along which the velocity is seen.
    update.depend_along(filter, THETA, cross(direction, v_ned) / distance)
    height_sd = report.height_sd(state, params)
    blur = along * height_sd / (distance * distance)
    variance = params.flow_sd * params.flow_sd + blur * blur
    return update.fuse(filter, rate - along / distance, variance, 1.0, params.flow_gate)
