"""MPU-6050, MPU-6500, MPU-9250, MPU-9255 over I2C or SPI: the same settings as the Arduino's firmware makes.

Registers: InvenSense RM-MPU-6000A-00 rev 4.2, chapter 4.
"""

import numpy as np

from firmware_bridge import mpu
from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import identified, set_up, wait_ms, write_all
from firmware_bridge.pi.imu import Motion
from firmware_bridge.pi.registers import Registers
from flight.errors import ConfigError

SMPLRT_DIV, CONFIG, GYRO_CONFIG, ACCEL_CONFIG, ACCEL_CONFIG2 = 0x19, 0x1A, 0x1B, 0x1C, 0x1D
INT_ENABLE, INT_STATUS, USER_CTRL, PWR_MGMT_1, WHO_AM_I = 0x38, 0x3A, 0x6A, 0x6B, 0x75
MODELS = {0x68: "MPU-6050", 0x70: "MPU-6500", 0x71: "MPU-9250", 0x73: "MPU-9255"}
MPU_6050 = 0x68
RESET, CLOCK_BY_GYRO, I2C_OFF, DATA_READY = 0x80, 0x01, 0x10, 0x01
RESET_MS, START_MS = 100.0, 50.0
DIVIDERS = {1000: 0, 500: 1, 250: 3}
# INT_STATUS lies before the fourteen data registers: one burst tells whether they are new.
BURST = 15


class Mpu6050:
    """A Source of samples; `frd_from_chip` turns its axes into the vehicle's."""

    def __init__(
        self, registers: Registers, rate_hz: int, frd_from_chip: np.ndarray, is_spi: bool = False
    ) -> None:
        if rate_hz not in DIVIDERS:
            raise ConfigError(f"MPU-6050: samples at {', '.join(map(str, DIVIDERS))} Hz, not at {rate_hz}")
        self.registers, self.rotation, self.is_spi = registers, frd_from_chip, is_spi
        self.rows = frd_from_chip.tolist()
        self.divider, self.who, self.name = DIVIDERS[rate_hz], MPU_6050, "MPU-6050"

    @property
    def settings(self) -> dict[int, int]:
        """Return what the chip is told: 184 Hz bandwidth, 2000 degrees/s, 16 g, the rate of the loop."""
        chosen = {PWR_MGMT_1: CLOCK_BY_GYRO, SMPLRT_DIV: self.divider, CONFIG: 1, GYRO_CONFIG: 0x18,
                  ACCEL_CONFIG: 0x18, INT_ENABLE: DATA_READY}  # fmt: skip
        if self.who != MPU_6050:
            chosen[ACCEL_CONFIG2] = 1
        return chosen | ({USER_CTRL: I2C_OFF} if self.is_spi else {})

    def open(self, clock: Clock) -> None:
        """Reset the chip, see which it is, set it up; raise LinkError."""
        self.registers.write(PWR_MGMT_1, RESET)
        wait_ms(clock, RESET_MS)
        self.who = identified(self.registers, WHO_AM_I, MODELS, "MPU-6050")
        self.name = MODELS[self.who]
        set_up(self.registers, self.settings, self.name)
        wait_ms(clock, START_MS)

    def revive(self) -> bool:
        """Write the settings again: a chip that lost power wakes up asleep."""
        return write_all(self.registers, self.settings)

    def sample(self) -> Motion | None:
        """Return a new sample, None when there is none since the last or the transfer failed."""
        raw = self.registers.read(INT_STATUS, BURST)
        if raw is None or not raw[0] & DATA_READY or is_dead(raw[1:]):
            return None
        return Motion(*mpu.decode(raw[1:], self.rows, self.who))


def is_dead(raw: bytes) -> bool:
    """Tell whether nobody drove the bus: no sensor reads all zeros or all ones."""
    return raw == bytes(len(raw)) or raw == b"\xff" * len(raw)
