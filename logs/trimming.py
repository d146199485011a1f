"""Cut a stretch of time out of a log."""

import os
import struct

import numpy as np

from flight.errors import LogError
from logs.foreign.px4 import ULogRecording
from logs.foreign.recording import Recording
from logs.importing import write_ulog, written
from logs.reader import Log
from logs.ulog import MAGIC, VERSION, message

HEADER_SIZE, FLAGS_SIZE = 16, 40
BLOCK = 1 << 14
# Messages that hold from the beginning on; those that carry a time stamp, and where; those of the time they lie in.
STATED, TOLD, CHANGED = "FIMQA", {"L": 4, "C": 6}, "PO"


def begin_of(recording: Recording) -> int:
    """Return when a log begins, in microseconds of its own clock: its first row, or the start a ULog states."""
    firsts = [int(rows["t_us"][0]) for rows in recording.values() if len(rows)]
    stated = recording.log.start_us if isinstance(recording, ULogRecording) else 0
    # A topic's first row may have been published long before the log began.
    begin = min((t for t in firsts if t > 0), default=0)
    return max(begin, stated) if stated <= end_of(recording) else begin


def end_of(recording: Recording) -> int:
    """Return the time of a log's last row, in microseconds of its own clock."""
    return max((int(rows["t_us"][-1]) for rows in recording.values() if len(rows)), default=0)


def trim(recording: Recording, path: str | os.PathLike[str], from_s: float, to_s: float) -> dict[str, int]:
    """Write what lies between two times, in seconds since the log began, as a ULog; return the rows of each topic.

    A ULog keeps everything else it states. Raises LogError when nothing lies there or the file cannot be written.
    """
    zero = begin_of(recording)
    begin, end = (int(zero + np.clip(1e6 * s, -(2.0**62), 2.0**62)) for s in (from_s, to_s))
    counts = {name: int(within(rows["t_us"], begin, end).sum()) for name, rows in recording.items()}
    if not any(counts.values()):
        span = f"0 to {(end_of(recording) - zero) * 1e-6:.3f} s"
        raise LogError(f"{recording.path}: holds nothing from {from_s:g} to {to_s:g} s; it lasts from {span}")
    if isinstance(recording, ULogRecording):
        return _trim_ulog(recording.log, path, begin, end)
    return write_ulog(_cut(recording, begin, end), path)


def import_whole(recording: Recording, path: str | os.PathLike[str]) -> dict[str, int]:
    """Write a whole log as a ULog; of a ULog a copy without damage. Raises LogError as `write_ulog` does."""
    if isinstance(recording, ULogRecording):
        return trim(recording, path, -np.inf, np.inf)
    return write_ulog(recording, path)


def within(t_us: np.ndarray, begin: int, end: int) -> np.ndarray:
    """Return which times lie in a stretch, its ends included."""
    return (t_us.astype(np.int64) >= begin) & (t_us.astype(np.int64) <= end)


def _cut(recording: Recording, begin: int, end: int) -> Recording:
    """Return a recording's part."""
    part = Recording(recording.path, recording.kind)
    part.info, part.parameters, part.units = recording.info, recording.parameters, recording.units
    part.messages = [m for m in recording.messages if begin <= m[0] <= end]
    rows_of = {name: rows[within(rows["t_us"], begin, end)] for name, rows in recording.items()}
    part.topics = {name: rows for name, rows in rows_of.items() if len(rows)}
    return part


def _trim_ulog(log: Log, path: str | os.PathLike[str], begin: int, end: int) -> dict[str, int]:
    """Copy the messages that count as they are, in their order."""
    kept = {name: _kept_rows(log, name, begin, end) for name in log}
    others = [place for place in log.other_places.tolist() if _counts(log, place, begin, end)]
    places = np.sort(np.concatenate([np.array(others, np.int64), *kept.values()]))
    with written(log.path, path) as sink:
        sink.write(MAGIC + struct.pack("<BQ", VERSION, max(begin, log.start_us)))
        # Where a crash appended data is no longer true of the copy.
        sink.write(message("B", bytes((_compatibility(log),)) + bytes(FLAGS_SIZE - 1)))
        for some in np.array_split(places, len(places) // BLOCK + 1):
            sink.write(b"".join(_message(log, place) for place in some.tolist()))
    return {name: len(some) for name, some in kept.items() if len(some)}


def _kept_rows(log: Log, name: str, begin: int, end: int) -> np.ndarray:
    """Return where the rows of a topic lie that count; all where they have no time."""
    rows, places = log[name], log.places[name]
    is_timed = "timestamp" in (rows.dtype.names or ()) and rows["timestamp"].ndim == 1
    return places[within(rows["timestamp"], begin, end)] if is_timed else places


def _counts(log: Log, place: int, begin: int, end: int) -> bool:
    """Return whether a message that is no row counts: what is stated always, what happened in its time."""
    kind = chr(log.data[place + 2])
    if kind in STATED:
        return True
    if kind in TOLD:
        at = place + TOLD[kind]
        return begin <= int.from_bytes(bytes(log.data[at : at + 8]), "little") <= end
    return kind in CHANGED and (0 if kind == "P" else begin) <= log.time_at(place) <= end


def _compatibility(log: Log) -> int:
    """Return the flags a reader may ignore, such as whether there are default parameters."""
    has_flags = len(log.data) > HEADER_SIZE + 3 and log.data[HEADER_SIZE + 2] == ord("B")
    return int(log.data[HEADER_SIZE + 3]) if has_flags else 0


def _message(log: Log, place: int) -> bytes:
    size = int(log.data[place]) + 256 * int(log.data[place + 1])
    return log.data[place : place + 3 + size].tobytes()
