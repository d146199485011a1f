"""What the events on the wire mean: numbers, arguments, and the page that explains them to a ground station.

https://mavlink.io/en/services/events.html; the page is libevents' (https://github.com/mavlink/libevents). An event's
number is its code in flight.modes.Event, a reason not to arm has one of its own.
"""

import json
import math
import struct
from collections.abc import Iterable
from enum import IntEnum
from functools import cache

from flight.estimator.layout import Part
from flight.inputs import Demand
from flight.modes import WHY, Event, Failsafe, Mode, Refusal, Why
from flight.supervisor.reasons import ENDINGS, REFUSALS, WHYS
from flight.supervisor.table import Sign
from ground.link.px4_modes import FOLLOW, MODES
from logs.events import words

# The component that events belong to is the highest byte of their numbers.
COMPONENT = 1
FIRST_CHECK, ARMING_SUMMARY, HEALTH_SUMMARY = 0x100, 0x200, 0x201
# What reasons not to arm are about; bit 0 is nothing in particular.
PARTS = (
    "none", "gyro", "magnetometer", "barometer", "gps", "battery", "remote_control", "attitude", "bridge", "system",
)  # fmt: skip
ABOUT = {
    Refusal.ESTIMATOR: "attitude", Refusal.BATTERY: "battery", Refusal.LINK: "remote_control",
    Refusal.THROTTLE: "remote_control", Refusal.KILL_SWITCH: "remote_control", Refusal.SENSOR: "gyro",
    Refusal.ARM_SWITCH: "remote_control", Refusal.CALIBRATION: "gyro", Refusal.COMPASS: "magnetometer",
    Refusal.PLACE: "gps", Refusal.HEIGHT: "barometer", Refusal.STICKS: "remote_control",
    Refusal.THRESHOLDS: "battery", Refusal.LOOP: "system", Refusal.LOG: "system", Refusal.BRIDGE: "bridge",
}  # fmt: skip
WIDE, NARROW = ("uint32_t", "I"), ("uint8_t", "B")
ENUMS: dict[str, tuple[type[IntEnum], tuple[str, str]]] = {
    "refusal_t": (Refusal, WIDE),
    "failsafe_t": (Failsafe, WIDE),
    "mode_t": (Mode, NARROW),
    "demand_t": (Demand, NARROW),
    "why_t": (Why, NARROW),
    "part_t": (Part, NARROW),
    "ending_t": (Sign, WIDE),
}
ARGUMENTS: dict[Event, tuple[str, ...]] = {
    Event.DISARMED: ("ending_t",),
    Event.KILLED: ("ending_t",),
    Event.ARMING_REFUSED: ("refusal_t",),
    Event.MODE_CHANGED: ("mode_t",),
    Event.MODE_REFUSED: ("mode_t", "why_t"),
    Event.FAILSAFE_RAISED: ("failsafe_t",),
    Event.FAILSAFE_CLEARED: ("failsafe_t",),
    Event.DEMAND_REFUSED: ("demand_t", "why_t"),
    Event.ESTIMATOR_RESET: ("part_t",),
}
CHECKED = [("navigation_mode_group_t", "modes"), ("uint8_t", "health_component_index")]


def event_id(number: int) -> int:
    """Return an event's number on the wire."""
    return COMPONENT << 24 | number


def packed(code: int, value: float) -> bytes:
    """Return an event's arguments."""
    number = int(value) if math.isfinite(value) else 0
    kinds = ARGUMENTS.get(Event(code), ())
    parts = divmod(number, WHY)[::-1] if len(kinds) == 2 else (number,)
    formats = [ENUMS[kind][1][1] for kind in kinds]
    return b"".join(
        struct.pack("<" + form, part & 0xFFFFFFFF) for form, part in zip(formats, parts, strict=False)
    )


def check_number(reason: Refusal) -> int:
    """Return the number of the event that tells a reason not to arm."""
    return FIRST_CHECK + int(reason).bit_length() - 1


