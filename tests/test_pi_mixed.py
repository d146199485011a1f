"""Mixed: IMU, battery and motors on the Arduino, whose machine code runs; everything else on the Pi's own buses."""

import ctypes
from typing import Any

import numpy as np
import pytest

from firmware_bridge.pi.setup import Setup
from firmware_bridge.protocol import State
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

    def __init__(self, chip, steps: list[Step], seed: int) -> None:
        time = BoardTime()
        super().__init__(load("pi450"), TABLES, steps, seed, time)
        # The board and the wire bring this delay with them.
        self.setup.plant.command_delay_s = 0.0
        self.wiring, self.pulses_seen, self.ratios = Wiring(), 0, np.zeros(MOTORS)
        self.board = time.board = chip(sample=self.sample)
        self.lines["/dev/board"] = EmulatedWire(self.board)
        self.board.run_us(SWITCHED_ON_US)

    def sample(self, cycle: int) -> bytes:
        """Let the plant catch up; return the IMU's registers."""
        self.run(cycle // CYCLES_PER_US)
        volts = 1e3 * float(self.measured[0].battery.voltage_v) / self.wiring.volts_per_volt
        self.board.call("analog", 0, round(volts))
        return super().imu_registers()

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

    def __init__(self, chip, steps: list[Step] = HOP, seed: int = 3) -> None:
        pytest.importorskip("smbus2")
        self.rig = MixedVehicle(chip, steps, seed)
        self.prepare(load("pi450"), Setup(TABLES, Wiring(), 1e-3, "test", self.rig.buses), 1e-3)


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
