"""Read Betaflight's blackbox logs (.bbl), each of which may hold several flights."""

import os
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from flight.errors import LogError
from flight.record import rows
from logs.foreign.blackbox_fields import EVENT, INTER, INTRA, STREAM
from logs.foreign.blackbox_frames import END_TEXT, LETTERS, NEVER, decode
from logs.foreign.blackbox_header import (
    Header,
    Names,
    field_names,
    number,
    read_header,
    read_layout,
    read_skips,
    scale,
)
from logs.foreign.recording import Recording, file_bytes

START = b"H Product:Blackbox flight data recorder by Nicholas Sherlock"
LARGEST_HEADER = 1 << 16
BLOCK = 4096
# What a log is decoded to at most: real ones give less than ten numbers per byte.
MOST_VALUES_PER_BYTE = 32
TOPICS = ("main", "main", "gps", "gps_home", "slow", "events")
EVENT_FIELDS = ["event", "value", "detail"]


def read_blackbox(path: str | os.PathLike[str]) -> Recording:
    """Read a blackbox log, the topics of its second flight as "main:1" and so on. Raises LogError.

    Values are as the flight controller logged them; `info["flights"]` holds the settings of each flight.
    """
    data = file_bytes(path)
    whole = data.tobytes()
    if START not in whole:
        raise LogError(f"{path}: is not a blackbox log: {START.decode()!r} is nowhere in it")
    recording = Recording(path, "blackbox")
    recording.info["flights"] = []
    begin = whole.find(START)
    if begin:
        recording.note(f"is damaged at byte 0; {begin} bytes are skipped")
    for index, (begin, end) in enumerate(pairwise([*_starts(whole), len(whole)])):
        header, size = read_header(whole[begin : min(end, begin + LARGEST_HEADER)])
        recording.info["flights"].append(header)
        try:
            _read_flight(recording, index, data[begin + size : end], header)
        except ValueError as error:
            recording.note(f"holds flight {index + 1} at byte {begin} with an unreadable header: {error}")
    return recording.finished()


def is_blackbox(data: np.ndarray) -> bool:
    """Return whether bytes begin as a blackbox log does."""
    return bytes(data[: len(START)]) == START


def _starts(whole: bytes) -> Iterator[int]:
    at = whole.find(START)
    while at >= 0:
        yield at
        at = whole.find(START, at + 1)


def _read_flight(recording: Recording, index: int, data: np.ndarray, header: Header) -> None:
    """Decode one flight into topics."""
    names = field_names(header)
    layout, skips = read_layout(header, names), read_skips(header)
    stream = rows(STREAM)[0]
    stream.end, stream.iteration, stream.time_us = len(data), NEVER, NEVER
    found: dict[int, list[np.ndarray]] = {}
    width = 1 + max(len(EVENT_FIELDS), *map(len, names.values()))
    kinds, frames = np.empty(BLOCK, np.int64), np.empty((BLOCK, width), np.int64)
    values, count = 0, BLOCK
    while count == BLOCK and values <= MOST_VALUES_PER_BYTE * max(len(data), BLOCK):
        count = decode(data, layout, stream, LETTERS, skips, END_TEXT, kinds, frames)
        values += count * width
        kinds[:count][kinds[:count] == INTER] = INTRA
        for kind in np.unique(kinds[:count]).tolist():
            found.setdefault(kind, []).append(frames[:count][kinds[:count] == kind])
    names[EVENT] = EVENT_FIELDS
    for kind, parts in found.items():
        if kind in names:
            _take(recording, index, kind, np.concatenate(parts), names, header)
    _note_loss(recording, index, stream, len(data))


def _take(
    recording: Recording, index: int, kind: int, frames: np.ndarray, names: Names, header: Header
) -> None:
    topic = TOPICS[kind] + (f":{index}" if index else "")
    dtype = np.dtype([(name, "<i8") for name in ["t_us", *names[kind]]])
    whole = np.ascontiguousarray(frames[:, : 1 + len(names[kind])])
    recording.take(topic, whole.reshape(-1).view(dtype), _units(names[kind], header))


def _note_loss(recording: Recording, index: int, stream: np.record, size: int) -> None:
    if stream.dropped:
        recording.note(f"holds {stream.dropped} frames or bytes in flight {index + 1} that cannot be trusted")
    if stream.at < stream.end:
        recording.note(
            f"holds more in flight {index + 1} than its {size} bytes can mean; the rest is not used"
        )


def _units(names: list[str], header: Header) -> dict[str, str]:
    """Return the units a header states."""
    gyro, gravity = scale(header, "gyro_scale"), number(header, "acc_1G", 0)
    known = {"time": "us", "GPS_coord": "1e-07 deg", "GPS_speed": "cm/s", "GPS_home": "1e-07 deg"}
    if header.get("Firmware type") == "Cleanflight" and np.isfinite(gyro):
        known["gyroADC"] = known["gyroUnfilt"] = "deg/s" if gyro == 1.0 else f"{gyro:g} deg/s"
    if gravity > 0:
        known["accSmooth"] = f"1/{gravity} g"
    return {name: known[name.partition("[")[0]] for name in names if name.partition("[")[0] in known}
