"""Write a log of any autopilot as a ULog, which PX4's tools and ours open."""

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from flight.errors import LogError
from logs.foreign.px4_terms import px4_terms
from logs.foreign.recording import Recording
from logs.foreign.ulog_form import LARGEST_ROW, as_ulog_rows, topic_names, unused
from logs.sink import Sink
from logs.ulog import ULogWriter

SYSTEMS = {
    "DataFlash": "ArduPilot",
    "telemetry": "MAVLink",
    "blackbox": "Betaflight",
    "Crazyflie": "Crazyflie",
}
BLOCK = 1 << 16
LARGEST_INTEGER = 1 << 31
LONGEST_TEXT = 1000


def write_ulog(recording: Recording, path: str | os.PathLike[str], is_brief: bool = False) -> dict[str, int]:
    """Write every topic, parameter and message; return the rows of each topic written.

    Beside the log's own topics stand those that mean the same under PX4's names (logs/foreign/px4_terms.py), so that
    `quadloop plot` and PX4's tools know them; a brief log holds these alone. Raises LogError when there is nothing to
    write or the file cannot be written.
    """
    topics = px4_terms(recording) if is_brief else ulog_topics(recording)
    if not topics:
        raise LogError(f"{recording.path}: holds nothing that can be told in PX4's terms")
    with written(recording.path, path) as sink:
        writer = ULogWriter(sink, min(int(rows["timestamp"][0]) for rows in topics.values()))
        _write(writer, recording, topics)
    return {name: len(rows) for name, rows in topics.items()}


@contextlib.contextmanager
def written(source: str | os.PathLike[str], path: str | os.PathLike[str]) -> Iterator[Sink]:
    """Give a file to write a log made of another one to; raise LogError when it is that one or cannot be written."""
    if Path(path).exists() and Path(path).samefile(source):
        raise LogError(f"{path}: is the log that is being read; write to another file, with --out")
    sink = Sink(path)
    try:
        yield sink
    finally:
        sink.close()
    if sink.trouble:
        raise LogError(f"{path}: cannot be written: {sink.trouble}")


def ulog_topics(recording: Recording) -> dict[str, np.ndarray]:
    """Return a recording's topics as a ULog holds them, by their names there."""
    own = {topic: as_ulog_rows(rows) for topic, rows in recording.items() if len(rows)}
    for topic in [topic for topic, rows in own.items() if rows.dtype.itemsize > LARGEST_ROW]:
        warnings.warn(
            f"{recording.path}: {topic} has larger rows than a ULog can hold and is left out", stacklevel=2
        )
        del own[topic]
    names = topic_names(own)
    translated = px4_terms(recording)
    taken = set(names.values()) | set(translated)
    # A topic of the log's own that has one of PX4's names means something else there.
    free = {topic: unused(name, taken) if name in translated else name for topic, name in names.items()}
    return translated | {free[topic]: rows for topic, rows in own.items()}


def _write(writer: ULogWriter, recording: Recording, topics: Mapping[str, np.ndarray]) -> None:
    for name, rows in topics.items():
        if ":" not in name:
            writer.define(name, rows.dtype)
    writer.info("sys_name", recording.info.get("sys_name", SYSTEMS.get(recording.kind, "PX4")))
    writer.info("imported_from", f"{recording.kind} log {Path(recording.path).name}"[:LONGEST_TEXT])
    for key, value in recording.info.items():
        if isinstance(value, str) and key not in ("sys_name", "imported_from"):
            writer.info(key, value)
    for index, header in enumerate(recording.info.get("flights", ())):
        for key, value in header.items():
            writer.multi_info(f"flight_{index + 1}", f"{key}: {value}"[:LONGEST_TEXT])
    for name, value in recording.parameters.items():
        writer.parameter(name, value, isinstance(value, int) and abs(value) < LARGEST_INTEGER)
    for name in topics:
        writer.subscribe(name)
    for name, rows in topics.items():
        for begin in range(0, len(rows), BLOCK):
            writer.append(name, rows[begin : begin + BLOCK])
    for t_us, level, text in recording.messages:
        writer.say(max(int(t_us), 0), text[:LONGEST_TEXT], min(max(int(level), 0), 7))
