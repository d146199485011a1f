"""The MAVLink dialect: pymavlink's, and the messages of the common set that its ready-made dialects leave out."""

import struct
from typing import Any

from pymavlink.dialects.v20 import development as mavlink

FORMATS = {"uint8_t": "B", "char": "s", "uint16_t": "H", "uint32_t": "I", "float": "f"}
# id, name, fields as (type, name, array length or 0), from MAVLink's common.xml.
MISSING: tuple[tuple[int, str, tuple[tuple[str, str, int], ...]], ...] = (
    # ArduPilot's own: dronekit waits for it.
    (
        193,
        "EKF_STATUS_REPORT",
        (
            ("uint16_t", "flags", 0),
            ("float", "velocity_variance", 0),
            ("float", "pos_horiz_variance", 0),
            ("float", "pos_vert_variance", 0),
            ("float", "compass_variance", 0),
            ("float", "terrain_alt_variance", 0),
        ),
    ),
    (
        300,
        "PROTOCOL_VERSION",
        (
            ("uint16_t", "version", 0),
            ("uint16_t", "min_version", 0),
            ("uint16_t", "max_version", 0),
            ("uint8_t", "spec_version_hash", 8),
            ("uint8_t", "library_version_hash", 8),
        ),
    ),
    (
        397,
        "COMPONENT_METADATA",
        (("uint32_t", "time_boot_ms", 0), ("uint32_t", "file_crc", 0), ("char", "uri", 100)),
    ),
    (
        400,
        "PLAY_TUNE_V2",
        (
            ("uint8_t", "target_system", 0),
            ("uint8_t", "target_component", 0),
            ("uint32_t", "format", 0),
            ("char", "tune", 248),
        ),
    ),
    (
        80,
        "COMMAND_CANCEL",
        (("uint8_t", "target_system", 0), ("uint8_t", "target_component", 0), ("uint16_t", "command", 0)),
    ),
    (
        410,
        "EVENT",
        (
            ("uint8_t", "destination_component", 0),
            ("uint8_t", "destination_system", 0),
            ("uint32_t", "id", 0),
            ("uint32_t", "event_time_boot_ms", 0),
            ("uint16_t", "sequence", 0),
            ("uint8_t", "log_levels", 0),
            ("uint8_t", "arguments", 40),
        ),
    ),
    (411, "CURRENT_EVENT_SEQUENCE", (("uint16_t", "sequence", 0), ("uint8_t", "flags", 0))),
    (
        412,
        "REQUEST_EVENT",
        (
            ("uint8_t", "target_system", 0),
            ("uint8_t", "target_component", 0),
            ("uint16_t", "first_sequence", 0),
            ("uint16_t", "last_sequence", 0),
        ),
    ),
    (
        413,
        "RESPONSE_EVENT_ERROR",
        (
            ("uint8_t", "target_system", 0),
            ("uint8_t", "target_component", 0),
            ("uint16_t", "sequence", 0),
            ("uint16_t", "sequence_oldest_available", 0),
            ("uint8_t", "reason", 0),
        ),
    ),
)

# Whole numbers of 32 bits that MAVLink has added to the ends of messages since, from the same file.
ADDED = {
    "MISSION_CURRENT": ("mission_id", "fence_id", "rally_points_id"),
    "MISSION_COUNT": ("opaque_id",),
    "MISSION_ACK": ("opaque_id",),
}


def crc_extra(name: str, wire: list[tuple[str, str, int]]) -> int:
    """Return the byte by which both ends know that they mean the same fields (MAVLink serialization guide)."""
    text = f"{name} " + "".join(
        f"{kind} {field} " + chr(length) * bool(length) for kind, field, length in wire
    )
    crc = mavlink.x25crc(text.encode("latin-1")).crc
    return (crc & 0xFF) ^ (crc >> 8)


def pack_format(kind: str, length: int) -> str:
    """Return a field's place in a struct."""
    return f"{length or ''}{FORMATS[kind]}"


def width(kind: str) -> int:
    """Return the size of one element of a field."""
    return struct.calcsize(FORMATS[kind])


