"""Fly a circle facing its centre, or a figure-8 with a steady heading."""

import math

from flight.guidance import curve
from flight.guidance.goto import asked
from flight.guidance.leg import usual_speed
from flight.guidance.shaping import stopping_place
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Mode
from flight.quaternion import wrap_angle
from flight.vector import Vec3, put


@kernel
def turning_speed(params, radius, usual):
    """Return the speed round a circle: whatever is asked, none is faster than setpoints may be or turns harder."""
    return min(abs(usual), params.speed_xy, math.sqrt(params.acc_xy * max(abs(radius), 0.1)))


@kernel
def start_circle(state, params, centre_ned, radius, speed):
    """Begin a circle at its nearest point; a negative radius turns counter-clockwise."""
    place = stopping_place(state.motion, params)
    c = state.curve
    c.kind = curve.CIRCLE
    put(c.centre_ned, centre_ned)
    c.radius = max(abs(radius), 0.1)
    speed = turning_speed(params, radius, speed)
    c.rate = speed / c.radius if radius > 0.0 else -speed / c.radius
    c.start = math.atan2(place.y - centre_ned.y, place.x - centre_ned.x)
    curve.start(c, state.motion, params.ramp_s, c.start + math.pi)


@kernel
def start_eight(state, params, centre_ned, size, period_s):
    """Begin a figure-8 at its centre, northward and to the east first."""
    c = state.curve
    c.kind = curve.EIGHT
    put(c.centre_ned, centre_ned)
    c.radius = size
    c.rate = 2.0 * math.pi / max(period_s, 0.1)
    c.start = 0.0
    state.hold_yaw = state.motion.yaw
    curve.start(c, state.motion, params.ramp_s, state.hold_yaw)


@kernel
def enter(state, params, inputs, command):
    """Take the curve from the demand; what is not asked for comes from here and the parameters."""
    demand = inputs.demand
    here = stopping_place(state.motion, params)
    is_asked = demand.fresh and (demand.kind == Demand.ORBIT or demand.kind == Demand.FIGURE8)
    pace = usual_speed(state, params) if state.mode == Mode.ORBIT else params.cruise
    centre, size = here, params.loiter_radius
    if is_asked:
        centre = Vec3(asked(demand, 0, here.x), asked(demand, 1, here.y), asked(demand, 2, here.z))
        size = asked(demand, 3, size)
        pace = asked(demand, 4, pace)
    if state.mode == Mode.ORBIT:
        start_circle(state, params, centre, size, pace)
    else:
        start_eight(state, params, centre, size, pace)


@kernel
def step(state, params, dt):
    """Follow the curve."""
    c = state.curve
    w = curve.follow(c, state.motion, params, dt)
    state.is_on_curve = 1
    if c.kind == curve.CIRCLE:
        curve.look(c, state.motion, wrap_angle(c.phase + math.pi), w)
    else:
        curve.look(c, state.motion, state.hold_yaw, 0.0)


@kernel
def turns(state):
    """Return how many times the circle has been flown."""
    return abs(state.curve.phase - state.curve.start) / (2.0 * math.pi)
