"""Read Betaflight's blackbox logs (.bbl), each of which may hold several flights."""

import os
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from flight.errors import LogError
from flight.record import rows
from logs.foreign.blackbox_fields import CHANGE, EVENT, INTER, INTRA, KINDS, STREAM
from logs.foreign.blackbox_frames import END_TEXT, LETTERS, NEVER, decode
from logs.foreign.blackbox_header import Header, Names, field_names, read_header, read_layout, read_skips
from logs.foreign.blackbox_meaning import event_texts, field_units
from logs.foreign.recording import Recording, file_bytes
from logs.ulog import INFO

START = b"H Product:Blackbox flight data recorder by Nicholas Sherlock"
LARGEST_HEADER = 1 << 16
BLOCK = 4096
# What a log is decoded to at most: real ones give less than ten numbers per byte.
MOST_VALUES_PER_BYTE = 10
TOPICS = ("main", "main", "gps", "gps_home", "slow", "events", "changes")
EVENT_FIELDS = ["event", "value", "detail"]


def read_blackbox(path: str | os.PathLike[str]) -> Recording:
    """Read a blackbox log, the topics of its second flight as "main:1" and so on. Raises LogError.

    Values are the integers the flight controller logged; `info["flights"]` holds each flight's settings. As
    Betaflight's own decoder does, it leaves out the frames between a change of flight mode and the next full frame.
    """
    data = file_bytes(path)
    whole = data.tobytes()
    if START not in whole:
        raise LogError(f"{path}: is not a blackbox log: {START.decode()!r} is nowhere in it")
    recording = Recording(path, "blackbox")
    recording.info |= {"flights": [], "frames": []}
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
    """Return whether a blackbox log begins in these bytes, or soon."""
    return START in bytes(data[:LARGEST_HEADER])


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
    counts = np.zeros(len(TOPICS), np.int64)
    most, count = MOST_VALUES_PER_BYTE * max(len(data), BLOCK), BLOCK
    while count == BLOCK and most > 0:
        count = decode(data, layout, stream, LETTERS, skips, END_TEXT, kinds, frames)
        most -= count * width
        counts += np.bincount(kinds[:count], minlength=len(TOPICS))
        kinds[:count][kinds[:count] == INTER] = INTRA
        for kind in np.unique(kinds[:count]).tolist():
            found.setdefault(kind, []).append(frames[:count][kinds[:count] == kind])
    recording.info["frames"].append(dict(zip(KINDS, counts.tolist(), strict=False)))
    first_us = _first_us(found)
    names[EVENT] = names[CHANGE] = EVENT_FIELDS
    for kind in list(found):
        parts = found.pop(kind)
        if kind in names:
            whole = np.concatenate(parts)
            whole[whole[:, 0] == NEVER, 0] = first_us
            _take(recording, index, kind, whole, names, header)
    recording.messages.sort()
    _note_loss(recording, index, stream)


def _first_us(found: dict[int, list[np.ndarray]]) -> int:
    """Return the time of the first main frame, for what was logged before it."""
    return int(found[INTRA][0][0, 0]) if INTRA in found else 0


def _take(
    recording: Recording, index: int, kind: int, frames: np.ndarray, names: Names, header: Header
) -> None:
    dtype = np.dtype([(name, "<i8") for name in ["t_us", *names[kind]]])
    whole = np.ascontiguousarray(frames[:, : 1 + len(names[kind])]).reshape(-1).view(dtype)
    if kind in (EVENT, CHANGE):
        recording.messages += [(t_us, INFO, text) for t_us, text in event_texts(whole)]
    topic = TOPICS[kind] + (f":{index}" if index else "")
    recording.take(topic, whole, field_units(names[kind], header))


def _note_loss(recording: Recording, index: int, stream: np.record) -> None:
    if stream.dropped:
        recording.note(f"holds {stream.dropped} frames or bytes in flight {index + 1} that cannot be trusted")
    if stream.is_cut:
        recording.note(f"ends within a frame of flight {index + 1}")
    elif stream.at < stream.end:
        recording.note(f"holds more in flight {index + 1} than its bytes can mean; the rest is not used")
