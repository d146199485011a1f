"""QMC5883L, VL53L1X, INA226 and PCA9685: registers as their data sheets have them."""

import numpy as np

from tests.registers.chip import Chip


class Qmc(Chip):
    """A QMC5883L: its data-ready bit falls when the last byte is read."""

    SIZE = 16

    def __init__(self) -> None:
        super().__init__()
        self.lose_power()

    def lose_power(self) -> None:
        """Stand by."""
        self.registers = bytearray(self.SIZE)
        self.registers[0x0D] = 0xFF

    def store(self, at: int, value: int) -> None:
        if at == 0x0A and value & 0x80:
            self.lose_power()
        else:
            self.registers[at] = value

    def fetch(self, at: int) -> int:
        value = self.registers[at]
        if at == 0x05:
            self.registers[0x06] &= ~0x01
        return value

    def measure(self, field_ut_chip: np.ndarray) -> None:
        """Put a measurement in its registers, if it measures; counts by the chosen range."""
        if self.registers[0x09] & 3 != 1 or self.is_unplugged:
            return
        per_gauss = 3000.0 if self.registers[0x09] >> 4 & 3 == 1 else 12000.0
        counts = np.rint(field_ut_chip / 100.0 * per_gauss)
        over = (np.abs(counts) > 32767).any()
        self.put(0, np.clip(counts, -32768, 32767).astype("<i2").tobytes())
        self.registers[0x06] = 0x01 | (0x02 if over else 0)


class Vl53(Chip):
    """A VL53L1X: registers named by two bytes; it ranges when told, and waits until its interrupt is cleared."""

    SIZE, NAME_BYTES = 1 << 16, 2

    def __init__(self) -> None:
        super().__init__()
        self.lose_power()

    def lose_power(self) -> None:
        """Boot."""
        self.registers = bytearray(self.SIZE)
        self.put(0x010F, b"\xea\xcc\x10")
        self.put(0x00DE, (0x0ABC).to_bytes(2, "big"))
        self.registers[0x00E5] = 0x03
        self.registers[0x0030] = 0x01

    def store(self, at: int, value: int) -> None:
        self.registers[at] = value
        if at == 0x0086 and value & 1:
            self.registers[0x0031] &= ~1
        if at == 0x0087 and value == 0x40:
            # The first range, of which nobody knows anything yet.
            self.registers[0x0031] |= 1

    def measure(self, distance_m: float, is_valid: bool) -> None:
        """Put a range in its registers, if it ranges and the last was taken."""
        has_table = self.registers[0x002E:0x0034] == bytes.fromhex("000001020002")
        if self.registers[0x0087] != 0x40 or self.registers[0x0031] & 1 or self.is_unplugged or not has_table:
            return
        self.registers[0x0089] = 9 if is_valid else 4
        self.put(0x0096, min(round(1e3 * max(distance_m, 0.0)), 0xFFFF).to_bytes(2, "big"))
        self.registers[0x0031] |= 1


class Ina(Chip):
    """An INA226: registers of two bytes, high one first."""

    def __init__(self) -> None:
        super().__init__()
        self.words = {0x00: 0x4127, 0xFE: 0x5449, 0xFF: 0x2260}
        self.half = 0

    def begin(self, is_read: bool) -> bool:
        self.half = 0
        return super().begin(is_read)

    def lose_power(self) -> None:
        """Forget the settings."""
        self.words[0x00] = 0x4127

    def count_on(self) -> None:
        self.half ^= 1

    def store(self, at: int, value: int) -> None:
        word = self.words.get(at, 0)
        self.words[at] = word & 0x00FF | value << 8 if self.half == 0 else word & 0xFF00 | value

    def fetch(self, at: int) -> int:
        return self.words.get(at, 0) >> (0 if self.half else 8) & 0xFF

    def measure(self, voltage_v: float, shunt_v: float) -> None:
        """Put a measurement in its registers, if it measures."""
        if self.words[0x00] & 7 == 7:
            self.words[0x02] = round(voltage_v / 1.25e-3)
            self.words[0x01] = round(shunt_v / 2.5e-6) & 0xFFFF


class Pca(Chip):
    """A PCA9685: its pulses follow from registers, prescaler and its own oscillator."""

    def __init__(self, oscillator_hz: float = 25e6) -> None:
        super().__init__()
        self.oscillator_hz = oscillator_hz
        self.lose_power()

    def lose_power(self) -> None:
        """Sleep, at 200 Hz, every output off."""
        self.registers = bytearray(256)
        self.registers[0x00], self.registers[0xFE] = 0x11, 0x1E
        for channel in range(16):
            self.registers[0x09 + 4 * channel] = 0x10

    def store(self, at: int, value: int) -> None:
        is_asleep = self.registers[0x00] & 0x10
        if at == 0xFD:
            self.put(0x06, bytes([0, 0, 0, value]) * 16)
        elif at != 0xFE or is_asleep:
            self.registers[at] = value

    def count_on(self) -> None:
        if self.registers[0x00] & 0x20:
            super().count_on()

    def pulse_us(self, channel: int) -> float:
        """Return the pulse of an output, 0 for none."""
        on_low, on_high, off_low, off_high = self.registers[0x06 + 4 * channel : 0x0A + 4 * channel]
        if self.registers[0x00] & 0x10 or off_high & 0x10 or self.is_unplugged:
            return 0.0
        count = ((off_high << 8 | off_low) - (on_high << 8 | on_low)) & 0xFFF
        return 1e6 * count * (self.registers[0xFE] + 1) / self.oscillator_hz

    @property
    def rate_hz(self) -> float:
        """Return how often it pulses."""
        return self.oscillator_hz / (4096 * (self.registers[0xFE] + 1))
