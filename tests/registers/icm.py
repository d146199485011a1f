"""An ICM-42688-P: registers as in DS-000347, bank 0."""

from collections.abc import Callable

import numpy as np

from tests.registers.chip import Chip

DATA, INT_STATUS, PWR_MGMT0, GYRO_CONFIG0, ACCEL_CONFIG0, WHO_AM_I = 0x1D, 0x2D, 0x4E, 0x4F, 0x50, 0x75
DEVICE_CONFIG, READY, LOW_NOISE = 0x11, 0x08, 0x0F
PERIODS_MS = {0x06: 1, 0x0F: 2, 0x07: 4}
LEVEL = np.array([0, 0, 0, 2048, 0, 0, 0], dtype=">i2").tobytes()


class Icm(Chip):
    """`measure` returns temperature, accel and gyro at 16 g and 2000 degrees/s as seven big-endian numbers."""

    SIZE = 128

    def __init__(self, measure: Callable[[], bytes] = lambda: LEVEL) -> None:
        super().__init__()
        self.measure, self.waited = measure, 0
        self.lose_power()

    def lose_power(self) -> None:
        """Wake up with both sensors off."""
        self.registers = bytearray(self.SIZE)
        self.registers[WHO_AM_I] = 0x47
        self.registers[GYRO_CONFIG0] = self.registers[ACCEL_CONFIG0] = 0x06
        self.put(DATA, b"\x80\x00" * 7)

    def store(self, at: int, value: int) -> None:
        if at == DEVICE_CONFIG and value & 1:
            self.lose_power()
        else:
            self.registers[at] = value

    def fetch(self, at: int) -> int:
        value = self.registers[at]
        if at == INT_STATUS:
            self.registers[at] = 0
        return value

    def tick(self) -> bool:
        """Let a millisecond pass."""
        self.waited += 1
        rate = self.registers[GYRO_CONFIG0] & 0x0F
        if self.waited < PERIODS_MS.get(rate, 1):
            return False
        self.waited = 0
        if self.is_unplugged or self.registers[PWR_MGMT0] & LOW_NOISE != LOW_NOISE:
            return False
        finer = [self.registers[at] >> 5 for at in (ACCEL_CONFIG0, GYRO_CONFIG0)]
        shift = np.array([0] + [finer[0]] * 3 + [finer[1]] * 3)
        counts = np.frombuffer(self.measure(), ">i2").astype(np.int64) << shift
        self.put(DATA, np.clip(counts, -32768, 32767).astype(">i2").tobytes())
        self.registers[INT_STATUS] |= READY
        return True
