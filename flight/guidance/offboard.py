"""Do what a program streams: rates, attitudes, velocities, places or whole trajectories."""

import math

from flight.guidance.leg import climb_apart, set_leg
from flight.guidance.shaping import (
    plan_to_height,
    plan_to_place,
    plan_to_velocity_xy,
    plan_to_velocity_z,
    plan_to_yaw,
    plan_to_yaw_rate,
)
from flight.inputs import Use
from flight.kernel import kernel
from flight.modes import Level
from flight.quaternion import normalize, put_quat, quat, yaw_of
from flight.vector import ZERO, Vec3, clamp, is_finite, norm, put, vec

# A goal that moves by less keeps the line to it.
SAME_PLACE_M = 0.01
PLACES = Use.POSITION_XY + Use.POSITION_Z
VELOCITIES = Use.VELOCITY_XY + Use.VELOCITY_Z


@kernel
def is_sound(wish):
    """Tell whether every number of a setpoint is finite."""
    total = float(wish.yaw) + float(wish.yaw_rate) + float(wish.thrust)
    for i in range(4):
        total += float(wish.q_ned_frd[i])
    vectors = is_finite(vec(wish.p_ned)) and is_finite(vec(wish.v_ned)) and is_finite(vec(wish.a_ned))
    return vectors and is_finite(vec(wish.omega_frd)) and math.isfinite(total)


@kernel
def turn(state, params, wish):
    """Steer the heading."""
    uses, shape = wish.uses, state.motion
    if uses & Use.YAW and uses & Use.YAW_RATE:
        if wish.fresh:
            shape.yaw, shape.yaw_rate, shape.yaw_acc, shape.yaw_jerk = wish.yaw, wish.yaw_rate, 0.0, 0.0
    elif uses & Use.YAW:
        plan_to_yaw(shape, params, wish.yaw)
    else:
        plan_to_yaw_rate(shape, params, wish.yaw_rate if uses & Use.YAW_RATE else 0.0)


@kernel
def track(state, wish):
    """Take position and derivatives as they come; between samples the last derivatives carry on."""
    shape = state.motion
    if wish.fresh:
        put(shape.p_ned, vec(wish.p_ned))
        put(shape.v_ned, vec(wish.v_ned))
        put(shape.a_ned, vec(wish.a_ned) if wish.uses & Use.ACCELERATION else ZERO)
        put(shape.jerk_ned, ZERO)


@kernel
def go(state, params, wish):
    """Fly to a place."""
    here = state.motion.p_ned
    goal = Vec3(wish.p_ned[0], wish.p_ned[1], wish.p_ned[2] if wish.uses & Use.POSITION_Z else here[2])
    if norm(goal - vec(state.leg.goal_ned)) > SAME_PLACE_M:
        set_leg(state, params, goal, params.speed_xy)
        climb_apart(state)
    plan_to_place(state.motion, params, goal, vec(state.leg.way_ned), params.speed_xy)


@kernel
def steer(state, params, wish):
    """Fly places and velocities, each axis as meant."""
    uses, shape = wish.uses, state.motion
    if uses & Use.POSITION_XY:
        go(state, params, wish)
    elif uses & Use.VELOCITY_XY:
        plan_to_velocity_xy(shape, params, wish.v_ned[0], wish.v_ned[1])
    else:
        plan_to_velocity_xy(shape, params, 0.0, 0.0)
    if uses & Use.POSITION_Z:
        if not uses & Use.POSITION_XY:
            plan_to_height(shape, params, wish.p_ned[2])
    else:
        plan_to_velocity_z(shape, params, wish.v_ned[2] if uses & Use.VELOCITY_Z else 0.0)


@kernel
def accelerate(state, estimate, wish):
    """Fly an acceleration alone: velocity errors are nobody's business."""
    put(state.motion.p_ned, vec(estimate.p_ned))
    put(state.motion.v_ned, vec(estimate.v_ned))
    put(state.motion.a_ned, vec(wish.a_ned))
    put(state.motion.jerk_ned, ZERO)
    state.level = Level.VELOCITY


@kernel
def lean(state, params, command, wish):
    """Take attitude and collective, or attitude and height."""
    setpoint = command.setpoint
    state.motion.yaw = yaw_of(quat(command.estimate.q_ned_frd))
    put_quat(setpoint.q_sp_ned_frd, normalize(quat(wish.q_ned_frd)))
    put(setpoint.omega_ff_frd, vec(wish.omega_frd))
    setpoint.thrust_sp = clamp(wish.thrust, 0.0, 1.0)
    if wish.level == Level.ALTITUDE:
        if wish.uses & Use.POSITION_Z:
            plan_to_height(state.motion, params, wish.p_ned[2])
        else:
            plan_to_velocity_z(state.motion, params, wish.v_ned[2] if wish.uses & Use.VELOCITY_Z else 0.0)


@kernel
def move(state, params, command, wish):
    """Fly setpoints of place, velocity and acceleration."""
    uses = wish.uses
    state.level = Level.POSITION
    turn(state, params, wish)
    if uses & (PLACES + VELOCITIES) == 0 and uses & Use.ACCELERATION:
        accelerate(state, command.estimate, wish)
    elif uses & PLACES == PLACES and uses & VELOCITIES:
        track(state, wish)
    else:
        steer(state, params, wish)


@kernel
def step(state, params, inputs, command):
    """Do as the newest sound setpoint says."""
    wish = inputs.offboard
    if not is_sound(wish):
        return
    state.level = wish.level
    if wish.level == Level.RATE:
        put(command.setpoint.omega_sp_frd, vec(wish.omega_frd))
        command.setpoint.thrust_sp = clamp(wish.thrust, 0.0, 1.0)
    elif wish.level == Level.ATTITUDE or wish.level == Level.ALTITUDE:
        lean(state, params, command, wish)
    else:
        move(state, params, command, wish)
