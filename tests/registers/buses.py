"""Buses as their libraries show them: an smbus2.SMBus, an spidev.SpiDev, with chips behind and time that passes."""

import errno
from collections.abc import Callable

from tests.registers.chip import Chip

I2C_READ = 1
BLOCK_MOST = 32


class Time:
    """A clock that passes when somebody sleeps or talks; `watchers` are told how late it is."""

    def __init__(self, now_us: int = 1_000_000) -> None:
        self.exact_us = float(now_us)
        self.watchers: list[Callable[[int], None]] = []

    def now_us(self) -> int:
        """Return the time."""
        return int(self.exact_us)

    def sleep_until_us(self, due_us: int) -> None:
        """Let time pass."""
        self.pass_us(due_us - self.exact_us)

    def pass_us(self, microseconds: float) -> None:
        """Let time pass."""
        self.exact_us = max(self.exact_us, self.exact_us + microseconds)
        for watcher in self.watchers:
            watcher(self.now_us())


class FakeSMBus:
    """An I2C bus at 400 kHz; `is_hung` lets every transfer end in the kernel's timeout of 10 ms."""

    def __init__(
        self, chips: dict[int, Chip], time: Time, bit_us: float = 2.5, overhead_us: float = 30.0
    ) -> None:
        self.chips, self.time, self.bit_us, self.overhead_us = chips, time, bit_us, overhead_us
        self.is_hung, self.failing, self.transfers, self.busy_us = False, 0, 0, 0.0

    def begin(self) -> None:
        """Begin a transfer; raise what the kernel raises."""
        self.transfers += 1
        if self.is_hung:
            self.time.pass_us(10_000.0)
            raise TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        if self.failing:
            self.failing -= 1
            self.spend(1)
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def spend(self, count: int) -> None:
        """Let the time pass that bytes take."""
        took_us = self.overhead_us + self.bit_us * (9 * count + 2)
        self.busy_us += took_us
        self.time.pass_us(took_us)

    def addressed(self, address: int, is_read: bool) -> Chip:
        """Return the chip that answers to an address."""
        chip = self.chips.get(address)
        if chip is None or not chip.begin(is_read):
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return chip

    def send(self, address: int, data: bytes) -> None:
        """Write bytes to a chip."""
        chip = self.addressed(address, is_read=False)
        if not all(chip.write(byte) for byte in data):
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def read_i2c_block_data(
        self, i2c_addr: int, register: int, length: int, force: bool | None = None
    ) -> list[int]:
        """Read as smbus2 does."""
        assert 0 < length <= BLOCK_MOST
        self.begin()
        self.send(i2c_addr, bytes([register]))
        chip = self.addressed(i2c_addr, is_read=True)
        data = [chip.read() for _ in range(length)]
        self.spend(3 + length)
        return data

    def read_byte_data(self, i2c_addr: int, register: int, force: bool | None = None) -> int:
        """Read as smbus2 does."""
        return self.read_i2c_block_data(i2c_addr, register, 1)[0]

    def write_byte_data(self, i2c_addr: int, register: int, value: int, force: bool | None = None) -> None:
        """Write as smbus2 does."""
        self.write_i2c_block_data(i2c_addr, register, [value])

    def write_i2c_block_data(
        self, i2c_addr: int, register: int, data: list[int], force: bool | None = None
    ) -> None:
        """Write as smbus2 does."""
        assert 0 < len(data) <= BLOCK_MOST
        self.begin()
        self.spend(2 + len(data))
        self.send(i2c_addr, bytes([register, *data]))

    def i2c_rdwr(self, *messages: object) -> None:
        """Exchange smbus2.i2c_msg."""
        self.begin()
        self.spend(sum(1 + len(message) for message in messages))
        for message in messages:
            if message.flags & I2C_READ:
                chip = self.addressed(message.addr, is_read=True)
                for at in range(message.len):
                    message.buf[at] = chip.read()
            else:
                self.send(message.addr, bytes(message))

    def close(self) -> None:
        """Nothing to let go."""


class FakeSpi:
    """An spidev.SpiDev at 8 MHz with one chip behind it; a chip that is gone leaves the line high."""

    def __init__(self, chip: Chip, time: Time, byte_us: float = 1.0, overhead_us: float = 15.0) -> None:
        self.chip, self.time, self.byte_us, self.overhead_us = chip, time, byte_us, overhead_us
        self.failing = 0

    def xfer2(self, data: list[int]) -> list[int]:
        """Exchange bytes; the first one's highest bit asks to read."""
        self.time.pass_us(self.overhead_us + self.byte_us * len(data))
        if self.failing:
            self.failing -= 1
            raise OSError(errno.EIO, "Input/output error")
        if not self.chip.begin(is_read=False):
            return [0xFF] * len(data)
        self.chip.write(data[0] & 0x7F)
        if data[0] & 0x80:
            return [0, *(self.chip.read() for _ in data[1:])]
        for byte in data[1:]:
            self.chip.write(byte)
        return [0] * len(data)

    def close(self) -> None:
        """Nothing to let go."""
