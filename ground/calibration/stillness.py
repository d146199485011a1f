"""Where in a recording the vehicle stood still, and what its sensors said there."""

from dataclasses import dataclass

import numpy as np

# A pose is held for at least this long; shaking within it stays below these, of hands and of engines.
HELD_S = 0.6
GYRO_SHAKE, ACCEL_SHAKE = 0.06, 0.35


@dataclass(frozen=True)
class Pose:
    """One pose held still: means of gyro (rad/s), specific force (m/s2) and temperature (degrees Celsius or NaN)."""

    began_s: float
    ended_s: float
    gyro: np.ndarray
    accel: np.ndarray
    temperature_c: float
    samples: int


def poses(
    t: np.ndarray, gyro: np.ndarray, accel: np.ndarray, temperature_c: np.ndarray | None = None
) -> list[Pose]:
    """Return every pose held still, the edges of each left out."""
    is_still = quiet(t, gyro, accel)
    edges = np.flatnonzero(np.diff(np.r_[0, is_still.astype(int), 0]))
    found = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if t[end - 1] - t[begin] >= HELD_S:
            found.append(pose(t, gyro, accel, temperature_c, slice(begin, end)))
    return found


def quiet(t: np.ndarray, gyro: np.ndarray, accel: np.ndarray) -> np.ndarray:
    """Tell for each sample whether the half second about it is quiet."""
    half = max(1, round(0.25 / float(np.median(np.diff(t)))))
    return (spread(gyro, half) < GYRO_SHAKE) & (spread(accel, half) < ACCEL_SHAKE)


def spread(rows: np.ndarray, half: int) -> np.ndarray:
    """Return the standard deviation of each sample's neighbourhood, the worst axis."""
    pad = np.pad(rows, ((half + 1, half), (0, 0)), mode="edge")
    sums, squares = np.cumsum(pad, 0), np.cumsum(pad * pad, 0)
    width = 2 * half + 1
    mean = (sums[width:] - sums[:-width]) / width
    variance = (squares[width:] - squares[:-width]) / width - mean * mean
    return np.sqrt(np.maximum(variance, 0.0)).max(1)


def pose(
    t: np.ndarray, gyro: np.ndarray, accel: np.ndarray, temperature_c: np.ndarray | None, part: slice
) -> Pose:
    """Return the means of one span."""
    warm = float(np.mean(temperature_c[part])) if temperature_c is not None else float("nan")
    count = len(t[part])
    return Pose(float(t[part][0]), float(t[part][-1]), gyro[part].mean(0), accel[part].mean(0), warm, count)
