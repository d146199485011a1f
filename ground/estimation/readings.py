"""What a recording holds for the attitude filters, in our axes, and whether it can be used."""

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from flight.errors import LogError
from ground.estimation.aids import Aids

# Below this nothing is known of how a flying body turned between two samples.
LEAST_IMU_HZ = 20.0
# Of the middle of all lengths of the specific force, m/s2.
LEAST_ACCEL, MOST_ACCEL = 3.0, 40.0
FASTEST = 100.0
VECTORS = {"gyr": "rad/s", "acc": "m/s2", "mag": "uT"}


@dataclass
class Truth:
    """What is known from outside: q body to world, position and velocity with z up, in the recording's body axes.

    `mode` is "9d" where heading is absolute, "6d" where one constant offset of it is nobody's fault; `is_truth` is
    False where it is the estimate of the autopilot on board.
    """

    t: np.ndarray
    q: np.ndarray
    counts: np.ndarray
    mode: str = "9d"
    is_truth: bool = True
    t_position: np.ndarray | None = None
    position_counts: np.ndarray | None = None
    position: np.ndarray | None = None
    velocity: np.ndarray | None = None


@dataclass
class Readings:
    """n samples: `t` s, gyro rad/s, specific force m/s2, field uT (NaN between slower samples) or None.

    `body` names the recording's own axes, "flu" or "frd"; the arrays here are forward-right-down. `aids` holds the
    recording's other arrays as they are, `around` what of them the flight estimator can be told. `is_own` tells a log
    of ours, whose samples are stamped when they arrive.
    """

    path: str
    t: np.ndarray
    gyro_frd: np.ndarray
    accel_frd: np.ndarray
    mag_frd: np.ndarray | None = None
    body: str = "flu"
    truth: Truth | None = None
    aids: dict[str, np.ndarray] = field(default_factory=dict)
    around: Aids = field(default_factory=Aids)
    is_own: bool = False


def checked(path: str, t: np.ndarray, vectors: dict[str, np.ndarray]) -> None:
    """Raise LogError where times or samples cannot be used; `vectors` by their names in VECTORS."""
    if t.ndim != 1:
        refuse(path, f"t: has shape {t.shape}; it must be one column of seconds")
    if len(t) < 2:
        refuse(path, f"t: has {len(t)} samples; at least 2 are needed")
    for name, rows in vectors.items():
        if rows.shape != (len(t), 3):
            refuse(
                path, f"{name}: has shape {rows.shape}; t has {len(t)} samples, so it must be ({len(t)}, 3)"
            )
    _check_times(path, t)
    for name in ("gyr", "acc"):
        bad = np.flatnonzero(~np.isfinite(vectors[name]).all(1))
        if len(bad):
            refuse(
                path, f"{name}: sample {bad[0]} is {vectors[name][bad[0]]}; {len(bad)} are not finite numbers"
            )
    _check_units(path, vectors)


def refuse(path: str, why: str) -> NoReturn:
    """Raise LogError about a file."""
    raise LogError(f"{path}: {why}")


def _check_times(path: str, t: np.ndarray) -> None:
    if not np.isfinite(t).all():
        refuse(path, f"t: sample {np.flatnonzero(~np.isfinite(t))[0]} is not a finite number of seconds")
    steps = np.diff(t)
    back = np.flatnonzero(steps <= 0.0)
    if len(back):
        k = back[0]
        refuse(path, f"t: goes from {t[k]:.6f} s to {t[k + 1]:.6f} s at sample {k + 1}; times must increase")
    rate = 1.0 / float(np.median(steps))
    if rate < LEAST_IMU_HZ:
        refuse(
            path, f"t: gyro and accelerometer come at {rate:.3g} Hz; at least {LEAST_IMU_HZ:g} Hz are needed"
        )
    if rate > 1e5:
        refuse(path, f"t: steps of {1.0 / rate:.3g} s are no steps of an IMU; t must be in seconds")


def _check_units(path: str, vectors: dict[str, np.ndarray]) -> None:
    force = float(np.median(np.linalg.norm(vectors["acc"], axis=1)))
    if not LEAST_ACCEL < force < MOST_ACCEL:
        refuse(
            path, f"acc: is {force:.3g} at the middle; gravity should make it about 9.8 m/s2 (not g, not mg)"
        )
    rate = float(np.median(np.linalg.norm(vectors["gyr"], axis=1)))
    if rate > FASTEST:
        refuse(path, f"gyr: is {rate:.3g} at the middle; it must be in rad/s (not deg/s)")
