"""The aids of npz and csv recordings: `gps_t gps_vel`, perhaps `gps_lla gps_accuracy`; `baro_t`; `tof_t tof_m`."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from ground.estimation import aids
from ground.estimation.aids import Aids
from ground.estimation.axes import swapped_world
from ground.estimation.readings import refuse

MEGA = 1e6
# A range finder of such a recording: its own limits are not told.
NEAREST_M, FARTHEST_M = 0.02, 50.0


def read(path: Path, arrays: dict[str, Any]) -> Aids:
    """Return what stands beside the IMU, or raise LogError."""
    found = Aids()
    if "gps_t" in arrays and "gps_vel" in arrays:
        found.samples["gps"] = _gps(path, arrays)
    if "baro_t" in arrays and "baro_pa" in arrays:
        t_us, pressure = _timed(path, arrays, "baro_t", "baro_pa")
        found.samples["baro"] = aids.told("baro", t_us, pressure_pa=pressure)
    elif "baro_t" in arrays and "baro_asl_m" in arrays:
        found.samples["baro"] = aids.baro_at(*_timed(path, arrays, "baro_t", "baro_asl_m"))
    if "tof_t" in arrays and "tof_m" in arrays:
        t_us, distance = _timed(path, arrays, "tof_t", "tof_m")
        found.samples["range"] = aids.range_down(t_us, distance, NEAREST_M, FARTHEST_M)
    return found


def _gps(path: Path, arrays: dict[str, Any]) -> np.ndarray:
    t_us, v_enu = _timed(path, arrays, "gps_t", "gps_vel", 3)
    columns: dict[str, np.ndarray] = {}
    if "gps_lla" in arrays:
        lla = _timed(path, arrays, "gps_t", "gps_lla", 3)[1]
        columns |= dict(zip(("lat_deg", "lon_deg", "alt_amsl_m"), lla.T, strict=True))
    if "gps_accuracy" in arrays:
        errors = _timed(path, arrays, "gps_t", "gps_accuracy", 3)[1]
        names = ("horizontal_accuracy_m", "vertical_accuracy_m", "speed_accuracy_m_s")
        columns |= dict(zip(names, errors.T, strict=True))
    return aids.gps(t_us, swapped_world(v_enu), **columns)


def _timed(
    path: Path, arrays: dict[str, Any], stamp: str, name: str, width: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return times in microseconds and the values of one sensor, or raise LogError."""
    try:
        t, values = np.asarray(arrays[stamp], float), np.asarray(arrays[name], float)
    except (TypeError, ValueError):
        refuse(str(path), f"{stamp}, {name}: must hold numbers")
    wanted = (len(t), width) if width else (len(t),)
    if t.ndim != 1 or values.shape != wanted:
        refuse(str(path), f"{name}: has shape {values.shape}; {stamp} has {t.shape}, so it must be {wanted}")
    if len(t) and not (math.isfinite(t.min()) and abs(t).max() < 1e12):
        refuse(str(path), f"{stamp}: must hold finite seconds")
    return np.rint(MEGA * t).astype(np.int64), values
