"""How the attitude filter begins: what it forgets, what it is told, what it takes from the first sample."""

from flight.estimator.attitude import covariance
from flight.estimator.attitude.layout import FULL_SIZE, TURN, VELOCITY
from flight.kernel import kernel
from flight.quaternion import Quat, put_quat, quat, rotate, shortest_arc
from flight.vector import DOWN, ZERO, dot, put, unit


@kernel
def reset(state, c):
    """Forget everything; the first sample aligns."""
    state.is_aligned = 0
    state.has_heading = 0
    state.waited = 0.0
    put_quat(state.q_ned_body, Quat(1.0, 0.0, 0.0, 0.0))
    assume_bias(state, ZERO, 0.0)
    state.bias_sd_across = c.bias
    state.bias_sd_along = c.bias_up
    state.rest.time = 0.0
    state.rest.is_resting = 0
    state.rest.has_rested = 0


@kernel
def assume_bias(state, bias, sd):
    """Give the gyro bias in rad/s of a calibration at rest and its sd; call it between reset and the first sample."""
    put(state.gyro_bias, bias)
    state.bias_sd_across = sd * sd
    state.bias_sd_along = sd * sd


@kernel
def align(state, c, gyro, accel):
    """Take the tilt from one sample of specific force; heading zero."""
    if not 0.0 < dot(accel, accel) <= c.accel_max:
        return
    down = unit(-accel, DOWN)
    put_quat(state.q_ned_body, shortest_arc(down, DOWN))
    covariance.start(state.p, c, down, state.bias_sd_across, state.bias_sd_along)
    forget_estimates(state)
    state.velocity_variance = c.velocity
    put(state.rest.gyro_mean, gyro)
    put(state.rest.accel_mean, accel)
    state.rest.gyro_square = c.rest_gyro
    state.rest.accel_square = c.rest_accel
    state.is_aligned = 1


@kernel
def forget_estimates(state):
    """Empty what is learnt in motion: scale, misalignment, velocity, field, hard iron, delay."""
    for i in range(3):
        state.iron[i] = 0.0
        state.field_ned[i] = 0.0
        for j in range(3):
            state.gyro_matrix[i, j] = 0.0
    for i in range(2):
        state.velocity_ne[i] = 0.0
        state.velocity_mean_ne[i] = 0.0
    state.velocity_variance = 0.0
    state.lag = 0.0
    state.field_doubt = 0.0
    for i in range(FULL_SIZE):
        state.work.correction[i] = 0.0
    empty(state.sums)


@kernel
def empty(sums):
    """Begin a new epoch."""
    sums.time = 0.0
    sums.angle = 0.0
    sums.samples = 0
    put(sums.field_ned, ZERO)
    put(sums.field_dot_ned, ZERO)
    for i in range(3):
        for j in range(3):
            sums.rotation[i, j] = 0.0
            sums.field_rotation[i, j] = 0.0
        for j in range(9):
            sums.by_rate[i, j] = 0.0


@kernel
def realign(state, c, accel):
    """Take tilt and heading anew after a gap too long to bridge; what is known of the sensors stays."""
    if not 0.0 < dot(accel, accel) <= c.accel_max:
        return
    q = quat(state.q_ned_body)
    put_quat(state.q_ned_body, shortest_arc(rotate(q, unit(-accel, DOWN)), DOWN) * q)
    for i in range(3):
        covariance.forget(state.p, TURN + i, c.tilt)
    for i in range(2):
        covariance.forget(state.p, VELOCITY + i, c.velocity)
        state.velocity_ne[i] = 0.0
    state.has_heading = 0
