"""Mission items as MAVLink writes them, turned into what the vehicle flies: for plans in files and over the link alike.

https://mavlink.io/en/messages/common.html#mav_commands, MAV_CMD_NAV_*, _CONDITION_* and _DO_*. What cannot be flown as
it stands is refused by the number of the parameter that is wrong.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from flight.errors import ConfigError
from flight.geodesy import local_ned
from flight.modes import Item
from ground.missions.mission import Home, Leg

WAYPOINT, UNLIMITED, TURNS, TIME, RETURN, LAND, TAKEOFF = range(16, 23)
CLIMB_AND_HOLD, DELAY, WAIT, TURN, JUMP, SPEED = 31, 93, 112, 115, 177, 178
# MAV_FRAME: altitude above sea level or above home, each with its integer-coordinate twin; MISSION has no place.
ABSOLUTE, RELATIVE, NO_PLACE = (0, 5), (3, 6), 2
HAVE_A_PLACE = (WAYPOINT, UNLIMITED, TURNS, TIME, LAND, TAKEOFF, CLIMB_AND_HOLD)
# What needs no height: landing goes down from where it is.
NEED_A_HEIGHT = tuple(command for command in HAVE_A_PLACE if command != LAND)
COMMAND, LATITUDE, LONGITUDE, ALTITUDE, FRAME = 0, 5, 6, 7, 8
HEIGHT_MAX_M = 10_000.0
HOLD_MAX_S = 86_400.0
SPEED_MAX_M_S = 30.0
RADIUS_MAX_M = 1000.0
TURNS_MAX = 1000.0
JUMPS_MAX = 1000
GROUND_SPEEDS = (0.0, 1.0)
NO_CHANGE, USUAL = -1.0, -2.0
FOR_EVER = -1.0

Number = float | None


class ItemError(ConfigError):
    """An item that cannot be flown; `number` is the parameter's, COMMAND or FRAME."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number


class MissionItem(NamedTuple):
    """One item; a number that is None is not meant. z is metres in the frame."""

    command: int
    frame: int
    p1: Number
    p2: Number
    p3: Number
    p4: Number
    lat_deg: Number
    lon_deg: Number
    z: Number


@dataclass(frozen=True)
class Earth:
    """Where metres north, east and up are counted from, and what altitude "above home" means."""

    origin: Home
    home_alt_amsl_m: float

    def place(self, item: MissionItem) -> tuple[Number, Number, Number]:
        """Return an item's north, east and height in metres; a latitude and longitude of 0 is no place."""
        amsl = item.z
        if amsl is not None and item.frame in RELATIVE:
            amsl += self.home_alt_amsl_m
        origin = self.origin
        height = None if amsl is None else amsl - origin.alt_amsl_m
        if item.lat_deg is None or item.lon_deg is None or (item.lat_deg == 0.0 and item.lon_deg == 0.0):
            return None, None, height
        alt = origin.alt_amsl_m if amsl is None else amsl
        here = local_ned(item.lat_deg, item.lon_deg, alt, origin.lat_deg, origin.lon_deg, origin.alt_amsl_m)
        # Rounded to a micrometre: what the way through the earth's centre leaves behind the comma is no height.
        return here.x, here.y, None if amsl is None else round(-here.z, 6)


def checked(item: MissionItem) -> None:
    """Raise ItemError when an item cannot be flown wherever home is."""
    if item.command not in LEGS:
        known = ", ".join(map(str, sorted(LEGS)))
        raise ItemError(f"command {item.command} is not supported; supported: {known}", COMMAND)
    for number, value in enumerate(item[2:], 1):
        if value is not None and not math.isfinite(value):
            raise ItemError(f"params[{number - 1}] = {value!r} is not a number", number)
    if item.command in HAVE_A_PLACE:
        check_place(item)
    LEGS[item.command](item, None, None, None)


def check_place(item: MissionItem) -> None:
    """Raise ItemError when an item's place is not on Earth or in a frame that means nothing here."""
    if item.frame not in (*ABSOLUTE, *RELATIVE):
        known = ", ".join(map(str, (*ABSOLUTE, *RELATIVE)))
        raise ItemError(f"frame {item.frame} is not supported; supported: {known}", FRAME)
    check(item.lat_deg, "latitude", LATITUDE, -90.0, 90.0)
    check(item.lon_deg, "longitude", LONGITUDE, -180.0, 180.0)
    if (item.lat_deg is None) != (item.lon_deg is None):
        missing = LATITUDE if item.lat_deg is None else LONGITUDE
        raise ItemError("latitude and longitude go together: one is missing", missing)
    check(item.z, "altitude", ALTITUDE, -HEIGHT_MAX_M, HEIGHT_MAX_M)
    if item.z is None and item.command in NEED_A_HEIGHT:
        raise ItemError("altitude is missing", ALTITUDE)


