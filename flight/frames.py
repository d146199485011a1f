"""ENU/FLU guests become NED/FRD here and leave as ENU/FLU here; no other file changes an axis' sign.

World: x-east, y-north, z-up (ROS REP 103) against north-east-down. Body: forward-left-up against
forward-right-down. Every conversion is its own inverse, so one function serves both directions.
"""

import math

from flight.kernel import kernel
from flight.quaternion import Quat
from flight.vector import Vec3

HALF_SQRT = math.sqrt(0.5)


@kernel
def swap_ned_enu(v):
    """Turn a world vector from NED to ENU or back."""
    return Vec3(v.y, v.x, -v.z)


@kernel
def swap_frd_flu(v):
    """Turn a body vector from FRD to FLU or back."""
    return Vec3(v.x, -v.y, -v.z)


@kernel
def swap_attitude(q):
    """Turn q_ned_frd into q_enu_flu or back: half turns about north-east in the world and about x in the body."""
    return Quat(0.0, HALF_SQRT, HALF_SQRT, 0.0) * q * Quat(0.0, -1.0, 0.0, 0.0)


@kernel
def swap_yaw(yaw):
    """Turn a heading clockwise from north into an angle counter-clockwise from east or back, both in [-pi, pi)."""
    angle = 0.5 * math.pi - yaw
    return angle - 2.0 * math.pi * math.floor((angle + math.pi) / (2.0 * math.pi))
