"""Choose the mode: what is over, what has failed, what has become impossible, what is wished."""

from flight.command import say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Failsafe, Mode
from flight.supervisor import failsafes
from flight.supervisor.signs import is_meant
from flight.supervisor.table import (
    ANSWER,
    FALLBACK,
    FORBIDDEN,
    FROM,
    LASTING,
    MODE_CHANGES,
    MODE_TABLE,
    NEEDED,
    NEEDED_DISARMED,
    NEEDS,
    OPERATOR_OVERRULES,
    PILOT_OVERRULES,
    RANK,
    TO,
    WISHES,
    Sign,
)

LAST_MODE = float(len(MODE_TABLE) - 1)


@kernel
def change_when_over(state, signs):
    """Leave a mode that has done its work."""
    for row in range(len(MODE_CHANGES)):
        change = MODE_CHANGES[row]
        fits = signs & change[NEEDED] == change[NEEDED] and signs & change[FORBIDDEN] == 0
        if change[FROM] >> state.mode & 1 and fits:
            state.mode = change[TO]
            return


@kernel
def lowered(mode, signs):
    """Return the mode itself, or the next lower one for which the estimate suffices."""
    while MODE_TABLE[mode, NEEDS] & LASTING & ~signs:
        mode = MODE_TABLE[mode, FALLBACK]
    return mode


@kernel
def obey_failsafes(state, worst, signs):
    """Climb the ladder to the answer the worst failsafe asks for, and step down where the estimate does not suffice."""
    if RANK[state.mode] < worst:
        state.mode = lowered(ANSWER[worst], signs)
    elif state.watch.raised & (Failsafe.POSITION_LOST | Failsafe.ESTIMATOR):
        state.mode = lowered(state.mode, signs)


@kernel
def is_allowed(state, mode, worst, signs):
    """Tell whether a mode can be entered now."""
    if not Mode.RATE <= mode < len(MODE_TABLE):
        return False
    asked = MODE_TABLE[mode, NEEDS]
    if state.arming != Arming.ARMED:
        return asked & NEEDED_DISARMED & ~signs == 0
    return asked & ~signs == 0 and RANK[mode] >= worst


@kernel
def pilot_wish(state, pilot):
    """Return the mode the pilot's switch has moved to, until it is granted or refused."""
    if pilot.fresh and pilot.mode != state.switch_mode:
        state.switch_mode = pilot.mode
        return pilot.mode
    return 0


@kernel
def operator_wish(demand):
    """Return the mode a demand asks for, 0 for none, -1 for one that does not exist."""
    if not demand.fresh or not 0 < demand.kind < len(WISHES):
        return 0
    if demand.kind == Demand.MODE:
        wish = demand.argument[0]
        return int(wish) if 1.0 <= wish < LAST_MODE + 1.0 else -1
    return WISHES[demand.kind]


@kernel
def grant(state, status, mode, params, signs, overrules):
    """Enter a mode if it is possible, overruling the failsafes a person may overrule; tell whether it was."""
    free = state.watch.overruled
    failsafes.overrule(state.watch, overrules)
    worst = failsafes.worst(state.watch, params)
    if is_allowed(state, mode, worst, signs):
        state.mode = mode
        return True
    state.watch.overruled = free
    return False


@kernel
def grant_pilot(state, params, inputs, status, signs):
    """Do what the mode switch asks."""
    wish = pilot_wish(state, inputs.pilot)
    if wish != 0 and not grant(state, status, wish, params, signs, PILOT_OVERRULES):
        say(status, Event.MODE_REFUSED, wish)


@kernel
def is_startable(demand, signs, status):
    """Tell whether a demand makes sense now: numbers are numbers, a take-off is armed, a mission holds the item."""
    if demand.kind == Demand.TAKEOFF:
        return is_meant(demand) and signs & Sign.ARMED != 0
    if demand.kind == Demand.MISSION_START:
        return 0 <= demand.index < status.mission_count
    return is_meant(demand)


@kernel
def grant_operator(state, params, inputs, status, signs):
    """Do what a demand asks."""
    demand = inputs.demand
    wish = operator_wish(demand)
    if wish == 0:
        return
    is_fit = is_startable(demand, signs, status)
    if is_fit and grant(state, status, wish, params, signs, OPERATOR_OVERRULES):
        return
    if demand.kind == Demand.MODE:
        say(status, Event.MODE_REFUSED, demand.argument[0])
    else:
        say(status, Event.DEMAND_REFUSED, demand.kind)


@kernel
def step(state, params, inputs, status, signs):
    """Choose this tick's mode."""
    before = state.mode
    change_when_over(state, signs)
    grant_pilot(state, params, inputs, status, signs)
    grant_operator(state, params, inputs, status, signs)
    if signs & Sign.ARMED:
        obey_failsafes(state, failsafes.worst(state.watch, params), signs)
    if state.mode != before:
        say(status, Event.MODE_CHANGED, state.mode)
