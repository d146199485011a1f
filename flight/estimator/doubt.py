"""Doubt the inertial unit when an aid keeps disagreeing to one side, and say since when it may be wrong.

A gyro or an accelerometer that stepped some time ago has moved attitude, velocity and position along directions that
are known; only the size is not. Widening the covariance along them lets the aid's next samples find the step itself
(the jump hypothesis of Willsky & Jones 1976, without its bank of filters).
"""

import math

from flight.estimator import covariance, gusts, update
from flight.estimator.imu import is_hung
from flight.estimator.layout import ACCEL_BIAS, COUNT, GYRO_BIAS, POSITION, THETA, VELOCITY, WIND
from flight.kernel import kernel
from flight.quaternion import quat, rotate
from flight.vector import Vec3, clamp, cross, put, vec


@kernel
def listen(state, params, i, innovation, variance, dt):
    """Follow the mean of the last innovation in standard deviations; noise averages out, a broken IMU does not."""
    strain = state.strain
    z = innovation / math.sqrt(update.row_variance(state.filter) + variance)
    most = params.strain_most
    strain.lean[i] += dt / (params.strain_tau + dt) * (clamp(z, -most, most) - strain.lean[i])


@kernel
def since_last(strain, params, which, now_us):
    """Return the time in s since the last sample of one aid; after a gap so little that one sample does not decide."""
    dt = clamp(1e-6 * float(now_us - strain.heard_us[which]), 0.0, 0.4 * params.strain_tau)
    strain.heard_us[which] = now_us
    return dt


@kernel
def worst_of(strain, first, count):
    """Return the greatest of some means."""
    worst = 0.0
    for i in range(first, first + count):
        worst = max(worst, abs(strain.lean[i]))
    return worst


@kernel
def is_strained(strain, params, first, count, now_us):
    """Tell whether one of some means has left what noise explains; begin anew then, and wait for what it brings."""
    worst = worst_of(strain, first, count)
    calm_s = 1e-6 * float(now_us - strain.doubted_us)
    if worst < params.strain_max or calm_s < params.doubt_wait:
        return False
    strain.doubted_us = now_us
    forget(strain, first, count)
    return True


@kernel
def forget(strain, first, count):
    """Begin some means anew."""
    for i in range(first, first + count):
        strain.lean[i] = 0.0


@kernel
def begin(filter):
    """Begin a direction in the space of errors."""
    for j in range(COUNT):
        filter.spread[j] = 0.0


@kernel
def along(filter, first, direction):
    """Set three components of the direction."""
    filter.spread[first] = direction.x
    filter.spread[first + 1] = direction.y
    filter.spread[first + 2] = direction.z


@kernel
def widen(filter, sd):
    """Add the variance of one unknown size along the direction."""
    for i in range(COUNT):
        for j in range(COUNT):
            filter.covariance[i, j] += (sd * filter.spread[i]) * (sd * filter.spread[j])


@kernel
def doubt_gyro(state, params, ago_s):
    """Allow the gyro's bias to have stepped some seconds ago, and the attitude to have been turned then."""
    filter, q = state.filter, quat(state.nominal.q_ned_frd)
    force = rotate(q, vec(state.mean_force_frd))
    for i in range(3):
        turn = rotate(q, update.axis(i))
        begin(filter)
        filter.spread[GYRO_BIAS + i] = 1.0
        move(filter, -ago_s * turn, -0.5 * ago_s * ago_s * cross(turn, force), ago_s / 3.0)
        widen(filter, params.jump_gyro)
        begin(filter)
        move(filter, turn, ago_s * cross(turn, force), 0.5 * ago_s)
        widen(filter, params.jump_tilt)


@kernel
def move(filter, turn, dv, share_s):
    """Let a direction turn the attitude, change the velocity and, share_s times that, the position."""
    along(filter, THETA, turn)
    along(filter, VELOCITY, dv)
    along(filter, POSITION, share_s * dv)


@kernel
def let_bias_wander(state, params, bias, rate, first, dt):
    """Let a bias wander the faster the more three means of innovations lean: it may just have stepped."""
    excess = max(worst_of(state.strain, first, 3) - params.lag_strain, 0.0) * rate
    for i in range(3):
        state.filter.covariance[bias + i, bias + i] += excess * excess * dt


@kernel
def doubt_accel(state, params, ago_s):
    """Allow the accelerometer's bias to have stepped some seconds ago."""
    filter, q = state.filter, quat(state.nominal.q_ned_frd)
    for i in range(3):
        begin(filter)
        filter.spread[ACCEL_BIAS + i] = 1.0
        dv = -ago_s * rotate(q, update.axis(i))
        along(filter, VELOCITY, dv)
        along(filter, POSITION, 0.5 * ago_s * dv)
        widen(filter, params.jump_accel)


@kernel
def is_doubted(strain, params, now_us):
    """Tell whether the inertial unit was doubted not long ago."""
    return 1e-6 * (now_us - strain.doubted_us) < params.doubt_time


@kernel
def take_wind_back(state, params):
    """Go back to the wind of a few seconds ago: an accelerometer that has stepped since was taken for a gust."""
    felt, nominal = state.gusts, state.nominal
    if not felt.has_mean:
        return
    put(nominal.wind_ned, Vec3(felt.earlier_ned[0], felt.earlier_ned[1], 0.0))
    felt.power = felt.earlier_power
    time_s = gusts.LOOK_S + felt.looked_s + gusts.MEAN_S
    power = gusts.power_of(params, felt, vec(nominal.wind_ned))
    covariance.restart(state.filter, WIND, 2, math.sqrt(power * time_s))
    gusts.forget(felt)


@kernel
def doubt_imu(state, params, ago_s):
    """Allow either half of the inertial unit to have stepped."""
    if is_hung(state.imu, params):
        return
    doubt_gyro(state, params, ago_s)
    doubt_accel(state, params, ago_s)
    take_wind_back(state, params)
