"""Whether a mission stays inside the fence: looked at before it is flown, since in flight the fence only ends it."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from flight.modes import Item
from flight.record import rows
from flight.supervisor.fence import FENCE as FENCE_RECORD
from flight.supervisor.fence import room_on_the_way, room_over_ground
from flight.vector import Vec3
from ground.link.dialect import mavlink
from ground.link.places import Ned
from ground.link.plans import Plan, leg_of
from ground.link.vehicle import Vehicle
from ground.missions.items import JUMP, Earth
from ground.missions.mission import Leg

# A place on the fence itself is inside, whatever rounding makes of it.
EDGE_M = 0.05
# A way is looked at so often, all ways of a mission at most so many times: a look takes 5 us and nobody may wait.
STEP_M, MOST_LOOKS, FEWEST_LOOKS = 0.5, 5000, 16


class Bounds(NamedTuple):
    """What a mission must stay inside of; `shapes` is the core's own record, None without any."""

    home: Vec3
    highest_m: float
    farthest_m: float
    shapes: Any
    # How far inside it must stay.
    margin_m: float = 0.0


class Stop(NamedTuple):
    """Where an item ends; `is_open` where it leaves the place over ground as it was."""

    name: str
    number: int
    place: Vec3
    item: Item
    is_open: bool
    radius_m: float = 0.0


Way = tuple[Stop, Stop]


def objection(vehicle: Vehicle, mission: Plan, fence: Plan, earth: Earth, first: int | None = None) -> str:
    """Return which item or way between items lies outside the fence and by how much, nothing when none does.

    With the `first` item to be flown also the way there from where the vehicle is.
    """
    bounds = bounds_of(vehicle, fence, earth)
    if bounds is None:
        return ""
    flown = list(stops(mission, earth, bounds.home, vehicle.parameter("NAV_LOITER_RAD")))
    wrong = ((stop.name, around(bounds, stop.place, stop.radius_m, stop.item)) for stop in flown)
    found = next((f"{name} {words}" for name, words in wrong if words), "")
    if found or bounds.shapes is None:
        return found
    return strays(bounds.shapes, [*way_there(vehicle, flown, first), *ways(mission, flown)])


def bounds_of(vehicle: Vehicle, fence: Plan, earth: Earth) -> Bounds | None:
    """Return what the vehicle must stay inside of, None while home is not known."""
    home = vehicle.home
    at_home = vehicle.local(*home) if home else None
    limits = vehicle.parameter("FENCE_ALT_MAX"), vehicle.parameter("FENCE_DIST_MAX")
    return Bounds(at_home, *limits, shapes(fence, earth)) if at_home else None


def nearness(vehicle: Vehicle, mission: Plan, fence: Plan, earth: Earth) -> str:
    """Return which way comes so near to the fence that the vehicle stops before it, nothing when none does."""
    home, record = vehicle.home, shapes(fence, earth)
    at_home = vehicle.local(*home) if home else None
    if at_home is None or record is None:
        return ""
    flown, margin_m = list(stops(mission, earth, at_home)), vehicle.parameter("FENCE_MARGIN")
    rooms = ((way, room) for way, room in rooms_of(record, list(ways(mission, flown))) if room < margin_m)
    return next(
        (
            f"the way from {start.name} to {goal.name} comes within {max(0.0, room):.1f} m of the fence; "
            f"the vehicle stops {margin_m:g} m before it"
            for (start, goal), room in rooms
        ),
        "",
    )


def shapes(fence: Plan, earth: Earth) -> Any:
    """Return the fence's circles and polygons as the core keeps them."""
    record = rows(FENCE_RECORD)[0]
    for _, arguments, number in fence.again(earth):
        record.points[number] = arguments
        record.count = number + 1
    return record if record.count else None


def stops(mission: Plan, earth: Earth, home: Vec3, radius_m: float = 0.0) -> Iterator[Stop]:
    """Yield where each item ends; what it leaves open is as before. Circles without a radius have the usual one."""
    here = home
    for number, item in enumerate(mission.items):
        leg = leg_of(item, earth)
        if (leg.north_m, leg.east_m, leg.height_m) != (None, None, None):
            here = moved(here, leg)
            circle_m = abs(leg.radius_m or radius_m) if leg.item == Item.LOITER_TURNS else 0.0
            yield Stop(f"item {number}", number, here, leg.item, leg.north_m is None, circle_m)


def moved(here: Vec3, leg: Leg) -> Vec3:
    """Return where a leg ends."""
    return Vec3(
        here.x if leg.north_m is None else leg.north_m,
        here.y if leg.east_m is None else leg.east_m,
        here.z if leg.height_m is None else -leg.height_m,
    )


def outside(bounds: Bounds, place: Vec3, item: Item) -> str:
    """Return in words how an item's place lies outside; nobody lands higher than he flies."""
    home, highest, farthest, fence, margin_m = bounds
    edge_m = EDGE_M - margin_m
    height, distance = home.z - place.z, math.hypot(place.x - home.x, place.y - home.y)
    if item != Item.LAND and 0.0 < highest < height - edge_m:
        return f"is {height:.0f} m high; FENCE_ALT_MAX is {highest:g} m"
    if 0.0 < farthest < distance - edge_m:
        return f"is {distance:.0f} m from home; FENCE_DIST_MAX is {farthest:g} m"
    left = math.inf if fence is None else float(room_over_ground(fence, place))
    return f"lies {-left:.0f} m outside the fence" if left < -edge_m else ""


