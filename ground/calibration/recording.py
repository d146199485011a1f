"""From a recording to a calibration: every sensor whose data suffice."""

import numpy as np

from ground.calibration import accel, current, gyro, level, mag
from ground.calibration.correction import PoorDataError
from ground.calibration.overlay import NOTHING_KNOWN, Calibration, Known
from ground.calibration.stillness import Pose, poses
from ground.estimation.readings import Readings


def calibrate(
    readings: Readings,
    wanted: tuple[str, ...],
    strength_ut: float | None = None,
    known: Known = NOTHING_KNOWN,
) -> Calibration:
    """Fit what is wanted of a recording, see `fitted`."""
    held = poses(readings.t, readings.gyro_frd, readings.accel_frd, readings.aids.get("temperature_c"))
    return fitted(readings, held, wanted, strength_ut, known)


def fitted(
    readings: Readings, held: list[Pose], wanted: tuple[str, ...], strength_ut: float | None, known: Known
) -> Calibration:
    """Fit what is wanted; what the data do not tell goes into `left_out` with its reason.

    `held` are the poses held still, `strength_ut` is the Earth's field at the place, where known; `known` is what was
    found before. Raises PoorDataError when nothing could be fitted.
    """
    result = Calibration()
    fits = {
        "accel": lambda: accel.fit(held),
        "gyro": lambda: gyro.fit(held),
        "mag": lambda: mag.fit(field_of(readings), strength_ut),
        "current": lambda: current.fit(readings),
        "level_rad": lambda: level.tilt(resting(result, held, known)),
    }
    for name in wanted:
        part = "level_rad" if name == "level" else name
        try:
            setattr(result, part, fits[part]())
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


def resting(result: Calibration, held: list[Pose], known: Known) -> np.ndarray:
    """Return the specific force of the longest rest, corrected by what is found now or was before."""
    if not held:
        raise PoorDataError("level: the vehicle never stood still for half a second")
    longest = max(held, key=lambda p: p.ended_s - p.began_s)
    if result.accel:
        return result.accel.apply(longest.accel[None])[0]
    return known.matrix("ACC") @ (longest.accel - known.vector("ACC_OFF"))
