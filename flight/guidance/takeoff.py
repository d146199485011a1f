"""Take off: spin up on the ground, then climb straight to the height asked for."""

from flight.guidance.leg import climb_leg, enter_phase, fly_leg, is_within
from flight.guidance.shaping import restart, settle
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Level

SPOOL = 0
CLIMB = 1


@kernel
def start(state, params, estimate, down, is_landed):
    """Prepare to climb to a height given as local down coordinate."""
    state.climb_to = down
    enter_phase(state, SPOOL)
    if not is_landed:
        climb(state, params)


@kernel
def climb(state, params):
    """Leave the ground."""
    enter_phase(state, CLIMB)
    climb_leg(state, params, state.climb_to)


@kernel
def enter(state, params, inputs, command):
    """Take the height from the demand, from the parameter otherwise; in the air, above home, and never sink for it."""
    demand = inputs.demand
    height = params.takeoff_height
    if demand.fresh and demand.kind == Demand.TAKEOFF and demand.uses & 1:
        height = demand.argument[0]
    here, is_landed = command.estimate.p_ned[2], command.status.is_landed
    down = here - height if is_landed else min(here, command.status.home_ned[2] - height)
    start(state, params, command.estimate, down, is_landed)


@kernel
def spool(state, params, estimate):
    """Wait for the motors on the ground."""
    restart(state.motion, estimate)
    settle(state.motion)
    state.level = Level.IDLE
    if state.phase_s >= params.spool_s:
        climb(state, params)


@kernel
def fly(state, params, command):
    """Wait for the motors, then climb; tell when the height is reached."""
    if state.phase == SPOOL:
        spool(state, params, command.estimate)
        return False
    fly_leg(state, params)
    return is_within(state, params, command.estimate, params.arrival)


@kernel
def step(state, params, command):
    """Take off and stay there."""
    if fly(state, params, command):
        state.is_done = 1
