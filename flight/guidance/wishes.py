"""What an operator may change without changing the mode: speed, heading, home and where else to return to."""

import math

from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Mode, Why
from flight.record import INTEGER, record
from flight.vector import Vec3, norm_xy, put, vec

MOST_RALLY_POINTS = 16
RALLY = record(count=INTEGER, places=("f8", (MOST_RALLY_POINTS, 2)))
# Modes whose heading a demand may choose.
TURNING = int(1 << Mode.HOLD | 1 << Mode.TAKEOFF | 1 << Mode.GOTO | 1 << Mode.MISSION | 1 << Mode.RETURN)
CURVED = int(1 << Mode.ORBIT | 1 << Mode.FIGURE8)
NOT_A_NUMBER, OUT_OF_RANGE, FULL = int(Why.NOT_A_NUMBER), int(Why.OUT_OF_RANGE), int(Why.FULL)
NOT_IN_MODE, NEEDS_POSITION = int(Why.NOT_IN_MODE), int(Why.NEEDS_POSITION)
NEEDS_ARMED, NEEDS_AIRBORNE = int(Why.NEEDS_ARMED), int(Why.NEEDS_AIRBORNE)


@kernel
def change_speed(state, params, demand, mode):
    """Take another speed for the present leg and those to come; return Why not, 0 when done."""
    if CURVED >> mode & 1:
        return NOT_IN_MODE
    if not demand.uses & 1:
        state.asked_speed = 0.0
        state.leg.speed = params.cruise
        return 0
    speed = demand.argument[0]
    if not speed > 0.0:
        return OUT_OF_RANGE
    state.asked_speed = min(speed, params.speed_xy)
    state.leg.speed = state.asked_speed
    return 0


@kernel
def why_not_turn(state, status):
    """Return Why the heading cannot be chosen now, 0 when it can: nothing turns on the ground, a circle has its own."""
    is_circling = state.is_on_curve == 1 and state.mode == status.mode
    if not TURNING >> status.mode & 1 or is_circling:
        return NOT_IN_MODE
    if status.arming != Arming.ARMED:
        return NEEDS_ARMED
    is_lifting = status.mode == Mode.TAKEOFF or (
        status.mode == Mode.MISSION and state.mission.is_lifting == 1
    )
    return NEEDS_AIRBORNE if status.is_landed and not is_lifting else 0


@kernel
def change_yaw(state, demand, status):
    """Take another heading for the present mode, in a mission for its present item; return Why not, 0 when done."""
    why = why_not_turn(state, status)
    if why == 0:
        state.is_yaw_asked = demand.uses & 1
        state.asked_yaw = demand.argument[0]
    return why


@kernel
def change_home(state, demand, estimate):
    """Take another home, here if no place is meant; return Why not, 0 when done."""
    if not estimate.is_position_valid:
        return NEEDS_POSITION
    for k in range(3):
        state.home_ned[k] = demand.argument[k] if demand.uses >> k & 1 else estimate.p_ned[k]
    state.is_home_set = 1
    state.is_home_chosen = 1
    return 0


@kernel
def keep_rally_point(rally, demand):
    """Store one more place to return to; return Why not, 0 when done."""
    if not 0 <= demand.index < MOST_RALLY_POINTS or demand.index > rally.count:
        return FULL
    rally.places[demand.index, 0] = demand.argument[0]
    rally.places[demand.index, 1] = demand.argument[1]
    rally.count = max(rally.count, demand.index + 1)
    return 0


@kernel
def obey(state, params, demand, status, estimate):
    """Do what a demand of this file's kinds asks; return Why not, 0 when done or not of these kinds."""
    kind = demand.kind
    if kind == Demand.SPEED:
        return change_speed(state, params, demand, status.mode)
    if kind == Demand.YAW:
        return change_yaw(state, demand, status)
    if kind == Demand.SET_HOME:
        return change_home(state, demand, estimate)
    if kind == Demand.RALLY_POINT:
        return keep_rally_point(state.rally, demand)
    if kind == Demand.RALLY_CLEAR:
        state.rally.count = 0
    return 0


@kernel
def is_finite(demand):
    """Tell whether the first numbers of a demand, meant or not, can be calculated with."""
    a = demand.argument
    return math.isfinite(a[0]) and math.isfinite(a[1]) and math.isfinite(a[2])


@kernel
def listen(state, params, demand, status, estimate):
    """Do what the operator asks beside the mode."""
    if not Demand.SPEED <= demand.kind <= Demand.RALLY_POINT:
        return
    why = obey(state, params, demand, status, estimate) if is_finite(demand) else NOT_A_NUMBER
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
    elif demand.kind == Demand.SET_HOME:
        say(status, Event.HOME_SET, 0.0)


@kernel
def return_place(state, here_ned):
    """Return the nearest of home and the rally points, with home's height."""
    home = vec(state.home_ned)
    best, least = home, norm_xy(home - here_ned)
    for i in range(state.rally.count):
        north, east = state.rally.places[i, 0], state.rally.places[i, 1]
        distance = norm_xy(Vec3(north, east, 0.0) - here_ned)
        if distance < least:
            best, least = Vec3(north, east, home.z), distance
    return best


@kernel
def forget(state):
    """Wish nothing; home and rally points stay."""
    state.asked_speed = 0.0
    state.is_yaw_asked = 0


@kernel
def keep_home(state, status, estimate, is_arming):
    """Take home where the vehicle is armed, and before that as soon as the position is known, unless one was chosen."""
    is_due = (is_arming and not state.is_home_chosen) or state.is_home_set == 0
    if estimate.is_position_valid and status.is_landed and is_due:
        put(state.home_ned, vec(estimate.p_ned))
        state.is_home_set = 1
        say(status, Event.HOME_SET, 0.0)
    put(status.home_ned, vec(state.home_ned))
    status.is_home_set = state.is_home_set
