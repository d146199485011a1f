"""The Pi world: the loop flies the simulator through the drivers, registers and serial frames of a whole vehicle."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.pi.setup import Setup
from firmware_bridge.wiring import Wiring
from flight.airframe import Airframe, load
from flight.autopilot import Autopilot
from flight.inputs import Demand
from flight.modes import Arming
from flight.quaternion import conjugate, quat, rotation_vector
from sim.operator import Await, Step, brief
from sim.score import read_out
from sim.world import Simulator
from tests.registers.vehicle import ALL_I2C, WITH_SPI, PiVehicle

TAKEOFF = [Step(Demand.ARM, awaits=Await.READY, wait_s=0.5), Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED)]
HOP = [*TAKEOFF, Step(Demand.LAND, awaits=Await.HOLDING, wait_s=5.0)]
LAYOUTS = {"all on I2C, 500 Hz": (ALL_I2C, 500.0), "IMU on SPI, 1 kHz": (WITH_SPI, 1000.0)}


class Bench:
    """A flight through the Pi world."""

    def __init__(self, tables: dict, rate_hz: float, steps: list[Step] = HOP, seed: int = 3) -> None:
        pytest.importorskip("smbus2")
        self.airframe: Airframe = load("pi450")
        self.rig = PiVehicle(self.airframe, tables, steps, seed)
        self.rig.time.watchers.append(self.rig.run)
        dt = 1.0 / rate_hz
        self.world = Setup(tables, Wiring(), dt, "test", self.rig.buses).world()
        self.world.open()
        self.autopilot = Autopilot(self.airframe.params, dt)
        self.attitude_sq, self.airborne, self.ticks, self.missed = 0.0, 0, 0, 0

    def fly(self, seconds: float) -> None:
        """Fly for a while, or until the vehicle is down and disarmed."""
        inputs, command = self.autopilot.inputs[0], self.autopilot.commands[0]
        until_us = self.rig.time.now_us() + 1e6 * seconds
        while self.rig.time.now_us() < until_us and not self.rig.vehicle.score.disarmed_us:
            self.world.read(inputs)
            inputs.demand.fresh = 0
            if self.rig.demands:
                inputs.demand = self.rig.demands.popleft()
            self.autopilot.step()
            self.world.write(command)
            self.rig.command[0] = command
            self.ticks, self.missed = self.ticks + 1, self.missed + (not inputs.imu.fresh)
            judge(self, self.rig.vehicle.truth, command)


def judge(bench, truth: np.void, command: np.void) -> None:
    """Add up how far the vehicle's attitude is from its setpoint."""
    if command.status.arming == Arming.ARMED and not truth.is_touching:
        error = rotation_vector(conjugate(quat(command.setpoint.q_sp_ned_frd)) * quat(truth.q_ned_frd))
        bench.attitude_sq += error.x * error.x + error.y * error.y
        bench.airborne += 1


def attitude_rms_deg(bench) -> float:
    """Return roll and pitch against their setpoints."""
    return float(np.degrees(np.sqrt(bench.attitude_sq / max(bench.airborne, 1))))


class InProcess:
    """The same flight in the ordinary simulator."""

    def __init__(self, rate_hz: float, seed: int = 3) -> None:
        airframe = replace(load("pi450"), loop_rate_hz=rate_hz)
        world, pilot = Simulator(airframe, seed), Autopilot(airframe.params, 1.0 / rate_hz)
        self.vehicle = world.vehicles[0]
        brief(self.vehicle.operator, HOP)
        self.attitude_sq, self.airborne = 0.0, 0
        while not self.vehicle.score.disarmed_us and self.vehicle.truth.t_us < 60e6:
            world.read(pilot.inputs[0])
            pilot.step()
            world.write(pilot.commands[0])
            judge(self, self.vehicle.truth, pilot.commands[0])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_hovers_and_lands_through_registers_and_frames(layout, record_property):
    tables, rate_hz = LAYOUTS[layout]
    flight = Bench(tables, rate_hz)
    flight.fly(60.0)
    score, usual = read_out(flight.rig.vehicle.score), InProcess(rate_hz)
    rms, usual_rms = attitude_rms_deg(flight), attitude_rms_deg(usual)

    record_property(f"{layout}: attitude RMS, deg (in process)", f"{rms:.3f} ({usual_rms:.3f})")
    busy = flight.rig.bus.busy_us / (flight.rig.time.now_us() - flight.rig.began_us)
    record_property(
        f"{layout}: bus busy, ticks without sample", f"{busy:.0%}, {flight.missed} of {flight.ticks}"
    )
    assert score["landed"]
    assert rms <= 1.2 * usual_rms
    assert flight.missed == 0
    assert all(turn.samples > 100 and turn.silences == 0 for turn in flight.world.turns
               if turn.device.group not in ("gps", "pilot"))  # fmt: skip
