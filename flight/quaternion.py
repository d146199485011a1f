"""Unit quaternions, Hamilton, (w, x, y, z). `q_ned_frd` turns body vectors into world vectors."""

import math
import operator
from typing import NamedTuple

from numba.extending import overload

from flight.kernel import kernel
from flight.vector import Mat3, Vec3, clamp, cross, dot, is_a, norm


class Quat(NamedTuple):
    """A rotation; the variable's name says to which frame and from which."""

    w: float
    x: float
    y: float
    z: float


Quat.__array_ufunc__ = None  # type: ignore[attr-defined]

IDENTITY = Quat(1.0, 0.0, 0.0, 0.0)


def compose(a, b):
    return Quat(
        a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
        a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
        a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
        a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
    )


@overload(operator.mul)
def _compose(a, b):
    return compose if is_a(a, Quat) and is_a(b, Quat) else None


Quat.__mul__ = compose  # type: ignore[method-assign, assignment]


@kernel
def quat(a):
    """Read four stored numbers as a rotation."""
    return Quat(a[0], a[1], a[2], a[3])


@kernel
def put_quat(a, q):
    """Store a rotation in a record's field of four numbers."""
    a[0] = q.w
    a[1] = q.x
    a[2] = q.y
    a[3] = q.z


@kernel
def conjugate(q):
    """Return the inverse rotation."""
    return Quat(q.w, -q.x, -q.y, -q.z)


@kernel
def normalize(q):
    """Return the quaternion scaled to unit length; identity where it has none."""
    length = math.sqrt(q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z)
    if not length > 1e-12:
        return Quat(1.0, 0.0, 0.0, 0.0)
    return Quat(q.w / length, q.x / length, q.y / length, q.z / length)


@kernel
def rotate(q, v):
    """Turn a vector: v_to = rotate(q_to_from, v_from)."""
    axis = Vec3(q.x, q.y, q.z)
    t = 2.0 * cross(axis, v)
    return v + q.w * t + cross(axis, t)


@kernel
def rotate_back(q, v):
    """Turn a vector the other way: v_from = rotate_back(q_to_from, v_to)."""
    return rotate(conjugate(q), v)


@kernel
def from_rotation_vector(phi):
    """Return the rotation by |phi| radians about phi."""
    angle = norm(phi)
    # Series of sin(a/2)/a: exact to double precision below a thousandth of a radian.
    ratio = math.sin(0.5 * angle) / angle if angle > 1e-3 else 0.5 - angle * angle / 48.0
    return Quat(math.cos(0.5 * angle), ratio * phi.x, ratio * phi.y, ratio * phi.z)


@kernel
def rotation_vector(q):
    """Return the rotation vector of the short way round: q and -q are the same attitude."""
    sign = -1.0 if q.w < 0.0 else 1.0
    axis = Vec3(sign * q.x, sign * q.y, sign * q.z)
    length = norm(axis)
    if length < 1e-9:
        return 2.0 * axis
    return axis * (2.0 * math.atan2(length, sign * q.w) / length)


@kernel
def from_yaw(yaw):
    """Return the level attitude with the given heading in radians."""
    return Quat(math.cos(0.5 * yaw), 0.0, 0.0, math.sin(0.5 * yaw))


@kernel
def from_euler(roll, pitch, yaw):
    """Return the attitude of aerospace Euler angles in radians, turned in the order yaw, pitch, roll."""
    q_roll = Quat(math.cos(0.5 * roll), math.sin(0.5 * roll), 0.0, 0.0)
    q_pitch = Quat(math.cos(0.5 * pitch), 0.0, math.sin(0.5 * pitch), 0.0)
    return from_yaw(yaw) * q_pitch * q_roll


@kernel
def euler(q):
    """Return roll, pitch and yaw in radians as a Vec3."""
    roll = math.atan2(2.0 * (q.w * q.x + q.y * q.z), 1.0 - 2.0 * (q.x * q.x + q.y * q.y))
    pitch = math.asin(clamp(2.0 * (q.w * q.y - q.z * q.x), -1.0, 1.0))
    return Vec3(roll, pitch, yaw_of(q))


@kernel
def yaw_of(q):
    """Return the heading in radians, -pi to pi."""
    return math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))


@kernel
def down_frd(q):
    """Return the world's down direction seen from the body."""
    return Vec3(
        2.0 * (q.x * q.z - q.w * q.y),
        2.0 * (q.y * q.z + q.w * q.x),
        1.0 - 2.0 * (q.x * q.x + q.y * q.y),
    )


@kernel
def body_z_ned(q):
    """Return the body's down axis seen from the world; thrust points against it."""
    return Vec3(
        2.0 * (q.x * q.z + q.w * q.y),
        2.0 * (q.y * q.z - q.w * q.x),
        1.0 - 2.0 * (q.x * q.x + q.y * q.y),
    )


@kernel
def tilt_of(q):
    """Return the angle between the body's and the world's down axis in radians."""
    return math.acos(clamp(1.0 - 2.0 * (q.x * q.x + q.y * q.y), -1.0, 1.0))


@kernel
def shortest_arc(a, b):
    """Return the smallest rotation that turns unit vector a onto unit vector b."""
    w = 1.0 + dot(a, b)
    if w < 1e-9:
        # Opposite directions: any axis across a will do; take the one furthest from it.
        axis = cross(a, Vec3(1.0, 0.0, 0.0) if abs(a.x) < 0.7 else Vec3(0.0, 1.0, 0.0))
        return normalize(Quat(0.0, axis.x, axis.y, axis.z))
    axis = cross(a, b)
    return normalize(Quat(w, axis.x, axis.y, axis.z))


@kernel
def matrix(q):
    """Return the rotation as a matrix."""
    return Mat3(
        1.0 - 2.0 * (q.y * q.y + q.z * q.z),
        2.0 * (q.x * q.y - q.w * q.z),
        2.0 * (q.x * q.z + q.w * q.y),
        2.0 * (q.x * q.y + q.w * q.z),
        1.0 - 2.0 * (q.x * q.x + q.z * q.z),
        2.0 * (q.y * q.z - q.w * q.x),
        2.0 * (q.x * q.z - q.w * q.y),
        2.0 * (q.y * q.z + q.w * q.x),
        1.0 - 2.0 * (q.x * q.x + q.y * q.y),
    )


@kernel
def wrap_angle(angle):
    """Return the same angle in [-pi, pi)."""
    return angle - 2.0 * math.pi * math.floor((angle + math.pi) / (2.0 * math.pi))
