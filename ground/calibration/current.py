"""The field of the battery's current: a vehicle tied down runs its motors, and the magnetometer follows the ammeter."""

from dataclasses import dataclass

import numpy as np

from ground.calibration.correction import PoorDataError
from ground.estimation.attitude import moving_mean
from ground.estimation.readings import Readings

LEAST_SAMPLES = 100
LEAST_SPREAD_A = 1.0
# Averaged over so long, what shakes is gone and what turns is left.
AVERAGED_S = 1.0
MOST_LEAN, MOST_RATE = 0.09, 0.15
# What no current explains: noise, and iron that moved.
MOST_RESIDUAL_UT = 3.0


@dataclass(frozen=True)
class WireField:
    """What the magnetometer reads more for each ampere, in its raw axes, and how sure that is; `residual` in uT."""

    ut_per_a: np.ndarray
    sd_ut_per_a: float
    residual: float
    range_a: tuple[float, float]
    samples: int


def fit(readings: Readings) -> WireField:
    """Return the field per ampere of a recording in one attitude; raise PoorDataError when it does not tell it."""
    current = readings.aids.get("current_a")
    if readings.mag_frd is None:
        raise PoorDataError("current: no magnetometer in the recording")
    if current is None:
        raise PoorDataError("current: no battery current in the recording")
    check_attitude(readings)
    known = np.isfinite(readings.mag_frd).all(1) & np.isfinite(current)
    return per_ampere(readings.mag_frd[known], current[known])


def check_attitude(readings: Readings) -> None:
    """Raise PoorDataError when the vehicle turned: then the Earth's field changed too."""
    count = max(2, round(AVERAGED_S / float(np.median(np.diff(readings.t)))))
    if len(readings.t) < 2 * count:
        raise PoorDataError("current: the recording is too short")
    force, rate = moving_mean(readings.accel_frd, count), moving_mean(readings.gyro_frd, count)
    up = force / np.maximum(np.linalg.norm(force, axis=1, keepdims=True), 1e-9)
    lean = np.linalg.norm(up - np.median(up, axis=0), axis=1).max()
    turn = np.linalg.norm(rate - np.median(rate, axis=0), axis=1).max()
    if lean > MOST_LEAN or turn > MOST_RATE:
        raise PoorDataError(
            f"current: the vehicle turned (it leant by {np.degrees(lean):.0f} degrees); tie it down and run the motors"
        )


def per_ampere(field_ut: np.ndarray, current_a: np.ndarray) -> WireField:
    """Return the field a current adds, by regression of readings (n, 3); raise PoorDataError when they are poor."""
    if len(current_a) < LEAST_SAMPLES:
        raise PoorDataError(f"current: {len(current_a)} readings, {LEAST_SAMPLES} are needed")
    spread = float(np.std(current_a))
    if spread < LEAST_SPREAD_A:
        raise PoorDataError(
            "current: it hardly changed; run the motors at several throttles, tied down, propellers on"
        )
    columns = np.c_[np.ones(len(current_a)), current_a]
    found, *_ = np.linalg.lstsq(columns, field_ut, rcond=None)
    residual = float(np.sqrt(np.mean((field_ut - columns @ found) ** 2)))
    if residual > MOST_RESIDUAL_UT:
        raise PoorDataError(
            f"current: {residual:.1f} uT do not follow it (at most {MOST_RESIDUAL_UT:g}): iron moved, or the vehicle"
        )
    sd = residual / (spread * float(np.sqrt(len(current_a))))
    return WireField(found[1], sd, residual, (float(current_a.min()), float(current_a.max())), len(current_a))
