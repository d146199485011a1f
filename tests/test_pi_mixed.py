"""Mixed: IMU, battery and motors on the Arduino, whose machine code runs, the rest on the Pi; or the IMU there, too."""

import ctypes
from typing import Any

import numpy as np
import pytest

from firmware_bridge.pi.setup import Setup
from firmware_bridge.protocol import Flag, SelfTest, State
from firmware_bridge.wiring import Wiring
from flight.airframe import load
from flight.inputs import BridgeFault
from sim.operator import Step
from sim.score import read_out
from tests.emulator.board import CYCLES_PER_US
from tests.emulator.flight import EmulatedWire
from tests.registers.vehicle import ALL_I2C, MOTORS, PiVehicle
from tests.test_pi_world import HOP, Bench, InProcess, attitude_rms_deg

TABLES = {name: table for name, table in ALL_I2C.items() if name not in ("imu", "battery", "outputs")}
TABLES |= {"imu": {"part": "board", "port": "/dev/board"}}
SPLIT = TABLES | {"imu": {"part": "mpu6050"}, "outputs": {"part": "board", "port": "/dev/board"}}
ONESHOT_LEAST_US, ONESHOT_SPAN_US = 125.0, 125.0
SWITCHED_ON_US = 700_000


class BoardTime:
    """The Pi's time is the board's: it runs on while somebody sleeps or a bus is busy."""

    def __init__(self) -> None:
        self.board: Any = None
        self.owed_us = 0.0

    def now_us(self) -> int:
        """Return the time."""
        return self.board.cycle // CYCLES_PER_US if self.board else 0

    def sleep_until_us(self, due_us: int) -> None:
        """Let the board run."""
        self.pass_us(due_us - self.now_us())

    def pass_us(self, microseconds: float) -> None:
        """Let the board run."""
        self.owed_us += max(microseconds, 0.0)
        whole, self.owed_us = int(self.owed_us), self.owed_us % 1.0
        state = self.board.call("run", ctypes.c_uint64(self.board.cycle + whole * CYCLES_PER_US))
        assert state == 0, "the processor stopped"


