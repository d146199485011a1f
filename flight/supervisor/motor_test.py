"""Turn one motor of a disarmed vehicle on the ground, gently and for a short time."""

import math

from flight.command import refuse, say
from flight.kernel import kernel
from flight.modes import Arming, Event, Why
from flight.record import INTEGER, MAX_ROTORS, REAL, record

TEST = record(motor=INTEGER, throttle=REAL, left_s=REAL)
UNKNOWN, NOT_A_NUMBER, OUT_OF_RANGE = int(Why.UNKNOWN), int(Why.NOT_A_NUMBER), int(Why.OUT_OF_RANGE)
NEEDS_DISARMED, NEEDS_LANDED, KILL_SWITCH = (
    int(Why.NEEDS_DISARMED),
    int(Why.NEEDS_LANDED),
    int(Why.KILL_SWITCH),
)


@kernel
def objection(state, params, demand, pilot):
    """Return Why a motor cannot be tested now, 0 when it can."""
    throttle, seconds = demand.argument[0], demand.argument[1]
    if state.arming != Arming.DISARMED:
        return NEEDS_DISARMED
    if not state.landing.is_landed:
        return NEEDS_LANDED
    if pilot.is_kill_switch_on:
        return KILL_SWITCH
    if not 0 <= demand.index < min(state.rotors.count, MAX_ROTORS):
        return UNKNOWN
    if not math.isfinite(throttle + seconds):
        return NOT_A_NUMBER
    is_small = 0.0 <= throttle <= params.throttle and 0.0 < seconds <= params.seconds
    return 0 if is_small else OUT_OF_RANGE


@kernel
def begin(state, params, demand, pilot, status):
    """Start a test, or say why not."""
    why = objection(state, params, demand, pilot)
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
        return
    state.test.motor = demand.index
    state.test.throttle = demand.argument[0]
    state.test.left_s = demand.argument[1]
    say(status, Event.MOTOR_TEST, demand.index)


@kernel
def step(test, status, must_end, dt):
    """Let the time pass; end when it is over or something speaks against it."""
    if test.left_s <= 0.0:
        return
    test.left_s = 0.0 if must_end else test.left_s - dt
    if test.left_s <= 0.0:
        say(status, Event.MOTOR_TEST, -1.0)


@kernel
def turn(test, motors):
    """Turn the tested motor."""
    if test.left_s > 0.0:
        motors.motor[test.motor] = test.throttle
