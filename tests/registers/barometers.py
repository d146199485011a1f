"""BMP280 and BMP388: registers, trims of real parts, raw counts that mean a pressure and a temperature."""

import itertools
from collections.abc import Callable

from firmware_bridge.pi import bmp280, bmp388
from tests.registers.chip import Chip

# The worked example of BST-BMP280-DS001, 3.12.
TRIMS_280 = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
# As parts have them: near 16 Pa per count, falling slightly with temperature.
TRIMS_388 = (27798, 18925, -7, -401, -1210, 35, 0, 25080, 30257, 3, -6, 18116, 6, -60)
HOME_PA, HOME_C = 95_600.0, 25.0


def inverted(function: Callable[[int], float], wanted: float, bits: int) -> int:
    """Return the raw count whose value is nearest, of a function that rises or falls."""
    low, high = 0, (1 << bits) - 1
    rises = function(high) > function(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (function(middle) < wanted) == rises else (low, middle)
    return min(low, high, key=lambda raw: abs(function(raw) - wanted))


class Bmp280(Chip):
    """Written in pairs of name and value, read by counting on; sleeps after a reset."""

    def __init__(self, who: int = 0x58) -> None:
        super().__init__()
        self.who = who
        self.lose_power()

    def lose_power(self) -> None:
        """Fall asleep."""
        self.registers = bytearray(256)
        self.registers[bmp280.ID] = self.who
        self.put(bmp280.TRIM, bmp280.TRIMS.pack(*TRIMS_280))
        self.put(0xF7, b"\x80\x00\x00" * 2)

    def store(self, at: int, value: int) -> None:
        if at == bmp280.RESET and value == bmp280.RESET_WORD:
            self.lose_power()
        else:
            self.registers[at] = value
        # The next byte would be a name, not a value.
        self.named = 0

    def measure(self, pressure_pa: float, temperature_c: float) -> None:
        """Put a measurement in its registers, if the chip is awake."""
        if self.registers[bmp280.CTRL_MEAS] & 3 != 3 or self.is_unplugged:
            return
        t = inverted(lambda raw: bmp280.compensated(TRIMS_280, 0, raw)[1], temperature_c, 20)
        p = inverted(lambda raw: bmp280.compensated(TRIMS_280, raw, t)[0], pressure_pa, 20)
        self.put(0xF7, (p << 4).to_bytes(3, "big") + (t << 4).to_bytes(3, "big"))


class Bmp388(Chip):
    """Sleeps after a reset; its data-ready bits fall when the data are read."""

    def __init__(self, who: int = 0x50) -> None:
        super().__init__()
        self.who = who
        self.lose_power()

    def lose_power(self) -> None:
        """Fall asleep."""
        self.registers = bytearray(256)
        self.registers[bmp388.ID] = self.who
        self.put(bmp388.TRIM, bmp388.TRIMS.pack(*TRIMS_388))

    def store(self, at: int, value: int) -> None:
        if at == bmp388.CMD and value == bmp388.RESET_WORD:
            self.lose_power()
        else:
            self.registers[at] = value
        self.named = 0

    def fetch(self, at: int) -> int:
        value = self.registers[at]
        if at == 0x09:
            self.registers[bmp388.STATUS] &= ~0x60
        return value

    def measure(self, pressure_pa: float, temperature_c: float) -> None:
        """Put a measurement in its registers, if the chip is awake."""
        if self.registers[bmp388.PWR_CTRL] & 0x33 != 0x33 or self.is_unplugged:
            return
        trims = bmp388.scaled(TRIMS_388)
        t = inverted(lambda raw: bmp388.compensated(trims, 0, raw)[1], temperature_c, 24)
        p = inverted(lambda raw: bmp388.compensated(trims, raw, t)[0], pressure_pa, 24)
        self.put(0x04, p.to_bytes(3, "little") + t.to_bytes(3, "little"))
        self.registers[bmp388.STATUS] |= 0x60


def falling(start_pa: float = HOME_PA) -> itertools.count:
    """Return pressures of a steady climb."""
    return itertools.count(start_pa, -0.5)
