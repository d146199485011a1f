"""Missions planned in QGroundControl: its `.plan` files, JSON with MAVLink mission items.

Format: https://docs.qgroundcontrol.com/master/en/qgc-dev-guide/file_formats/plan.html
"""

import json
import math
from dataclasses import replace
from typing import Any

from flight.errors import ConfigError
from flight.modes import Item
from ground.missions import items
from ground.missions.items import Earth, MissionItem, Number, leg_of
from ground.missions.mission import Home, Leg, Mission, from_legs

YAW = 3


def read(name: str, text: str) -> Mission:
    """Return the mission in a plan's text; raise ConfigError naming file, item, key and what is allowed."""
    try:
        whole = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{name}: is not a QGroundControl plan: {error}") from None
    mission = entry(name, whole, "mission", dict)
    home = home_of(name, entry(name, mission, "plannedHomePosition", list))
    wanted = entry(name, mission, "items", list)
    return from_legs(name, legs_of(name, wanted, home, hover_speed(name, mission)), home)


def entry(name: str, holder: Any, key: str, kind: type) -> Any:
    """Return what a plan must have under a key; raise ConfigError."""
    if not isinstance(holder, dict) or not isinstance(holder.get(key), kind):
        what = "an object" if kind is dict else "a list"
        raise ConfigError(f"{name}: is not a QGroundControl plan: {key!r} must be there and be {what}")
    return holder[key]


def home_of(name: str, given: list) -> Home:
    """Return where the plan begins; raise ConfigError."""
    numbers = [number(f"{name}: plannedHomePosition", i, value) for i, value in enumerate(given)]
    lat_deg, lon_deg, alt_m = numbers if len(numbers) == 3 else (None, None, None)
    if lat_deg is None or lon_deg is None or alt_m is None or abs(lat_deg) > 85.0 or abs(lon_deg) > 180.0:
        raise ConfigError(
            f"{name}: plannedHomePosition {given} is not on Earth; latitude, longitude and altitude are"
        )
    return Home(lat_deg, lon_deg, alt_m)


def hover_speed(name: str, mission: dict[str, Any]) -> Number:
    """Return the plan's speed between waypoints; None: as the vehicle likes."""
    return number(f"{name}: hoverSpeed", 0, mission.get("hoverSpeed"))


def legs_of(name: str, wanted: list[Any], home: Home, speed_m_s: Number) -> list[Leg]:
    """Return the plan's items as legs; the plan's own speed holds until an item changes it."""
    legs: list[Leg] = []
    places: dict[float, int] = {item["doJumpId"]: i for i, item in enumerate(wanted) if is_numbered(item)}
    for number, item in enumerate(wanted, 1):
        where = f"{name}: item {number}"
        leg = placed(where, opened(where, item), Earth(home, home.alt_amsl_m), places)
        if leg.item == Item.LOITER_UNLIMITED:
            if number < len(wanted):
                raise ConfigError(
                    f"{where}: loiter unlimited must be the last item; nothing after it would be flown"
                )
            leg = replace(leg, item=Item.WAYPOINT)
        if leg.item == Item.SPEED:
            speed_m_s = None
        elif leg.item == Item.WAYPOINT:
            leg = replace(leg, speed_m_s=speed_m_s)
        legs.append(leg)
    return legs


def is_numbered(item: Any) -> bool:
    """Tell whether an item has a number that jumps can name."""
    return isinstance(item, dict) and isinstance(item.get("doJumpId"), int)


def placed(where: str, item: MissionItem, earth: Earth, places: dict[float, int]) -> Leg:
    """Return an item as a leg from the take-off point; raise ConfigError."""
    try:
        leg = leg_of(item, earth)
    except items.ItemError as error:
        raise ConfigError(f"{where}: {error}") from None
    if leg.item != Item.JUMP or not leg.jumps:
        return leg
    if leg.jump_to is None or leg.jump_to not in places:
        raise ConfigError(f"{where}: jumps to doJumpId {leg.jump_to}, which no item has")
    return replace(leg, jump_to=places[leg.jump_to])


def opened(where: str, item: Any) -> MissionItem:
    """Return a simple item; null, and NaN as a heading, is None, "not meant"."""
    kind = item.get("type") if isinstance(item, dict) else item
    if kind != "SimpleItem":
        told = item.get("complexItemType", kind) if isinstance(item, dict) else kind
        raise ConfigError(f"{where}: type {told!r} is not supported; only SimpleItem is")
    parameters, command = item.get("params"), item.get("command")
    if not isinstance(command, int) or isinstance(command, bool):
        raise ConfigError(f"{where}: command {command!r} is not a number")
    if not isinstance(parameters, list) or len(parameters) != 7:
        raise ConfigError(f"{where}: params must be a list of 7 numbers")
    numbers = [number(where, i, value) for i, value in enumerate(parameters)]
    return MissionItem(command, item.get("frame"), *numbers)


def number(where: str, index: int, value: Any) -> Number:
    """Return a parameter, None where it is not meant; raise ConfigError."""
    if value is None or (isinstance(value, float) and math.isnan(value) and index == YAW):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{where}: params[{index}] = {value!r} is not a number")
    return float(value)
