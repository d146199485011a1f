"""Fly a list of items one after the other; the list is kept here, filled item by item over the demands."""

import math

from flight.command import refuse, say
from flight.guidance import land, orbit, return_home, takeoff
from flight.guidance.leg import (
    climb_apart,
    enter_phase,
    face,
    fly_leg,
    heading,
    is_within,
    set_leg,
    usual_speed,
)
from flight.guidance.shaping import plan_stop, stopping_place
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Event, Item, Why
from flight.quaternion import quat, wrap_angle, yaw_of
from flight.record import FLAG, INTEGER, record
from flight.vector import Vec3, vec

MOST_ITEMS = 500
MOST_JUMPS = 1000
FIRST_KIND, LAST_KIND = float(Item.TAKEOFF), float(Item.LOITER_UNLIMITED)
UNKNOWN, NOT_A_NUMBER, FULL, ENDLESS = (
    int(Why.UNKNOWN),
    int(Why.NOT_A_NUMBER),
    int(Why.FULL),
    int(Why.ENDLESS),
)
# An item's numbers are a demand's arguments: kind, position, yaw, hold s, speed m/s, turns; `left` counts jumps.
LIST = record(
    count=INTEGER,
    index=INTEGER,
    is_lifting=FLAG,
    is_moved=FLAG,
    items=("f8", (MOST_ITEMS, 8)),
    uses=("i8", MOST_ITEMS),
    left=("i8", MOST_ITEMS),
)
FLY = 0
STAY = 1


@kernel
def objection(demand, count):
    """Return Why an item cannot be stored, 0 when it can: known, of numbers, no gap in the list, no endless jump."""
    a, total = demand.argument, 0.0
    for k in range(8):
        total += float(a[k])
    if not math.isfinite(total):
        return NOT_A_NUMBER
    if not 0 <= demand.index <= count or demand.index >= MOST_ITEMS:
        return FULL
    if not FIRST_KIND <= a[0] <= LAST_KIND:
        return UNKNOWN
    is_jump = int(a[0]) == Item.JUMP
    if is_jump and not 0.0 <= a[1] < MOST_ITEMS:
        return UNKNOWN
    return ENDLESS if is_jump and not 0.0 <= a[2] <= MOST_JUMPS else 0


@kernel
def jumps_of(plan, index):
    """Return how often an item jumps in a whole mission."""
    return int(plan.items[index, 2]) if int(plan.items[index, 0]) == Item.JUMP else 0


@kernel
def start_at(plan, index):
    """Choose the item to begin with; every jump has all its turns again."""
    plan.index = index
    for i in range(plan.count):
        plan.left[i] = jumps_of(plan, i)


@kernel
def keep_item(plan, demand):
    """Store one item at its place."""
    for k in range(8):
        plan.items[demand.index, k] = demand.argument[k]
    plan.uses[demand.index] = demand.uses
    plan.left[demand.index] = jumps_of(plan, demand.index)
    plan.count = max(plan.count, demand.index + 1)


@kernel
def go_on_with(plan, demand, status):
    """Fly another item now, or first when the mission goes on."""
    if 0 <= demand.index < plan.count:
        plan.index = demand.index
        plan.is_moved = 1
    else:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, UNKNOWN)


@kernel
def listen(plan, demand, status):
    """Change the list as the operator asks."""
    if demand.kind == Demand.MISSION_CLEAR:
        plan.count = max(0, min(plan.count, demand.index))
        plan.index = min(plan.index, plan.count)
    elif demand.kind == Demand.MISSION_ITEM:
        why = objection(demand, plan.count)
        if why == 0:
            keep_item(plan, demand)
        else:
            refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
    elif demand.kind == Demand.MISSION_START and 0 <= demand.index < plan.count:
        start_at(plan, demand.index)
    elif demand.kind == Demand.MISSION_SET:
        go_on_with(plan, demand, status)


@kernel
def number(plan, k, otherwise):
    """Return number k of the present item where it is meant."""
    return plan.items[plan.index, k] if (plan.uses[plan.index] >> k) & 1 else otherwise


@kernel
def kind_at(plan, index):
    """Return the kind of an item, 0 past the end."""
    return int(plan.items[index, 0]) if index < plan.count else 0


@kernel
def enter(state, params, command):
    """Begin with the present item; a finished list begins anew."""
    plan = state.mission
    plan.is_lifting = 0
    if plan.index >= plan.count:
        start_at(plan, 0)
    begin_item(state, params, command)
    climb_apart(state)


@kernel
def is_flown(kind):
    """Tell whether an item is flown: others leave the ground, come down to it, or wait where the vehicle is."""
    return kind != Item.TAKEOFF and kind != Item.LAND and kind != Item.DELAY


@kernel
def jump(plan):
    """Go on with the item a jump names while it has turns left, else with the next one."""
    if plan.left[plan.index] > 0:
        plan.left[plan.index] -= 1
        plan.index = int(plan.items[plan.index, 1])
    else:
        plan.index += 1


@kernel
def obey_orders(state):
    """Do what items order until there is one to fly; a list that jumps without ever flying is over."""
    plan = state.mission
    for _ in range(plan.count + 1):
        kind = kind_at(plan, plan.index)
        if kind == Item.SPEED:
            state.asked_speed = max(number(plan, 6, 0.0), 0.0)
            plan.index += 1
        elif kind == Item.JUMP:
            jump(plan)
        else:
            return
    plan.index = plan.count


@kernel
def begin_item(state, params, command):
    """Begin the present item; from the ground, lift off first if it is to be flown."""
    plan = state.mission
    plan.is_moved = 0
    obey_orders(state)
    if command.status.is_landed and is_flown(kind_at(plan, plan.index)):
        plan.is_lifting = 1
        down = command.estimate.p_ned[2] - params.takeoff_height
        takeoff.start(state, params, command.estimate, down, 1)
    else:
        set_out(state, params, command)


