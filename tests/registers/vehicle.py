"""The simulated vehicle behind a Raspberry Pi's buses: its sensors fill registers and lines, its motors read pulses."""

from collections import deque
from typing import Any

import numpy as np

from firmware_bridge import mpu
from firmware_bridge.pi.buses import Buses
from firmware_bridge.wiring import Wiring
from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.record import rows
from sim.operator import Step, brief
from sim.world import Simulator
from tests.registers import barometers, others
from tests.registers.buses import FakeSMBus, FakeSpi, Time
from tests.registers.icm import Icm
from tests.registers.lines import FakeGps, Line, crsf_frame, ibus_frame, nav_pvt, sbus_frame, tfmini_frame
from tests.registers.mpu import Mpu

PULSE_LEAST_US, PULSE_SPAN_US = 1000.0, 1000.0
SHUNT_OHM = 0.0005
MOTORS = 4
FRAMES = {"sbus": sbus_frame, "ibus": ibus_frame, "crsf": crsf_frame}
CHIPS = {
    "mpu6050": Mpu, "icm42688": Icm, "bmp280": barometers.Bmp280, "bmp388": barometers.Bmp388,
    "qmc5883l": others.Qmc, "vl53l1x": others.Vl53, "ina226": others.Ina, "pca9685": others.Pca,
}  # fmt: skip
USUAL = {"mpu6050": 0x68, "icm42688": 0x68, "bmp280": 0x76, "bmp388": 0x76, "qmc5883l": 0x0D, "vl53l1x": 0x29,
         "ina226": 0x41, "pca9685": 0x40}  # fmt: skip
# Every part a Pi may carry, once.
ALL_I2C = {
    "imu": {"part": "mpu6050"}, "baro": {"part": "bmp280"}, "mag": {"part": "qmc5883l"},
    "range": {"part": "vl53l1x"}, "gps": {"part": "ublox", "port": "/dev/gps"},
    "battery": {"part": "ina226", "shunt_ohm": SHUNT_OHM}, "pilot": {"part": "sbus", "port": "/dev/radio"},
    "outputs": {"part": "pca9685"},
}  # fmt: skip
WITH_SPI = ALL_I2C | {
    "imu": {"part": "icm42688", "spi": "0.0"}, "baro": {"part": "bmp388"},
    "range": {"part": "tfmini", "port": "/dev/range"}, "pilot": {"part": "crsf", "port": "/dev/radio"},
}  # fmt: skip


class FakeBuses(Buses):
    """Buses and ports with a vehicle's parts on them."""

    def __init__(self, clock: Any, bus: FakeSMBus, spi: Any, lines: dict[str, Line]) -> None:
        super().__init__(clock)
        self.bus, self.spi_chip, self.lines = bus, spi, lines

    def open_i2c(self, number: int) -> FakeSMBus:
        return self.bus

    def open_spi(self, bus: int, chip: int, speed_hz: int) -> FakeSpi:
        return FakeSpi(self.spi_chip, self.clock)

    def open_wire(self, port: str, baud: int, parity: str = "N", stop_bits: int = 1) -> Line:
        return self.lines[port]


