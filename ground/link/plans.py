"""The lists a vehicle keeps, mission, fence and rally points: what may stand in them, what the core is told of them."""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from flight.guidance.mission import MOST_ITEMS
from flight.inputs import Demand, Fence
from flight.supervisor.home import MOST_RALLY_POINTS
from ground.link.dialect import mavlink
from ground.link.regions import ROIS, is_look
from ground.link.wire_items import WireItem
from ground.missions import items
from ground.missions.items import Earth, ItemError
from ground.missions.mission import Home, Leg

MISSION, FENCE, RALLY, ALL = 0, 1, 2, 255
NAMES = {MISSION: "mission", FENCE: "fence", RALLY: "rally"}
MOST_FENCE_POINTS = 128
ASK = tuple[Demand, tuple[float | None, ...], int]
# Cameras, gimbals and servos: there is nothing here to move, so the vehicle flies past them.
PASSED_OVER = (
    *(181, 183, 187, 189, 203, 204, 205, 206, 211, 214),
    *(530, 531, 532, 1000, 1001, 2000, 2001, 2003, 2500, 2501),
)
SET_HOME = mavlink.MAV_CMD_DO_SET_HOME
# What the link does as the vehicle passes.
LINKED = (SET_HOME, *ROIS)
HERE = 1.0
# Where older fence files begin: kept and read back, but RETURN goes home.
RETURN_POINT = 5000
CIRCLES = {5003: Fence.CIRCLE_INSIDE, 5004: Fence.CIRCLE_OUTSIDE}
POLYGONS = {5001: Fence.POLYGON_INSIDE, 5002: Fence.POLYGON_OUTSIDE}
RALLY_POINT = 5100
RADIUS_MAX_M = 100_000.0


@dataclass
class Plan:
    """One list: what a client uploaded."""

    kind: int
    items: list[WireItem] = field(default_factory=list)
    # The item marked as the current one: a mission begins with it.
    start: int = 0

    @cached_property
    def identity(self) -> int:
        """Return a number that another list would hardly have, 0 for an empty one: CRC-32, as PX4 tells it."""
        return zlib.crc32(repr([*map(tuple, self.items)]).encode()) if self.items else 0

    def check(self, item: WireItem) -> None:
        """Raise ItemError when an item can be no part of this list."""
        CHECKS[self.kind](item)

    def check_whole(self) -> None:
        """Raise ItemError when the items do not fit together."""
        if self.kind == FENCE:
            shapes(self.items)
        for item in self.items if self.kind == MISSION else ():
            if item.command == items.JUMP and not 0 <= item.p1 < len(self.items):
                raise ItemError(f"jump to item {item.p1:g}; the mission has {len(self.items)}", 1)

    def orders(self) -> list[bool]:
        """Tell of each item whether it is obeyed in passing."""
        return [item.command in (*PASSED_OVER, *LINKED, items.SPEED, items.JUMP) for item in self.items]

    def demands(self, earth: Earth, is_flown: bool = False) -> list[ASK]:
        """Return what the core has to be told to have this list and no other; who flies one goes on with this one."""
        items_told = self.again(earth)
        if is_flown and items_told:
            # Without any items in between it would have to hold.
            begin = (Demand.MISSION_START, (), self.start)
            return [*items_told, begin, (Demand.MISSION_CLEAR, (), len(items_told))]
        begins_later = [(Demand.MISSION_SET, (), self.start)] if self.start else []
        return [(CLEARS[self.kind], (), 0), *items_told, *begins_later]

    def again(self, earth: Earth) -> list[ASK]:
        """Return the same without forgetting how far a mission has been flown."""
        return TELLING[self.kind](self.items, earth)


def most(kind: int) -> int:
    """Return how many items a list can have."""
    return {MISSION: MOST_ITEMS, FENCE: MOST_FENCE_POINTS, RALLY: MOST_RALLY_POINTS}[kind]


def check_mission_item(item: WireItem) -> None:
    """Raise ItemError when a mission item cannot be flown."""
    if item.command == SET_HOME:
        if item.p1 != HERE:
            check_coordinates(item)
    elif is_look(item):
        # Its height makes no difference to the nose.
        check_coordinates(item._replace(frame=items.RELATIVE[0]))
    elif item.command not in (*PASSED_OVER, *ROIS):
        items.checked(item.as_meant())


