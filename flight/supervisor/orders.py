"""Demands to the supervisor itself that change neither mode nor arming: fence, motor test, restart, a cleared crash."""

from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Why
from flight.supervisor import fence, motor_test

NEEDS_DISARMED, STANDING = int(Why.NEEDS_DISARMED), int(Why.STANDING)


@kernel
def reboot(state, demand, status):
    """Pass the wish on to the world unless motors may turn."""
    if state.arming == Arming.ARMED:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, NEEDS_DISARMED)
    else:
        say(status, Event.REBOOT, 0.0)


@kernel
def refuse_kill(demand, status, is_standing):
    """Refuse to stop what stands: who takes that for a lasting stop would see it armed later."""
    if demand.kind == Demand.KILL and is_standing:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, STANDING)


@kernel
def start_again(state, is_wanted):
    """Let a flight that has just landed go on: who arms or takes off anew is not disarmed for having landed."""
    if is_wanted and state.landing.is_landed and state.arming == Arming.ARMED:
        state.landing.has_flown = 0
        state.armed_s = 0.0


@kernel
def obey(state, params, inputs, status):
    """Do what the demand asks."""
    demand = inputs.demand
    kind = demand.kind
    if kind == Demand.MOTOR_TEST:
        motor_test.begin(state, params.test, demand, inputs.pilot, status)
    elif kind == Demand.REBOOT:
        reboot(state, demand, status)
    elif kind == Demand.ARM:
        start_again(state, True)
    elif kind == Demand.DISARM:
        state.is_crashed = state.is_crashed if state.arming == Arming.ARMED else 0
    else:
        fence.listen(state.fence, demand, status)


@kernel
def must_end_test(state, params, inputs, estimate):
    """Tell whether a running motor test has to stop: somebody says so, or the vehicle moves."""
    demand = inputs.demand
    is_told = demand.fresh and (demand.kind == Demand.DISARM or demand.kind == Demand.KILL)
    turning = estimate.omega_frd[0] * estimate.omega_frd[0] + estimate.omega_frd[1] * estimate.omega_frd[1]
    is_tipping = not turning <= params.test.rate * params.test.rate
    is_off = state.arming != Arming.DISARMED or not state.landing.is_landed
    return is_told or is_tipping or is_off or inputs.pilot.is_kill_switch_on == 1
