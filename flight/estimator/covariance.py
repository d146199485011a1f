"""How uncertain the estimate is: start values, propagation block by block, resets of parts."""

import math

from flight.estimator import gusts, wander
from flight.estimator.imu import add_up_force, add_up_rate, is_deaf, is_hung
from flight.estimator.layout import (
    ACCEL_BIAS,
    BARO_OFFSET,
    COUNT,
    GYRO_BIAS,
    LAG,
    POSITION,
    RANGE_SCALE,
    SLOW_VELOCITY,
    THETA,
    VELOCITY,
    WIND,
)
from flight.kernel import kernel
from flight.quaternion import matrix, quat, rotate_back
from flight.vector import Mat3, norm, vec

# Beyond these nothing is known at all: a wild heading, a storm, another town.
CEILING_THETA = 3.3
CEILING_V = 1e4
CEILING_P = 1e8


@kernel
def configure(filter, params):
    """Set the noise densities of the random walks."""
    for i in range(3):
        filter.noise[GYRO_BIAS + i] = params.gyro_bias_walk * params.gyro_bias_walk
        filter.noise[ACCEL_BIAS + i] = params.accel_bias_walk * params.accel_bias_walk
    filter.noise[BARO_OFFSET] = params.baro_walk * params.baro_walk
    filter.noise[LAG] = params.lag_walk * params.lag_walk


@kernel
def restart(filter, first, count, sd):
    """Forget what is known of `count` errors from `first` on: spread sd, tied to no other error."""
    for i in range(first, first + count):
        for j in range(COUNT):
            filter.covariance[i, j] = 0.0
            filter.covariance[j, i] = 0.0
        filter.covariance[i, i] = sd * sd
        filter.error[i] = 0.0


@kernel
def begin(filter, params):
    """Set the covariance of a vehicle that has just been aligned at rest; heading and motion follow."""
    restart(filter, THETA, 2, params.tilt_sd)
    restart(filter, GYRO_BIAS, 3, params.gyro_bias_sd)
    restart(filter, ACCEL_BIAS, 3, params.accel_bias_sd)
    restart(filter, POSITION, 3, 0.0)
    restart(filter, VELOCITY, 3, params.rest_velocity_sd)
    restart(filter, BARO_OFFSET, 1, params.baro_sd)
    restart(filter, WIND, 2, params.wind_sd)
    restart(filter, SLOW_VELOCITY, 3, params.gps_velocity_wander)
    restart(filter, LAG, 1, params.lag_sd)
    restart(filter, RANGE_SCALE, 1, params.range_scale)


@kernel
def scaled(m, s):
    """Return a matrix times a number."""
    return Mat3(m.xx * s, m.xy * s, m.xz * s, m.yx * s, m.yy * s, m.yz * s, m.zx * s, m.zy * s, m.zz * s)


@kernel
def add_rows(covariance, to, source, m):
    """Add m times three rows to three others."""
    for j in range(COUNT):
        a = covariance[source, j]
        b = covariance[source + 1, j]
        c = covariance[source + 2, j]
        covariance[to, j] += m.xx * a + m.xy * b + m.xz * c
        covariance[to + 1, j] += m.yx * a + m.yy * b + m.yz * c
        covariance[to + 2, j] += m.zx * a + m.zy * b + m.zz * c


@kernel
def add_columns(covariance, to, source, m):
    """Add three columns, turned by m, to three others."""
    for i in range(COUNT):
        a = covariance[i, source]
        b = covariance[i, source + 1]
        c = covariance[i, source + 2]
        covariance[i, to] += m.xx * a + m.xy * b + m.xz * c
        covariance[i, to + 1] += m.yx * a + m.yy * b + m.yz * c
        covariance[i, to + 2] += m.zx * a + m.zy * b + m.zz * c


