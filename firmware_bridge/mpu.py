"""What an MPU-6050's fourteen data registers mean: raw counts to SI units in the vehicle's axes, and back for tests.

Ranges as the firmware sets them: 16 g and 2000 degrees/s (MPU-6000/6050 product specification 3.4, 6.1, 6.2). The
MPU-6500 family differs in the temperature alone.
"""

import math
import struct
from collections.abc import Sequence

import numpy as np

STANDARD_GRAVITY = 9.80665
ACCEL_STEP = STANDARD_GRAVITY / 2048.0
GYRO_STEP = math.radians(1.0 / 16.4)
COUNTS = struct.Struct(">7h")
MOST = 32767
# (counts per kelvin, degrees Celsius at zero counts), by WHO_AM_I; the first for all others.
TEMPERATURE = {0x68: (340.0, 36.53), 0x70: (333.87, 21.0), 0x71: (333.87, 21.0), 0x73: (333.87, 21.0)}

Decoded = tuple[list[float], list[float], float]


def decode(raw: bytes, frd_from_chip: Sequence[Sequence[float]], who_am_i: int = 0x68) -> Decoded:
    """Return gyro (rad/s) and specific force (m/s2) in the vehicle's axes, and the temperature (degrees Celsius).

    `frd_from_chip` is the 3 x 3 rotation from the chip's axes, as printed on it, to forward-right-down. For three
    numbers plain ones are several times faster than arrays.
    """
    ax, ay, az, temperature, gx, gy, gz = COUNTS.unpack(raw)
    per_k, at_zero = TEMPERATURE.get(who_am_i, TEMPERATURE[0x68])
    gyro = [GYRO_STEP * (x * gx + y * gy + z * gz) for x, y, z in frd_from_chip]
    accel = [ACCEL_STEP * (x * ax + y * ay + z * az) for x, y, z in frd_from_chip]
    return gyro, accel, temperature / per_k + at_zero


def encode(
    gyro_frd: np.ndarray, accel_frd: np.ndarray, temperature_c: float, frd_from_chip: np.ndarray
) -> bytes:
    """Return the registers of an MPU-6050 that measures this; the inverse of `decode`, saturating as the chip does."""
    per_k, at_zero = TEMPERATURE[0x68]
    accel = frd_from_chip.T @ accel_frd / ACCEL_STEP
    gyro = frd_from_chip.T @ gyro_frd / GYRO_STEP
    counts = np.concatenate([accel, [(temperature_c - at_zero) * per_k], gyro])
    return COUNTS.pack(*np.clip(np.rint(counts), -MOST - 1, MOST).astype(int).tolist())
