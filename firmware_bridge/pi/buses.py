"""The Pi's buses and ports, each opened once however many parts hang on it."""

from collections import defaultdict
from typing import Any

from firmware_bridge.pi.clock import Clock, SystemClock
from firmware_bridge.pi.registers import I2cRegisters, SpiRegisters, WideRegisters, open_i2c, open_spi
from firmware_bridge.wire import Port, SerialWire
from flight.errors import ConfigError

# Fast mode; a Pi starts at 100 kHz, which the doctor tells.
I2C_HZ = 400_000
# What the kernel and the library take beside the bits.
OVERHEAD_US = 60.0
# Of a tick, what reading the IMU and writing the motors may take on one bus; the rest is the other sensors'.
SHARE_MOST = 0.8


class Buses:
    """Opens what `/dev` has; tests put others in their places."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.opened: dict[int, Any] = {}
        self.held: list[Any] = []
        self.tick_us: dict[int, float] = defaultdict(float)
        self.taken: set[tuple[int, int]] = set()

    def open_i2c(self, number: int) -> Any:
        """Open a bus."""
        return open_i2c(number)

    def open_spi(self, bus: int, chip: int, speed_hz: int) -> Any:
        """Open a chip's own device."""
        return open_spi(bus, chip, speed_hz)

    def open_wire(self, port: str, baud: int, parity: str = "N", stop_bits: int = 1) -> Port:
        """Open a serial port."""
        return SerialWire(port, baud, parity, stop_bits)

    def keep(self, one: Any) -> Any:
        """Remember to let it go."""
        self.held.append(one)
        return one

    def wire(self, port: str, baud: int, parity: str = "N", stop_bits: int = 1) -> Port:
        """Return an open serial port."""
        return self.keep(self.open_wire(port, baud, parity, stop_bits))

    def i2c(
        self, number: int, address: int, is_wide: bool = False, per_tick: int = 0
    ) -> I2cRegisters | WideRegisters:
        """Return a chip's registers; `per_tick` is how many bytes every tick needs of it."""
        if (number, address) in self.taken:
            raise ConfigError(f"I2C bus {number}, address 0x{address:02x}: two parts cannot have the same")
        self.taken.add((number, address))
        if number not in self.opened:
            self.opened[number] = self.keep(self.open_i2c(number))
        if per_tick:
            self.tick_us[number] += OVERHEAD_US + 1e6 * (9 * per_tick + 2) / I2C_HZ
        kind = WideRegisters if is_wide else I2cRegisters
        return kind(self.opened[number], address, f"I2C bus {number}")

    def spi(self, place: str, speed_hz: int) -> SpiRegisters:
        """Return a chip's registers from its bus and chip select, such as "0.0"."""
        bus, _, chip = place.partition(".")
        return SpiRegisters(self.keep(self.open_spi(int(bus), int(chip), speed_hz)), f"SPI {place}")

    def close(self) -> None:
        """Let everything go."""
        for one in self.held:
            one.close()
        self.held.clear()
        self.opened.clear()

    def check(self, dt: float, where: str) -> None:
        """Raise ConfigError where every tick wants more of a bus than there is."""
        for number, busy_us in self.tick_us.items():
            if busy_us > SHARE_MOST * 1e6 * dt:
                raise ConfigError(
                    f"{where}: IMU and motors keep I2C bus {number} busy for {busy_us:.0f} us of a tick of "
                    f"{1e6 * dt:.0f}: set airframe.loop_rate_hz = 500, or put them on two buses, or the IMU on SPI"
                )
