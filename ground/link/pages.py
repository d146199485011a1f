"""Files that are made when somebody asks: what a ground station needs to know about this vehicle and its parameters.

Component metadata: https://mavlink.io/en/services/component_information.html; general.json names the others and their
CRC-32. `@PARAM/param.pck` is the parameter list in one file, as ArduPilot packs it.
"""

import json
import re
import struct
from functools import cache, partial

from flight.parameter import Param
from ground.link import event_definitions
from ground.link.offered_files import Page
from ground.link.parameter_file import TABLE
from ground.link.parameter_wire import crc32, packed
from ground.link.settings import BY_ID, PX4
from ground.link.vehicle import Vehicle
from ground.parameter_page import group_of

GENERAL, PARAMETERS = "etc/extras/component_general.json", "etc/extras/parameters.json"
EVENTS = "etc/extras/events.json"
PACK = "@PARAM/param.pck"
PARAMETER_TYPE, EVENTS_TYPE = 1, 4  # COMP_METADATA_TYPE
PACK_MAGIC, PACK_MAGIC_DEFAULTS = 0x671B, 0x671C
PACK_INT32, PACK_REAL32 = 3, 4
HAS_DEFAULT = 1 << 4
# How an about tells what the whole numbers mean: "0: keep the heading, 1: face the way" or "0 warn, 1 hold".
CHOICE = re.compile(r"(?:^|[:;,] ?)(-?\d+):? ([^,;:]+)")


def pages(vehicle: Vehicle) -> dict[str, Page]:
    """Return every page by its path."""
    found: dict[str, Page] = {
        GENERAL: lambda _: general(),
        PARAMETERS: lambda _: parameters(),
        EVENTS: lambda _: event_definitions.page(),
    }
    # Only ArduPilot has this file: who finds it sends whole numbers as ArduPilot takes them, not byte-wise.
    if vehicle.settings["LINK_AUTOPILOT"] != PX4:
        found[PACK] = partial(pack, vehicle)
    return found


@cache
def general() -> bytes:
    """Return the page that names the other pages."""
    offered = (
        (PARAMETER_TYPE, PARAMETERS, parameters()),
        (EVENTS_TYPE, EVENTS, event_definitions.page()),
    )
    metadata = [
        {"type": kind, "uri": f"mftp://{path}", "fileCrc": crc32(page)} for kind, path, page in offered
    ]
    return json.dumps({"version": 1, "metadataTypes": metadata}).encode()


@cache
def parameters() -> bytes:
    """Return every parameter's unit, range, default and meaning."""
    return json.dumps({"version": 1, "parameters": [described(row) for row in TABLE.values()]}).encode()


def described(row: Param) -> dict:
    """Return one parameter as the schema of parameter metadata wants it."""
    number = int if row.is_integer else float
    said = {
        "name": row.id,
        "type": "Int32" if row.is_integer else "Float",
        "group": "link" if row.id in BY_ID else group_of(row),
        "category": "Standard",
        "shortDesc": row.about[:1].upper() + row.about[1:],
        "longDesc": f"{row.about}; {row.allowed().replace('allowed', 'range')}",
        "units": row.unit,
        "min": number(row.low),
        "max": number(row.high),
        "default": number(row.default),
    }
    if not row.is_integer:
        return said | {"decimalPlaces": 3}
    return said | ({"values": choices(row)} if choices(row) else {})


def choices(row: Param) -> list[dict]:
    """Return what each whole number means, where the table names at least two."""
    found = {int(value): meaning.strip() for value, meaning in CHOICE.findall(row.about)}
    if len(found) == 1 and (row.low, row.high) == (0, 1):
        found = {0: "off", 1: "on"}
    if len(found) < 2 or " to " in row.about:
        return []
    return [{"value": value, "description": meaning} for value, meaning in sorted(found.items())]


def pack(vehicle: Vehicle, options: str) -> bytes:
    """Return every parameter and its value in one file; the option `withdefaults=1` adds the defaults."""
    is_full = "withdefaults=1" in options
    head = struct.pack("<HHH", PACK_MAGIC_DEFAULTS if is_full else PACK_MAGIC, len(TABLE), len(TABLE))
    body, last = b"", b""
    for name, row in TABLE.items():
        value = vehicle.settings[name] if name in BY_ID else vehicle.parameter(name)
        body += pack_entry(row, last, value, is_full)
        last = name.encode()
    return head + body


def pack_entry(row: Param, last: bytes, value: float, is_full: bool) -> bytes:
    """Return one parameter: kind, how much of the name the last one had, the rest of the name, the value."""
    name = row.id.encode()
    common = 0
    while common < min(len(last), len(name) - 1, 15) and last[common] == name[common]:
        common += 1
    rest = name[common:]
    has_default = is_full and value != row.default
    kind = (PACK_INT32 if row.is_integer else PACK_REAL32) | (HAS_DEFAULT if has_default else 0)
    lengths = common | ((len(rest) - 1) << 4)
    default = packed(row, row.default) if has_default else b""
    return bytes((kind, lengths)) + rest + packed(row, value) + default
