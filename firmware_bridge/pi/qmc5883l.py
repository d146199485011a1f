"""QMC5883L magnetometer over I2C. Registers: QST 13-52-04 rev A, chapter 9."""

import struct

import numpy as np

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample, identified, set_up, wait_ms, write_all
from firmware_bridge.pi.registers import Registers

DATA, STATUS, CONTROL_1, CONTROL_2, PERIOD, ID = 0x00, 0x06, 0x09, 0x0A, 0x0B, 0x0D
MODELS = {0xFF: "QMC5883L"}
READY, OVERFLOW, RESET = 0x01, 0x02, 0x80
RESET_MS = 2.0
# 512 samples in one, 8 gauss, 100 Hz, again and again; set and reset in between, as the data sheet recommends.
SETTINGS = {PERIOD: 0x01, CONTROL_1: 0x19}
COUNTS = struct.Struct("<3h")
UT_PER_COUNT = 100.0 / 3000.0


class Qmc5883l:
    """A Device: the field in microtesla in the vehicle's axes, 100 times a second."""

    name, group, interval_us = "QMC5883L", "mag", 5_000

    def __init__(self, registers: Registers, frd_from_chip: np.ndarray) -> None:
        self.registers, self.rotation = registers, frd_from_chip

    def open(self, clock: Clock) -> None:
        """Reset the chip and let it run; raise LinkError."""
        identified(self.registers, ID, MODELS, self.name)
        self.registers.write(CONTROL_2, RESET)
        wait_ms(clock, RESET_MS)
        # What the period's register reads back, the data sheet does not say.
        self.registers.write(PERIOD, SETTINGS[PERIOD])
        set_up(self.registers, {CONTROL_1: SETTINGS[CONTROL_1]}, self.name)

    def revive(self) -> bool:
        """Let it run again."""
        return write_all(self.registers, SETTINGS)

    def poll(self, now_us: int) -> Sample | None:
        """Return a new measurement; one beyond the range is none."""
        status = self.registers.read(STATUS, 1)
        if status is None or not status[0] & READY:
            return None
        raw = self.registers.read(DATA, COUNTS.size)
        if raw is None or status[0] & OVERFLOW:
            return None
        return {"field_ut_frd": self.rotation @ (UT_PER_COUNT * np.array(COUNTS.unpack(raw)))}