@kernel
def set_out(state, params, command):
    """Set out for the present item."""
    plan = state.mission
    kind = kind_at(plan, plan.index)
    here = stopping_place(state.motion, params)
    place = Vec3(number(plan, 1, here.x), number(plan, 2, here.y), number(plan, 3, here.z))
    enter_phase(state, FLY)
    if kind == Item.TAKEOFF:
        begin_takeoff(state, params, command)
    elif kind == Item.RETURN:
        return_home.enter(state, params, command)
    elif kind == Item.LOITER_TURNS:
        radius = number(plan, 5, params.loiter_radius)
        orbit.start_circle(state, params, place, radius, number(plan, 6, usual_speed(state, params)))
    else:
        goal = Vec3(place.x, place.y, here.z) if kind == Item.LAND else place
        set_leg(state, params, goal, number(plan, 6, 0.0))
        state.leg.yaw = number(plan, 4, state.leg.yaw)


@kernel
def begin_takeoff(state, params, command):
    """Climb to the item's height, or to the usual one."""
    estimate, status = command.estimate, command.status
    ground = estimate.p_ned[2] if status.is_landed else status.home_ned[2]
    down = number(state.mission, 3, ground - params.takeoff_height)
    takeoff.start(state, params, estimate, down, status.is_landed)


@kernel
def kind_after(plan):
    """Return the kind of the next item to fly, 0 at the end: orders are passed over, jumps taken."""
    index = plan.index + 1
    while kind_at(plan, index) == Item.SPEED:
        index += 1
    if kind_at(plan, index) == Item.JUMP:
        index = int(plan.items[index, 1]) if plan.left[index] > 0 else index + 1
    return kind_at(plan, index)


@kernel
def is_flown_past(plan):
    """Tell whether the present item is a corner rather than a place to stop at."""
    following = kind_after(plan)
    goes_on = (
        following != 0 and following != Item.DELAY and following != Item.TAKEOFF and following != Item.YAW
    )
    return kind_at(plan, plan.index) == Item.WAYPOINT and number(plan, 5, 0.0) <= 0.0 and goes_on


@kernel
def is_waited_out(state, params, command):
    """Tell whether the vehicle has been at an item's place for as long as it asks."""
    plan = state.mission
    kind = kind_at(plan, plan.index)
    if kind == Item.YAW:
        yaw = yaw_of(quat(command.estimate.q_ned_frd))
        return abs(wrap_angle(yaw - heading(state))) <= params.yaw_tolerance
    return kind != Item.LOITER_UNLIMITED and state.phase_s >= number(plan, 5, 0.0)


@kernel
def fly_to_place(state, params, command):
    """Fly to an item's place and wait there as long as it says; tell when done."""
    plan = state.mission
    if state.phase == FLY:
        fly_leg(state, params)
        if is_flown_past(plan):
            return is_within(state, params, command.estimate, params.acceptance)
        if is_within(state, params, command.estimate, params.arrival):
            enter_phase(state, STAY)
        return False
    fly_leg(state, params)
    return is_waited_out(state, params, command)


@kernel
def fly_to_landing(state, params, command, dt):
    """Fly above the place, then land; tell when landed."""
    if state.phase == STAY:
        land.descend(state, params, command, dt)
        return command.status.is_landed == 1
    fly_leg(state, params)
    if is_within(state, params, command.estimate, params.arrival):
        enter_phase(state, STAY)
        land.choose_spot(state, vec(state.leg.goal_ned))
    return False


@kernel
def fly_item(state, params, command, dt):
    """Fly the present item one tick; tell when it is done."""
    plan = state.mission
    kind = kind_at(plan, plan.index)
    if kind == Item.TAKEOFF:
        return takeoff.fly(state, params, command)
    if kind == Item.LAND:
        return fly_to_landing(state, params, command, dt)
    if kind == Item.RETURN:
        return_home.step(state, params, command, dt)
        return command.status.is_landed == 1
    if kind == Item.DELAY and command.status.is_landed:
        land.rest(state)
        return state.phase_s >= number(plan, 5, 0.0)
    if kind == Item.LOITER_TURNS:
        orbit.step(state, params, dt)
        return orbit.turns(state) >= max(number(plan, 7, 1.0), 0.0)
    return fly_to_place(state, params, command)


@kernel
def finish_item(state, params, command):
    """Tell that an item is reached and set out for the next."""
    plan, status = state.mission, command.status
    say(status, Event.ITEM_REACHED, plan.index)
    plan.index += 1
    state.is_yaw_asked = 0
    obey_orders(state)
    if plan.index < plan.count:
        begin_item(state, params, command)
    else:
        state.is_done = 1
        say(status, Event.MISSION_DONE, plan.count)


@kernel
def wait_at_end(state, params, command, dt):
    """Stay where the last item ended."""
    plan_stop(state.motion, params)
    face(state, params)
    if command.status.is_landed:
        land.rest(state)


@kernel
def step(state, params, command, dt):
    """Fly the list."""
    plan = state.mission
    if plan.is_moved and not plan.is_lifting and state.is_done == 0:
        state.is_yaw_asked = 0
        begin_item(state, params, command)
        climb_apart(state)
    if state.is_done or plan.index >= plan.count:
        state.is_done = 1
        wait_at_end(state, params, command, dt)
    elif plan.is_lifting:
        if takeoff.fly(state, params, command):
            plan.is_lifting = 0
            set_out(state, params, command)
    elif fly_item(state, params, command, dt):
        finish_item(state, params, command)
