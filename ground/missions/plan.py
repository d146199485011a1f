"""Missions planned in QGroundControl: its `.plan` files, JSON with MAVLink mission items.

Format: https://docs.qgroundcontrol.com/master/en/qgc-dev-guide/file_formats/plan.html
"""

import json
import math
from typing import Any

from flight.errors import ConfigError
from flight.geodesy import local_ned
from flight.modes import Item
from ground.missions.mission import Home, Leg, Mission, from_legs

# MAV_CMD_NAV_*: waypoint, loiter unlimited, turns, time, return to launch, land, take-off, delay.
WAYPOINT, UNLIMITED, TURNS, TIME, RETURN, LAND, TAKEOFF, DELAY = 16, 17, 18, 19, 20, 21, 22, 93
CHANGE_SPEED = 178
ITEMS = {
    WAYPOINT: Item.WAYPOINT,
    UNLIMITED: Item.WAYPOINT,
    TURNS: Item.LOITER_TURNS,
    TIME: Item.LOITER_TIME,
    RETURN: Item.RETURN,
    LAND: Item.LAND,
    TAKEOFF: Item.TAKEOFF,
    DELAY: Item.DELAY,
}
# MAV_FRAME: altitude above sea level or above home; each with its integer-coordinate twin.
ABSOLUTE, RELATIVE, NO_PLACE = (0, 5), (3, 6), 2
HAVE_A_PLACE = (WAYPOINT, UNLIMITED, TURNS, TIME, LAND, TAKEOFF)


def read(name: str, text: str) -> Mission:
    """Return the mission in a plan's text; raise ConfigError naming file, item, key and what is allowed."""
    try:
        whole = json.loads(text)
        mission = whole["mission"]
        home = Home(*(float(number) for number in mission["plannedHomePosition"]))
        items = list(mission["items"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{name}: is not a QGroundControl plan: {error!r}") from None
    if not (abs(home.lat_deg) <= 85.0 and abs(home.lon_deg) <= 180.0 and math.isfinite(home.alt_amsl_m)):
        raise ConfigError(f"{name}: plannedHomePosition {mission['plannedHomePosition']} is not on Earth")
    return from_legs(name, legs_of(name, items, home, hover_speed(name, mission)), home)


def hover_speed(name: str, mission: dict[str, Any]) -> float | None:
    """Return the plan's speed between waypoints; None: as the vehicle likes."""
    return number(f"{name}: hoverSpeed", 0, mission.get("hoverSpeed"))


def legs_of(name: str, items: list[dict[str, Any]], home: Home, speed_m_s: float | None) -> list[Leg]:
    """Return the plan's items as legs; a change of speed holds for all that follow."""
    legs = []
    for number, item in enumerate(items, 1):
        where = f"{name}: item {number}"
        command, parameters = opened(where, item)
        if command == CHANGE_SPEED:
            speed_m_s = parameters[1]
            continue
        if command == UNLIMITED and number < len(items):
            raise ConfigError(
                f"{where}: loiter unlimited must be the last item; nothing after it would be flown"
            )
        legs.append(leg_of(where, item, command, parameters, home, speed_m_s))
    return legs


def opened(where: str, item: dict[str, Any]) -> tuple[int, list[float | None]]:
    """Return a simple item's command and its seven parameters; null and NaN are None, "not meant"."""
    kind = item.get("type") if isinstance(item, dict) else item
    if kind != "SimpleItem":
        told = item.get("complexItemType", kind) if isinstance(item, dict) else kind
        raise ConfigError(f"{where}: type {told!r} is not supported; only SimpleItem is")
    command, parameters = item.get("command"), item.get("params")
    if command not in (*ITEMS, CHANGE_SPEED):
        known = ", ".join(map(str, sorted((*ITEMS, CHANGE_SPEED))))
        raise ConfigError(f"{where}: command {command} is not supported; supported: {known}")
    if not isinstance(parameters, list) or len(parameters) != 7:
        raise ConfigError(f"{where}: params must be a list of 7 numbers")
    return command, [number(where, i, value) for i, value in enumerate(parameters)]


def number(where: str, index: int, value: Any) -> float | None:
    """Return a parameter, None where it is not meant; raise ConfigError."""
    if value is None or (isinstance(value, float) and math.isnan(value) and index == 3):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{where}: params[{index}] = {value!r} is not a number")
    return float(value)


def leg_of(
    where: str,
    item: dict[str, Any],
    command: int,
    parameters: list[float | None],
    home: Home,
    speed_m_s: float | None,
) -> Leg:
    """Return one item as a leg from the take-off point."""
    north_m = east_m = height_m = None
    if command in HAVE_A_PLACE:
        north_m, east_m, height_m = place_of(where, item, parameters, home)
    yaw_deg = parameters[3] if command in (WAYPOINT, LAND, TAKEOFF) else None
    return Leg(
        ITEMS[command],
        north_m,
        east_m,
        height_m,
        yaw_rad=None if yaw_deg is None else math.radians(yaw_deg),
        hold_s=parameters[0] if command in (WAYPOINT, TIME, DELAY) else None,
        speed_m_s=speed_m_s if command == WAYPOINT else None,
        turns=parameters[0] if command == TURNS else None,
    )


def place_of(
    where: str, item: dict[str, Any], parameters: list[float | None], home: Home
) -> tuple[float | None, float | None, float | None]:
    """Return an item's north, east and height in metres from home; a latitude and longitude of 0 is no place."""
    frame = item.get("frame")
    if frame not in (*ABSOLUTE, *RELATIVE):
        raise ConfigError(f"{where}: frame {frame} is not supported; supported: {(*ABSOLUTE, *RELATIVE)}")
    lat_deg, lon_deg, alt_m = parameters[4:]
    if alt_m is not None and frame in ABSOLUTE:
        alt_m -= home.alt_amsl_m
    if lat_deg is None or lon_deg is None or (lat_deg == 0.0 and lon_deg == 0.0):
        return None, None, alt_m
    here = local_ned(lat_deg, lon_deg, home.alt_amsl_m, home.lat_deg, home.lon_deg, home.alt_amsl_m)
    return here.x, here.y, alt_m
