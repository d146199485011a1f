"""ICM-42688-P over SPI or I2C. Registers: TDK DS-000347 rev 1.6, chapters 13 to 15."""

import math
import struct

import numpy as np

from firmware_bridge.mpu import STANDARD_GRAVITY
from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import identified, set_up, wait_ms, write_all
from firmware_bridge.pi.imu import Motion
from firmware_bridge.pi.mpu6050 import is_dead
from firmware_bridge.pi.registers import Registers
from flight.errors import ConfigError

DEVICE_CONFIG, TEMP_DATA1, PWR_MGMT0, GYRO_CONFIG0, ACCEL_CONFIG0 = 0x11, 0x1D, 0x4E, 0x4F, 0x50
GYRO_ACCEL_CONFIG0, WHO_AM_I, BANK_SEL = 0x52, 0x75, 0x76
MODELS = {0x47: "ICM-42688-P"}
RESET, LOW_NOISE, DATA_READY = 0x01, 0x0F, 0x08
RESET_MS, START_MS = 2.0, 50.0
# GYRO_ODR and ACCEL_ODR; full scales are 2000 degrees/s and 16 g.
RATES = {1000: 0x06, 500: 0x0F, 2000: 0x05, 250: 0x07}
# Second order at a quarter of the rate for both (14.40).
BANDWIDTHS = 0x11
# Temperature, accel, gyro, two of the time stamp, and INT_STATUS right behind: one burst.
DATA = struct.Struct(">7h2xB")
ACCEL_STEP, GYRO_STEP = STANDARD_GRAVITY / 2048.0, math.radians(1.0 / 16.4)
PER_K, AT_ZERO_C = 132.48, 25.0


class Icm42688:
    """A Source of samples; `frd_from_chip` turns its axes into the vehicle's."""

    name = "ICM-42688-P"

    def __init__(self, registers: Registers, rate_hz: int, frd_from_chip: np.ndarray) -> None:
        if rate_hz not in RATES:
            raise ConfigError(f"ICM-42688: samples at {', '.join(map(str, RATES))} Hz, not at {rate_hz}")
        self.registers, self.rotation = registers, frd_from_chip
        self.rows = frd_from_chip.tolist()
        rate = RATES[rate_hz]
        self.settings = {BANK_SEL: 0, GYRO_CONFIG0: rate, ACCEL_CONFIG0: rate,
                         GYRO_ACCEL_CONFIG0: BANDWIDTHS, PWR_MGMT0: LOW_NOISE}  # fmt: skip

    def open(self, clock: Clock) -> None:
        """Reset the chip, see which it is, set it up; raise LinkError."""
        self.registers.write(BANK_SEL, 0)
        self.registers.write(DEVICE_CONFIG, RESET)
        wait_ms(clock, RESET_MS)
        identified(self.registers, WHO_AM_I, MODELS, self.name)
        set_up(self.registers, self.settings, self.name)
        wait_ms(clock, START_MS)

    def revive(self) -> bool:
        """Write the settings again."""
        return write_all(self.registers, self.settings)

    def sample(self) -> Motion | None:
        """Return a new sample, None when there is none since the last or the transfer failed."""
        raw = self.registers.read(TEMP_DATA1, DATA.size)
        if raw is None or is_dead(raw[:14]):
            return None
        temperature, ax, ay, az, gx, gy, gz, status = DATA.unpack(raw)
        if not status & DATA_READY:
            return None
        gyro = [GYRO_STEP * (x * gx + y * gy + z * gz) for x, y, z in self.rows]
        accel = [ACCEL_STEP * (x * ax + y * ay + z * az) for x, y, z in self.rows]
        return Motion(gyro, accel, temperature / PER_K + AT_ZERO_C)
