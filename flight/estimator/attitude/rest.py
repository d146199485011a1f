"""Tell rest from motion; at rest the gyro shows its bias and the velocity is zero."""

from flight.estimator.attitude import covariance
from flight.estimator.attitude.layout import BIAS
from flight.kernel import kernel
from flight.vector import clamp, dot, norm, put, vec


@kernel
def notice(rest, c, gyro, accel, dt):
    """Follow mean and scatter of gyro and accelerometer; it rests once both have scattered little for a while."""
    share = clamp(dt / c.rest_tau, 0.0, 1.0)
    put(rest.gyro_mean, vec(rest.gyro_mean) + share * (gyro - vec(rest.gyro_mean)))
    gyro_off = gyro - vec(rest.gyro_mean)
    rest.gyro_square += share * (dot(gyro_off, gyro_off) - rest.gyro_square)
    if dot(accel, accel) <= c.accel_max:
        put(rest.accel_mean, vec(rest.accel_mean) + share * (accel - vec(rest.accel_mean)))
        accel_off = accel - vec(rest.accel_mean)
        rest.accel_square += share * (dot(accel_off, accel_off) - rest.accel_square)
    is_still = rest.gyro_square < c.rest_gyro and rest.accel_square < c.rest_accel
    is_still = is_still and norm(vec(rest.gyro_mean)) < c.rest_bias_max
    rest.time = rest.time + dt if is_still else 0.0
    rest.is_resting = 1 if rest.time > c.rest_time else 0


@kernel
def learn_bias(state, c, n):
    """Fuse the mean rate at rest as the bias; after the first rest a slow turn must not pass for a new bias."""
    surprise = vec(state.rest.gyro_mean) - vec(state.gyro_bias)
    if norm(surprise) < c.rest_jump:
        state.rest.has_rested = 1
    elif state.rest.has_rested:
        return
    for i in range(3):
        covariance.clear(state.work)
        state.work.h[BIAS + i] = 1.0
        innovation = state.rest.gyro_mean[i] - state.gyro_bias[i]
        covariance.observe(state.p, state.work, n, innovation, c.rest_bias / state.sums.time)
