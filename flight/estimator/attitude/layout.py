"""What the attitude filter is given, what it derives from that, and what it remembers."""

import numpy as np

from flight.estimator.attitude.rows import ROWS
from flight.kernel import kernel
from flight.parameter import filled, storage
from flight.record import FLAG, INTEGER, MATRIX, QUATERNION, REAL, VECTOR, record, rows

# Places in the error state. Attitude error in the world frame: q_true = exp(error) q.
TURN, BIAS, MATRIX_9, VELOCITY = 0, 3, 6, 15
FIELD, IRON, LAG = 17, 20, 23
INERTIAL_SIZE, FULL_SIZE = 17, 24
# Heading counts as unknown at this variance.
HEADING_LOST = 9.0

PARAMS = storage(ROWS)
# Variances (sd squared) and densities squared, so that no sample has to square them.
COEFFICIENTS = record(
    epoch=REAL, gyro=REAL, turn=REAL, bias=REAL, bias_up=REAL, bias_walk=REAL, matrix=REAL,
    gap_time=REAL, gap_max=REAL, gap_rate=REAL, gyro_max=REAL, accel_max=REAL, field_max=REAL,
    rest_tau=REAL, rest_gyro=REAL, rest_accel=REAL, rest_time=REAL, rest_bias_max=REAL, rest_jump=REAL,
    rest_bias=REAL, rest_velocity=REAL,
    tilt=REAL, accel=REAL, velocity=REAL, velocity_floor=REAL, velocity_gain=REAL, velocity_tau=REAL,
    field_tilt=REAL, yaw=REAL, field=REAL, field_walk=REAL, east=REAL, east_tau=REAL, field_noise=REAL,
    field_gate=REAL, field_doubt=REAL, field_open=REAL, iron=REAL, iron_walk=REAL, lag=REAL,
)  # fmt: skip
# Integrals since the last correction: time, angle turned through, R dt, R_ij omega_k dt; sums of the field's samples.
SUMS = record(
    time=REAL, angle=REAL, rotation=MATRIX, by_rate=("f8", (3, 9)),
    samples=INTEGER, field_ned=VECTOR, field_dot_ned=VECTOR, field_rotation=MATRIX,
)  # fmt: skip
REST = record(
    gyro_mean=VECTOR,
    accel_mean=VECTOR,
    gyro_square=REAL,
    accel_square=REAL,
    time=REAL,
    is_resting=FLAG,
    has_rested=FLAG,
)
# Scratch of the measurement update; the correction waits here until an epoch's measurements are all in.
WORK = record(h=("f8", FULL_SIZE), ph=("f8", FULL_SIZE), gain=("f8", FULL_SIZE), correction=("f8", FULL_SIZE))
# omega is the body rate without bias; velocity_ne what the accelerometer makes of a vehicle that stays in place;
# field_doubt the magnetometer's squared deviation over the square that is tolerated.
STATE = record(
    is_aligned=FLAG, has_heading=FLAG, waited=REAL, q_ned_body=QUATERNION, omega=VECTOR,
    gyro_bias=VECTOR, gyro_matrix=MATRIX, velocity_ne=("f8", 2), velocity_mean_ne=("f8", 2), velocity_variance=REAL,
    field_ned=VECTOR, iron=VECTOR, lag=REAL, field_doubt=REAL, bias_sd_across=REAL, bias_sd_along=REAL,
    p=("f8", (FULL_SIZE, FULL_SIZE)), sums=SUMS, rest=REST, work=WORK,
)  # fmt: skip


def default_params() -> np.record:
    """Return the one set of parameters for all vehicles and recordings."""
    return filled(PARAMS, ROWS)[0].estimator.attitude


def coefficients_of(params: np.record) -> np.record:
    """Return the coefficients that follow from parameters."""
    coefficients = rows(COEFFICIENTS)[0]
    configure(coefficients, params)
    return coefficients


@kernel
def configure(c, params):
    """Derive the coefficients; call it again after a parameter changed."""
    c.epoch = params.epoch
    c.gyro = params.gyro_noise * params.gyro_noise
    c.turn = params.gyro_turn * params.gyro_turn
    c.bias = params.bias_sd * params.bias_sd
    c.bias_up = params.bias_up_sd * params.bias_up_sd
    c.bias_walk = params.bias_walk * params.bias_walk
    c.matrix = params.matrix_sd * params.matrix_sd
    c.gap_time = params.gap_time
    c.gap_max = params.gap_max
    c.gap_rate = params.gap_rate * params.gap_rate
    c.gyro_max = params.gyro_max * params.gyro_max
    c.accel_max = params.accel_max * params.accel_max
    c.field_max = params.field_max * params.field_max
    configure_rest(c, params)
    configure_tilt(c, params)
    configure_field(c, params)


@kernel
def configure_rest(c, params):
    """Derive what tells rest from motion."""
    c.rest_tau = params.rest_tau
    c.rest_gyro = params.rest_gyro * params.rest_gyro
    c.rest_accel = params.rest_accel * params.rest_accel
    c.rest_time = params.rest_time
    c.rest_bias_max = params.rest_bias_max
    c.rest_jump = params.rest_jump
    c.rest_bias = params.rest_bias_sd * params.rest_bias_sd
    c.rest_velocity = params.rest_velocity_sd * params.rest_velocity_sd


@kernel
def configure_tilt(c, params):
    """Derive how far the accelerometer is believed."""
    c.tilt = params.tilt_sd * params.tilt_sd
    c.accel = params.accel_noise * params.accel_noise
    c.velocity = params.velocity_sd * params.velocity_sd
    c.velocity_floor = params.velocity_floor * params.velocity_floor
    c.velocity_gain = params.velocity_gain
    c.velocity_tau = params.velocity_tau


@kernel
def configure_field(c, params):
    """Derive how far the magnetometer is believed."""
    c.field_tilt = params.field_tilt * params.field_tilt
    c.yaw = params.yaw_sd * params.yaw_sd
    c.field = params.field_sd * params.field_sd
    c.field_walk = params.field_walk * params.field_walk
    c.east = params.east_sd * params.east_sd
    c.east_tau = params.east_tau
    c.field_noise = params.field_noise * params.field_noise
    c.field_gate = params.field_gate * params.field_gate
    c.field_doubt = params.field_doubt
    c.field_open = params.field_open
    c.iron = params.iron_sd * params.iron_sd
    c.iron_walk = params.iron_walk * params.iron_walk
    c.lag = params.lag_sd * params.lag_sd
