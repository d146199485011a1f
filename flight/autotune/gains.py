"""The sixteen gains that are tuned: where they are, what they may be."""

import math

import numpy as np

from flight.kernel import kernel
from flight.params import BY_ID

AXES, TERMS = 4, 4
IDS = (
    ("RATE_ROLL_KP", "RATE_ROLL_KI", "RATE_ROLL_KD", "ATT_ROLL_P"),
    ("RATE_PITCH_KP", "RATE_PITCH_KI", "RATE_PITCH_KD", "ATT_PITCH_P"),
    ("RATE_YAW_KP", "RATE_YAW_KI", "RATE_YAW_KD", "ATT_YAW_P"),
    ("VEL_Z_P", "VEL_Z_I", "VEL_Z_D", "POS_Z_P"),
)
LOWS = np.array([[BY_ID[id].low for id in axis] for axis in IDS])
HIGHS = np.array([[BY_ID[id].high for id in axis] for axis in IDS])


@kernel
def put_gains(control, axis, gains):
    """Fly with an axis' gains."""
    if axis < 3:
        control.rate.kp[axis], control.rate.ki[axis] = gains[0], gains[1]
        control.rate.kd[axis], control.attitude.kp[axis] = gains[2], gains[3]
    else:
        control.velocity.kp_z, control.velocity.ki_z = gains[0], gains[1]
        control.velocity.kd_z, control.position.kp_z = gains[2], gains[3]


@kernel
def read_gains(control, axis, gains):
    """Read an axis' gains as they are flown."""
    if axis < 3:
        gains[0], gains[1] = control.rate.kp[axis], control.rate.ki[axis]
        gains[2], gains[3] = control.rate.kd[axis], control.attitude.kp[axis]
    else:
        gains[0], gains[1] = control.velocity.kp_z, control.velocity.ki_z
        gains[2], gains[3] = control.velocity.kd_z, control.position.kp_z


@kernel
def read_all(control, gains):
    """Read every axis' gains."""
    for axis in range(AXES):
        read_gains(control, axis, gains[axis])


@kernel
def are_allowed(axis, gains):
    """Tell whether an axis' gains are numbers that the parameter table allows, and none that steers is nought."""
    for k in range(TERMS):
        if not math.isfinite(gains[k]) or not LOWS[axis, k] <= gains[k] <= HIGHS[axis, k]:
            return False
    return gains[0] > 0.0 and gains[3] > 0.0