def around(bounds: Bounds, place: Vec3, radius_m: float, item: Item = Item.WAYPOINT) -> str:
    """Return in words how a place, or where there is a radius the circle around it, lies outside."""
    if radius_m <= 0.0:
        return outside(bounds, place, item)
    count = max(FEWEST_LOOKS, min(MOST_LOOKS // 10, math.ceil(math.tau * radius_m / STEP_M)))
    angles = (math.tau * k / count for k in range(count))
    ring = (Vec3(place.x + radius_m * math.cos(a), place.y + radius_m * math.sin(a), place.z) for a in angles)
    found = next(filter(None, (outside(bounds, point, item) for point in ring)), "")
    return f"with a radius of {radius_m:g} m {found}" if found else ""


def meant(bounds: Bounds, place: Ned, radius_m: float = 0.0) -> str:
    """Return in words how a place lies outside, as far as it is meant: what it leaves open is where the vehicle is."""
    north, east, down = place
    if north is None or east is None:
        bounds = bounds._replace(farthest_m=0.0, shapes=None)
    if down is None:
        bounds = bounds._replace(highest_m=0.0)
    return around(bounds, Vec3(north or 0.0, east or 0.0, down or 0.0), radius_m)


def barred(vehicle: Vehicle, bounds: Bounds, place: Ned, radius_m: float = 0.0) -> str:
    """Return in words how the straight way from here to a place, or to the circle around it, leaves the fence."""
    north, east, _ = place
    if bounds.shapes is None or north is None or east is None:
        return ""
    here, goal = here_of(vehicle), Vec3(north, east, 0.0)
    away_m = math.hypot(here.x - north, here.y - east)
    if radius_m > 0.0:
        share = radius_m / away_m if away_m > 0.0 else 0.0
        goal = Vec3(north + share * (here.x - north), east + share * (here.y - east), 0.0)
    begin, end = (Stop(name, -1, at, Item.WAYPOINT, False) for name, at in (("here", here), ("there", goal)))
    return strays(bounds.shapes, [(begin, end)])


def here_of(vehicle: Vehicle) -> Vec3:
    """Return where the vehicle is."""
    return Vec3(*(float(part) for part in vehicle.command.estimate.p_ned))


def astray(bounds: Bounds, rally: Plan, earth: Earth) -> list[int]:
    """Return which rally points lie outside."""
    places = ((place, arguments) for _, arguments, place in rally.again(earth))
    return [n for n, (north, east, *_) in places if meant(bounds, (north, east, None))]


def ways(mission: Plan, flown: Sequence[Stop]) -> Iterator[Way]:
    """Yield what is flown from item to item, also over a jump; where a return ends is not known before."""
    returns = [
        n for n, item in enumerate(mission.items) if item.command == mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH
    ]
    yield from ((a, b) for a, b in pairwise(flown) if not any(a.number < n < b.number for n in returns))
    for number, item in enumerate(mission.items):
        if item.command == JUMP:
            before = [stop for stop in flown if stop.number < number]
            after = [stop for stop in flown if stop.number >= item.p1]
            yield from ((before[-1], goal) for goal in after[:1] if before and not goal.is_open)


def way_there(vehicle: Vehicle, flown: Sequence[Stop], first: int | None) -> Iterator[Way]:
    """Yield the way from where the vehicle is to the first item that has a place."""
    goal = next((stop for stop in flown if first is not None and stop.number >= first), None)
    if goal and not goal.is_open:
        yield Stop("here", -1, here_of(vehicle), goal.item, False), goal


def strays(fence: Any, flown: Sequence[Way]) -> str:
    """Return in words which way leaves the fence's shapes."""
    outside_of = ((way, room) for way, room in rooms_of(fence, flown) if room < -EDGE_M)
    return next(
        (
            f"the way from {start.name} to {goal.name} leads {max(1.0, -room):.0f} m outside the fence"
            for (start, goal), room in outside_of
        ),
        "",
    )


def rooms_of(fence: Any, flown: Sequence[Way]) -> Iterator[tuple[Way, float]]:
    """Yield how far inside the fence each way stays."""
    step_m = max(STEP_M, sum(length(*way) for way in flown) / MOST_LOOKS)
    for way in flown:
        yield way, least_room(fence, *way, step_m)


def length(start: Stop, goal: Stop) -> float:
    """Return how far it is over ground."""
    return math.hypot(goal.place.x - start.place.x, goal.place.y - start.place.y)


def least_room(fence: Any, start: Stop, goal: Stop, step_m: float) -> float:
    """Return how far inside the fence a straight way stays; who begins outside may come in."""
    return float(room_on_the_way(fence, start.place, goal.place, step_m, EDGE_M))
