"""The gyro's bias from the times it stood still, over temperature where the recording warms up."""

from dataclasses import dataclass

import numpy as np

from ground.calibration.correction import PoorDataError
from ground.calibration.stillness import Pose

# Earth turns by 7e-5 rad/s; what is left of a bias after a good rest is below this.
LEAST_STILL_S = 5.0
LEAST_SPAN_K = 5.0
# Consumer gyros are specified to 20 degrees/s; half as much again is broken, or turning.
MOST_BIAS = 0.52
MOST_RESIDUAL = 0.01


@dataclass(frozen=True)
class GyroBias:
    """bias(T) = bias + slope (T - reference), rad/s and kelvin; a recording at one temperature has no slope."""

    bias: np.ndarray
    slope_per_k: np.ndarray
    reference_c: float
    range_c: tuple[float, float]
    residual: float
    samples: int

    def at(self, temperature_c: float) -> np.ndarray:
        """Return the bias at a temperature."""
        return self.bias + self.slope_per_k * (temperature_c - self.reference_c)


def fit(poses: list[Pose]) -> GyroBias:
    """Return the gyro's bias; raise PoorDataError when it never rested, or not well."""
    still_s = sum(p.ended_s - p.began_s for p in poses)
    if still_s < LEAST_STILL_S:
        raise PoorDataError(
            f"gyro: {still_s:.1f} s at rest, {LEAST_STILL_S:.0f} are needed: leave the vehicle alone"
        )
    rates, weights = np.array([p.gyro for p in poses]), np.array([float(p.samples) for p in poses])
    warm = np.array([p.temperature_c for p in poses])
    knows = bool(np.isfinite(warm).all())
    reference = float(np.average(warm, weights=weights)) if knows else float("nan")
    span = float(np.ptp(warm)) if knows else 0.0
    columns = (
        np.c_[np.ones(len(poses)), warm - reference] if span >= LEAST_SPAN_K else np.ones((len(poses), 1))
    )
    root = np.sqrt(weights)[:, None]
    found, *_ = np.linalg.lstsq(columns * root, rates * root, rcond=None)
    left = rates - columns @ found
    residual = float(np.sqrt(np.average((left**2).max(1), weights=weights)))
    slope = found[1] if len(found) == 2 else np.zeros(3)
    low, high = (float(warm.min()), float(warm.max())) if knows else (float("nan"), float("nan"))
    bias = GyroBias(found[0], slope, reference, (low, high), residual, int(weights.sum()))
    check(bias)
    return bias


def check(bias: GyroBias) -> None:
    """Raise PoorDataError for a bias no sound gyro has."""
    if np.abs(bias.bias).max() > MOST_BIAS:
        raise PoorDataError(
            f"gyro: a bias of {np.degrees(np.abs(bias.bias).max()):.1f} deg/s: it was turning, or is broken"
        )
    if bias.residual > MOST_RESIDUAL:
        raise PoorDataError(
            f"gyro: rates at rest differ by {np.degrees(bias.residual):.2f} deg/s: it was not at rest"
        )
