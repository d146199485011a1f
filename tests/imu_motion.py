"""An IMU and a magnetometer on a body whose motion is known: the truth comes from kinematics alone."""

from typing import NamedTuple

import numpy as np

from flight.estimator.attitude.alignment import reset
from flight.estimator.attitude.batch import SAID, run
from flight.estimator.attitude.layout import STATE, coefficients_of, default_params
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat, rotate_back
from flight.record import rows
from flight.vector import Vec3, put, vec

FIELD_NED = np.array([18.0, 0.0, 40.0])
LEVEL = np.array([1.0, 0.0, 0.0, 0.0])


class Motion(NamedTuple):
    """What a body did and what perfect sensors on it say, one row per sample."""

    t: np.ndarray
    q: np.ndarray
    gyro: np.ndarray
    accel: np.ndarray
    mag: np.ndarray


@kernel
def feel(t, omega, a_ned, field_ned, q, accel, mag):
    """Turn a body from q[0] by its body rates and fill what its sensors feel."""
    for k in range(t.shape[0]):
        if k > 0:
            turned = quat(q[k - 1]) * from_rotation_vector((t[k] - t[k - 1]) * vec(omega[k]))
            put_quat(q[k], normalize(turned))
        gravity = Vec3(0.0, 0.0, STANDARD_GRAVITY)
        put(accel[k], rotate_back(quat(q[k]), vec(a_ned[k]) - gravity))
        put(mag[k], rotate_back(quat(q[k]), vec(field_ned[k])))


def move(t, omega, a_ned=None, field_ned=FIELD_NED, q=LEVEL):
    """Return the motion of a body that starts at `q` and turns by `omega` (n, 3) in rad/s."""
    shape = (len(t), 3)
    attitudes, accel, mag = np.zeros((len(t), 4)), np.zeros(shape), np.zeros(shape)
    attitudes[0] = q
    a_ned = np.zeros(shape) if a_ned is None else a_ned
    feel(t, omega, a_ned, np.broadcast_to(field_ned, shape).copy(), attitudes, accel, mag)
    return Motion(t, attitudes, omega.copy(), accel, mag)


def swinging(t, speed=1.0, rest=0.0):
    """Return body rates that visit all attitudes after a rest: three incommensurable sines."""
    phase = np.maximum(t - rest, 0.0)[:, None]
    return speed * np.sin(phase * np.array([1.1, 0.83, 0.67])) * np.array([1.5, 1.8, 1.2])


def clock(seconds, rate_hz=200.0):
    """Return evenly spaced times."""
    return np.arange(round(seconds * rate_hz)) / rate_hz


def begun():
    """Return a fresh state and the default coefficients."""
    state, c = rows(STATE)[0], coefficients_of(default_params())
    reset(state, c)
    return state, c


def follow(motion, state=None, c=None, with_mag=True):
    """Return the filter's attitudes and its final state."""
    if state is None:
        state, c = begun()
    said = rows(SAID, len(motion.t))
    run(state, c, motion.t, motion.gyro, motion.accel, motion.mag if with_mag else np.zeros((0, 3)), said)
    return said.q_ned_body, state


def down(q):
    """Return the world's down axis in the body frame."""
    w, x, y, z = q.T
    return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1)


def tilt_error(q, truth):
    """Return the angle in degrees between the estimated and the true down axis."""
    return np.degrees(np.arcsin(np.clip(np.linalg.norm(np.cross(down(q), down(truth)), axis=1), 0.0, 1.0)))


def total_error(q, truth):
    """Return the whole angle in degrees between two attitudes; q and -q are the same."""
    return np.degrees(2.0 * np.arccos(np.clip(np.abs((q * truth).sum(1)), 0.0, 1.0)))
