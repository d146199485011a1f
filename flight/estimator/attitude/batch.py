"""Whole recordings at once: the same steps over arrays."""

import math

import numpy as np

from flight.estimator.attitude.alignment import assume_bias, reset
from flight.estimator.attitude.filter import step
from flight.estimator.attitude.layout import STATE, TURN, coefficients_of, default_params
from flight.kernel import kernel
from flight.record import QUATERNION, VECTOR, record, rows
from flight.vector import Vec3, vec

# What the filter says after each sample; `variance_ned` of the attitude's errors about the world's axes, rad2.
SAID = record(q_ned_body=QUATERNION, gyro_bias=VECTOR, variance_ned=VECTOR)
NO_SAMPLE = Vec3(math.nan, math.nan, math.nan)


@kernel
def run(state, c, t, gyro, accel, mag, said):
    """Step through arrays of n samples; `mag` has n rows or none; fill the n rows of SAID."""
    has_mag = mag.shape[0] == t.shape[0]
    for k in range(t.shape[0]):
        dt = t[k] - t[k - 1] if k > 0 else 0.0
        sample = vec(mag[k]) if has_mag else NO_SAMPLE
        step(state, c, vec(gyro[k]), vec(accel[k]), sample, dt)
        for i in range(4):
            said[k].q_ned_body[i] = state.q_ned_body[i]
        for i in range(3):
            said[k].gyro_bias[i] = state.gyro_bias[i]
            said[k].variance_ned[i] = state.p[TURN + i, TURN + i]


def trace(t, gyro, accel, mag=None, bias=None, bias_sd=0.0017, params=None):
    """Return the rows of SAID of a recording: t in s, (n, 3) gyro rad/s, accel m/s2, mag uT (NaN between samples).

    `bias` in rad/s is a calibration at rest, known to `bias_sd`.
    """
    c = coefficients_of(default_params() if params is None else params)
    state = rows(STATE)[0]
    reset(state, c)
    if bias is not None:
        assume_bias(state, Vec3(*(float(b) for b in bias)), bias_sd)
    said = rows(SAID, len(t))
    run(state, c, t, gyro, accel, np.zeros((0, 3)) if mag is None else mag, said)
    return said


def estimate(t, gyro, accel, mag=None, bias=None, bias_sd=0.0017, params=None):
    """Return the attitudes q_ned_body alone."""
    return trace(t, gyro, accel, mag, bias, bias_sd, params).q_ned_body
