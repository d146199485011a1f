"""How fast logs are read, every topic into arrays: our own flight, and where the shared data lie other autopilots'.

`quadloop bench --only log_read` gives megabytes per second by format, and of pyulog and pymavlink beside them.
"""

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flight import airframe
from ground import session
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
from logs.sources import open_log

PASSES = 5
LIBRARY_PASSES = 2
DATA = Path(os.environ.get("QUADLOOP_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
FILES = {
    "ulog_px4": "sitl/px4_mission.ulg",
    "dataflash": "sitl/ardupilot_mission.BIN",
    "telemetry": "recordings/logs/uavlogviewer_vtol.tlog",
    "blackbox": "recordings/logs/pidanalyzer_better_tune.BBL",
    "crazyflie": "recordings/logs/cf_usd_twr_obs_log1.bin",
}


def read(path: Path) -> None:
    """Read every topic of a log."""
    recording = open_log(path)
    for topic in recording:
        len(recording[topic])


def read_as_pyulog(path: Path) -> None:
    """Read every topic with PX4's own reader."""
    from pyulog import ULog

    ULog(str(path))


def read_as_pymavlink(path: Path) -> None:
    """Read every message with ArduPilot's own reader."""
    from pymavlink import mavutil

    log = mavutil.mavlink_connection(str(path))
    while log.recv_msg() is not None:
        pass


LIBRARIES = {"ulog_px4": read_as_pyulog, "dataflash": read_as_pymavlink, "telemetry": read_as_pymavlink}


def mb_per_s(reader: Callable[[Path], None], path: Path, passes: int) -> float:
    """Return the best of several passes, compilation apart."""
    durations = []
    for _ in range(passes):
        began = time.perf_counter()
        reader(path)
        durations.append(time.perf_counter() - began)
    return path.stat().st_size * 1e-6 / min(durations)


def figures() -> dict[str, dict[str, Any]]:
    """Return megabytes per second by format."""
    found: dict[str, float] = {}
    theirs: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "flight.ulg"
        session.fly(airframe.load(DEFAULT_AIRFRAME), load("square"), session.Conditions(), str(path))
        found["ulog"] = mb_per_s(read, path, PASSES)
        for name, file in FILES.items():
            if (DATA / file).is_file():
                found[name] = mb_per_s(read, DATA / file, PASSES)
                if name in LIBRARIES:
                    theirs[name] = mb_per_s(LIBRARIES[name], DATA / file, LIBRARY_PASSES)
    return {"log_read_mb_per_s": found, "log_read_library_mb_per_s": theirs}
