"""Heading from the magnetometer: the field, what disturbs it in place, what disturbs it on board, and its delay.

Disturbances are explained rather than rejected. The local field has an eastward part that comes and goes, so heading is
pulled north slowly; a magnet on board stays in the body frame and is told apart by turning; a change too large for both
opens the hard iron's covariance and adds noise, so that meanwhile the gyro keeps the heading.
"""

import math

from flight.estimator.attitude import covariance
from flight.estimator.attitude.layout import BIAS, FIELD, FULL_SIZE, IRON, LAG, TURN, VELOCITY
from flight.kernel import kernel
from flight.quaternion import down_frd, from_yaw, put_quat, quat
from flight.vector import ZERO, Vec3, dot, put, vec


@kernel
def begin(state, c):
    """Turn the world about the vertical until the field points north, anew each epoch until tilt is known."""
    count = float(state.sums.samples)
    field = vec(state.sums.field_ned) / count
    horizontal = math.sqrt(field.x * field.x + field.y * field.y)
    if not horizontal > 0.0:
        return
    turn_world(state, field.x / horizontal, -field.y / horizontal, -math.atan2(field.y, field.x))
    if state.p[TURN, TURN] + state.p[TURN + 1, TURN + 1] > 2.0 * c.field_tilt:
        return
    put(state.field_ned, Vec3(horizontal, 0.0, field.z))
    covariance.forget(state.p, TURN + 2, c.yaw)
    for i in range(3):
        covariance.forget(state.p, FIELD + i, c.east if i == 1 else c.field)
    for i in range(IRON, FULL_SIZE):
        covariance.forget(state.p, i, state.p[i, i])
    state.has_heading = 1


@kernel
def turn_world(state, cosine, sine, yaw):
    """Turn attitude, velocity and the waiting correction, with their covariance, about the vertical."""
    put_quat(state.q_ned_body, from_yaw(yaw) * quat(state.q_ned_body))
    turn_pair(state.velocity_ne, 0, cosine, sine)
    turn_pair(state.velocity_mean_ne, 0, cosine, sine)
    turn_pair(state.work.correction, TURN, cosine, sine)
    turn_pair(state.work.correction, VELOCITY, cosine, sine)
    for j in range(FULL_SIZE):
        turn_pair(state.p[j], TURN, cosine, sine)
        turn_pair(state.p[j], VELOCITY, cosine, sine)
    for j in range(FULL_SIZE):
        turn_pair(state.p[:, j], TURN, cosine, sine)
        turn_pair(state.p[:, j], VELOCITY, cosine, sine)


@kernel
def turn_pair(values, at, cosine, sine):
    """Turn the north and east components at a place of a row."""
    north = values[at]
    east = values[at + 1]
    values[at] = cosine * north - sine * east
    values[at + 1] = sine * north + cosine * east


@kernel
def predict(state, c):
    """Let the field wander: its eastward part returns to zero, a first-order Gauss-Markov process."""
    time = state.sums.time
    decay = math.exp(-time / c.east_tau)
    east = FIELD + 1
    state.field_ned[1] *= decay
    for j in range(FULL_SIZE):
        state.p[east, j] *= decay
    for j in range(FULL_SIZE):
        state.p[j, east] *= decay
    state.p[east, east] += c.east * (1.0 - decay * decay)
    state.p[FIELD, FIELD] += c.field_walk * time
    state.p[FIELD + 2, FIELD + 2] += c.field_walk * time
    for i in range(IRON, IRON + 3):
        if state.p[i, i] < c.iron:
            state.p[i, i] += c.iron_walk * time


@kernel
def fuse(state, c):
    """Fuse an epoch's mean field, component by component in the world frame."""
    count = float(state.sums.samples)
    predict(state, c)
    field = vec(state.field_ned)
    surprise = vec(state.sums.field_ned) / count - field - (state.lag / count) * vec(state.sums.field_dot_ned)
    tolerated = c.field_gate * dot(field, field) + unsure(state.p, dot(field, field))
    excess = dot(surprise, surprise) - tolerated
    state.field_doubt = dot(surprise, surprise) / (tolerated + 1e-12)
    noise = c.field_noise / state.sums.time
    if excess > 0.0:
        noise += c.field_doubt * excess / state.sums.time
        for i in range(IRON, IRON + 3):
            state.p[i, i] += c.field_open * excess * state.sums.time
    fuse_north(state, field, surprise.x, noise, count)
    fuse_east(state, field, surprise.y, noise, count)
    fuse_down(state, field, surprise.z, noise, count)


@kernel
def unsure(p, field_squared):
    """Return the variance of the expected field: its own and the attitude's."""
    own = p[FIELD, FIELD] + p[FIELD + 1, FIELD + 1] + p[FIELD + 2, FIELD + 2]
    return own + field_squared * (p[TURN, TURN] + p[TURN + 1, TURN + 1] + p[TURN + 2, TURN + 2])


@kernel
def fuse_north(state, field, innovation, noise, count):
    """Fuse the northward field: an attitude error adds field x error."""
    covariance.clear(state.work)
    state.work.h[TURN + 1] = -field.z
    state.work.h[TURN + 2] = field.y
    fuse_component(state, 0, innovation, noise, count)


@kernel
def fuse_east(state, field, innovation, noise, count):
    """Fuse the eastward field, which is what shows heading."""
    covariance.clear(state.work)
    state.work.h[TURN] = field.z
    state.work.h[TURN + 2] = -field.x
    fuse_component(state, 1, innovation, noise, count)


@kernel
def fuse_down(state, field, innovation, noise, count):
    """Fuse the downward field, which shows hard iron and delay."""
    covariance.clear(state.work)
    state.work.h[TURN] = -field.y
    state.work.h[TURN + 1] = field.x
    fuse_component(state, 2, innovation, noise, count)


@kernel
def fuse_component(state, i, innovation, noise, count):
    """Fuse one component without touching tilt, velocity or the gyro's scale: a magnet must not tilt the world."""
    work = state.work
    work.h[FIELD + i] = 1.0
    for k in range(3):
        work.h[IRON + k] = state.sums.field_rotation[i, k] / count
    work.h[LAG] = state.sums.field_dot_ned[i] / count
    variance = covariance.project(state.p, work, FULL_SIZE, noise)
    for k in range(FULL_SIZE):
        is_free = k == TURN + 2 or BIAS <= k < BIAS + 3 or k >= FIELD
        work.gain[k] = work.ph[k] / variance if is_free else 0.0
    # A doubted field teaches the gyro nothing; an undoubted one its bias about the vertical.
    vertical = down_frd(quat(state.q_ned_body)) if state.field_doubt < 1.0 else ZERO
    covariance.keep_vertical(work.gain, vertical)
    covariance.correct(state.p, work, FULL_SIZE, innovation, variance)
