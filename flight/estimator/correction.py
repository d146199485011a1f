"""Undo what calibration found: raw samples in, corrected ones out; the log keeps the raw ones."""

import math

from flight.inputs import IMU, MAG
from flight.kernel import kernel
from flight.record import record
from flight.vector import Mat3, put, vec

# The newest corrected samples, as the rest of the estimator sees them.
CORRECTED = record(imu=IMU, mag=MAG)


@kernel
def matrix(a):
    """Read nine numbers, row by row."""
    return Mat3(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])


@kernel
def step(corrected, params, inputs):
    """Turn this tick's IMU and magnetometer samples into what sound sensors would have said."""
    correct_imu(corrected.imu, params, inputs.imu)
    correct_mag(corrected.mag, params, inputs)


@kernel
def correct_imu(corrected, params, raw):
    """true = M (raw - b), the gyro's b along a line over temperature (ADIS16xxx practice; Tedaldi 2014, eq. 3)."""
    corrected.fresh = raw.fresh
    corrected.t_us = raw.t_us
    corrected.temperature_c = raw.temperature_c
    # A broken thermometer must not take the gyro with it.
    warm_k = raw.temperature_c - params.gyro_reference_c if math.isfinite(raw.temperature_c) else 0.0
    gyro_bias = vec(params.gyro_offset) + warm_k * vec(params.gyro_per_k)
    put(corrected.gyro_frd, matrix(params.gyro_matrix) @ (vec(raw.gyro_frd) - gyro_bias))
    put(corrected.accel_frd, matrix(params.accel_matrix) @ (vec(raw.accel_frd) - vec(params.accel_offset)))


@kernel
def correct_mag(corrected, params, inputs):
    """true = M (raw - b), less what the battery's current adds."""
    raw = inputs.mag
    corrected.fresh = raw.fresh
    corrected.t_us = raw.t_us
    field_ut = matrix(params.mag_matrix) @ (vec(raw.field_ut_frd) - vec(params.mag_offset))
    # A broken battery sensor must not take the magnetometer with it.
    current_a = inputs.battery.current_a if math.isfinite(inputs.battery.current_a) else 0.0
    put(corrected.field_ut_frd, field_ut - current_a * vec(params.mag_per_ampere))
