"""The Pi world: the loop flies the simulator through the drivers, registers and serial frames of a whole vehicle."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.pi.setup import Setup
from firmware_bridge.wiring import Wiring
from flight.airframe import Airframe, load
from flight.autopilot import Autopilot
from flight.command import COMMAND
from flight.errors import ConfigError, LinkError
from flight.inputs import BridgeFault, Demand
from flight.modes import Arming
from flight.quaternion import conjugate, quat, rotation_vector
from flight.record import rows
from sim.operator import Await, Step, brief
from sim.score import read_out
from sim.world import Simulator
from tests.registers.vehicle import ALL_I2C, WITH_SPI, PiVehicle

TAKEOFF = [Step(Demand.ARM, awaits=Await.READY, wait_s=0.5), Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED)]
HOP = [*TAKEOFF, Step(Demand.LAND, awaits=Await.HOLDING, wait_s=3.0)]
# Of so many ticks one is judged: opening records costs more than flying.
JUDGED = 10
LAYOUTS = {"all on I2C, 500 Hz": (ALL_I2C, 500.0), "IMU on SPI, 1 kHz": (WITH_SPI, 1000.0)}
SLOW = [pytest.param(name, marks=pytest.mark.slow) if "SPI" in name else name for name in LAYOUTS]


class Bench:
    """A flight through the Pi world."""

    def __init__(self, tables: dict, rate_hz: float, steps: list[Step] = HOP, seed: int = 3) -> None:
        pytest.importorskip("smbus2")
        airframe = load("pi450")
        self.rig = PiVehicle(airframe, tables, steps, seed)
        self.rig.time.watchers.append(self.rig.run)
        dt = 1.0 / rate_hz
        self.prepare(airframe, Setup(tables, Wiring(), dt, "test", self.rig.buses), dt)

    def prepare(self, airframe: Airframe, setup: Setup, dt: float) -> None:
        """Open the world and switch the autopilot on."""
        self.world = setup.world()
        self.world.open()
        self.autopilot = Autopilot(airframe.params, dt)
        self.attitude_sq, self.airborne, self.ticks, self.missed = 0.0, 0, 0, 0

    def fly(self, seconds: float) -> None:
        """Fly for a while, or until the vehicle is down and disarmed."""
        inputs, command = self.autopilot.inputs[0], self.autopilot.commands[0]
        told = self.autopilot.inputs.view(np.ndarray)
        asked, fresh = told["demand"]["fresh"], told["imu"]["fresh"]
        disarmed_us = self.rig.simulator.vehicles.view(np.ndarray)["score"]["disarmed_us"]
        until_us = self.rig.time.now_us() + 1e6 * seconds
        while self.rig.time.now_us() < until_us and not disarmed_us[0]:
            self.world.read(inputs)
            asked[0] = 0
            if self.rig.demands:
                inputs.demand = self.rig.demands.popleft()
            self.autopilot.step()
            self.world.write(command)
            self.rig.hear(self.autopilot.commands)
            self.ticks, self.missed = self.ticks + 1, self.missed + (not fresh[0])
            if self.ticks % JUDGED == 0:
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
        disarmed_us = world.vehicles.view(np.ndarray)["score"]["disarmed_us"]
        for n in range(round(60.0 * rate_hz)):
            if disarmed_us[0]:
                return
            world.read(pilot.inputs)
            pilot.step()
            world.write(pilot.commands)
            if n % JUDGED == 0:
                judge(self, self.vehicle.truth, pilot.commands[0])


@pytest.mark.parametrize("layout", SLOW)
@pytest.mark.slow
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


@pytest.mark.slow
def test_troubles_of_the_bus_in_flight_are_flown_through(record_property):
    flight = Bench(ALL_I2C, 500.0, [*TAKEOFF, Step(Demand.LAND, awaits=Await.HOLDING, wait_s=8.0)])
    chips, inputs = flight.rig.chips, flight.autopilot.inputs[0]
    flight.fly(9.0)
    assert not flight.rig.vehicle.truth.is_touching

    # A barometer that is unplugged grows old; plugged in again it is set up anew and measures.
    chips["baro"].unplug()
    flight.fly(2.5)
    assert inputs.t_us - inputs.baro.t_us > 2_000_000
    chips["baro"].plug_in()
    flight.fly(1.5)
    assert inputs.t_us - inputs.baro.t_us < 100_000

    # Nobody answers for 60 ms: the pulses stay what they were, ticks go on without samples.
    flight.rig.bus.is_hung = True
    flight.fly(0.06)
    assert not inputs.imu.fresh
    assert inputs.system.bridge_faults & BridgeFault.BUS
    assert inputs.system.bridge_faults & BridgeFault.OUTPUTS
    flight.rig.bus.is_hung = False
    flight.fly(0.5)
    assert inputs.imu.fresh
    assert inputs.system.bridge_faults == 0

    # The pulse generator browns out: within 60 ms it makes pulses again, and that it did is told.
    chips["outputs"].lose_power()
    flight.fly(0.06)
    assert min(flight.rig.throttles()) > 0.0
    assert inputs.system.bridge_faults & BridgeFault.RESTARTED
    flight.fly(30.0)
    score = read_out(flight.rig.vehicle.score)

    record_property("most tilt with a hung bus and a brown-out, deg", f"{score['tilt_max_deg']:.1f}")
    assert score["landed"]


def test_an_imu_that_is_gone_is_no_sample_and_no_exception():
    bench = Bench(ALL_I2C, 500.0, [])
    bench.fly(0.5)
    bench.rig.chips["imu"].unplug()
    bench.fly(0.5)
    inputs = bench.autopilot.inputs[0]

    assert not inputs.imu.fresh
    assert inputs.link.bridge_age_us > 400_000
    assert inputs.system.bridge_faults & BridgeFault.BUS
    # Ticks come all the same, a period apart.
    assert bench.missed == pytest.approx(0.5 / 0.002, rel=0.1)


def test_disarmed_motors_idle_and_a_closed_world_sends_no_pulses():
    bench = Bench(ALL_I2C, 500.0, [])
    bench.autopilot.commands[0].motors.motor[:] = 0.7
    bench.fly(0.1)
    outputs = bench.rig.chips["outputs"]

    assert [outputs.pulse_us(motor) for motor in range(4)] == pytest.approx([1000.0] * 4, abs=0.4)
    assert outputs.rate_hz == pytest.approx(400.0, rel=0.02)
    for arming, told in ((Arming.DISARMED, 1000.0), (Arming.ARMED, 1700.0)):
        command = rows(COMMAND)[0]
        command.motors.motor[:], command.status.arming = 0.7, arming
        bench.world.write(command)
        assert [outputs.pulse_us(motor) for motor in range(4)] == pytest.approx([told] * 4, abs=0.4)
    bench.world.close()
    assert [outputs.pulse_us(motor) for motor in range(4)] == [0.0] * 4


@pytest.mark.parametrize("radio", ["sbus", "ibus", "crsf"])
def test_sticks_and_switches_of_the_radio_reach_the_loop(radio):
    tables = ALL_I2C | {"pilot": {"part": radio, "port": "/dev/radio"}}
    bench = Bench(tables, 500.0, [])
    script, inputs = bench.rig.vehicle.sensors.pilot.script, bench.autopilot.inputs[0]
    script.is_present, script.roll, script.throttle, script.is_arm_switch_on = 1, 0.4, 0.25, 1
    bench.fly(0.3)

    assert inputs.pilot.roll == pytest.approx(0.4, abs=5e-3)
    assert inputs.pilot.throttle == pytest.approx(0.25, abs=5e-3)
    assert (inputs.pilot.is_arm_switch_on, inputs.pilot.is_kill_switch_on) == (1, 0)
    script.is_present, heard_us = 0, int(inputs.pilot.t_us)
    bench.fly(0.5)
    assert inputs.t_us - heard_us > 400_000


def test_slow_parts_get_their_turn_and_samples_are_not_late():
    bench = Bench(ALL_I2C, 500.0, [])
    bench.fly(2.0)
    rates = {turn.device.name: turn.samples / 2.0 for turn in bench.world.turns}

    assert rates["BMP280"] == pytest.approx(26.0, rel=0.1)
    assert rates["QMC5883L"] == pytest.approx(100.0, rel=0.1)
    assert rates["INA226"] == pytest.approx(50.0, rel=0.1)
    assert rates["u-blox"] == pytest.approx(5.0, abs=2.0)
    assert bench.missed == 0
    assert bench.world.overruns == 0


def built(tables: dict, rate_hz: float = 500.0):
    """Return what a `[pi]` table sets up on a vehicle that has every part."""
    rig = PiVehicle(load("pi450"), ALL_I2C, [])
    return Setup(tables, Wiring(), 1.0 / rate_hz, "here.toml", rig.buses)


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ({}, "here.toml: has no .pi. table"),
        ({"sonar": {}}, "pi.sonar is not known; known keys: imu, baro"),
        ({"baro": {"part": "bmp280"}}, "pi.imu is missing"),
        ({"imu": "mpu6050"}, "must be a table"),
        ({"imu": {"part": "mpu6000"}}, "pi.imu.part = 'mpu6000'; allowed: board, mpu6050, icm42688"),
        ({"imu": {"part": "mpu6050", "bus": "1"}}, "pi.imu.bus = '1'; allowed: whole numbers"),
        ({"imu": {"part": "mpu6050", "axes": ["up", "up", "up"]}}, "pi.imu.axes"),
        ({"imu": {"part": "mpu6050"}, "outputs": {"part": "board"}}, "pi.outputs.port = None; allowed: a serial port"),
        ({"imu": {"part": "mpu6050"}, "outputs": {"part": "pca9685", "rate_hz": 1000}}, "whole numbers 50 to 450"),
        ({"imu": {"part": "board", "port": "ttyACM0"}}, "a serial port such as"),
        (ALL_I2C | {"mag": {"part": "qmc5883l", "addres": 13}}, "pi.mag.addres is not known; known keys: part, bus"),
        (ALL_I2C | {"battery": {"part": "ina226"}}, "pi.battery.shunt_ohm = None; allowed: 1e-05 to 1"),
        (ALL_I2C | {"baro": {"part": "bmp280", "address": 0x68}}, "two parts cannot have the same"),
    ],
)  # fmt: skip
def test_what_a_table_says_wrong_is_named_with_what_may_stand(tables, complaint):
    with pytest.raises(ConfigError, match=complaint):
        built(tables)


def test_more_than_a_bus_can_carry_is_refused_before_the_flight():
    with pytest.raises(
        ConfigError, match=r"bus 1 busy for .* us of a tick of 1000: set airframe\.loop_rate_hz = 500"
    ):
        built(ALL_I2C, 1000.0)


def test_a_part_that_does_not_answer_keeps_the_vehicle_on_the_ground():
    rig = PiVehicle(load("pi450"), ALL_I2C, [])
    rig.chips["mag"].unplug()

    with pytest.raises(LinkError, match="QMC5883L at I2C bus 1, address 0x0d: does not answer"):
        Setup(ALL_I2C, Wiring(), 0.002, "here.toml", rig.buses).world().open()
