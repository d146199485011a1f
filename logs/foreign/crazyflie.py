"""Read Crazyflie logs from its SD card (bitcraze.io, "uSD card deck", event format of versions 1 and 2).

The header names every event and its variables; records of event number, time and packed variables follow, and a CRC-32
of everything. Records carry no mark, so behind damage reading goes on where several in a row make sense again.
"""

import os
import re
import struct
import zlib

import numpy as np

from flight.errors import LogError
from flight.kernel import kernel
from logs.foreign.recording import Recording, by_kind, file_bytes, messages
from logs.scan import gather

MAGIC = 0xBC
ID_SIZE, CRC_SIZE, HEAD_SIZE = 2, 4, 5
LARGEST_HEADER = 1 << 20
STAMPS = {1: ("<u4", 1000), 2: ("<u8", 1)}
# Behind damage, so many records in a row are believed when none is further than this after the one before.
CHAIN, LARGEST_STEP_US = 4, 10_000_000
VARIABLE = re.compile(r"(.+)\(([bBhHiIqQefd])\)", re.DOTALL)
# The format states no units; these variables of the firmware are documented.
UNITS = {"gyro": "deg/s", "acc": "g"}


def read_crazyflie(path: str | os.PathLike[str]) -> Recording:
    """Read a Crazyflie's log; a damaged one as far as its records make sense. Raises LogError."""
    data = file_bytes(path)
    if not is_crazyflie(data):
        raise LogError(f"{path}: is not a Crazyflie log: it does not begin with bc and a version from 1 to 2")
    recording = Recording(path, "Crazyflie")
    version = int(data[1])
    try:
        events, begin = _events(bytes(data[:LARGEST_HEADER]), version)
    except (ValueError, struct.error, IndexError) as error:
        raise LogError(f"{path}: has an unreadable header: {error}") from None
    is_intact = len(data) > CRC_SIZE and zlib.crc32(data[:-CRC_SIZE]) == int.from_bytes(
        bytes(data[-CRC_SIZE:]), "little"
    )
    recording.info = {"version": version, "is_intact": is_intact}
    if not is_intact:
        recording.note("does not end with the checksum of its content: it is cut off or damaged")
    _sort(recording, data[:-CRC_SIZE] if is_intact else data, begin, events)
    return recording.finished()


def is_crazyflie(data: np.ndarray) -> bool:
    """Return whether bytes begin as a Crazyflie's event log does."""
    return len(data) >= HEAD_SIZE and data[0] == MAGIC and int(data[1]) in STAMPS and data[2] == 0


def _events(raw: bytes, version: int) -> tuple[dict[int, tuple[str, np.dtype]], int]:
    """Return name and record type of each event, and where the header ends."""
    events: dict[int, tuple[str, np.dtype]] = {}
    (count,) = struct.unpack_from("<H", raw, 3)
    at = HEAD_SIZE
    for _ in range(count):
        (number,) = struct.unpack_from("<H", raw, at)
        name, at = _word(raw, at + ID_SIZE)
        (variables,) = struct.unpack_from("<H", raw, at)
        at += ID_SIZE
        fields: list = [("t_us", STAMPS[version][0])]
        for _ in range(variables):
            word, at = _word(raw, at)
            fields.append(_field(word))
        if number in events or name in (other for other, _ in events.values()):
            raise ValueError(f"event {number} ({name}) is defined twice")
        events[number] = name, np.dtype(fields)
    return events, at


def _word(raw: bytes, at: int) -> tuple[str, int]:
    """Return the text that begins here, and the place behind its null byte."""
    end = raw.index(b"\0", at)
    return raw[at:end].decode(), end + 1


def _field(word: str) -> tuple[str, str]:
    found = VARIABLE.fullmatch(word)
    if not found:
        raise ValueError(f"variable {word[:40]!r}")
    return found[1], "<" + found[2]


