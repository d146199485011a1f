"""The covariance of the attitude filter: how errors grow and how a measurement shrinks them."""

from flight.estimator.attitude.layout import (
    BIAS,
    FULL_SIZE,
    HEADING_LOST,
    IRON,
    LAG,
    MATRIX_9,
    TURN,
    VELOCITY,
)
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.vector import dot, vec


@kernel
def start(p, c, down_body, across, along):
    """Fill the covariance with what is known before the first correction; `down_body` is gravity's direction."""
    for i in range(FULL_SIZE):
        for j in range(FULL_SIZE):
            p[i, j] = 0.0
    for i in range(3):
        p[TURN + i, TURN + i] = c.tilt
        for j in range(3):
            # Gravity shows a bias across it within seconds, one along it only as the vehicle tilts.
            p[BIAS + i, BIAS + j] = (along - across) * down_body[i] * down_body[j]
        p[BIAS + i, BIAS + i] += across
        p[IRON + i, IRON + i] = c.iron
    for i in range(9):
        p[MATRIX_9 + i, MATRIX_9 + i] = c.matrix
    for i in range(2):
        p[VELOCITY + i, VELOCITY + i] = c.velocity
    p[LAG, LAG] = c.lag


@kernel
def predict(p, sums, n, c):
    """Carry the covariance over one epoch: P <- F P F' + Q."""
    propagate_velocity(p, n, STANDARD_GRAVITY * sums.time)
    propagate_turn(p, sums, n)
    mirror(p, n)
    for i in range(3):
        p[TURN + i, TURN + i] += c.gyro * sums.time + c.turn * sums.angle
        if p[BIAS + i, BIAS + i] < c.bias:
            p[BIAS + i, BIAS + i] += c.bias_walk * sums.time
    for i in range(2):
        p[VELOCITY + i, VELOCITY + i] += c.accel * sums.time
    # Without a magnetometer the heading's variance would grow beyond all numbers.
    if p[TURN + 2, TURN + 2] > HEADING_LOST:
        forget(p, TURN + 2, HEADING_LOST)


@kernel
def propagate_velocity(p, n, gravity_time):
    """Let a tilt error grow into velocity: error x (0, 0, -g), whatever the vehicle's own acceleration."""
    for j in range(n):
        p[VELOCITY, j] -= gravity_time * p[TURN + 1, j]
        p[VELOCITY + 1, j] += gravity_time * p[TURN, j]
    for j in range(n):
        p[j, VELOCITY] -= gravity_time * p[j, TURN + 1]
        p[j, VELOCITY + 1] += gravity_time * p[j, TURN]


@kernel
def propagate_turn(p, sums, n):
    """Let gyro bias, scale and misalignment grow into attitude."""
    for i in range(3):
        for k in range(3):
            for j in range(n):
                p[TURN + i, j] -= sums.rotation[i, k] * p[BIAS + k, j]
        for k in range(9):
            for j in range(n):
                p[TURN + i, j] -= sums.by_rate[i, k] * p[MATRIX_9 + k, j]
    for j in range(n):
        for i in range(3):
            total = 0.0
            for k in range(3):
                total += sums.rotation[i, k] * p[j, BIAS + k]
            for k in range(9):
                total += sums.by_rate[i, k] * p[j, MATRIX_9 + k]
            p[j, TURN + i] -= total


@kernel
def mirror(p, n):
    """Keep the matrix symmetric to the bit: rows and columns were rounded in different orders."""
    for i in range(n):
        for j in range(i):
            p[i, j] = p[j, i]


@kernel
def forget(p, i, variance):
    """Give one error a new variance and no relation to the others."""
    for j in range(FULL_SIZE):
        p[i, j] = 0.0
        p[j, i] = 0.0
    p[i, i] = variance


@kernel
def clear(work):
    """Begin a new row of the measurement matrix."""
    for i in range(FULL_SIZE):
        work.h[i] = 0.0


@kernel
def project(p, work, n, noise):
    """Fill P h' and return the innovation's variance."""
    for i in range(n):
        work.ph[i] = 0.0
    for k in range(n):
        if work.h[k] != 0.0:
            for i in range(n):
                work.ph[i] += p[k, i] * work.h[k]
    variance = noise
    for k in range(n):
        variance += work.h[k] * work.ph[k]
    return variance


@kernel
def observe(p, work, n, innovation, noise):
    """Fuse one scalar measurement; `work.h` is its row of the measurement matrix."""
    variance = project(p, work, n, noise)
    for i in range(n):
        work.gain[i] = work.ph[i] / variance
    correct(p, work, n, innovation, variance)


@kernel
def correct(p, work, n, innovation, variance):
    """Apply any gain: P <- (I - k h) P (I - k h)' + k r k' (Joseph's form, multiplied out)."""
    for k in range(n):
        innovation -= work.h[k] * work.correction[k]
    for i in range(n):
        gain = work.gain[i]
        ph = work.ph[i]
        work.correction[i] += gain * innovation
        for j in range(n):
            p[i, j] += gain * work.gain[j] * variance - (gain * work.ph[j] + ph * work.gain[j])


@kernel
def keep_vertical(gain, down_body):
    """Keep of the bias' gains only what turns the vehicle about the vertical."""
    share = dot(vec(gain[BIAS : BIAS + 3]), down_body)
    gain[BIAS] = share * down_body.x
    gain[BIAS + 1] = share * down_body.y
    gain[BIAS + 2] = share * down_body.z
