"""The filters of attitude alone, over a recording."""

import math

import numpy as np

from flight.errors import ConfigError
from flight.estimator.attitude import batch, madgwick, mahony
from flight.kernel import kernel
from flight.record import rows
from flight.vector import vec
from ground.estimation.estimates import Estimates
from ground.estimation.readings import Readings

FILTERS = ("ours", "mahony", "madgwick")
# The best single gains for the BROAD set that its authors report are of this size.
MAHONY_GAINS, MADGWICK_BETA = (0.74, 0.0012), 0.12
# A calibration is of a second that is still: rms of the body rate about its mean, and its mean, rad/s.
CALIBRATION_S, STILL, LARGEST_BIAS = 1.0, 0.05, 0.35


def estimate_attitude(
    readings: Readings, name: str = "ours", bias: np.ndarray | None = None, params: np.record | None = None
) -> Estimates:
    """Run one of FILTERS; `bias` in rad/s, forward-right-down, is a calibration at rest."""
    if name == "ours":
        return _ours(readings, bias, params)
    gyro = readings.gyro_frd if bias is None else readings.gyro_frd - bias
    nothing = np.full_like(gyro, math.nan)
    mag = nothing if readings.mag_frd is None else readings.mag_frd
    q = np.empty((len(gyro), 4))
    arrays = (readings.t, gyro, readings.accel_frd, mag)
    if name == "mahony":
        run_mahony(rows(mahony.STATE)[0], *arrays, *MAHONY_GAINS, q)
    else:
        run_madgwick(rows(madgwick.STATE)[0], *arrays, MADGWICK_BETA, q)
    return Estimates(readings.t, q)


def _ours(readings: Readings, bias: np.ndarray | None, params: np.record | None) -> Estimates:
    said = batch.trace(
        readings.t, readings.gyro_frd, readings.accel_frd, readings.mag_frd, bias, params=params
    )
    sd = np.sqrt(np.maximum(said.variance_ned, 0.0))
    return Estimates(readings.t, said.q_ned_body, gyro_bias_frd=said.gyro_bias, attitude_sd_ned=sd)


def bias_at_rest(readings: Readings) -> np.ndarray:
    """Return the mean body rate of the stillest second, or raise ConfigError where none is still."""
    t, gyro = readings.t, readings.gyro_frd
    count = max(round(CALIBRATION_S / float(np.median(np.diff(t)))), 2)
    if count > len(gyro):
        raise ConfigError(f"--calibrate-at-rest: {readings.path} is shorter than {CALIBRATION_S:g} s")
    mean = moving_mean(gyro, count)
    scatter = np.sqrt(np.maximum((moving_mean(gyro * gyro, count) - mean * mean).sum(1), 0.0))
    stillest = int(np.argmin(scatter))
    bias = mean[stillest]
    if scatter[stillest] > STILL or float(np.linalg.norm(bias)) > LARGEST_BIAS:
        raise ConfigError(
            f"--calibrate-at-rest: {readings.path} is never at rest: in its stillest second, from {t[stillest]:.1f} s,"
            f" the body rate is {np.linalg.norm(bias):.3f} rad/s and scatters by {scatter[stillest]:.3f} rad/s;"
            f" at most {LARGEST_BIAS:g} and {STILL:g} are a bias"
        )
    return bias


def moving_mean(rows_of: np.ndarray, count: int) -> np.ndarray:
    """Return the mean of every run of `count` rows."""
    total = np.cumsum(np.concatenate([np.zeros((1, rows_of.shape[1])), rows_of]), 0)
    return (total[count:] - total[:-count]) / count


@kernel
def run_mahony(
    state: np.record, t: np.ndarray, gyro: np.ndarray, accel: np.ndarray, mag: np.ndarray,
    kp: float, ki: float, q: np.ndarray,
) -> None:  # fmt: skip
    """Step the Mahony filter through arrays."""
    for k in range(t.shape[0]):
        dt = t[k] - t[k - 1] if k > 0 else 0.0
        mahony.step(state, vec(gyro[k]), vec(accel[k]), vec(mag[k]), dt, kp, ki)
        for i in range(4):
            q[k, i] = state.q_ned_body[i]


@kernel
def run_madgwick(
    state: np.record, t: np.ndarray, gyro: np.ndarray, accel: np.ndarray, mag: np.ndarray,
    beta: float, q: np.ndarray,
) -> None:  # fmt: skip
    """Step the Madgwick filter through arrays."""
    for k in range(t.shape[0]):
        dt = t[k] - t[k - 1] if k > 0 else 0.0
        madgwick.step(state, vec(gyro[k]), vec(accel[k]), vec(mag[k]), dt, beta)
        for i in range(4):
            q[k, i] = state.q_ned_body[i]
