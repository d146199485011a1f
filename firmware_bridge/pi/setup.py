"""An airframe's `[pi]` table becomes a world: which part, on which bus, at which address, lying which way.

[pi]
imu = { part = "icm42688", spi = "0.0", axes = ["forward", "left", "up"] }
baro = { part = "bmp388", bus = 1, address = 0x76 }
pilot = { part = "crsf", port = "/dev/ttyAMA2" }
outputs = { part = "pca9685", bus = 1 }
"""

from collections.abc import Callable
from typing import Any

from firmware_bridge.pi.bare import Bare
from firmware_bridge.pi.bmp280 import Bmp280
from firmware_bridge.pi.bmp388 import Bmp388
from firmware_bridge.pi.buses import Buses
from firmware_bridge.pi.device import Device
from firmware_bridge.pi.icm42688 import DATA, Icm42688
from firmware_bridge.pi.imu import Source
from firmware_bridge.pi.ina226 import Ina226
from firmware_bridge.pi.mpu6050 import BURST, Mpu6050
from firmware_bridge.pi.pca9685 import OSCILLATOR_HZ, Pca9685
from firmware_bridge.pi.pulses import Outputs
from firmware_bridge.pi.pwm import HardwarePwm
from firmware_bridge.pi.qmc5883l import Qmc5883l
from firmware_bridge.pi.receiver import DECODERS, USUAL, Receiver
from firmware_bridge.pi.sbus import PARITY, STOP_BITS
from firmware_bridge.pi.split import Split
from firmware_bridge.pi.table import Rows, Table
from firmware_bridge.pi.tfmini import BAUD as TFMINI_BAUD
from firmware_bridge.pi.tfmini import Tfmini
from firmware_bridge.pi.ublox import BAUDS, Ublox
from firmware_bridge.pi.vl53l1x import Vl53l1x
from firmware_bridge.pi_world import PiWorld
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wire import BAUD
from firmware_bridge.wiring import Wiring
from flight.errors import ConfigError

# Beside the bytes of data, a read names chip, register and chip again, a write chip and register.
READ_NAMES, WRITE_NAMES = 3, 2
MPU_SPI_HZ, ICM_SPI_HZ = 1_000_000, 8_000_000
MOTORS = (0, 1, 2, 3)
SPI_PLACES = tuple(f"{bus}.{chip}" for bus in range(7) for chip in range(3))


def made_mpu(table: Table, buses: Buses, rate_hz: int, usual: Rows) -> Source:
    """Return an MPU-6050 or one of its family."""
    if "spi" in table.left:
        registers: Any = buses.spi(table.word("spi", SPI_PLACES), MPU_SPI_HZ)
        return Mpu6050(registers, rate_hz, table.rotation(usual), is_spi=True)
    return Mpu6050(on_i2c(table, buses, 0x68, BURST + READ_NAMES), rate_hz, table.rotation(usual))


def made_icm(table: Table, buses: Buses, rate_hz: int, usual: Rows) -> Source:
    """Return an ICM-42688."""
    if "spi" in table.left:
        return Icm42688(buses.spi(table.word("spi", SPI_PLACES), ICM_SPI_HZ), rate_hz, table.rotation(usual))
    return Icm42688(on_i2c(table, buses, 0x68, DATA.size + READ_NAMES), rate_hz, table.rotation(usual))


def on_i2c(table: Table, buses: Buses, usual: int, per_tick: int = 0, is_wide: bool = False) -> Any:
    """Return the registers of a chip at a bus and an address."""
    bus = table.whole("bus", 1, 0, 99)
    return buses.i2c(bus, table.whole("address", usual, 0x03, 0x77), is_wide, per_tick)


def made_receiver(kind: str) -> Callable[[Table, Buses], Device]:
    """Return what makes a receiver of a kind."""

    def made(table: Table, buses: Buses) -> Device:
        port, uses = table.path("port"), table.words("channels", USUAL)
        decoder = DECODERS[kind]()
        from firmware_bridge.pi import crsf, ibus, sbus

        baud = {"sbus": sbus.BAUD, "ibus": ibus.BAUD, "crsf": crsf.BAUD}[kind]
        framing = (PARITY, STOP_BITS) if kind == "sbus" else ()
        return Receiver(buses.wire(port, table.whole("baud", baud, 9600, 1_000_000), *framing), decoder, uses)

    return made


def made_gps(table: Table, buses: Buses) -> Device:
    """Return a u-blox receiver."""
    port = table.path("port")
    baud, rate = table.whole("baud", 115200, 9600, 921600), table.whole("rate_hz", 5, 1, 25)
    return Ublox(buses.wire(port, BAUDS[0]), port, baud, rate)


