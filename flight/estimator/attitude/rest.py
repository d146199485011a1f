"""Tell rest from motion; at rest the gyro shows its bias and the velocity is zero."""

from flight.estimator.attitude import covariance
from flight.estimator.attitude.layout import BIAS
from flight.kernel import kernel
from flight.vector import clamp, dot, is_finite, norm, put, vec


@kernel
def notice(rest, c, gyro, accel, dt):
    """Follow the means of gyro and accelerometer; it rests once both have stayed near them for a while."""
    share = clamp(dt / c.rest_tau, 0.0, 1.0)
    gyro_mean = vec(rest.gyro_mean) + share * (gyro - vec(rest.gyro_mean))
    put(rest.gyro_mean, gyro_mean)
    moving = dot(gyro - gyro_mean, gyro - gyro_mean) > c.rest_gyro or norm(gyro_mean) > c.rest_bias_max
    if is_finite(accel):
        accel_mean = vec(rest.accel_mean) + share * (accel - vec(rest.accel_mean))
        put(rest.accel_mean, accel_mean)
        moving = moving or dot(accel - accel_mean, accel - accel_mean) > c.rest_accel
    rest.time = 0.0 if moving else rest.time + dt
    rest.is_resting = 1 if rest.time > c.rest_time else 0


@kernel
def learn_bias(state, c, n):
    """Fuse the mean rate at rest as the bias; after the first rest a slow turn must not pass for a new bias."""
    surprise = vec(state.rest.gyro_mean) - vec(state.gyro_bias)
    if state.rest.has_rested and norm(surprise) > c.rest_jump:
        return
    for i in range(3):
        covariance.clear(state.work)
        state.work.h[BIAS + i] = 1.0
        innovation = state.rest.gyro_mean[i] - state.gyro_bias[i]
        covariance.observe(state.p, state.work, n, innovation, c.rest_bias / state.sums.time)
    state.rest.has_rested = 1
