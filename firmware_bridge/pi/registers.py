"""A chip's registers over I2C (smbus2) or SPI (spidev); a failed transfer is data, never raised."""

import fcntl
import importlib
from contextlib import suppress
from typing import Any, Protocol

from flight.errors import ConfigError, LinkError

# Of linux/i2c-dev.h: how often the kernel tries again, and how long it waits, in units of 10 ms.
I2C_RETRIES, I2C_TIMEOUT = 0x0701, 0x0702
SPI_READ = 0x80
# The most bytes of one SMBus block; more goes as an I2C message of its own.
BLOCK_MOST = 32


class Registers(Protocol):
    """What a driver needs of its bus; `where` names chip and bus for people."""

    where: str
    failures: int

    def read(self, at: int, count: int) -> bytes | None:
        """Return registers from one on, None when the transfer failed."""
        ...

    def write(self, at: int, *values: int) -> bool:
        """Write registers from one on; tell whether the chip took them."""
        ...


class Counted:
    """Counts transfers that failed."""

    failures = 0

    def whole(self, data: bytes, count: int) -> bytes | None:
        """Return data that are all there; count those that are not."""
        if len(data) == count:
            return data
        self.failures += 1
        return None


class I2cRegisters(Counted):
    """Registers named by one byte, at an address of a bus like smbus2.SMBus."""

    def __init__(self, bus: Any, address: int, where: str = "I2C") -> None:
        self.bus, self.address = bus, address
        self.where = f"{where}, address 0x{address:02x}"

    def read(self, at: int, count: int) -> bytes | None:
        """Return registers from one on, None when the transfer failed."""
        try:
            data = bytes(self.bus.read_i2c_block_data(self.address, at, count))
        except OSError:
            data = b""
        return self.whole(data, count)

    def write(self, at: int, *values: int) -> bool:
        """Write registers from one on; tell whether the chip took them."""
        try:
            if len(values) == 1:
                self.bus.write_byte_data(self.address, at, values[0])
            else:
                self.bus.write_i2c_block_data(self.address, at, list(values))
        except OSError:
            self.failures += 1
            return False
        return True


class WideRegisters(Counted):
    """Registers named by two bytes, as ST's rangers have them."""

    def __init__(self, bus: Any, address: int, where: str = "I2C") -> None:
        self.bus, self.address = bus, address
        self.where = f"{where}, address 0x{address:02x}"
        self.message = package("smbus2", "an I2C chip").i2c_msg

    def read(self, at: int, count: int) -> bytes | None:
        """Return registers from one on, None when the transfer failed."""
        name = self.message.write(self.address, at.to_bytes(2, "big"))
        data = self.message.read(self.address, count)
        try:
            self.bus.i2c_rdwr(name, data)
        except OSError:
            return self.whole(b"", count)
        return self.whole(bytes(data), count)

    def write(self, at: int, *values: int) -> bool:
        """Write registers from one on; tell whether the chip took them."""
        try:
            self.bus.i2c_rdwr(self.message.write(self.address, at.to_bytes(2, "big") + bytes(values)))
        except OSError:
            self.failures += 1
            return False
        return True


class SpiRegisters(Counted):
    """Registers of a chip behind an spidev.SpiDev; a name's highest bit asks to read."""

    def __init__(self, device: Any, where: str = "SPI") -> None:
        self.device, self.where = device, where

    def read(self, at: int, count: int) -> bytes | None:
        """Return registers from one on, None when the transfer failed."""
        try:
            data = bytes(self.device.xfer2([at | SPI_READ, *bytes(count)])[1:])
        except OSError:
            data = b""
        return self.whole(data, count)

    def write(self, at: int, *values: int) -> bool:
        """Write registers from one on; over SPI nobody says whether they were taken."""
        try:
            self.device.xfer2([at & ~SPI_READ, *values])
        except OSError:
            self.failures += 1
            return False
        return True


def package(name: str, whatfor: str) -> Any:
    """Return an optional package, or raise ConfigError saying how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigError(
            f"{whatfor} needs the package {name}, which is not installed: pip install 'quadloop[pi]'"
        ) from None


def open_i2c(number: int) -> Any:
    """Open /dev/i2c-NUMBER so that a hung bus costs a flight 10 ms and not a second; LinkError says what to do."""
    smbus2 = package("smbus2", f"I2C bus {number}")
    path = f"/dev/i2c-{number}"
    try:
        bus = smbus2.SMBus(number)
    except FileNotFoundError:
        raise LinkError(
            f"{path}: is not there; switch it on: dtparam=i2c_arm=on in /boot/firmware/config.txt, then reboot"
        ) from None
    except OSError as error:
        raise LinkError(
            f"{path}: {error.strerror}; may this user open it? sudo usermod -aG i2c $USER"
        ) from None
    # A kernel that does not know these still flies, with a second's wait on a hung bus.
    with suppress(OSError):
        fcntl.ioctl(bus.fd, I2C_TIMEOUT, 1)
        fcntl.ioctl(bus.fd, I2C_RETRIES, 0)
    return bus


def open_spi(bus: int, chip: int, speed_hz: int) -> Any:
    """Open /dev/spidevBUS.CHIP in mode 0; LinkError says what to do."""
    spidev, path = package("spidev", f"SPI bus {bus}"), f"/dev/spidev{bus}.{chip}"
    device = spidev.SpiDev()
    try:
        device.open(bus, chip)
    except FileNotFoundError:
        raise LinkError(
            f"{path}: is not there; switch it on: dtparam=spi=on in /boot/firmware/config.txt, then reboot"
        ) from None
    except OSError as error:
        raise LinkError(
            f"{path}: {error.strerror}; may this user open it? sudo usermod -aG spi $USER"
        ) from None
    device.mode, device.max_speed_hz = 0, speed_hz
    return device
