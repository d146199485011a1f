"""What an operator may change without changing the mode: speed and heading."""

from flight.command import refuse
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Mode, Why
from flight.vector import is_finite, vec

# Modes whose heading a demand may choose.
TURNING = int(1 << Mode.HOLD | 1 << Mode.TAKEOFF | 1 << Mode.GOTO | 1 << Mode.MISSION | 1 << Mode.RETURN)
CURVED = int(1 << Mode.ORBIT | 1 << Mode.FIGURE8)
NOT_A_NUMBER, OUT_OF_RANGE = int(Why.NOT_A_NUMBER), int(Why.OUT_OF_RANGE)
NOT_IN_MODE = int(Why.NOT_IN_MODE)
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
def obey(state, params, demand, status):
    """Do what a demand of this file's kinds asks; return Why not, 0 when done."""
    if demand.kind == Demand.SPEED:
        return change_speed(state, params, demand, status.mode)
    return change_yaw(state, demand, status)


@kernel
def listen(state, params, demand, status):
    """Do what the operator asks beside the mode."""
    if demand.kind != Demand.SPEED and demand.kind != Demand.YAW:
        return
    why = obey(state, params, demand, status) if is_finite(vec(demand.argument)) else NOT_A_NUMBER
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)


@kernel
def forget(state):
    """Wish nothing."""
    state.asked_speed = 0.0
    state.is_yaw_asked = 0
