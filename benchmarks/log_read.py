"""How fast a flight log is read: every topic into arrays."""

import tempfile
import time
from pathlib import Path

from flight import airframe
from ground import session
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
from logs.reader import Log

PASSES = 3


def read_s(path: Path) -> float:
    """Return how long it takes to read every topic of a log."""
    began = time.perf_counter()
    log = Log(path)
    for topic in log:
        len(log[topic])
    return time.perf_counter() - began


def figures() -> dict[str, dict[str, float]]:
    """Return megabytes per second by format, best of three passes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flight.ulg"
        session.fly(airframe.load(DEFAULT_AIRFRAME), load("square"), session.Conditions(), str(path))
        size_mb = path.stat().st_size * 1e-6
        return {"log_read_mb_per_s": {"ulog": size_mb / min(read_s(path) for _ in range(PASSES))}}
