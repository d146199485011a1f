"""Numbers and frames of PX4's simulator interface: units, groups of fields, means, packing."""

import math
from enum import IntFlag
from typing import Any

import numpy as np

from flight.physics import STANDARD_GRAVITY
from flight.quaternion import quat, rotate
from flight.vector import Vec3, vec
from ground.link.frames import Stamp, numbered

SYSTEM, COMPONENT = 1, 200
SEA_LEVEL_PA, SEA_LEVEL_K, LAPSE_K_M, EXPONENT = 101325.0, 288.15, 0.0065, 0.190263


class Updated(IntFlag):
    """HIL_SENSOR's fields_updated, in the groups PX4 looks for."""

    ACCEL = 0x007
    GYRO = 0x038
    MAG = 0x1C0
    BARO = 0x1A00  # absolute pressure, pressure altitude, temperature


def whole(value: float, bits: int = 16) -> int:
    """Return the nearest whole number a signed field of so many bits can hold."""
    top = (1 << (bits - 1)) - 1
    return int(min(max(round(value), -top), top))


def pressure_altitude(pressure_pa: float) -> float:
    """Return the height in metres at which the standard atmosphere has a pressure (ISO 2533)."""
    return SEA_LEVEL_K / LAPSE_K_M * (1.0 - math.pow(pressure_pa / SEA_LEVEL_PA, EXPONENT))


def accelerated(q_ned_frd: np.ndarray, accel_frd: np.ndarray) -> Vec3:
    """Return the acceleration in NED that a specific force means, in m/s2."""
    return rotate(quat(q_ned_frd), vec(accel_frd)) + Vec3(0.0, 0.0, STANDARD_GRAVITY)


class Sender:
    """Packs messages one after the other."""

    def __init__(self) -> None:
        self.stamp, self.sequence = Stamp(SYSTEM, COMPONENT), 0

    def packed(self, message: Any) -> bytes:
        """Return a message's frame."""
        self.sequence = (self.sequence + 1) & 0xFF
        return numbered(*self.stamp.packed(message), self.sequence)


class Means:
    """The mean of the IMU's samples since the last message: picking every fourth would fold vibration down."""

    def __init__(self) -> None:
        self.sums, self.count = np.zeros(6), 0
        self.newest = self.sums

    def add(self, imu: np.ndarray) -> None:
        """Take in one sample."""
        self.sums[:3] += imu["accel_frd"][0]
        self.sums[3:] += imu["gyro_frd"][0]
        self.count += 1

    def take(self) -> list[float]:
        """Return acceleration and rate, and begin anew; the last ones where no sample came."""
        if self.count:
            self.newest = self.sums / self.count
        self.sums, self.count = np.zeros(6), 0
        return self.newest.tolist()