def check(value: Number, name: str, number: int, low: float, high: float) -> None:
    """Raise ItemError when a number is out of bounds."""
    if value is not None and not low <= value <= high:
        raise ItemError(f"{name} = {value:g}; allowed {low:g} to {high:g}", number)


def needed(value: Number, name: str, number: int, low: float, high: float) -> float:
    """Return a number that must be there and within bounds; raise ItemError."""
    if value is None:
        raise ItemError(f"{name} is missing; allowed {low:g} to {high:g}", number)
    check(value, name, number, low, high)
    return value


def leg_of(item: MissionItem, earth: Earth) -> Leg:
    """Return what the vehicle flies for one item; raise ItemError."""
    checked(item)
    place = earth.place(item) if item.command in HAVE_A_PLACE else (None, None, None)
    return LEGS[item.command](item, *place)


def nothing() -> Leg:
    """Return an item that is passed over: a jump without turns."""
    return Leg(Item.JUMP, jump_to=0, jumps=0)


def heading(item: MissionItem) -> Number:
    """Return the fourth parameter as a heading in radians."""
    check(item.p4, "heading", 4, -360.0, 360.0)
    return None if item.p4 is None else math.radians(item.p4)


def hold(item: MissionItem) -> Number:
    """Return the first parameter as a time to wait."""
    check(item.p1, "time", 1, 0.0, HOLD_MAX_S)
    return item.p1


def flown(kind: Item) -> Callable[..., Leg]:
    """Return how to make a leg that only has a place and a heading."""
    return lambda item, north, east, height: Leg(kind, north, east, height, yaw_rad=heading(item))


def waypoint(item: MissionItem, north: Number, east: Number, height: Number) -> Leg:
    """Fly to a place and perhaps wait there."""
    return Leg(Item.WAYPOINT, north, east, height, yaw_rad=heading(item), hold_s=hold(item))


def turns(item: MissionItem, north: Number, east: Number, height: Number) -> Leg:
    """Circle a place; a negative radius turns counter-clockwise, none is the usual one."""
    count = needed(item.p1, "turns", 1, 0.0, TURNS_MAX)
    check(item.p3, "radius", 3, -RADIUS_MAX_M, RADIUS_MAX_M)
    return Leg(Item.LOITER_TURNS, north, east, height, turns=count, radius_m=item.p3 or None)


def loiter(item: MissionItem, north: Number, east: Number, height: Number) -> Leg:
    """Fly to a place and wait there."""
    return Leg(Item.LOITER_TIME, north, east, height, hold_s=needed(item.p1, "time", 1, 0.0, HOLD_MAX_S))


def delay(item: MissionItem, *_: Number) -> Leg:
    """Wait where it is."""
    return Leg(Item.DELAY, hold_s=needed(item.p1, "time", 1, 0.0, HOLD_MAX_S))


def turn(item: MissionItem, *_: Number) -> Leg:
    """Turn to a heading on the spot."""
    if item.p4:
        raise ItemError("a heading relative to the present one is not supported; params[3] must be 0", 4)
    return Leg(Item.YAW, yaw_rad=math.radians(needed(item.p1, "heading", 1, -360.0, 360.0)))


def jump(item: MissionItem, *_: Number) -> Leg:
    """Go on with another item, so many times; -1 is as often as possible."""
    target = needed(item.p1, "item", 1, 0.0, 65535.0)
    count = JUMPS_MAX if item.p2 == FOR_EVER else needed(item.p2, "jumps", 2, 0.0, JUMPS_MAX)
    return Leg(Item.JUMP, jump_to=round(target), jumps=round(count))


def speed(item: MissionItem, *_: Number) -> Leg:
    """Fly at another speed from here on: -1 the same, -2 the usual one."""
    if (item.p1 or 0.0) not in GROUND_SPEEDS:
        raise ItemError(f"speed type {item.p1:g} is not supported; supported: 0 and 1, over ground", 1)
    if item.p2 == NO_CHANGE:
        return nothing()
    if item.p2 == USUAL:
        return Leg(Item.SPEED)
    return Leg(Item.SPEED, speed_m_s=needed(item.p2, "speed", 2, 0.1, SPEED_MAX_M_S))


# How each command becomes a leg: from the item, its north, east and height.
LEGS: dict[int, Callable[..., Leg]] = {
    WAYPOINT: waypoint,
    UNLIMITED: flown(Item.LOITER_UNLIMITED),
    TURNS: turns,
    TIME: loiter,
    RETURN: lambda *_: Leg(Item.RETURN),
    LAND: flown(Item.LAND),
    TAKEOFF: flown(Item.TAKEOFF),
    CLIMB_AND_HOLD: lambda _, north, east, height: Leg(Item.WAYPOINT, north, east, height),
    DELAY: delay,
    WAIT: delay,
    TURN: turn,
    JUMP: jump,
    SPEED: speed,
}
