"""Acceleration setpoint to the direction and size of the thrust, with its rates fed forward."""

import math

from flight.filters import step_share_hz
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import (
    Quat,
    body_z_ned,
    down_frd,
    normalize,
    put_quat,
    quat,
    rotate,
    rotate_back,
    shortest_arc,
)
from flight.record import FLAG, REAL, VECTOR, record
from flight.vector import DOWN, ZERO, Vec3, clamp, clip, cross, dot, norm, norm_xy, put, shorten, unit, vec

RADIAN = math.pi / 180.0
# Above this tilt limit the vehicle may invert, and the limits keep no upward part.
UPRIGHT_DEG = 89.0
# Where the nose's heading has less than this length, the attitude keeps the nose where it is.
NOSE_MIN = 0.1
# Yaw has no meaning where the body's down axis leans further than this cosine.
YAW_COSINE_MIN = 0.2
STATE = record(
    tilt_tangent=REAL, comp_cosine=REAL, omega_ff_frd=VECTOR, omega_dot_ff_frd=VECTOR, is_running=FLAG
)


@kernel
def reset(state):
    """Forget the last feed-forward."""
    state.is_running = 0
    put(state.omega_dot_ff_frd, ZERO)


@kernel
def configure(state, params):
    """Work out the trigonometry of the tilt limits; tangent 0 stands for none."""
    limit = params.tilt_max_deg
    state.tilt_tangent = math.tan(limit * RADIAN) if limit < UPRIGHT_DEG else 0.0
    state.comp_cosine = math.cos(params.tilt_comp_deg * RADIAN)


@kernel
def drag_ned(params, airframe, q_ned_frd, v_air_ned):
    """Return the fed-forward part of the rotors' drag per mass against an air speed (Faessler 2018, eq. 4)."""
    along_frd = vec(airframe.rotor_drag) * rotate_back(q_ned_frd, v_air_ned)
    return rotate(q_ned_frd, along_frd) * (-params.drag_ff / max(airframe.mass_kg, 1e-6))


@kernel
def drag_of_motion(params, airframe, estimate):
    """Return the fed-forward drag per mass of the motion through the air, as far as the wind is known."""
    v_air_ned = vec(estimate.v_ned) - vec(estimate.wind_ned)
    return drag_ned(params, airframe, quat(estimate.q_ned_frd), v_air_ned)


@kernel
def limited_force(state, params, full, force_ned):
    """Limit a specific force to what collective and tilt allow: the climb first, less a margin for steering."""
    most, least = params.share_max * full, params.share_min * full
    if not state.tilt_tangent > 0.0:
        return shorten(force_ned, most)
    margin = min(params.margin * full, norm_xy(force_ned))
    up = clamp(-force_ned.z, least, math.sqrt(max(most * most - margin * margin, least * least)))
    widest = min(state.tilt_tangent * up, math.sqrt(max(most * most - up * up, 0.0)))
    level = shorten(Vec3(force_ned.x, force_ned.y, 0.0), widest)
    return Vec3(level.x, level.y, -up)


@kernel
def thrust_direction(params, force_ned, q_ned_frd):
    """Return where the thrust shall point; as the force vanishes in free fall the vehicle keeps its attitude."""
    up_now = -body_z_ned(q_ned_frd)
    lacking = max(params.force_min - norm(force_ned), 0.0)
    return unit(force_ned + lacking * up_now, up_now)


@kernel
def collective(state, params, full, force_ned, q_ned_frd):
    """Return the share of full thrust: exact in climb force at moderate tilt, beyond it the part along the axis."""
    up_now = -body_z_ned(q_ned_frd)
    is_upright = -up_now.z > state.comp_cosine
    push = force_ned.z / up_now.z if is_upright else dot(force_ned, up_now)
    return clamp(push / full, params.share_min, params.share_max)


@kernel
def twist_towards(q, nose_ned):
    """Return the attitude q turned about its own z axis until the nose leans towards nose_ned."""
    along = dot(nose_ned, rotate(q, Vec3(1.0, 0.0, 0.0)))
    across = dot(nose_ned, rotate(q, Vec3(0.0, 1.0, 0.0)))
    length = math.sqrt(along * along + across * across)
    half = Quat(length + along, 0.0, 0.0, across)
    return q * (normalize(half) if length + along > 1e-9 else Quat(0.0, 0.0, 0.0, 1.0))


