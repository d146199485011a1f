"""Choose the mode: what is over, what has failed, what has become impossible, what is wished."""

from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Failsafe, Mode, Why
from flight.supervisor import failsafes, orders
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
    REASONS,
    TO,
    WISHES,
    Sign,
)

LAST_MODE = float(len(MODE_TABLE) - 1)
UNKNOWN, NOT_A_NUMBER, FAILSAFE = int(Why.UNKNOWN), int(Why.NOT_A_NUMBER), int(Why.FAILSAFE)
NEEDS_ARMED, NEEDS_MISSION = int(Why.NEEDS_ARMED), int(Why.NEEDS_MISSION)
NEEDS_AIRBORNE, NOT_IN_MODE = int(Why.NEEDS_AIRBORNE), int(Why.NOT_IN_MODE)
# A go-to's index that means: only for who goes somewhere already.
ALREADY = 1
LIFTING = int(1 << Mode.TAKEOFF | 1 << Mode.OFFBOARD)


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
def answer_of(worst, signs):
    """Return the mode that answers a failsafe: who nearly touches the ground lands, as holding there topples."""
    return Mode.LAND if signs & Sign.LOW else lowered(ANSWER[worst], signs)


@kernel
def obey_failsafes(state, worst, signs):
    """Climb the ladder to the answer the worst failsafe asks for, and step down where the estimate does not suffice."""
    if RANK[state.mode] < worst:
        state.mode = answer_of(worst, signs)
    elif state.watch.raised & (Failsafe.POSITION_LOST | Failsafe.ESTIMATOR):
        state.mode = lowered(state.mode, signs)


@kernel
def why_missing(missing):
    """Return Why the first of some missing signs is needed, 0 when none is."""
    for row in range(len(REASONS)):
        if missing & REASONS[row, 0]:
            return REASONS[row, 1]
    return 0


@kernel
def objection(state, mode, worst, signs):
    """Return Why a mode cannot be entered now, 0 when it can."""
    if not Mode.RATE <= mode < len(MODE_TABLE):
        return UNKNOWN
    asked = MODE_TABLE[mode, NEEDS]
    if state.arming != Arming.ARMED:
        return why_missing(asked & NEEDED_DISARMED & ~signs)
    why = why_missing(asked & ~signs)
    return FAILSAFE if why == 0 and RANK[mode] < worst else why


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
def grant(state, mode, params, signs, overrules):
    """Enter a mode if it is possible, overruling the failsafes a person may overrule; return Why not, 0 when done."""
    free = state.watch.overruled
    failsafes.overrule(state.watch, overrules)
    why = objection(state, mode, failsafes.worst(state.watch, params), signs)
    if why == 0:
        state.mode = mode
    else:
        state.watch.overruled = free
    return why


@kernel
def grant_pilot(state, params, inputs, status, signs):
    """Do what the mode switch asks."""
    wish = pilot_wish(state, inputs.pilot)
    if wish != 0:
        why = grant(state, wish, params, signs, PILOT_OVERRULES)
        if why != 0:
            refuse(status, Event.MODE_REFUSED, wish, why)


@kernel
def untimely(state, demand, wish, signs):
    """Return Why a demand comes too late, 0 when it does not: nobody goes any more, the mission has landed."""
    if demand.kind == Demand.GOTO and demand.index == ALREADY and state.mode != Mode.GOTO:
        return NOT_IN_MODE
    is_over = state.mode == Mode.MISSION and signs & Sign.DONE and signs & Sign.ARMED
    return NEEDS_AIRBORNE if demand.kind == Demand.MODE and wish == Mode.MISSION and is_over else 0


@kernel
def nonsense(demand, signs, status):
    """Return Why a demand makes no sense now, 0 when numbers are numbers, a take-off is armed, an item exists."""
    if not is_meant(demand):
        return NOT_A_NUMBER
    if demand.kind == Demand.TAKEOFF and not signs & Sign.ARMED:
        return NEEDS_ARMED
    if demand.kind == Demand.MISSION_START and not 0 <= demand.index < status.mission_count:
        return UNKNOWN if status.mission_count > 0 else NEEDS_MISSION
    return 0


@kernel
def grant_operator(state, params, inputs, status, signs):
    """Do what a demand asks."""
    demand = inputs.demand
    wish = operator_wish(demand)
    if wish == 0:
        return
    why = nonsense(demand, signs, status)
    if why == 0:
        why = untimely(state, demand, wish, signs)
    if why == 0:
        why = grant(state, wish, params, signs, OPERATOR_OVERRULES)
    if why == 0:
        orders.start_again(state, LIFTING >> wish & 1)
        return
    if demand.kind == Demand.MODE:
        refuse(status, Event.MODE_REFUSED, max(wish, 0), why)
    else:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)


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