def part_of(reason: Refusal) -> int:
    """Return the place in PARTS of what a reason is about."""
    return PARTS.index(ABOUT.get(reason, "none"))


@cache
def page() -> bytes:
    """Return the page that explains every event."""
    component = {
        "namespace": "quadloop",
        "enums": enums(),
        "event_groups": {
            "default": {"events": {str(int(e)): told(e) for e in Event if e != Event.NONE}},
            "arming_check": {"events": checks()},
            "health": {"events": {str(HEALTH_SUMMARY): summary("health_summary", "is_present")}},
        },
        "navigation_mode_groups": {"groups": {"0": sorted(mode.custom for mode in (*MODES, FOLLOW))}},
        "supported_protocols": ["health_and_arming_check"],
    }
    return json.dumps({"version": 1, "components": {str(COMPONENT): component}}).encode()


def told(event: Event) -> dict:
    """Return what an event says."""
    kinds = ARGUMENTS.get(event, ())
    message = ": ".join([words(event.name).capitalize(), *(f"{{{k}}}" for k in range(1, len(kinds) + 1))])
    said = {"name": event.name.lower(), "message": message}
    return said | ({"arguments": arguments((kind, kind[:-2]) for kind in kinds)} if kinds else {})


def checks() -> dict:
    """Return every reason not to arm, and the summary before them."""
    found = {
        str(check_number(reason)): {
            "name": f"check_{reason.name.lower()}",
            "message": REFUSALS[reason].reason.capitalize(),
            "description": REFUSALS[reason].remedy.capitalize(),
            "arguments": arguments(CHECKED),
        }
        for reason in Refusal
    }
    modes = [("navigation_mode_group_t", "can_arm"), ("navigation_mode_group_t", "can_run")]
    return found | {str(ARMING_SUMMARY): summary("arming_check_summary", more=modes)}


def summary(name: str, *first: str, more: tuple | list = ()) -> dict:
    """Return the event around the reasons: which parts are there, which are bad."""
    parts = [("health_component_t", part) for part in (*first, "error", "warning")]
    fields = [("uint8_t", "chunk_idx"), *parts, *more]
    return {
        "name": name,
        "message": words(name).capitalize(),
        "type": "summary",
        "arguments": arguments(fields),
    }


def arguments(pairs: Iterable[tuple[str, str]]) -> list[dict]:
    """Return arguments as the page has them."""
    return [{"type": kind, "name": name} for kind, name in pairs]


def enums() -> dict:
    """Return every enumeration."""
    found = {name: enum(kind, form[0]) for name, (kind, form) in ENUMS.items()}
    parts = {str(1 << k): {"name": part, "description": words(part)} for k, part in enumerate(PARTS)}
    modes = {"1": {"name": "all", "description": "every mode"}}
    for name, entries in (("health_component_t", parts), ("navigation_mode_group_t", modes)):
        found[name] = {
            "type": "uint32_t",
            "is_bitfield": True,
            "description": words(name),
            "entries": entries,
        }
    return found


def enum(kind: type[IntEnum], form: str) -> dict:
    """Return one enumeration; bits where its numbers are."""
    entries = endings() if kind is Sign else {str(int(member)): entry(member) for member in kind}
    nothing = {} if "0" in entries else {"0": {"name": "nothing", "description": "no reason"}}
    return {
        "type": form,
        "is_bitfield": kind in (Refusal, Failsafe),
        "description": kind.__name__,
        "entries": entries | nothing,
    }


def entry(member: IntEnum) -> dict:
    """Return one number of an enumeration."""
    described = WHYS[member] if isinstance(member, Why) else words(member.name)
    return {"name": member.name.lower(), "description": described}


def endings() -> dict:
    """Return what ends a flight: sums of signs, each with its own words."""
    return {
        str(int(signs)): {
            "name": "_and_".join(sign.name.lower() for sign in Sign if sign & signs),
            "description": told.reason,
        }
        for signs, told in ENDINGS.items()
    }