@kernel
def attitude_of(up_ned, yaw, q_ned_frd):
    """Return the attitude with its thrust along up_ned and the nose above `yaw`.

    Inverted, the nose stays on the side where it is now, so that loops and rolls pass without a jump.
    """
    down_ned = -up_ned
    nose = cross(Vec3(-math.sin(yaw), math.cos(yaw), 0.0), down_ned)
    nose_now = rotate(q_ned_frd, Vec3(1.0, 0.0, 0.0))
    if norm(nose) < NOSE_MIN:
        nose = nose_now
    elif down_ned.z < 0.0 and dot(nose, nose_now) < 0.0:
        nose = -nose
    return twist_towards(shortest_arc(DOWN, down_ned), nose)


@kernel
def flat_rates(params, force_ned, force_dot_ned, q_sp_ned_frd, yaw_rate):
    """Return the body rates that turn the thrust as the force changes and the nose at yaw_rate (Faessler 2018, III)."""
    up_ned = -body_z_ned(q_sp_ned_frd)
    swing = rotate_back(q_sp_ned_frd, cross(up_ned, force_dot_ned)) / max(norm(force_ned), params.force_min)
    down = down_frd(q_sp_ned_frd)
    if not down.z > YAW_COSINE_MIN:
        return Vec3(swing.x, swing.y, 0.0)
    turn = (yaw_rate * (down.y * down.y + down.z * down.z) - swing.y * down.y) / down.z
    return Vec3(swing.x, swing.y, turn)


@kernel
def feed_forward(state, params, attitude, setpoint, omega_ff_frd, dt):
    """Write the fed-forward rates and, smoothed and limited, their derivative."""
    before = vec(state.omega_ff_frd) if state.is_running else omega_ff_frd
    change = clip((omega_ff_frd - before) / dt, RADIAN * vec(attitude.a_max_deg_s2))
    last = vec(state.omega_dot_ff_frd)
    smooth = last + step_share_hz(dt, params.snap_cutoff_hz) * (change - last)
    state.is_running = 1
    put(state.omega_ff_frd, omega_ff_frd)
    put(state.omega_dot_ff_frd, smooth)
    put(setpoint.omega_ff_frd, omega_ff_frd)
    put(setpoint.omega_dot_ff_frd, smooth if params.snap_cutoff_hz > 0.0 else ZERO)


@kernel
def step(state, params, attitude, airframe, setpoint, estimate, full, free_ned, dt):
    """Fill attitude, collective and rate feed-forward from a_sp_ned; return the acceleration that will be given.

    `full` is the specific force in m/s2 of full collective, `free_ned` what accelerates the vehicle without it.
    """
    q_ned_frd = quat(estimate.q_ned_frd)
    a_sp_ned = vec(setpoint.a_sp_ned)
    force = limited_force(state, params, full, a_sp_ned - free_ned)
    q_sp_ned_frd = attitude_of(thrust_direction(params, force, q_ned_frd), setpoint.yaw_sp, q_ned_frd)
    put_quat(setpoint.q_sp_ned_frd, q_sp_ned_frd)
    # Drag grows with the speed, so the thrust turns with the acceleration too.
    drag_dot_ned = drag_ned(params, airframe, q_ned_frd, vec(setpoint.a_ff_ned))
    force_dot_ned = params.jerk_ff * (vec(setpoint.jerk_ff_ned) - drag_dot_ned)
    # The rotors give the force of a motor lag ago: ask for the one that will be right by then.
    coming = force + params.lead * airframe.motor_lag_s * force_dot_ned
    setpoint.thrust_sp = collective(state, params, full, coming, q_ned_frd)
    rates = flat_rates(params, force, force_dot_ned, q_sp_ned_frd, setpoint.yaw_rate_ff)
    feed_forward(state, params, attitude, setpoint, rates, dt)
    return force + free_ned


@kernel
def climb(state, params, setpoint, estimate, full):
    """Fill the collective alone from a_sp_ned.z, the attitude being chosen; return the acceleration given."""
    q_ned_frd = quat(estimate.q_ned_frd)
    up = clamp(STANDARD_GRAVITY - setpoint.a_sp_ned[2], params.share_min * full, params.share_max * full)
    setpoint.thrust_sp = collective(state, params, full, Vec3(0.0, 0.0, -up), q_ned_frd)
    return Vec3(0.0, 0.0, STANDARD_GRAVITY - up)
