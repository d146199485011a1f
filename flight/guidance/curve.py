"""Reference curves with exact derivatives: a circle and a figure-8, brought to speed by a smooth ramp.

The curve is a function of a phase, the phase a function of time: chain rule to the third derivative. What separates the
vehicle from the curve at the start is an offset that fades away with limited jerk while the curve waits.
"""

import math

from flight.guidance.axis import jerk_to_place
from flight.guidance.shaping import calm
from flight.kernel import kernel
from flight.quaternion import wrap_angle
from flight.record import INTEGER, REAL, VECTOR, record
from flight.vector import Vec3, norm, put, vec

CIRCLE = 1
EIGHT = 2
# rate: phase per second at full speed, negative counter-clockwise seen from above; phase starts at `start`.
CURVE = record(
    kind=INTEGER,
    centre_ned=VECTOR,
    radius=REAL,
    rate=REAL,
    start=REAL,
    time_s=REAL,
    phase=REAL,
    p_ned=VECTOR,
    v_ned=VECTOR,
    a_ned=VECTOR,
    jerk_ned=VECTOR,
    yaw=REAL,
    yaw_rate=REAL,
    yaw_acc=REAL,
    yaw_jerk=REAL,
)


@kernel
def circle(size, s):
    """Return the unit-phase circle and its three derivatives by phase, from north over east."""
    c, n = size * math.cos(s), size * math.sin(s)
    return Vec3(c, n, 0.0), Vec3(-n, c, 0.0), Vec3(-c, -n, 0.0), Vec3(n, -c, 0.0)


@kernel
def eight(size, s):
    """Return x = A sin s, y = A/2 sin 2s and their three derivatives by phase."""
    c, n = size * math.cos(s), size * math.sin(s)
    c2, n2 = size * math.cos(2.0 * s), size * math.sin(2.0 * s)
    return Vec3(n, 0.5 * n2, 0.0), Vec3(c, c2, 0.0), Vec3(-n, -2.0 * n2, 0.0), Vec3(-c, -4.0 * c2, 0.0)


@kernel
def ramp(time, duration):
    """Return the time since the start at full speed that a smooth start is worth, and its three derivatives."""
    if time >= duration:
        return time - 0.5 * duration, 1.0, 0.0, 0.0
    t = time / duration
    worth = duration * t * t * t * t * (2.5 + t * (t - 3.0))
    speed = t * t * t * (10.0 + t * (6.0 * t - 15.0))
    gain = 30.0 * t * t * (1.0 - t) * (1.0 - t) / duration
    return worth, speed, gain, 60.0 * t * (1.0 - t) * (1.0 - 2.0 * t) / (duration * duration)


@kernel
def shape_at(curve, s):
    """Return the curve of the chosen kind at a phase, with its derivatives by phase."""
    return circle(curve.radius, s) if curve.kind == CIRCLE else eight(curve.radius, s)


@kernel
def evaluate(curve, ramp_s):
    """Return position, velocity, acceleration and jerk, and the phase's own speed, now."""
    worth, speed, gain, change = ramp(curve.time_s, ramp_s)
    w, w1, w2 = curve.rate * speed, curve.rate * gain, curve.rate * change
    curve.phase = curve.start + curve.rate * worth
    p, d1, d2, d3 = shape_at(curve, curve.phase)
    v = w * d1
    a = w1 * d1 + (w * w) * d2
    jerk = w2 * d1 + (3.0 * w * w1) * d2 + (w * w * w) * d3
    return vec(curve.centre_ned) + p, v, a, jerk, w


@kernel
def start(curve, shape, ramp_s, yaw):
    """Begin the curve at its start phase; `yaw` is the heading wanted there."""
    curve.time_s = 0.0
    p, v, a, _, _ = evaluate(curve, ramp_s)
    put(curve.p_ned, vec(shape.p_ned) - p)
    put(curve.v_ned, vec(shape.v_ned) - v)
    put(curve.a_ned, vec(shape.a_ned) - a)
    curve.yaw = wrap_angle(shape.yaw - yaw)
    curve.yaw_rate = shape.yaw_rate
    curve.yaw_acc = shape.yaw_acc


@kernel
def plan_offset(curve, shape, params):
    """Choose the jerk that makes the offset fade."""
    period = shape.period_s
    for i in range(3):
        v, a, jerk = params.cruise, params.acc_xy, params.jerk_xy
        if i == 2:
            v, a, jerk = min(params.speed_up, params.speed_down), params.acc_z, params.jerk_z
        curve.jerk_ned[i] = jerk_to_place(-curve.p_ned[i], curve.v_ned[i], curve.a_ned[i], v, a, jerk, period)
    curve.yaw_jerk = jerk_to_place(
        -curve.yaw, curve.yaw_rate, curve.yaw_acc, params.yaw_rate, params.yaw_acc, params.yaw_jerk, period
    )


@kernel
def advance_offset(curve, dt):
    """Move the offset on by one tick."""
    p, v, a, jerk = vec(curve.p_ned), vec(curve.v_ned), vec(curve.a_ned), vec(curve.jerk_ned)
    put(curve.p_ned, p + dt * (v + dt * (0.5 * a + (dt / 6.0) * jerk)))
    put(curve.v_ned, v + dt * (a + (0.5 * dt) * jerk))
    put(curve.a_ned, a + dt * jerk)
    curve.yaw += dt * (curve.yaw_rate + dt * (0.5 * curve.yaw_acc + dt * curve.yaw_jerk / 6.0))
    curve.yaw_rate += dt * (curve.yaw_acc + 0.5 * dt * curve.yaw_jerk)
    curve.yaw_acc += dt * curve.yaw_jerk


@kernel
def follow(curve, shape, params, dt):
    """Let time pass on the curve and write curve plus offset into the setpoint; return the phase's speed."""
    if shape.is_due:
        calm(curve)
        plan_offset(curve, shape, params)
    advance_offset(curve, dt)
    if norm(vec(curve.p_ned)) <= params.acceptance or curve.time_s > 0.0:
        curve.time_s += dt * shape.pace
    p, v, a, jerk, w = evaluate(curve, params.ramp_s)
    put(shape.p_ned, p + vec(curve.p_ned))
    put(shape.v_ned, v + vec(curve.v_ned))
    put(shape.a_ned, a + vec(curve.a_ned))
    put(shape.jerk_ned, jerk + vec(curve.jerk_ned))
    return w


@kernel
def look(curve, shape, yaw, rate):
    """Face a moving heading, the fading offset on top."""
    shape.yaw = wrap_angle(yaw + curve.yaw)
    shape.yaw_rate = rate + curve.yaw_rate
    shape.yaw_acc = curve.yaw_acc
    shape.yaw_jerk = 0.0
