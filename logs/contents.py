"""Look into a log of any autopilot as into one of ours: for `quadloop log info` and `quadloop plot`."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import LogError
from logs import info
from logs.figures import figures
from logs.foreign.px4 import ULogRecording
from logs.foreign.recording import Recording
from logs.importing import write_ulog
from logs.reader import Log
from logs.series import Series
from logs.sources import open_log
from logs.trimming import begin_of, end_of
from logs.view import View

# What logs say of who wrote them: facts, then parts of a blackbox header.
MAKERS = ("Firmware revision", "Firmware date", "Board information", "Craft name")


@contextlib.contextmanager
def viewed(recording: Recording) -> Iterator[Log]:
    """Give a ULog that holds what a pilot looks at first in PX4's terms, the log itself where it is a ULog.

    Raises LogError when the log holds none of it.
    """
    if isinstance(recording, ULogRecording):
        yield recording.log
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "brief.ulg"
        write_ulog(recording, path, is_brief=True)
        log = Log(path)
        log.path, log.damage = recording.path, recording.damage
        yield log


def contents(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return a log's facts, SI units in the names; raise LogError when it cannot be read."""
    recording = open_log(path)
    if isinstance(recording, ULogRecording):
        return {"format": recording.kind} | info.info(recording.log)
    zero, size = begin_of(recording), os.path.getsize(path)
    duration_s = (end_of(recording) - zero) * 1e-6
    return {
        "format": recording.kind,
        "file": str(path),
        "size_bytes": size,
        "duration_s": duration_s,
        "bytes_per_s": size / duration_s if duration_s > 0.0 else 0.0,
        "ticks": None,
        "is_replayable": False,
        "made_by": makers(recording),
        "topics": {name: topic(recording[name]) for name in sorted(recording)},
        "units": recording.units,
        "events": [
            {"t_s": (t_us - zero) * 1e-6, "text": text, "severity": level}
            for t_us, level, text in recording.messages
        ],
        "parameters": len(recording.parameters),
        "parameters_changed": {},
        "dropouts": {"count": 0, "total_s": 0.0},
        "damage": recording.damage,
        "figures": figures_of(recording),
    }


def topic(rows: np.ndarray) -> dict[str, Any]:
    """Return how much of a topic there is and at which rate."""
    span_s = float(rows["t_us"][-1] - rows["t_us"][0]) * 1e-6
    rate_hz = (len(rows) - 1) / span_s if span_s > 0.0 else 0.0
    return {"rows": len(rows), "bytes": rows.nbytes, "rate_hz": rate_hz}


def makers(recording: Recording) -> dict[str, str]:
    """Return who wrote the log, as far as it says."""
    headers = recording.info.get("flights", [{}])
    said = {key: headers[0][key] for key in MAKERS if headers[0].get(key)}
    if recording.kind == "DataFlash" and recording.messages:
        said["ver_sw"] = next((text for _, _, text in recording.messages if "(" in text), "")
    named = {"sys_name": said.get("Firmware revision", recording.kind), **said}
    return {key: value for key, value in named.items() if value}


def figures_of(recording: Recording) -> dict[str, float]:
    """Return the figures of a flight, as far as the log holds them."""
    try:
        with viewed(recording) as log:
            return figures(View(Series(log)))
    except LogError:
        return {}
