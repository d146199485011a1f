"""Attitude from gyro, accelerometer and, where there is one, magnetometer.

An error-state Kalman filter around a strapdown quaternion. Every sample turns the quaternion; ten times a second the
errors are corrected: attitude, gyro bias, gyro scale and misalignment, the velocity that the accelerometer makes up,
and of the magnetometer the local field, the hard iron and the delay. Body axes are those of the samples; the world is
north-east-down with magnetic north, or any heading where there is no magnetometer.

The idea of judging the specific force in a world frame that the gyro holds still, of learning the bias at rest and in
motion and of leaving the inclination to the accelerometer alone is VQF's (Laidig & Seel, "VQF: Highly accurate IMU
orientation estimation with bias estimation and magnetic disturbance rejection", Information Fusion 91, 2023).
"""

from flight.estimator.attitude import covariance, field, rest, velocity
from flight.estimator.attitude.alignment import align, empty, realign
from flight.estimator.attitude.layout import (
    BIAS,
    FIELD,
    FULL_SIZE,
    INERTIAL_SIZE,
    IRON,
    LAG,
    MATRIX_9,
    TURN,
    VELOCITY,
)
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import Quat, from_rotation_vector, matrix, normalize, put_quat, quat
from flight.vector import UP_NED, Vec3, cross, dot, norm, put, vec


@kernel
def step(state, c, gyro, accel, mag, dt):
    """Take one sample: rad/s, m/s2 (specific force), uT, seconds since the last call.

    What is out of range or NaN is no sample: a magnetometer slower than the gyro is NaN in between.
    """
    if dt > 0.0:
        state.waited += dt
    if not dot(gyro, gyro) <= c.gyro_max:
        return
    dt = state.waited
    state.waited = 0.0
    if not state.is_aligned:
        align(state, c, gyro, accel)
        return
    if dt > c.gap_time:
        dt = bridge(state, c, gyro, accel, dt)
    turn(state, gyro, dt)
    collect(state, c, accel, mag, dt)
    rest.notice(state.rest, c, gyro, accel, dt)
    # Ten times 0.01 s is an epoch of 0.1 s, whatever the rounding.
    if state.sums.time > c.epoch - 1e-6:
        correct(state, c)


@kernel
def bridge(state, c, gyro, accel, dt):
    """Open the covariance for what may have happened unseen and return how long to hold the rate."""
    state.rest.time = 0.0
    if dt > c.gap_max:
        realign(state, c, accel)
        return c.gap_time
    unseen = dt - c.gap_time
    for i in range(3):
        state.p[TURN + i, TURN + i] += (c.gap_rate + dot(gyro, gyro)) * unseen * unseen
    return dt


@kernel
def turn(state, gyro, dt):
    """Turn the quaternion by one sample and integrate what the covariance will need."""
    biased = gyro - vec(state.gyro_bias)
    error = state.gyro_matrix
    omega = biased - Vec3(
        error[0, 0] * biased.x + error[0, 1] * biased.y + error[0, 2] * biased.z,
        error[1, 0] * biased.x + error[1, 1] * biased.y + error[1, 2] * biased.z,
        error[2, 0] * biased.x + error[2, 1] * biased.y + error[2, 2] * biased.z,
    )
    put(state.omega, omega)
    q = normalize(quat(state.q_ned_body) * from_rotation_vector(dt * omega))
    put_quat(state.q_ned_body, q)
    sums = state.sums
    sums.time += dt
    sums.angle += dt * norm(omega)
    rotation = matrix(q)
    for i in range(3):
        for j in range(3):
            entry = rotation[3 * i + j] * dt
            sums.rotation[i, j] += entry
            for k in range(3):
                sums.by_rate[i, 3 * j + k] += entry * biased[k]


@kernel
def collect(state, c, accel, mag, dt):
    """Integrate specific force and sum up the field, both in the world frame."""
    rotation = matrix(quat(state.q_ned_body))
    if dot(accel, accel) <= c.accel_max:
        a_ned = rotation @ accel - STANDARD_GRAVITY * UP_NED
        state.velocity_ne[0] += dt * a_ned.x
        state.velocity_ne[1] += dt * a_ned.y
    if dot(mag, mag) <= c.field_max:
        sums = state.sums
        sums.samples += 1
        put(sums.field_ned, vec(sums.field_ned) + rotation @ (mag - vec(state.iron)))
        # A magnetometer that is late shows the field where the body was: lag * (omega x field) away.
        put(
            sums.field_dot_ned,
            vec(sums.field_dot_ned) + cross(rotation @ vec(state.omega), vec(state.field_ned)),
        )
        for i in range(3):
            for j in range(3):
                sums.field_rotation[i, j] += rotation[3 * i + j]


@kernel
def correct(state, c):
    """Close an epoch: propagate the covariance, fuse what was seen, apply the correction."""
    n = FULL_SIZE if state.has_heading else INERTIAL_SIZE
    covariance.predict(state.p, state.sums, n, c)
    velocity.hold(state, c, n)
    if state.rest.is_resting:
        rest.learn_bias(state, c, n)
    if state.sums.samples > 0:
        if state.has_heading:
            field.fuse(state, c)
        else:
            field.begin(state, c)
    apply(state)
    empty(state.sums)


@kernel
def apply(state):
    """Move the estimated errors into the estimates."""
    error = state.work.correction
    turned = Quat(1.0, 0.5 * error[TURN], 0.5 * error[TURN + 1], 0.5 * error[TURN + 2])
    put_quat(state.q_ned_body, normalize(turned * quat(state.q_ned_body)))
    for i in range(3):
        state.gyro_bias[i] += error[BIAS + i]
        state.field_ned[i] += error[FIELD + i]
        state.iron[i] += error[IRON + i]
        for j in range(3):
            state.gyro_matrix[i, j] += error[MATRIX_9 + 3 * i + j]
    for i in range(2):
        state.velocity_ne[i] += error[VELOCITY + i]
    state.lag += error[LAG]
    for i in range(FULL_SIZE):
        error[i] = 0.0