@kernel
def propagate(filter, params, imu, pending, q_ned_frd):
    """Move the covariance over the pending time: F P F' + Q with F of Solà 2017, eq. 310, block by block.

    Targets are written before they serve as sources: position, velocity, attitude.
    """
    covariance = filter.covariance
    t = pending.time_s
    dv = vec(pending.force_dv_ned)
    biased = scaled(matrix(q_ned_frd), -t)
    tilted = Mat3(0.0, dv.z, -dv.y, -dv.z, 0.0, dv.x, dv.y, -dv.x, 0.0)
    moved = Mat3(t, 0.0, 0.0, 0.0, t, 0.0, 0.0, 0.0, t)
    add_rows(covariance, POSITION, VELOCITY, moved)
    add_rows(covariance, VELOCITY, THETA, tilted)
    add_rows(covariance, VELOCITY, ACCEL_BIAS, biased)
    add_rows(covariance, THETA, GYRO_BIAS, biased)
    add_columns(covariance, POSITION, VELOCITY, moved)
    add_columns(covariance, VELOCITY, THETA, tilted)
    add_columns(covariance, VELOCITY, ACCEL_BIAS, biased)
    add_columns(covariance, THETA, GYRO_BIAS, biased)
    add_noise(filter, params, imu, norm(vec(pending.turn_frd)), t)


@kernel
def add_noise(filter, params, imu, turned, t):
    """Add the noise of the pending time and make the matrix symmetric again.

    The IMU's own scatter counts where it is more than the parameters expect: vibration, or a poorer part.
    """
    covariance = filter.covariance
    rough = params.rough_gain
    by_flight = params.rough_turn * params.gyro_noise
    # Noise is in samples and means alike; vibration is in samples alone, flight and steps of the bias in means alone.
    both = min(imu.rate_power, imu.gyro_power)
    beyond = math.sqrt(max(both - by_flight * by_flight, 0.0))
    density = (
        max(params.gyro_noise, rough * math.sqrt(imu.gyro_power), beyond) + params.gyro_scale * turned / t
    )
    force_density = max(params.accel_noise, rough * math.sqrt(imu.accel_power))
    force_density = max(force_density, params.rough_sum * math.sqrt(imu.force_power))
    for i in range(3):
        filter.noise[THETA + i] = density * density
        filter.noise[VELOCITY + i] = force_density * force_density
    for i in range(COUNT):
        covariance[i, i] += filter.noise[i] * t
        for j in range(i):
            covariance[j, i] = covariance[i, j]


@kernel
def forgive(filter, first, density, t):
    """Add the noise of a specific force or a rate that is assumed, not measured."""
    for i in range(3):
        filter.covariance[first + i, first + i] += density * density * t


@kernel
def admit_unfelt(filter, imu):
    """Let velocity and attitude be wrong by what refused and clipped samples may have hidden."""
    for i in range(3):
        filter.covariance[VELOCITY + i, VELOCITY + i] += imu.unfelt_dv2
        filter.covariance[THETA + i, THETA + i] += imu.unfelt_turn2
    imu.unfelt_dv2 = imu.unfelt_turn2 = 0.0


@kernel
def bound(filter):
    """Start anew every error that has grown beyond meaning, so that no number overflows however long it lasts."""
    for i in range(3):
        if filter.covariance[THETA + i, THETA + i] > CEILING_THETA:
            restart(filter, THETA + i, 1, math.sqrt(CEILING_THETA))
        if filter.covariance[VELOCITY + i, VELOCITY + i] > CEILING_V:
            restart(filter, VELOCITY + i, 1, math.sqrt(CEILING_V))
        if filter.covariance[POSITION + i, POSITION + i] > CEILING_P:
            restart(filter, POSITION + i, 1, math.sqrt(CEILING_P))


@kernel
def step(state, params):
    """Propagate once enough time is pending."""
    pending = state.pending
    if pending.time_s < params.predict_dt:
        return
    gusts.spread(state.filter, params, state.gusts, vec(state.nominal.wind_ned))
    force_ned = vec(pending.force_dv_ned) * (1.0 / pending.time_s)
    add_up_force(state.imu, params, rotate_back(quat(state.nominal.q_ned_frd), force_ned), pending.time_s)
    add_up_rate(state.imu, params, vec(pending.turn_frd) * (1.0 / pending.time_s), pending.time_s)
    propagate(state.filter, params, state.imu, pending, quat(state.nominal.q_ned_frd))
    wander.step(state, params, pending.time_s)
    admit_unfelt(state.filter, state.imu)
    if is_hung(state.imu, params):
        forgive(state.filter, VELOCITY, params.accel_bad_noise, pending.time_s)
    if is_deaf(state.imu, params):
        forgive(state.filter, THETA, params.gyro_bad_noise, pending.time_s)
    bound(state.filter)
    pending.time_s = 0.0
    for i in range(3):
        pending.force_dv_ned[i] = 0.0
        pending.turn_frd[i] = 0.0
