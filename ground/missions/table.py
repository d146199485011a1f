"""Missions written by hand: a TOML file with one `[[item]]` after the other.

    [[item]]
    do = "takeoff"
    height_m = 10

    [[item]]
    do = "goto"
    north_m = 20
    east_m = 0
    yaw_deg = 90
    hold_s = 2

Items do takeoff, goto, hold (hold_s), circle (turns; the place is its centre), wait (hold_s), return and land.
"""

import math
import tomllib
from typing import Any

from flight.errors import ConfigError
from flight.modes import Item
from ground.missions.mission import Home, Leg, Mission, from_legs

ITEMS = {
    "takeoff": Item.TAKEOFF,
    "goto": Item.WAYPOINT,
    "hold": Item.LOITER_TIME,
    "circle": Item.LOITER_TURNS,
    "wait": Item.DELAY,
    "return": Item.RETURN,
    "land": Item.LAND,
}
NEEDS = {
    "takeoff": ("height_m",),
    "goto": ("north_m", "east_m"),
    "hold": ("hold_s",),
    "circle": ("turns",),
    "wait": ("hold_s",),
}
KEYS = ("north_m", "east_m", "height_m", "hold_s", "speed_m_s", "turns")
HOME_KEYS = ("lat_deg", "lon_deg", "alt_amsl_m")


def read(name: str, text: str) -> Mission:
    """Return the mission in a TOML text; raise ConfigError naming file, item, key and what is allowed."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: is not valid TOML: {error}") from None
    for key in tables:
        if key not in ("item", "home"):
            raise ConfigError(
                f"{name}: {key} is not known; a mission holds [[item]] tables and perhaps [home]"
            )
    items = tables.get("item", [])
    if not isinstance(items, list):
        raise ConfigError(f"{name}: items are written [[item]], in double brackets")
    legs = [leg_of(f"{name}: item {number}", item) for number, item in enumerate(items, 1)]
    return from_legs(name, legs, home_of(name, tables.get("home")))


def leg_of(where: str, item: dict[str, Any]) -> Leg:
    """Return one item; raise ConfigError."""
    kind = item.get("do")
    if kind not in ITEMS:
        raise ConfigError(f"{where}: do = {kind!r}; known: {', '.join(ITEMS)}")
    for key in item:
        if key not in ("do", "yaw_deg", *KEYS):
            raise ConfigError(f"{where} ({kind}): {key} is not known; known: {', '.join((*KEYS, 'yaw_deg'))}")
    for key in NEEDS.get(kind, ()):
        if key not in item:
            raise ConfigError(f"{where} ({kind}): {key} is missing")
    numbers = {key: number(f"{where} ({kind})", key, value) for key, value in item.items() if key != "do"}
    yaw_deg = numbers.pop("yaw_deg", None)
    return Leg(ITEMS[kind], yaw_rad=None if yaw_deg is None else math.radians(yaw_deg), **numbers)


def number(where: str, key: str, value: Any) -> float:
    """Return a finite number; raise ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"{where}: {key} = {value!r} is not a number")
    return float(value)


def home_of(name: str, given: dict[str, Any] | None) -> Home | None:
    """Return where the mission begins, if it says so; raise ConfigError."""
    if given is None:
        return None
    if not isinstance(given, dict) or set(given) != set(HOME_KEYS):
        raise ConfigError(f"{name}: [home] must hold exactly {', '.join(HOME_KEYS)}")
    return Home(**{key: number(f"{name}: home", key, given[key]) for key in HOME_KEYS})
