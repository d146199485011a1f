"""The moving setpoint: position and heading with their derivatives, steered by jerk.

Between plans the jerk stands still, so position, velocity and acceleration setpoints agree exactly. Plans are made
every `NAV_PLAN_T`; when the vehicle falls behind, the setpoint's time slows down (`pace`), so that it stays on its way.
"""

import math

from flight.guidance.axis import braking_distance, is_still, jerk_to_place, jerk_to_velocity
from flight.kernel import kernel
from flight.modes import Level
from flight.quaternion import quat, wrap_angle, yaw_of
from flight.record import FLAG, REAL, VECTOR, record
from flight.vector import DOWN, Vec3, clamp, clip, cross, dot, norm, put, unit, vec

SHAPE = record(
    p_ned=VECTOR,
    v_ned=VECTOR,
    a_ned=VECTOR,
    jerk_ned=VECTOR,
    yaw=REAL,
    yaw_rate=REAL,
    yaw_acc=REAL,
    yaw_jerk=REAL,
    pace=REAL,
    period_s=REAL,
    wait_s=REAL,
    is_due=FLAG,
)
NORTH = Vec3(1.0, 0.0, 0.0)
EAST = Vec3(0.0, 1.0, 0.0)
STILL = Vec3(0.0, 0.0, 0.0)


@kernel
def restart(shape, estimate):
    """Begin where the vehicle is, moving as it moves."""
    put(shape.p_ned, vec(estimate.p_ned))
    put(shape.v_ned, vec(estimate.v_ned))
    put(shape.a_ned, STILL)
    put(shape.jerk_ned, STILL)
    shape.yaw = yaw_of(quat(estimate.q_ned_frd))
    shape.yaw_rate = 0.0
    shape.yaw_acc = 0.0
    shape.yaw_jerk = 0.0
    shape.pace = 1.0
    shape.wait_s = 0.0


@kernel
def glue(shape, params, estimate, level):
    """Carry along with the vehicle what the level leaves to others, so that nothing jumps when it is needed again."""
    if level >= Level.POSITION:
        return
    p, v, a = vec(estimate.p_ned), vec(estimate.v_ned), vec(estimate.a_ned)
    if level == Level.VELOCITY:
        put(shape.p_ned, p)
        return
    for i in range(2 if level == Level.ALTITUDE else 3):
        shape.jerk_ned[i] = 0.0
    lean = clip(Vec3(a.x, a.y, 0.0), Vec3(params.acc_xy, params.acc_xy, 0.0))
    is_free = level == Level.ALTITUDE
    put(shape.p_ned, Vec3(p.x, p.y, shape.p_ned[2] if is_free else p.z))
    put(shape.v_ned, Vec3(v.x, v.y, shape.v_ned[2] if is_free else v.z))
    put(shape.a_ned, Vec3(lean.x, lean.y, shape.a_ned[2] if is_free else 0.0))


@kernel
def settle(shape):
    """Stop the setpoint where it is, at once."""
    put(shape.v_ned, STILL)
    put(shape.a_ned, STILL)
    put(shape.jerk_ned, STILL)


@kernel
def calm(motion):
    """End motions of which only rounding is left."""
    v, a, jerk = motion.v_ned, motion.a_ned, motion.jerk_ned
    for i in range(3):
        if is_still(v[i], a[i], jerk[i]):
            v[i], a[i], jerk[i] = 0.0, 0.0, 0.0
    if is_still(motion.yaw_rate, motion.yaw_acc, motion.yaw_jerk):
        motion.yaw_rate, motion.yaw_acc, motion.yaw_jerk = 0.0, 0.0, 0.0


@kernel
def begin(shape, params, dt):
    """Decide whether this tick plans."""
    shape.wait_s -= dt
    shape.is_due = 1 if shape.wait_s < 0.5 * dt else 0
    if shape.is_due:
        shape.period_s = max(params.plan_s, dt)
        shape.wait_s = shape.period_s
        calm(shape)


@kernel
def set_pace(shape, params, estimate, dt):
    """Slow down for a vehicle that falls behind, hurry again when it has caught up."""
    behind = norm(vec(shape.p_ned) - vec(estimate.p_ned))
    span = max(params.error_stop - params.error_slow, 1e-3)
    goal = clamp(1.0 - (behind - params.error_slow) / span, 0.0, 1.0)
    step = params.pace_rate * dt
    shape.pace = clamp(goal, shape.pace - step, shape.pace + step) if estimate.is_position_valid else 1.0


@kernel
def advance(shape, dt):
    """Move the setpoint on by one tick of constant jerk."""
    h = dt * shape.pace
    p, v, a, jerk = vec(shape.p_ned), vec(shape.v_ned), vec(shape.a_ned), vec(shape.jerk_ned)
    put(shape.p_ned, p + h * (v + h * (0.5 * a + (h / 6.0) * jerk)))
    put(shape.v_ned, v + h * (a + (0.5 * h) * jerk))
    put(shape.a_ned, a + h * jerk)
    turned = shape.yaw + dt * (shape.yaw_rate + dt * (0.5 * shape.yaw_acc + dt * shape.yaw_jerk / 6.0))
    shape.yaw = wrap_angle(turned)
    shape.yaw_rate += dt * (shape.yaw_acc + 0.5 * dt * shape.yaw_jerk)
    shape.yaw_acc += dt * shape.yaw_jerk