IMUS: dict[str, Callable[[Table, Buses, int, Rows], Source]] = {"mpu6050": made_mpu, "icm42688": made_icm}
DEVICES: dict[str, dict[str, Callable[[Table, Buses], Device]]] = {
    "baro": {
        "bmp280": lambda t, b: Bmp280(on_i2c(t, b, 0x76)),
        "bmp388": lambda t, b: Bmp388(on_i2c(t, b, 0x76)),
    },
    "mag": {"qmc5883l": lambda t, b: Qmc5883l(on_i2c(t, b, 0x0D), t.rotation())},
    "range": {
        "vl53l1x": lambda t, b: Vl53l1x(on_i2c(t, b, 0x29, is_wide=True)),
        "tfmini": lambda t, b: Tfmini(b.wire(t.path("port"), TFMINI_BAUD)),
    },
    "gps": {"ublox": made_gps},
    "battery": {
        "ina226": lambda t, b: Ina226(on_i2c(t, b, 0x41), t.number("shunt_ohm", None, 1e-5, 1.0)),
    },
    "pilot": {kind: made_receiver(kind) for kind in DECODERS},
}
OUTPUTS = ("board", "pca9685", "pwm")
BOARD = "board"


def made_outputs(table: Table, buses: Buses) -> Outputs | None:
    """Return where throttles go; None for the board."""
    part = table.word("part", OUTPUTS)
    if part == BOARD:
        return None
    rate = table.whole("rate_hz", 400, 50, 450)
    if part == "pwm":
        return HardwarePwm(table.whole("chip", 0, 0, 9), table.numbers("channels", MOTORS, 3), rate)
    registers = on_i2c(table, buses, 0x40, 4 * len(MOTORS) + WRITE_NAMES)
    channels = table.numbers("channels", MOTORS, 15)
    return Pca9685(registers, channels, rate, table.number("oscillator_hz", OSCILLATOR_HZ, 23e6, 27e6))


class Setup:
    """The parts of a `[pi]` table, not yet spoken to; raises ConfigError and LinkError."""

    def __init__(self, tables: dict[str, Any], wiring: Wiring, dt: float, where: str, buses: Buses) -> None:
        if not tables:
            raise ConfigError(
                f"{where}: has no [pi] table: it says which parts hang on which bus; see docs/pi.md"
            )
        known = ("imu", *DEVICES, "outputs")
        for key in tables:
            if key not in known:
                raise ConfigError(f"{where}: pi.{key} is not known; known keys: {', '.join(known)}")
        self.dt, self.buses, self.wiring, self.where = dt, buses, wiring, where
        self.tables = {name: Table(name, table, where) for name, table in tables.items()}
        self.core = self.made_core()
        self.devices = tuple(self.made(name) for name in DEVICES if name in tables)
        buses.check(dt, where)

    def made(self, name: str) -> Device:
        """Return a sensor."""
        table = self.tables[name]
        device = DEVICES[name][table.word("part", DEVICES[name])](table, self.buses)
        table.done()
        return device

    def made_core(self) -> Bare | Split | SerialWorld:
        """Return what reads the IMU and drives the motors."""
        if "imu" not in self.tables:
            raise ConfigError(f'{self.where}: pi.imu is missing: a part, or {{ part = "board", port = ... }}')
        imu, outputs = self.tables["imu"], self.tables.get("outputs") or Table("outputs", {}, self.where)
        part = imu.word("part", (BOARD, *IMUS))
        if part == BOARD:
            return self.on_board(imu, outputs)
        source = IMUS[part](imu, self.buses, round(1.0 / self.dt), self.wiring.frd_from_chip)
        imu.done()
        motors = made_outputs(outputs, self.buses)
        port = outputs.path("port") if motors is None else ""
        outputs.done()
        if motors is None:
            return Split(source, self.board_at(port, is_alone=True), self.buses.clock, self.dt)
        return Bare(source, motors, self.buses.clock, self.dt)

    def board_at(self, port: str, is_alone: bool = False) -> SerialWorld:
        """Return the Arduino at a port."""
        return SerialWorld(self.buses.wire(port, BAUD), self.dt, self.wiring, is_alone)

    def on_board(self, imu: Table, outputs: Table) -> SerialWorld:
        """Return the Arduino with both IMU and motors."""
        if outputs.word("part", OUTPUTS, BOARD) != BOARD:
            raise outputs.wrong("part", "pca9685 or pwm", "the board, where pi.imu is the board")
        port = imu.path("port")
        for table in (imu, outputs):
            table.done()
        return self.board_at(port)

    def world(self) -> PiWorld:
        """Return the world, not yet open."""
        return PiWorld(self.core, self.devices, self.buses.clock, self.buses.close)