class PiVehicle:
    """A vehicle whose sensors, as `[pi]` names them, are chips; `run` lets them follow a clock."""

    def __init__(self, airframe: Airframe, tables: dict[str, Any], steps: list[Step], seed: int = 3,
                 time: Any = None, bit_us: float = 2.5) -> None:  # fmt: skip
        self.time = time or Time()
        self.simulator = Simulator(airframe, seed)
        self.vehicle, self.setup = self.simulator.vehicles[0], self.simulator.setups[0]
        # The bus brings this delay with it.
        self.setup.presets.imu.timing.delay_us = 0
        brief(self.vehicle.operator, steps)
        self.measured, self.command = rows(INPUTS), rows(COMMAND)
        self.plain = self.measured.view(np.ndarray)
        self.fresh = {n: self.plain[n]["fresh"] for n in (*tables, "demand") if n != "outputs"}
        self.t_us = self.simulator.vehicles.view(np.ndarray)["truth"]["t_us"]
        self.tick_us = int(self.setup.tick_us)
        self.motor = self.command.view(np.ndarray)["motors"]["motor"][0]
        self.imu = [self.plain["imu"][n][0] for n in ("gyro_frd", "accel_frd")]
        self.imu_c = self.plain["imu"]["temperature_c"]
        self.demands: deque[np.void] = deque()
        self.rotation, self.began_us = Wiring().rotation, self.time.now_us()
        self.tables = tables
        self.chips = {name: CHIPS[t["part"]]() for name, t in tables.items() if t["part"] in CHIPS}
        self.lines = {t["port"]: Line(self.time) for t in tables.values() if "port" in t}
        if "gps" in tables:
            self.lines[tables["gps"]["port"]] = self.gps = FakeGps(self.time, 115200)
        on_bus = {USUAL[tables[n]["part"]]: c for n, c in self.chips.items() if "spi" not in tables[n]}
        self.bus = FakeSMBus(on_bus, self.time, bit_us)
        self.buses = FakeBuses(self.time, self.bus, self.chips.get("imu"), self.lines)
        if "imu" in self.chips:
            self.chips["imu"].measure = self.imu_registers

    def hear(self, commands: np.ndarray) -> None:
        """Let the operator see what the loop says; the motors obey pulses alone."""
        self.command[0] = commands[0]

    def imu_registers(self) -> bytes:
        """Return what the IMU's registers hold now."""
        raw = mpu.encode(*self.imu, float(self.imu_c[0]), self.rotation)
        if self.tables["imu"]["part"] != "icm42688":
            return raw
        counts = np.frombuffer(raw, ">i2")
        temperature = round((float(self.imu_c[0]) - 25.0) * 132.48)
        return np.array([temperature, *counts[:3], *counts[4:]], ">i2").tobytes()

    def run(self, now_us: int) -> None:
        """Let plant and parts follow the time."""
        while self.t_us[0] + self.tick_us <= now_us - self.began_us:
            self.simulator.read(self.measured)
            self.tell()
            self.motor[:MOTORS] = self.throttles()
            self.simulator.write(self.command)

    def throttles(self) -> list[float]:
        """Return what the ESCs make of their pulses; without any they stop."""
        pulses = [self.chips["outputs"].pulse_us(motor) for motor in range(MOTORS)]
        return [min(max((pulse - PULSE_LEAST_US) / PULSE_SPAN_US, 0.0), 1.0) for pulse in pulses]

    def tell(self) -> None:
        """Let every part that measured say so."""
        if "imu" in self.chips:
            self.chips["imu"].tick()
        if self.fresh["demand"][0]:
            self.demands.append(self.measured[0].demand.copy())
        for name, fresh in self.fresh.items():
            if name not in ("imu", "demand") and fresh[0]:
                getattr(self, f"tell_{name}")(self.measured[0][name])

    def tell_baro(self, sample: np.void) -> None:
        """Measure pressure."""
        self.chips["baro"].measure(float(sample.pressure_pa), float(sample.temperature_c))

    def tell_mag(self, sample: np.void) -> None:
        """Measure the field, in the chip's axes."""
        self.chips["mag"].measure(self.rotation.T @ sample.field_ut_frd)

    def tell_range(self, sample: np.void) -> None:
        """Range."""
        distance_m, is_valid = float(sample.distance_m), bool(sample.is_valid)
        if "range" in self.chips:
            self.chips["range"].measure(distance_m, is_valid)
        else:
            frame = tfmini_frame(min(round(100.0 * max(distance_m, 0.0)), 1200), 800 if is_valid else 10)
            self.lines[self.tables["range"]["port"]].say(frame)

    def tell_gps(self, sample: np.void) -> None:
        """Say a position as soon as it is asked for one."""
        accuracy = [float(sample[f"{what}_accuracy_m"]) for what in ("horizontal", "vertical")]
        accuracy.append(float(sample.speed_accuracy_m_s))
        self.gps.position = nav_pvt(
            float(sample.lat_deg), float(sample.lon_deg), float(sample.alt_amsl_m), sample.v_ned.tolist(),
            accuracy, int(sample.fix_type), int(sample.fix_type >= 3), int(sample.satellites),
        )  # fmt: skip
        if self.gps.has_pvt:
            self.gps.say(self.gps.position)
            self.gps.said_us = self.time.now_us()

    def tell_battery(self, sample: np.void) -> None:
        """Measure voltage and current."""
        self.chips["battery"].measure(float(sample.voltage_v), float(sample.current_a) * SHUNT_OHM)

    def tell_pilot(self, sample: np.void) -> None:
        """Send a frame of sticks and switches."""
        table = self.tables["pilot"]
        switches = (2.0 * sample.is_kill_switch_on - 1.0, 2.0 * sample.is_arm_switch_on - 1.0)
        sticks = (sample.roll, sample.pitch, 2.0 * sample.throttle - 1.0, sample.yaw, *switches)
        self.lines[table["port"]].say(FRAMES[table["part"]](tuple(map(float, sticks))))
