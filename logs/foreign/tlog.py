"""Read telemetry logs (.tlog): MAVLink packets, each behind the time it was received at.

Source: mavlink.io, "Packet Serialization". A packet counts when its checksum is right, so what lies between packets
is found and skipped.
"""

import os
from typing import Any

import numpy as np

from flight.errors import LogError
from flight.kernel import kernel
from logs.foreign.recording import Recording, by_kind, file_bytes, messages, text

STAMP_SIZE, CRC_SIZE, SIGNATURE_SIZE = 8, 2, 13
MAGIC_1, HEAD_SIZE_1 = 0xFE, 6
MAGIC_2, HEAD_SIZE_2 = 0xFD, 10
IS_SIGNED = 1
UNKNOWN = -1
PX4, INT32 = 12, 6
ENVELOPE: list = [("t_us", "<i8"), ("sysid", "u1"), ("compid", "u1")]
ENVELOPE_SIZE = 10


def read_tlog(path: str | os.PathLike[str]) -> Recording:
    """Read a telemetry log; a damaged one as far as its packets are whole. Raises LogError."""
    data = file_bytes(path)
    dialect = _dialect()
    extras = _extras(dialect)
    if not is_tlog(data):
        raise LogError(f"{path}: is not a telemetry log: no MAVLink packet follows its first eight bytes")
    recording = Recording(path, "telemetry")
    offsets, gaps = messages(data, 0, walk, resume, extras)
    recording.note_gaps(gaps, len(data))
    numbers = np.empty(len(offsets), np.int64)
    name_packets(data, offsets, numbers)
    for number, some in by_kind(numbers).items():
        if number in dialect:
            _take(recording, dialect[number], data, offsets[some])
        else:
            recording.note(f"holds {len(some)} packets of unknown kind {number}, which are left out")
    _state_texts(recording)
    return recording.finished()


def is_tlog(data: np.ndarray) -> bool:
    """Return whether bytes begin as a telemetry log does."""
    return len(data) > STAMP_SIZE and int(data[STAMP_SIZE]) in (MAGIC_1, MAGIC_2)


def _dialect() -> dict[int, Any]:
    """Return every message ArduPilot and PX4 know, by number."""
    # Loading it takes a second, which readers of other formats need not wait for.
    from pymavlink.dialects.v20 import ardupilotmega

    return ardupilotmega.mavlink_map


def _extras(dialect: dict[int, Any]) -> np.ndarray:
    """Return the checksum seed of each message number (CRC_EXTRA), and its largest payload."""
    table = np.full((max(dialect) + 1, 2), UNKNOWN, np.int64)
    for number, message in dialect.items():
        table[number] = message.crc_extra, message.unpacker.size
    return table


@kernel
def checksum(data: np.ndarray, begin: int, end: int, extra: int) -> int:
    """Return the X.25 checksum of bytes and the message's own seed behind them."""
    crc = 0xFFFF
    for i in range(begin, end + 1):
        byte = (int(data[i]) if i < end else extra) ^ (crc & 0xFF)
        byte ^= (byte << 4) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return crc


@kernel
def number_at(data: np.ndarray, at: int) -> int:
    """Return the message number of the packet that begins here, its time stamp first."""
    if data[at + STAMP_SIZE] == MAGIC_1:
        return int(data[at + STAMP_SIZE + 5])
    return int(data[at + 15]) + 256 * int(data[at + 16]) + 65536 * int(data[at + 17])


@kernel
def size_at(data: np.ndarray, at: int, extras: np.ndarray) -> int:
    """Return the size of the whole packet and time stamp that begin here, 0 where none does."""
    begin = at + STAMP_SIZE
    if begin >= len(data) or (data[begin] != MAGIC_1 and data[begin] != MAGIC_2):
        return 0
    head = HEAD_SIZE_1 if data[begin] == MAGIC_1 else HEAD_SIZE_2
    if begin + head > len(data):
        return 0
    payload = int(data[begin + 1])
    end = begin + head + payload
    is_signed = data[begin] == MAGIC_2 and int(data[begin + 2]) & IS_SIGNED
    whole = end + CRC_SIZE + (SIGNATURE_SIZE if is_signed else 0)
    if whole > len(data):
        return 0
    number = number_at(data, at)
    if number >= len(extras) or extras[number, 0] == UNKNOWN:
        # Without its seed a checksum cannot be told; the next packet must follow instead.
        is_followed = whole + STAMP_SIZE < len(data) and data[whole + STAMP_SIZE] == data[begin]
        return whole - at if is_followed or whole == len(data) else 0
    is_right = payload <= extras[number, 1] and checksum(data, begin + 1, end, extras[number, 0]) == (
        int(data[end]) + 256 * int(data[end + 1])
    )
    return whole - at if is_right else 0


