"""An MPU-6050, 6500, 9250 or 9255: registers as in RM-MPU-6000A-00 4.2; it samples when its millisecond is told."""

from collections.abc import Callable

import numpy as np

from tests.registers.chip import Chip

SMPLRT_DIV, GYRO_CONFIG, ACCEL_CONFIG = 0x19, 0x1B, 0x1C
INT_ENABLE, INT_STATUS, DATA, PWR_MGMT_1, WHO_AM_I = 0x38, 0x3A, 0x3B, 0x6B, 0x75
ASLEEP, RESET = 0x40, 0x80
COARSEST = 3
# What it reads lying level: 1 g on z at 16 g full scale, 36.53 degrees C, no rotation.
LEVEL = np.array([0, 0, 2048, 0, 0, 0, 0], dtype=">i2").tobytes()


class Mpu(Chip):
    """`measure` returns the data registers at 16 g and 2000 degrees/s, as `firmware_bridge.mpu.encode` makes them."""

    SIZE = 128

    def __init__(self, measure: Callable[[], bytes] = lambda: LEVEL, who: int = 0x68) -> None:
        super().__init__()
        self.measure, self.waited = measure, 0
        self.registers[WHO_AM_I] = who
        self.registers[PWR_MGMT_1] = ASLEEP

    def store(self, at: int, value: int) -> None:
        if at == PWR_MGMT_1 and value & RESET:
            self.lose_power()
        else:
            self.registers[at] = value

    def fetch(self, at: int) -> int:
        value = self.registers[at]
        if at == INT_STATUS:
            self.registers[at] = 0
        return value

    def lose_power(self) -> None:
        """Wake up asleep; the factory's trims below SMPLRT_DIV stay."""
        self.put(SMPLRT_DIV, bytes(DATA - SMPLRT_DIV))
        self.registers[PWR_MGMT_1] = ASLEEP

    def tick(self) -> bool:
        """Let a millisecond pass; tell whether the interrupt pin says that a sample was taken."""
        self.waited += 1
        if self.waited <= self.registers[SMPLRT_DIV]:
            return False
        self.waited = 0
        if self.registers[PWR_MGMT_1] & ASLEEP or self.is_unplugged:
            return False
        self.put(DATA, self.ranged(self.measure()))
        self.registers[INT_STATUS] |= 1
        return bool(self.registers[INT_ENABLE] & 1)

    def ranged(self, raw: bytes) -> bytes:
        """Return what the chosen full scales make of counts at the coarsest ones."""
        finer = [COARSEST - (self.registers[at] >> 3 & 3) for at in (ACCEL_CONFIG, GYRO_CONFIG)]
        if not any(finer):
            return raw
        shift = np.array([finer[0]] * 3 + [0] + [finer[1]] * 3)
        counts = np.frombuffer(raw, ">i2").astype(np.int64) << shift
        return np.clip(counts, -32768, 32767).astype(">i2").tobytes()
