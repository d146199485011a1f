"""Fly a list of items one after the other; the list is kept here, filled item by item over the demands."""

import math

from flight.command import say
from flight.guidance import land, orbit, return_home, takeoff
from flight.guidance.leg import enter_phase, fly_leg, is_within, set_leg
from flight.guidance.shaping import plan_stop, plan_to_yaw_rate, stopping_place
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Event, Item
from flight.record import FLAG, INTEGER, record
from flight.vector import Vec3, vec

MOST_ITEMS = 100
FIRST_KIND, LAST_KIND = float(Item.TAKEOFF), float(Item.DELAY)
# An item's numbers are a demand's arguments: kind, position, yaw, hold s, speed m/s, turns.
LIST = record(
    count=INTEGER,
    index=INTEGER,
    is_lifting=FLAG,
    items=("f8", (MOST_ITEMS, 8)),
    uses=("i8", MOST_ITEMS),
)
FLY = 0
STAY = 1


@kernel
def is_sound(demand, count):
    """Tell whether an item can be stored: a known kind, numbers, and no gap in the list."""
    total = 0.0
    for k in range(8):
        total += float(demand.argument[k])
    fits = 0 <= demand.index <= count and demand.index < MOST_ITEMS
    return fits and math.isfinite(total) and FIRST_KIND <= demand.argument[0] <= LAST_KIND


@kernel
def keep_item(plan, demand):
    """Store one item at its place."""
    for k in range(8):
        plan.items[demand.index, k] = demand.argument[k]
    plan.uses[demand.index] = demand.uses
    plan.count = max(plan.count, demand.index + 1)


@kernel
def listen(plan, demand, status):
    """Change the list as the operator asks."""
    if demand.kind == Demand.MISSION_CLEAR:
        plan.count = 0
        plan.index = 0
    elif demand.kind == Demand.MISSION_ITEM:
        if is_sound(demand, plan.count):
            keep_item(plan, demand)
        else:
            say(status, Event.DEMAND_REFUSED, demand.kind)
    elif demand.kind == Demand.MISSION_START and 0 <= demand.index < plan.count:
        plan.index = demand.index


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
    """Begin with the present item; a finished list begins anew; from the ground, lift off first."""
    plan = state.mission
    plan.is_lifting = 0
    if plan.index >= plan.count:
        plan.index = 0
    kind = kind_at(plan, plan.index)
    if command.status.is_landed and kind != Item.TAKEOFF and kind != Item.LAND:
        plan.is_lifting = 1
        down = command.estimate.p_ned[2] - params.takeoff_height
        takeoff.start(state, params, command.estimate, down, 1)
    else:
        begin_item(state, params, command)


@kernel
def begin_item(state, params, command):
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
        orbit.start_circle(state, params, place, params.loiter_radius, number(plan, 6, params.cruise))
    else:
        goal = Vec3(place.x, place.y, here.z) if kind == Item.LAND else place
        set_leg(state, params, goal, number(plan, 6, params.cruise))
        state.leg.yaw = number(plan, 4, state.leg.yaw)


@kernel
def begin_takeoff(state, params, command):
    """Climb to the item's height, or to the usual one."""
    estimate, status = command.estimate, command.status
    ground = estimate.p_ned[2] if status.is_landed else status.home_ned[2]
    down = number(state.mission, 3, ground - params.takeoff_height)
    takeoff.start(state, params, estimate, down, status.is_landed)


@kernel
def is_flown_past(plan):
    """Tell whether the present item is a corner rather than a place to stop at."""
    following = kind_at(plan, plan.index + 1)
    goes_on = following != 0 and following != Item.DELAY and following != Item.TAKEOFF
    return kind_at(plan, plan.index) == Item.WAYPOINT and number(plan, 5, 0.0) <= 0.0 and goes_on


@kernel
def fly_to_place(state, params, command):
    """Fly to an item's place and wait there as long as it says; tell when done."""
    plan = state.mission
    if state.phase == FLY:
        fly_leg(state, params)
        if is_flown_past(plan):
            return is_within(state, command.estimate, params.acceptance)
        if is_within(state, command.estimate, params.arrival):
            enter_phase(state, STAY)
        return False
    fly_leg(state, params)
    return state.phase_s >= number(plan, 5, 0.0)


@kernel
def fly_to_landing(state, params, command, dt):
    """Fly above the place, then land; tell when landed."""
    if state.phase == STAY:
        land.descend(state, params, command, dt)
        return command.status.is_landed == 1
    fly_leg(state, params)
    if is_within(state, command.estimate, params.arrival):
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
    if plan.index < plan.count:
        begin_item(state, params, command)
    else:
        state.is_done = 1
        say(status, Event.MISSION_DONE, plan.count)


@kernel
def wait_at_end(state, params, command, dt):
    """Stay where the last item ended."""
    plan_stop(state.motion, params)
    plan_to_yaw_rate(state.motion, params, 0.0)
    if command.status.is_landed:
        land.rest(state)


@kernel
def step(state, params, command, dt):
    """Fly the list."""
    plan = state.mission
    if state.is_done or plan.index >= plan.count:
        state.is_done = 1
        wait_at_end(state, params, command, dt)
    elif plan.is_lifting:
        if takeoff.fly(state, params, command):
            plan.is_lifting = 0
            begin_item(state, params, command)
    elif fly_item(state, params, command, dt):
        finish_item(state, params, command)