@kernel
def stamp_at(data: np.ndarray, at: int, stamp_size: int, tick_us: int) -> int:
    """Return the time of the record that begins here, in microseconds; it needs no more than seven bytes."""
    time = 0
    for k in range(min(stamp_size, 7)):
        time += int(data[at + ID_SIZE + k]) << (8 * k)
    return time * tick_us


@kernel
def size_at(data: np.ndarray, at: int, sizes: np.ndarray) -> int:
    """Return the size of the whole record that begins here, 0 where none can."""
    if at + ID_SIZE > len(data):
        return 0
    number = int(data[at]) + 256 * int(data[at + 1])
    size = sizes[number] if number < len(sizes) else 0
    return size if at + size <= len(data) else 0


@kernel
def is_believable(data: np.ndarray, at: int, sizes: np.ndarray, stamp_size: int, tick_us: int) -> bool:
    """Return whether several records, each soon after the one before, can begin here, or the file's last ones."""
    before = -1
    for _ in range(CHAIN):
        size = size_at(data, at, sizes)
        if size == 0:
            break
        time = stamp_at(data, at, stamp_size, tick_us)
        if before >= 0 and abs(time - before) > LARGEST_STEP_US:
            return False
        before, at = time, at + size
    else:
        return True
    return before >= 0 and at == len(data)


@kernel
def walk(
    data: np.ndarray, at: int, sizes: np.ndarray, stamp_size: int, tick_us: int, offsets: np.ndarray
) -> tuple[int, int]:
    """Note where records begin until `offsets` is full or none follows.

    Returns how many were noted and the place reached.
    """
    count, before = 0, 0
    while count < len(offsets):
        size = size_at(data, at, sizes)
        if size == 0:
            break
        time = stamp_at(data, at, stamp_size, tick_us)
        is_near = count == 0 or abs(time - before) <= LARGEST_STEP_US
        if not is_near and not is_believable(data, at, sizes, stamp_size, tick_us):
            break
        offsets[count] = at
        count, before, at = count + 1, time, at + size
    return count, at


@kernel
def resume(data: np.ndarray, at: int, sizes: np.ndarray, stamp_size: int, tick_us: int) -> int:
    """Return the next place where records make sense, or the end."""
    while at < len(data) and not is_believable(data, at, sizes, stamp_size, tick_us):
        at += 1
    return at


def _sort(
    recording: Recording, data: np.ndarray, begin: int, events: dict[int, tuple[str, np.dtype]]
) -> None:
    """Put the records of every event into a topic."""
    stamp, tick_us = STAMPS[recording.info["version"]]
    sizes = np.zeros(max(events, default=0) + 1, np.int64)
    for number, (_, dtype) in events.items():
        sizes[number] = ID_SIZE + dtype.itemsize
    offsets, gaps = messages(data, begin, walk, resume, sizes, np.dtype(stamp).itemsize, tick_us)
    recording.note_gaps(gaps, len(data))
    numbers = data[offsets] + 256 * data[offsets + 1].astype(np.int64)
    for number, some in by_kind(numbers).items():
        name, dtype = events[number]
        raw = np.empty((len(some), dtype.itemsize), np.uint8)
        gather(data, offsets[some] + ID_SIZE, raw)
        rows = raw.reshape(-1).view(dtype)
        recording.take(name, _in_microseconds(rows, tick_us), _units(dtype))


def _in_microseconds(rows: np.ndarray, tick_us: int) -> np.ndarray:
    names = rows.dtype.names or ()
    dtype = np.dtype([("t_us", "<i8")] + [(name, rows.dtype[name]) for name in names[1:]])
    out = rows.astype(dtype)
    out["t_us"] *= tick_us
    return out


def _units(dtype: np.dtype) -> dict[str, str]:
    known = {name: UNITS.get(name.partition(".")[0]) for name in dtype.names or ()}
    return {name: unit for name, unit in known.items() if unit}