class MixedVehicle(PiVehicle):
    """A vehicle on both: the board's samples let the plant catch up with the board's time."""

    def __init__(self, chip, steps: list[Step], seed: int, tables: dict[str, Any]) -> None:
        time = BoardTime()
        super().__init__(load("pi450"), tables, steps, seed, time)
        # The board and the wire bring this delay with them.
        self.setup.plant.command_delay_s = 0.0
        self.wiring, self.pulses_seen, self.ratios = Wiring(), 0, np.zeros(MOTORS)
        self.board = time.board = chip(sample=self.sample)
        self.lines["/dev/board"] = EmulatedWire(self.board)
        if tables["imu"]["part"] != "board":
            # Nothing on its bus: only the millisecond's beat is left of the board's IMU.
            self.board.imu.unplug()
            self.board.imu.tick = self.catch_up
        self.board.run_us(SWITCHED_ON_US)

    def catch_up(self) -> bool:
        """Let the plant catch up; no interrupt comes of it."""
        self.sample(self.board.now)
        return False

    def sample(self, cycle: int) -> bytes:
        """Let the plant catch up; return the IMU's registers."""
        self.run(cycle // CYCLES_PER_US)
        volts = 1e3 * float(self.measured[0].battery.voltage_v) / self.wiring.volts_per_volt
        self.board.call("analog", 0, round(volts))
        return self.imu_registers()

    def throttles(self) -> list[float]:
        """Return what the ESCs make of the board's newest pulses."""
        new = self.board.pulses(self.pulses_seen)
        self.pulses_seen += len(new)
        for pulse in new:
            width_us = float(pulse["value"]) / CYCLES_PER_US
            self.ratios[pulse["what"]] = np.clip((width_us - ONESHOT_LEAST_US) / ONESHOT_SPAN_US, 0.0, 1.0)
        return self.ratios.tolist()


class MixedBench(Bench):
    """A flight through both."""

    TABLES, RATE_HZ = TABLES, 1000.0

    def __init__(self, chip, steps: list[Step] = HOP, seed: int = 3) -> None:
        pytest.importorskip("smbus2")
        self.rig = MixedVehicle(chip, steps, seed, self.TABLES)
        dt = 1.0 / self.RATE_HZ
        self.prepare(load("pi450"), Setup(self.TABLES, Wiring(), dt, "test", self.rig.buses), dt)


class SplitBench(MixedBench):
    """A flight with the IMU on the Pi's bus, motors and battery on the board."""

    TABLES, RATE_HZ = SPLIT, 500.0


@pytest.mark.slow
def test_board_and_pi_together_hover_and_land(chip, record_property):
    flight = MixedBench(chip)
    flight.fly(60.0)
    late = flight.world.overruns
    flight.world.close()
    score, rms = read_out(flight.rig.vehicle.score), attitude_rms_deg(flight)
    usual_rms = attitude_rms_deg(InProcess(1000.0))

    record_property("mixed: attitude RMS, deg (in process)", f"{rms:.3f} ({usual_rms:.3f})")
    record_property("mixed: samples too late or lost", f"{late}, {flight.world.serial.lost}")
    assert score["landed"]
    assert rms <= 1.2 * usual_rms
    assert flight.world.serial.lost == late == 0
    assert flight.world.serial.last.state == State.DISARMED


@pytest.mark.slow
def test_a_hung_bus_of_the_pi_costs_neither_imu_nor_motors(chip):
    bench = MixedBench(chip, [])
    bench.fly(0.5)
    bench.rig.bus.is_hung = True
    bench.missed = bench.ticks = 0
    bench.fly(0.5)
    inputs = bench.autopilot.inputs[0]

    # Every poll waits 10 ms: the loop falls behind, but the newest sample is always flown.
    assert inputs.imu.fresh
    assert bench.missed < 0.05 * bench.ticks
    assert not inputs.system.bridge_faults & BridgeFault.BUS


@pytest.mark.slow
def test_an_imu_on_the_pi_and_motors_on_the_board_hover_and_land(chip, record_property):
    flight = SplitBench(chip)
    flight.fly(60.0)
    board = flight.world.core.board
    flight.world.close()
    score, rms = read_out(flight.rig.vehicle.score), attitude_rms_deg(flight)
    usual_rms = attitude_rms_deg(InProcess(500.0))

    record_property("IMU on the Pi, motors on the board: attitude RMS, deg (in process)",
                    f"{rms:.3f} ({usual_rms:.3f})")  # fmt: skip
    assert score["landed"]
    assert rms <= 1.2 * usual_rms
    assert flight.missed == 0
    assert board.hello.test & SelfTest.NO_IMU
    assert board.last.flags & Flag.ALONE
    assert board.last.state == State.DISARMED
    assert flight.autopilot.inputs[0].battery.voltage_v == pytest.approx(16.0, abs=1.0)


@pytest.mark.slow
def test_the_board_stops_the_motors_of_a_loop_that_has_its_own_imu(chip, record_property):
    bench = SplitBench(chip, HOP[:2])
    bench.fly(9.0)
    board = bench.rig.board
    assert bench.world.core.board.last.state == State.ARMED
    assert not bench.rig.vehicle.truth.is_touching

    # The IMU falls silent: told as such, and the board obeys on.
    bench.rig.chips["imu"].unplug()
    bench.fly(0.05)
    assert bench.autopilot.inputs[0].system.bridge_faults & BridgeFault.BUS
    assert bench.world.core.board.last.state == State.ARMED
    bench.rig.chips["imu"].plug_in()
    bench.fly(0.3)
    assert not bench.autopilot.inputs[0].system.bridge_faults & BridgeFault.BUS

    # The loop falls silent.
    silent = board.cycle
    bench.rig.time.pass_us(200_000)
    pulses = board.pulses()
    turning = pulses[pulses["value"] > 126 * CYCLES_PER_US]
    last_ms = (int(turning["cycle"].max()) - silent) / CYCLES_PER_US / 1e3
    record_property("IMU on the Pi: motors stopped after the last command, ms (asked 105)", f"{last_ms:.1f}")
    assert last_ms <= 105.0
    bench.world.core.board.drain(bench.world.core.told)
    assert bench.world.core.board.last.state == State.FAILSAFE