@kernel
def walk(data: np.ndarray, at: int, extras: np.ndarray, offsets: np.ndarray) -> tuple[int, int]:
    """Note where packets begin until `offsets` is full or none follows.

    Returns how many were noted and the place reached.
    """
    count = 0
    while count < len(offsets):
        size = size_at(data, at, extras)
        if size == 0:
            break
        offsets[count] = at
        count += 1
        at += size
    return count, at


@kernel
def resume(data: np.ndarray, at: int, extras: np.ndarray) -> int:
    """Return the next place where a packet of a known kind begins, or the end."""
    while at < len(data):
        if size_at(data, at, extras) > 0:
            number = number_at(data, at)
            if number < len(extras) and extras[number, 0] != UNKNOWN:
                break
        at += 1
    return at


@kernel
def name_packets(data: np.ndarray, offsets: np.ndarray, numbers: np.ndarray) -> None:
    """Fill in the message number of each packet."""
    for i in range(len(offsets)):
        numbers[i] = number_at(data, offsets[i])


@kernel
def unpack(data: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> None:
    """Copy time stamp, sender and payload of each packet into a row; MAVLink 2 leaves out zeros at the end."""
    for i in range(len(offsets)):
        at = offsets[i]
        for k in range(STAMP_SIZE):
            rows[i, k] = data[at + STAMP_SIZE - 1 - k]
        head = HEAD_SIZE_1 if data[at + STAMP_SIZE] == MAGIC_1 else HEAD_SIZE_2
        sender = at + STAMP_SIZE + (3 if head == HEAD_SIZE_1 else 5)
        rows[i, STAMP_SIZE] = data[sender]
        rows[i, STAMP_SIZE + 1] = data[sender + 1]
        begin = at + STAMP_SIZE + head
        payload = min(int(data[at + STAMP_SIZE + 1]), rows.shape[1] - ENVELOPE_SIZE)
        for k in range(payload):
            rows[i, ENVELOPE_SIZE + k] = data[begin + k]


def _take(recording: Recording, message: Any, data: np.ndarray, offsets: np.ndarray) -> None:
    dtype = np.dtype(ENVELOPE + _fields(message))
    rows = np.zeros((len(offsets), dtype.itemsize), np.uint8)
    unpack(data, offsets, rows)
    recording.take(message.msgname, rows.reshape(-1).view(dtype), message.fieldunits_by_name)


def _fields(message: Any) -> list:
    """Return the fields of a payload, in the order they are sent in."""
    letters, lengths = message.native_format.decode()[1:], message.array_lengths
    fields: list = []
    for name, letter, length in zip(message.ordered_fieldnames, letters, lengths, strict=True):
        if letter == "c":
            fields.append((name, f"S{max(length, 1)}"))
        else:
            fields.append((name, "<" + letter, (length,)) if length else (name, "<" + letter))
    return fields


def _state_texts(recording: Recording) -> None:
    """Take over parameters and messages to the pilot."""
    is_px4 = _is_px4(recording)
    for row in recording.get("PARAM_VALUE", np.empty(0)):
        recording.parameters[text(row["param_id"])] = _parameter(row, is_px4)
    for row in recording.get("STATUSTEXT", np.empty(0)):
        recording.messages.append((int(row["t_us"]), int(row["severity"]), text(row["text"])))


def _is_px4(recording: Recording) -> bool:
    return "HEARTBEAT" in recording and bool((recording["HEARTBEAT"]["autopilot"] == PX4).any())


def _parameter(row: np.void, is_px4: bool) -> float:
    """Return a parameter's value; PX4 sends the bits of an integer where others send its value."""
    value = row["param_value"]
    return float(value.view(np.int32) if is_px4 and row["param_type"] <= INT32 else value)