class Extra(mavlink.MAVLink_message):
    """A message defined here; its fields are given by position or by name."""

    ordered_fields: tuple[tuple[str, str, int], ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(type(self).id, type(self).msgname)
        self._fieldnames = self.fieldnames
        self._instance_field, self._instance_offset = None, -1
        for name, value in (dict(zip(self.fieldnames, values, strict=False)) | named).items():
            setattr(self, name, value)

    def pack(self, mav: Any, force_mavlink1: bool = False) -> bytes:
        """Return the frame, as pymavlink's own messages do."""
        flat: list[Any] = []
        for kind, name, length in self.ordered_fields:
            value = getattr(self, name)
            flat += value if length and kind != "char" else [value]
        return self._pack(mav, self.crc_extra, self.unpacker.pack(*flat), force_mavlink1=force_mavlink1)


def define(number: int, name: str, fields: tuple[tuple[str, str, int], ...]) -> type[Extra]:
    """Return a message class: on the wire the widest fields come first."""
    wire = sorted(fields, key=lambda f: -width(f[0]))
    names = [f[1] for f in fields]
    return type(
        f"MAVLink_{name.lower()}_message",
        (Extra,),
        {
            "id": number,
            "msgname": name,
            "fieldnames": names,
            "ordered_fieldnames": [f[1] for f in wire],
            "fieldtypes": [f[0] for f in fields],
            "fielddisplays_by_name": {},
            "fieldenums_by_name": {},
            "fieldunits_by_name": {},
            "ordered_fields": tuple(wire),
            "orders": [wire.index(f) for f in fields],
            "lengths": [1 if f[0] == "char" else max(f[2], 1) for f in wire],
            "array_lengths": [f[2] for f in wire],
            "crc_extra": crc_extra(name, wire),
            "unpacker": struct.Struct("<" + "".join(pack_format(k, n) for k, _, n in wire)),
            "native_format": bytearray(b""),
            "instance_field": None,
            "instance_offset": -1,
        },
    )


class Longer(mavlink.MAVLink_message):
    """What a message with fields added to its end does in its own way; those not given are 0."""

    added: tuple[str, ...] = ()
    ordered_fieldnames: tuple[str, ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        given = dict(zip(self.fieldnames, values, strict=False)) | named
        later = {name: given.pop(name, 0) for name in self.added}
        super().__init__(**given)
        self._fieldnames = self.fieldnames
        for name, value in later.items():
            setattr(self, name, value)

    def pack(self, mav: Any, force_mavlink1: bool = False) -> bytes:
        """Return the frame, as pymavlink's own messages do."""
        payload = self.unpacker.pack(*(getattr(self, name) for name in self.ordered_fieldnames))
        return self._pack(mav, self.crc_extra, payload, force_mavlink1=force_mavlink1)


def lengthened(old: Any, added: tuple[str, ...]) -> Any:
    """Return a message class with these fields at its end; the byte that names its fields does not count them."""
    count, more = len(old.fieldnames), len(added)
    return type(
        old.__name__,
        (Longer, old),
        {
            "added": added,
            "fieldnames": [*old.fieldnames, *added],
            "ordered_fieldnames": [*old.ordered_fieldnames, *added],
            "fieldtypes": [*old.fieldtypes, *["uint32_t"] * more],
            "orders": [*old.orders, *range(count, count + more)],
            "lengths": [*old.lengths, *[1] * more],
            "array_lengths": [*old.array_lengths, *[0] * more],
            "unpacker": struct.Struct(old.unpacker.format + "I" * more),
            "native_format": bytearray(old.unpacker.format.encode() + b"I" * more),
        },
    )


def complete() -> None:
    """Add what is missing to pymavlink's dialect, where a newer pymavlink does not have it."""
    for number, name, fields in MISSING:
        if number not in mavlink.mavlink_map:
            made = define(number, name, fields)
            mavlink.mavlink_map[number] = made
            setattr(mavlink, made.__name__, made)
    for number, old in list(mavlink.mavlink_map.items()):
        added = ADDED.get(old.msgname, ())
        if added and added[0] not in old.fieldnames:
            mavlink.mavlink_map[number] = made = lengthened(old, added)
            setattr(mavlink, old.__name__, made)


complete()
