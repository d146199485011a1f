"""BMP388 and BMP390 barometers over I2C. Registers, compensation: Bosch BST-BMP388-DS001 rev 1.7, 4.3, 8.4 to 8.6."""

import struct

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample, identified, set_up, wait_ms, write_all
from firmware_bridge.pi.registers import Registers
from flight.errors import LinkError

ID, STATUS, PWR_CTRL, OSR, ODR, CONFIG, TRIM, CMD = 0x00, 0x03, 0x1B, 0x1C, 0x1D, 0x1F, 0x31, 0x7E
MODELS = {0x50: "BMP388", 0x60: "BMP390"}
RESET_WORD, RESET_MS = 0xB6, 5.0
TRIMS = struct.Struct("<HHbhhbbHHbbhbb")
# Pressure eight times, temperature once, 50 Hz, filter coefficient 1; both sensors, again and again.
SETTINGS = {OSR: 0x03, ODR: 0x02, CONFIG: 0x02, PWR_CTRL: 0x33}
DATA_READY = 0x20
# STATUS, then pressure and temperature of 24 bits each.
BURST = 7
# What each trim is divided by (8.4), as a power of two; P1 and P2 are first moved by 2**14.
POWERS = (-8, 30, 48, 20, 29, 32, 37, -3, 6, 8, 15, 48, 48, 65)
MOVED = (3, 4)


class Bmp388:
    """A Device: pressure in Pa, temperature in degrees Celsius, 50 times a second."""

    group, interval_us = "baro", 10_000

    def __init__(self, registers: Registers) -> None:
        self.registers, self.name = registers, "BMP388"
        self.trims: tuple[float, ...] = ()

    def open(self, clock: Clock) -> None:
        """Reset the chip, read its trims, let it run; raise LinkError."""
        self.name = MODELS[identified(self.registers, ID, MODELS, "BMP388")]
        self.registers.write(CMD, RESET_WORD)
        wait_ms(clock, RESET_MS)
        raw = self.registers.read(TRIM, TRIMS.size)
        if not raw or raw[:2] in (b"\0\0", b"\xff\xff"):
            raise LinkError(
                f"{self.name} at {self.registers.where}: has no trim values: its wires, or it is broken"
            )
        self.trims = scaled(TRIMS.unpack(raw))
        set_up(self.registers, SETTINGS, self.name)

    def revive(self) -> bool:
        """Let it run again."""
        return write_all(self.registers, SETTINGS)

    def poll(self, now_us: int) -> Sample | None:
        """Return a new measurement."""
        raw = self.registers.read(STATUS, BURST)
        if raw is None or not raw[0] & DATA_READY:
            return None
        pressure, temperature = (int.from_bytes(raw[at : at + 3], "little") for at in (1, 4))
        pressure_pa, temperature_c = compensated(self.trims, pressure, temperature)
        return {"pressure_pa": pressure_pa, "temperature_c": temperature_c}


def scaled(trims: tuple[int, ...]) -> tuple[float, ...]:
    """Return the trims as the numbers the formulae want (8.4)."""
    moved = (n - 16384 if i in MOVED else n for i, n in enumerate(trims))
    return tuple(n * 2.0**-power for n, power in zip(moved, POWERS, strict=True))


def compensated(trims: tuple[float, ...], pressure: int, temperature: int) -> tuple[float, float]:
    """Return pressure (Pa) and temperature (degrees Celsius) from raw counts and scaled trims (8.5, 8.6)."""
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = trims
    off = temperature - t1
    t = off * t2 + off * off * t3
    offset = p5 + t * (p6 + t * (p7 + t * p8))
    slope = p1 + t * (p2 + t * (p3 + t * p4))
    curve = p9 + t * p10 + pressure * p11
    return offset + pressure * (slope + pressure * curve), t
