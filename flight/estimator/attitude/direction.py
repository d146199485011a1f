"""What one accelerometer and one magnetometer sample say about attitude, for the two teaching filters."""

import math

from flight.kernel import kernel
from flight.quaternion import Quat, down_frd, from_yaw, rotate, rotate_back, shortest_arc
from flight.vector import DOWN, ZERO, Vec3, cross, is_finite, norm, norm_xy, unit


@kernel
def seen(accel, mag):
    """Return the attitude a resting body has: down from the specific force, north from the field if there is one."""
    if not is_finite(accel) or not norm(accel) > 0.0:
        return Quat(1.0, 0.0, 0.0, 0.0)
    tilt = shortest_arc(unit(-accel, DOWN), DOWN)
    if not is_finite(mag):
        return tilt
    field = rotate(tilt, mag)
    return from_yaw(-math.atan2(field.y, field.x)) * tilt


@kernel
def misalignment(q_ned_body, accel, mag):
    """Return measured x expected direction, summed over gravity and field: the turn that brings them together.

    The expected field has the measured one's dip, so that only its heading counts (Madgwick 2010, eq. 45-46).
    """
    error = ZERO
    if is_finite(accel) and norm(accel) > 0.0:
        error = cross(unit(-accel, DOWN), down_frd(q_ned_body))
    if is_finite(mag) and norm(mag) > 0.0:
        measured = unit(mag, DOWN)
        field = rotate(q_ned_body, measured)
        error = error + cross(measured, rotate_back(q_ned_body, Vec3(norm_xy(field), 0.0, field.z)))
    return error
