"""BMP280 and BME280 barometers over I2C. Registers and compensation: Bosch BST-BMP280-DS001 rev 1.14, 3.11 and 8.1."""

import struct

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample, identified, set_up, wait_ms, write_all
from firmware_bridge.pi.registers import Registers
from flight.errors import LinkError

TRIM, ID, RESET, CTRL_MEAS, CONFIG = 0x88, 0xD0, 0xE0, 0xF4, 0xF5
MODELS = {0x58: "BMP280", 0x56: "BMP280", 0x57: "BMP280", 0x60: "BME280"}
RESET_WORD, RESET_MS = 0xB6, 5.0
TRIMS = struct.Struct("<HhhHhhhhhhhh")
# Temperature twice, pressure sixteen times, again and again; half a millisecond between, filter coefficient 2.
NORMAL, FILTER = 0x57, 0x04
# CTRL_MEAS, CONFIG, a gap, then pressure and temperature of twenty bits each: one burst shows a chip that was reset.
BURST = 9
# What a measurement that was left out reads.
SKIPPED = 0x80000


class Bmp280:
    """A Device: pressure in Pa, temperature in degrees Celsius, 26 times a second."""

    group, interval_us = "baro", 20_000

    def __init__(self, registers: Registers) -> None:
        self.registers, self.name = registers, "BMP280"
        self.trims: tuple[int, ...] = ()
        self.last = b""

    def open(self, clock: Clock) -> None:
        """Reset the chip, read its trims, let it run; raise LinkError."""
        self.name = MODELS[identified(self.registers, ID, MODELS, "BMP280")]
        self.registers.write(RESET, RESET_WORD)
        wait_ms(clock, RESET_MS)
        raw = self.registers.read(TRIM, TRIMS.size)
        self.trims = TRIMS.unpack(raw) if raw else ()
        if not self.trims or self.trims[0] in (0x0000, 0xFFFF):
            raise LinkError(
                f"{self.name} at {self.registers.where}: has no trim values: its wires, or it is broken"
            )
        set_up(self.registers, {CONFIG: FILTER, CTRL_MEAS: NORMAL}, self.name)

    def revive(self) -> bool:
        """Let it run again."""
        return write_all(self.registers, {CONFIG: FILTER, CTRL_MEAS: NORMAL})

    def poll(self, now_us: int) -> Sample | None:
        """Return what changed since the last look; a chip that was reset is set up again."""
        raw = self.registers.read(CTRL_MEAS, BURST)
        if raw is None or raw == self.last:
            return None
        self.last = raw
        if raw[0] != NORMAL:
            self.revive()
            return None
        pressure, temperature = (int.from_bytes(raw[at : at + 3], "big") >> 4 for at in (3, 6))
        if SKIPPED in (pressure, temperature):
            return None
        pressure_pa, temperature_c = compensated(self.trims, pressure, temperature)
        return {"pressure_pa": pressure_pa, "temperature_c": temperature_c}


def compensated(trims: tuple[int, ...], pressure: int, temperature: int) -> tuple[float, float]:
    """Return pressure (Pa) and temperature (degrees Celsius) from raw counts and trims (8.1)."""
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9 = trims
    off = temperature / 131072.0 - t1 / 8192.0
    fine = 8.0 * off * t2 + off * off * t3
    x = fine / 2.0 - 64000.0
    offset = (x * x * p6 / 32768.0 + 2.0 * x * p5) / 4.0 + 65536.0 * p4
    slope = (1.0 + (p3 * x * x / 524288.0 + p2 * x) / 524288.0 / 32768.0) * p1
    if slope == 0.0:
        return 0.0, fine / 5120.0
    y = (1048576.0 - pressure - offset / 4096.0) * 6250.0 / slope
    return y + (p9 * y * y / 2147483648.0 + y * p8 / 32768.0 + p7) / 16.0, fine / 5120.0
