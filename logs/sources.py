"""Open a flight log of any autopilot, told by its content: ULog, DataFlash, telemetry, blackbox or Crazyflie."""

import os
from collections.abc import Callable

import numpy as np

from flight.errors import LogError
from logs.foreign.blackbox import is_blackbox, read_blackbox
from logs.foreign.crazyflie import is_crazyflie, read_crazyflie
from logs.foreign.dataflash import is_dataflash, read_dataflash
from logs.foreign.px4 import is_ulog, read_ulog
from logs.foreign.recording import Recording, file_bytes
from logs.foreign.tlog import is_tlog, read_tlog

Read = Callable[[str | os.PathLike[str]], Recording]
Tell = Callable[[np.ndarray], bool]
# In the order of how surely their first bytes tell them.
FORMATS: tuple[tuple[str, Tell, Read], ...] = (
    ("ULog", is_ulog, read_ulog),
    ("Betaflight blackbox", is_blackbox, read_blackbox),
    ("ArduPilot DataFlash", is_dataflash, read_dataflash),
    ("Crazyflie uSD", is_crazyflie, read_crazyflie),
    ("MAVLink telemetry", is_tlog, read_tlog),
)


def open_log(path: str | os.PathLike[str]) -> Recording:
    """Read a log of any known format, whatever its file is called; a damaged one in part, with a warning.

    `log["IMU"]["GyrX"]` is a column, `log["IMU"]["t_us"]` its times, `log.units["IMU"]["GyrX"]` its unit where the
    format states one; `log.kind` names the format. Raises LogError for what is none of them or holds nothing.
    """
    data = file_bytes(path)
    for _, is_it, read in FORMATS:
        if is_it(data):
            return read(path)
    names = ", ".join(name for name, _, _ in FORMATS)
    raise LogError(
        f"{path}: is no flight log of a known format: it begins with {bytes(data[:8])!r}; known are {names}"
    )
