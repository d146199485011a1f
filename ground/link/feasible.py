"""Whether a mission stays inside the fence: looked at before it is flown, since in flight the fence only ends it."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from flight.modes import Item
from flight.record import rows
from flight.supervisor.fence import FENCE as FENCE_RECORD
from flight.supervisor.fence import room_over_ground
from flight.vector import Vec3
from ground.link.plans import Plan, leg_of
from ground.link.vehicle import Vehicle
from ground.missions.items import Earth
from ground.missions.mission import Leg

# A place on the fence itself is inside, whatever rounding makes of it.
EDGE_M = 0.05


class Bounds(NamedTuple):
    """What a mission must stay inside of; `shapes` is the core's own record, None without any."""

    home: Vec3
    highest_m: float
    farthest_m: float
    shapes: Any


def objection(vehicle: Vehicle, mission: Plan, fence: Plan, earth: Earth) -> str:
    """Return which item lies outside the fence and by how much, nothing when none does."""
    home = vehicle.home
    at_home = vehicle.local(*home) if home else None
    if at_home is None:
        return ""
    limits = vehicle.parameter("FENCE_ALT_MAX"), vehicle.parameter("FENCE_DIST_MAX")
    bounds = Bounds(at_home, *limits, shapes(fence, earth))
    wrong = (
        (number, outside(bounds, place, item)) for number, place, item in places(mission, earth, at_home)
    )
    return next((f"item {number} {words}" for number, words in wrong if words), "")


def shapes(fence: Plan, earth: Earth) -> Any:
    """Return the fence's circles and polygons as the core keeps them."""
    record = rows(FENCE_RECORD)[0]
    for _, arguments, number in fence.again(earth):
        record.points[number] = arguments
        record.count = number + 1
    return record if record.count else None


def places(mission: Plan, earth: Earth, home: Vec3) -> Iterator[tuple[int, Vec3, Item]]:
    """Yield each item's number, place and kind; what it leaves open is as before."""
    here = home
    for number, item in enumerate(mission.items):
        leg = leg_of(item, earth)
        if (leg.north_m, leg.east_m, leg.height_m) != (None, None, None):
            here = moved(here, leg)
            yield number, here, leg.item


def moved(here: Vec3, leg: Leg) -> Vec3:
    """Return where a leg ends."""
    return Vec3(
        here.x if leg.north_m is None else leg.north_m,
        here.y if leg.east_m is None else leg.east_m,
        here.z if leg.height_m is None else -leg.height_m,
    )


def outside(bounds: Bounds, place: Vec3, item: Item) -> str:
    """Return in words how an item's place lies outside; nobody lands higher than he flies."""
    home, highest, farthest, fence = bounds
    height, distance = home.z - place.z, math.hypot(place.x - home.x, place.y - home.y)
    if item != Item.LAND and 0.0 < highest < height - EDGE_M:
        return f"is {height:.0f} m high; FENCE_ALT_MAX is {highest:g} m"
    if 0.0 < farthest < distance - EDGE_M:
        return f"is {distance:.0f} m from home; FENCE_DIST_MAX is {farthest:g} m"
    left = 0.0 if fence is None else float(room_over_ground(fence, place))
    return f"lies {-left:.0f} m outside the fence" if left < -EDGE_M else ""
