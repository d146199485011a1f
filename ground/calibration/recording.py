"""From a recording to a calibration: every sensor whose data suffice."""

import numpy as np

from ground.calibration import accel, gyro, level, mag
from ground.calibration.correction import PoorDataError
from ground.calibration.overlay import Calibration
from ground.calibration.stillness import poses
from ground.estimation.readings import Readings

SENSORS = ("accel", "gyro", "mag", "level")


def calibrate(readings: Readings, wanted: tuple[str, ...], strength_ut: float | None = None) -> Calibration:
    """Fit what is wanted; what the recording does not tell goes into `left_out` with its reason.

    `strength_ut` is the Earth's field at the place, where known. Raises PoorDataError when nothing could be fitted.
    """
    result = Calibration()
    held = poses(readings.t, readings.gyro_frd, readings.accel_frd, readings.aids.get("temperature_c"))
    fits = {
        "accel": lambda: accel.fit(held),
        "gyro": lambda: gyro.fit(held),
        "mag": lambda: mag.fit(field_of(readings), strength_ut),
    }
    for name in wanted:
        try:
            if name == "level":
                result.level_rad = level.tilt(resting(result, readings, held))
            else:
                setattr(result, name, fits[name]())
        except PoorDataError as reason:
            result.left_out[name] = str(reason)
    if len(result.left_out) == len(wanted):
        raise PoorDataError(f"{readings.path}: " + "; ".join(result.left_out.values()))
    return result


def field_of(readings: Readings) -> np.ndarray:
    """Return the magnetometer's readings."""
    if readings.mag_frd is None:
        raise PoorDataError("magnetometer: not in the recording")
    return readings.mag_frd


def resting(result: Calibration, readings: Readings, held: list) -> np.ndarray:
    """Return the corrected specific force of the longest rest."""
    if not held:
        raise PoorDataError("level: the vehicle never stood still for half a second")
    longest = max(held, key=lambda p: p.ended_s - p.began_s)
    return result.accel.apply(longest.accel[None])[0] if result.accel else longest.accel