def check_fence_item(item: WireItem) -> None:
    """Raise ItemError when a fence cannot have this point."""
    if item.command not in (*CIRCLES, *POLYGONS, RETURN_POINT):
        raise ItemError(f"command {item.command} is no fence point", items.COMMAND)
    check_coordinates(item)
    if is_no_circle(item):
        return
    if item.command in CIRCLES:
        items.needed(item.as_meant().p1, "radius", 1, 0.5, RADIUS_MAX_M)
    elif item.command in POLYGONS:
        items.needed(item.as_meant().p1, "corners", 1, 3, MOST_FENCE_POINTS)


def is_no_circle(item: WireItem) -> bool:
    """Tell the circle of no size at 0, 0, by which MAVSDK's example says that there is none."""
    return item.command in CIRCLES and item.p1 == item.x == item.y == 0


def check_rally_item(item: WireItem) -> None:
    """Raise ItemError when this is no place to return to."""
    if item.command != RALLY_POINT:
        raise ItemError(f"command {item.command} is no rally point", items.COMMAND)
    check_coordinates(item)


def check_coordinates(item: WireItem) -> None:
    """Raise ItemError when an item has no place on Earth."""
    meant = item.as_meant()
    for number, value in enumerate(meant[6:], 5):
        if value is None or not math.isfinite(value):
            raise ItemError(f"params[{number - 1}] is not a number", number)
    # Nothing here has a height, and clients disagree on its unit.
    items.check_place(meant._replace(z=0.0))


CHECKS: dict[int, Callable[[WireItem], None]] = {
    MISSION: check_mission_item,
    FENCE: check_fence_item,
    RALLY: check_rally_item,
}
CLEARS = {MISSION: Demand.MISSION_CLEAR, FENCE: Demand.FENCE_CLEAR, RALLY: Demand.RALLY_CLEAR}


def leg_of(item: WireItem, earth: Earth) -> Leg:
    """Return what the vehicle flies for an item."""
    is_flown = item.command not in (*PASSED_OVER, *LINKED)
    return items.leg_of(item.as_meant(), earth) if is_flown else items.nothing()


def tell_mission(wanted: Sequence[WireItem], earth: Earth) -> list[ASK]:
    """Return the demands that upload a mission."""
    return [
        (Demand.MISSION_ITEM, leg_of(item, earth).arguments(), place) for place, item in enumerate(wanted)
    ]


def shapes(wanted: Sequence[WireItem]) -> list[list[WireItem]]:
    """Return a fence's circles and polygons, each with its points; raise ItemError when one has not all of them."""
    found: list[list[WireItem]] = []
    enclosing = [item for item in wanted if item.command != RETURN_POINT and not is_no_circle(item)]
    for (command, size), run in groupby(enclosing, lambda item: (item.command, item.p1)):
        points = list(run)
        step = 1 if command in CIRCLES else round(size)
        if len(points) % step:
            raise ItemError(f"a polygon of {step} corners has {len(points) % step}", 1)
        found += [points[i : i + step] for i in range(0, len(points), step)]
    return found


def tell_fence(wanted: Sequence[WireItem], earth: Earth) -> list[ASK]:
    """Return the demands that upload a fence."""
    points = [point for shape in shapes(wanted) for point in shape]
    kinds = CIRCLES | POLYGONS
    return [
        (Demand.FENCE_POINT, (float(kinds[p.command]), *over_ground(p, earth), p.p1), place)
        for place, p in enumerate(points)
    ]


def tell_rally(wanted: Sequence[WireItem], earth: Earth) -> list[ASK]:
    """Return the demands that upload the rally points."""
    return [(Demand.RALLY_POINT, over_ground(item, earth), place) for place, item in enumerate(wanted)]


def over_ground(item: WireItem, earth: Earth) -> tuple[float, float]:
    """Return a place's metres north and east."""
    north, east, _ = earth.place(item.as_meant())
    return north or 0.0, east or 0.0


TELLING: dict[int, Callable[[Sequence[WireItem], Earth], list[ASK]]] = {
    MISSION: tell_mission,
    FENCE: tell_fence,
    RALLY: tell_rally,
}


def earth_of(origin: Sequence[float], home_alt_amsl_m: float) -> Earth:
    """Return where metres are counted from."""
    return Earth(Home(*origin), home_alt_amsl_m)
