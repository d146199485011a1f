"""What an estimator makes of a recording, in our axes, and how it leaves as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ground.estimation.axes import swapped_attitude, swapped_body, swapped_world, turned_body


@dataclass
class Estimates:
    """Estimates of n moments; what an estimator does not know is None.

    `t` in s of the recording's own clock, `q_ned_frd` (n, 4); each of the others (n, 3): `p_ned` m about the
    recording's origin, `v_ned` m/s, `gyro_bias_frd` rad/s, `accel_bias_frd` m/s2, and the standard deviations
    `attitude_sd_ned` rad about the world's axes, `v_sd_ned` and `p_sd_ned`.
    """

    t: np.ndarray
    q_ned_frd: np.ndarray
    p_ned: np.ndarray | None = None
    v_ned: np.ndarray | None = None
    gyro_bias_frd: np.ndarray | None = None
    accel_bias_frd: np.ndarray | None = None
    attitude_sd_ned: np.ndarray | None = None
    v_sd_ned: np.ndarray | None = None
    p_sd_ned: np.ndarray | None = None

    def z_up(self, body: str) -> dict[str, np.ndarray]:
        """Return the arrays of the file: the world x-east y-north z-up, body axes "frd" or "flu"."""
        q_enu_flu = swapped_attitude(self.q_ned_frd)
        arrays: dict[str, np.ndarray | None] = {
            "t": self.t,
            "q": q_enu_flu if body == "flu" else turned_body(q_enu_flu),
            "position": _other(swapped_world, self.p_ned),
            "velocity": _other(swapped_world, self.v_ned),
            "gyro_bias": _other(swapped_body, self.gyro_bias_frd) if body == "flu" else self.gyro_bias_frd,
            "accel_bias": _other(swapped_body, self.accel_bias_frd) if body == "flu" else self.accel_bias_frd,
            "attitude_sigma": _size(self.attitude_sd_ned),
            "velocity_sigma": _size(self.v_sd_ned),
            "position_sigma": _size(self.p_sd_ned),
        }
        return {name: array for name, array in arrays.items() if array is not None}

    def save(self, path: Path, body: str) -> None:
        """Write an npz with the arrays of `z_up`. Raises OSError."""
        with path.open("wb") as file:
            np.savez(file, **self.z_up(body))


def _other(swapped: Callable[[np.ndarray], np.ndarray], rows: np.ndarray | None) -> np.ndarray | None:
    return None if rows is None else swapped(rows)


def _size(sd_ned: np.ndarray | None) -> np.ndarray | None:
    # A standard deviation has no sign: only the order of the axes changes.
    return None if sd_ned is None else np.abs(swapped_world(sd_ned))
