"""Parameters as bytes: PX4's byte-wise encoding, the extended protocol's 128 bytes, the checksum of the whole list.

`PARAM_VALUE.param_value` is a float whose four bytes are the value's, of its own type (MAV_PROTOCOL_CAPABILITY_
PARAM_ENCODE_BYTEWISE).
"""

import struct
import zlib
from collections.abc import Iterable

import numpy as np

from flight.errors import LinkError
from flight.parameter import Param
from ground.link.dialect import mavlink

REAL32, INT32, UINT32 = (
    mavlink.MAV_PARAM_TYPE_REAL32,
    mavlink.MAV_PARAM_TYPE_INT32,
    mavlink.MAV_PARAM_TYPE_UINT32,
)
NAMES = {REAL32: "REAL32", INT32: "INT32"}
HASH = "_HASH_CHECK"
CRC_ONES = 0xFFFFFFFF


def kind_of(row: Param) -> int:
    """Return a parameter's MAV_PARAM_TYPE, the same number as its MAV_PARAM_EXT_TYPE."""
    return INT32 if row.is_integer else REAL32


def packed(row: Param, value: float) -> bytes:
    """Return a value's four bytes."""
    return struct.pack("<i", int(value)) if row.is_integer else struct.pack("<f", value)


def unpacked(row: Param, raw: bytes, kind: int) -> float:
    """Return the value in four bytes; raise LinkError when the sender means another type."""
    if kind != kind_of(row):
        raise LinkError(f"{row.id} is {NAMES[kind_of(row)]}, not MAV_PARAM_TYPE {kind}; the old value holds")
    value = struct.unpack("<i" if row.is_integer else "<f", raw[:4].ljust(4, b"\0"))[0]
    return int(value) if row.is_integer else within(row, value)


def within(row: Param, value: float) -> float:
    """Return a float32 as it is, but the rounding of a limit just inside of it."""
    number = np.float32(value)
    for limit, inwards in ((row.low, np.inf), (row.high, -np.inf)):
        if number == np.float32(limit) and not row.low <= float(number) <= row.high:
            number = np.nextafter(number, np.float32(inwards))
    return float(number)


def as_float(raw: bytes) -> float:
    """Return four bytes as the float field that carries them."""
    return struct.unpack("<f", raw)[0]


def as_bytes(value: float) -> bytes:
    """Return the four bytes that a float field carried."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", np.inf)


def crc32(data: bytes, crc: int = 0) -> int:
    """Return the CRC-32 of PX4 and MAVLink FTP: begun with zero and not inverted at the end."""
    return zlib.crc32(data, crc ^ CRC_ONES) ^ CRC_ONES


def checksum(values: Iterable[tuple[Param, float]]) -> int:
    """Return what `_HASH_CHECK` tells: one number that changes with any name or value; rows sorted by id."""
    crc = 0
    for row, value in values:
        crc = crc32(packed(row, value), crc32(row.id.encode(), crc))
    return crc
