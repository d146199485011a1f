"""Items of missions, fences and rally points as they cross the wire, and how they read back equal."""

import math
from typing import NamedTuple

from ground.link.dialect import mavlink
from ground.link.service import Message, Sender
from ground.missions.items import MissionItem, Number

DEGREE = 1e7
NOT_GIVEN = 2**31 - 1
# What no place on Earth has and still fits the field: refused as impossible.
NOWHERE = 2**31 - 2


class WireItem(NamedTuple):
    """One item; x and y are 1e-7 degrees."""

    frame: int
    command: int
    autocontinue: int
    p1: float
    p2: float
    p3: float
    p4: float
    x: int
    y: int
    z: float

    def as_meant(self) -> MissionItem:
        """Return the item's numbers, None where none is meant."""
        p1, p2, p3, p4 = (number(p) for p in self[3:7])
        lat_deg, lon_deg = degrees(self.x), degrees(self.y)
        return MissionItem(self.command, self.frame, p1, p2, p3, p4, lat_deg, lon_deg, number(self.z))


def number(value: float) -> Number:
    """Return a number, None for NaN."""
    return None if math.isnan(value) else value


def degrees(value: int) -> Number:
    """Return a coordinate in degrees, None where none is given."""
    return None if value == NOT_GIVEN else value / DEGREE


def scaled(value: float) -> int:
    """Return a coordinate in degrees as 1e-7 degrees."""
    if math.isnan(value):
        return NOT_GIVEN
    return round(max(-NOWHERE, min(NOWHERE, value * DEGREE)))


def taken(message: Message) -> WireItem:
    """Return the item in a MISSION_ITEM_INT or a MISSION_ITEM."""
    is_int = message.get_type() == "MISSION_ITEM_INT"
    x, y = (message.x, message.y) if is_int else (scaled(message.x), scaled(message.y))
    params = message.param1, message.param2, message.param3, message.param4
    return WireItem(message.frame, message.command, message.autocontinue, *params, x, y, message.z)


def told(item: WireItem, place: int, kind: int, is_current: bool, is_int: bool, to: Sender) -> Message:
    """Return the message that tells an item, with whole numbers or in the older float form."""
    make = mavlink.MAVLink_mission_item_int_message if is_int else mavlink.MAVLink_mission_item_message
    x, y = (item.x, item.y) if is_int else (item.x / DEGREE, item.y / DEGREE)
    return make(
        to.system,
        to.component,
        place,
        item.frame,
        item.command,
        int(is_current),
        item.autocontinue,
        *item[3:7],
        x,
        y,
        item.z,
        kind,
    )