@kernel
def along(direction, xy, z):
    """Return a limit along a direction that respects a horizontal and a vertical one."""
    level = math.sqrt(direction.x * direction.x + direction.y * direction.y)
    return min(xy / max(level, 1e-9), z / max(abs(direction.z), 1e-9))


@kernel
def jerk_along(shape, params, direction, gap_ned, speed_xy):
    """Return the jerk in one direction that brings the gap in that direction to nothing."""
    climb = params.speed_down if direction.z * dot(direction, gap_ned) > 0.0 else params.speed_up
    return jerk_to_place(
        dot(direction, gap_ned),
        dot(direction, vec(shape.v_ned)),
        dot(direction, vec(shape.a_ned)),
        along(direction, speed_xy, climb),
        along(direction, params.acc_xy, params.acc_z),
        along(direction, params.jerk_xy, params.jerk_z),
        shape.period_s,
    )


@kernel
def plan_to_place(shape, params, place_ned, way_ned, speed_xy):
    """Head for a place on the straight line through it along way_ned (a unit vector), to stop there."""
    if shape.is_due:
        gap = place_ned - vec(shape.p_ned)
        side = unit(cross(DOWN, way_ned), EAST)
        lift = cross(way_ned, side)
        jerk = way_ned * jerk_along(shape, params, way_ned, gap, speed_xy)
        jerk = jerk + side * jerk_along(shape, params, side, gap, speed_xy)
        put(shape.jerk_ned, jerk + lift * jerk_along(shape, params, lift, gap, speed_xy))


@kernel
def plan_to_place_xy(shape, params, north, east):
    """Head for a place over ground, each axis by itself."""
    if shape.is_due:
        p, v, a, period = vec(shape.p_ned), vec(shape.v_ned), vec(shape.a_ned), shape.period_s
        speed, acc, jerk = params.cruise, params.acc_xy, params.jerk_xy
        shape.jerk_ned[0] = jerk_to_place(north - p.x, v.x, a.x, speed, acc, jerk, period)
        shape.jerk_ned[1] = jerk_to_place(east - p.y, v.y, a.y, speed, acc, jerk, period)


@kernel
def plan_to_velocity_xy(shape, params, north, east):
    """Steer for a horizontal velocity."""
    if shape.is_due:
        v, a, period = vec(shape.v_ned), vec(shape.a_ned), shape.period_s
        shape.jerk_ned[0] = jerk_to_velocity(v.x, a.x, north, params.acc_xy, params.jerk_xy, period)
        shape.jerk_ned[1] = jerk_to_velocity(v.y, a.y, east, params.acc_xy, params.jerk_xy, period)


@kernel
def plan_to_velocity_z(shape, params, down):
    """Steer for a vertical velocity."""
    if shape.is_due:
        goal = clamp(down, -params.speed_up, params.speed_down)
        v, a = shape.v_ned[2], shape.a_ned[2]
        shape.jerk_ned[2] = jerk_to_velocity(v, a, goal, params.acc_z, params.jerk_z, shape.period_s)


@kernel
def plan_to_height(shape, params, down):
    """Climb or sink to a height given as local down coordinate."""
    if shape.is_due:
        gap, v, a = down - shape.p_ned[2], shape.v_ned[2], shape.a_ned[2]
        speed = params.speed_down if gap > 0.0 else params.speed_up
        shape.jerk_ned[2] = jerk_to_place(gap, v, a, speed, params.acc_z, params.jerk_z, shape.period_s)


@kernel
def plan_stop(shape, params):
    """Brake to a stop and stay there."""
    plan_to_velocity_xy(shape, params, 0.0, 0.0)
    plan_to_velocity_z(shape, params, 0.0)


@kernel
def plan_to_yaw(shape, params, yaw):
    """Turn to a heading the short way round."""
    if shape.is_due:
        gap = wrap_angle(yaw - shape.yaw)
        shape.yaw_jerk = jerk_to_place(
            gap,
            shape.yaw_rate,
            shape.yaw_acc,
            params.yaw_rate,
            params.yaw_acc,
            params.yaw_jerk,
            shape.period_s,
        )


@kernel
def plan_to_yaw_rate(shape, params, rate):
    """Turn with a rate."""
    if shape.is_due:
        limit = params.pilot.yaw_acc
        jerk_limit = 2.0 * limit / shape.period_s
        shape.yaw_jerk = jerk_to_velocity(
            shape.yaw_rate, shape.yaw_acc, rate, limit, jerk_limit, shape.period_s
        )


@kernel
def stopping_place(shape, params):
    """Return where the setpoint would come to rest if it braked now."""
    p, v, a = vec(shape.p_ned), vec(shape.v_ned), vec(shape.a_ned)
    return p + Vec3(
        braking_distance(v.x, a.x, params.acc_xy, params.jerk_xy),
        braking_distance(v.y, a.y, params.acc_xy, params.jerk_xy),
        braking_distance(v.z, a.z, params.acc_z, params.jerk_z),
    )
