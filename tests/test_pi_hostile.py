"""Nothing raises in the air: chips that answer nonsense, buses that fail, lines full of noise, killed loops."""

import errno
import math
import os
import signal
import time

import numpy as np
import pytest

from firmware_bridge.pi.setup import Setup
from firmware_bridge.pi.vl53l1x import Vl53l1x
from firmware_bridge.wiring import Wiring
from flight.airframe import load
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.record import rows
from tests.registers.vehicle import ALL_I2C, WITH_SPI, FakeBuses, PiVehicle
from tests.test_pi_doctor import prepared_pwm

pytestmark = pytest.mark.slow

RATES = {"500 Hz": (ALL_I2C, 500.0), "1 kHz": (WITH_SPI, 1000.0)}


class Mad:
    """A bus that fails, hangs and answers at random."""

    def __init__(self, rng: np.random.Generator, time) -> None:
        self.rng, self.time = rng, time

    def maybe_fail(self) -> None:
        self.time.pass_us(float(self.rng.choice([100.0, 10_000.0], p=[0.99, 0.01])))
        if self.rng.random() < 0.2:
            raise OSError(self.rng.choice([errno.EREMOTEIO, errno.ETIMEDOUT, errno.EIO]), "at random")

    def noise(self, count: int) -> list[int]:
        kind = self.rng.integers(3)
        return [0] * count if kind == 0 else [255] * count if kind == 1 else list(self.rng.bytes(count))

    def read_i2c_block_data(self, address, register, length, force=None) -> list[int]:
        self.maybe_fail()
        # Now and then fewer bytes than were asked for.
        return self.noise(length if self.rng.random() < 0.95 else int(self.rng.integers(length)))

    def write_byte_data(self, *_) -> None:
        self.maybe_fail()

    def write_i2c_block_data(self, *_) -> None:
        self.maybe_fail()

    def i2c_rdwr(self, *messages) -> None:
        self.maybe_fail()
        for message in messages:
            if message.flags & 1:
                for at, byte in enumerate(self.noise(message.len)):
                    message.buf[at] = byte

    def xfer2(self, data: list[int]) -> list[int]:
        self.maybe_fail()
        return self.noise(len(data))


@pytest.mark.parametrize("rate", RATES)
def test_nonsense_on_every_bus_and_line_is_data(rate):
    pytest.importorskip("smbus2")
    tables, rate_hz = RATES[rate]
    rig, rng = PiVehicle(load("pi450"), tables, []), np.random.default_rng(5)
    rig.time.watchers.append(rig.run)
    world = Setup(tables, Wiring(), 1.0 / rate_hz, "test", rig.buses).world()
    world.open()
    rig.time.watchers.clear()
    mad = Mad(rng, rig.time)
    for one in (world.core.imu.source, world.core.outputs, *(turn.device for turn in world.turns)):
        registers = getattr(one, "registers", None)
        if hasattr(registers, "device"):
            registers.device = mad
        elif registers is not None:
            registers.bus = mad
    inputs, command = rows(INPUTS), rows(COMMAND)
    before_us = 0
    for _ in range(4000):
        for line in rig.lines.values():
            line.say(rng.bytes(rng.integers(0, 40)))
        world.read(inputs[0])
        world.write(command[0])
        assert inputs[0].t_us > before_us
        before_us = int(inputs[0].t_us)
        # All fields are eight bytes wide; whole numbers are never NaN's bits here.
        assert np.isfinite(inputs.view("f8")).all()

    kept = [len(getattr(rig_line, "arrived", b"")) for rig_line in rig.lines.values()]
    decoders = [getattr(turn.device, "decoder", turn.device) for turn in world.turns]
    assert max(kept) < 200
    assert all(len(getattr(one, "kept", b"")) < 2000 for one in decoders)


@pytest.mark.parametrize("name", ["baro", "mag", "range", "battery"])
def test_no_register_contents_make_a_driver_raise(name):
    pytest.importorskip("smbus2")
    rig, rng = PiVehicle(load("pi450"), ALL_I2C, []), np.random.default_rng(7)
    world = Setup(ALL_I2C, Wiring(), 0.002, "test", rig.buses).world()
    device = next(turn.device for turn in world.turns if turn.device.group == name)
    device.open(rig.time)
    chip = rig.chips[name]
    for _ in range(2000):
        if name == "battery":
            chip.words[1], chip.words[2] = rng.integers(0, 65536, 2).tolist()
        else:
            at = int(rng.integers(len(chip.registers)) if not isinstance(device, Vl53l1x) else 0x89)
            chip.put(at, rng.bytes(min(8, len(chip.registers) - at)))
        told = device.poll(rig.time.now_us())
        assert told is None or all(np.isfinite(value).all() for value in told.values())


def test_a_killed_loop_leaves_no_motor_turning(tmp_path, monkeypatch):
    pytest.importorskip("smbus2")
    from firmware_bridge.pi import pwm
    from ground import board
    from ground.boot import Boot
    from ground.choice import Choice
    from ground.session import Conditions

    chip = prepared_pwm(tmp_path / "pwm")
    monkeypatch.setattr(pwm, "ROOT", chip.parent)
    monkeypatch.setattr(board, "Buses", slowed)
    monkeypatch.chdir(tmp_path)
    airframe = load("pi450")
    airframe.loop_rate_hz, airframe.pi = 500.0, TABLES
    choice = Choice(airframe, Conditions(), endpoints=(), log=str(tmp_path / "a.ulg"), port="pi")
    boot = Boot(choice)
    enabled = chip / "pwm3" / "enable"
    try:
        boot.start()
        until_s = time.monotonic() + 60.0
        while enabled.read_text() != "1" and time.monotonic() < until_s:
            time.sleep(0.02)
        turned = enabled.read_text()
        os.kill(boot.loop.process.pid, signal.SIGKILL)
        boot.loop.process.join(30.0)
    finally:
        boot.stop()
        boot.close()

    assert turned == "1"
    assert {(chip / f"pwm{channel}" / "enable").read_text() for channel in range(4)} == {"0"}
    assert math.isclose(float((chip / "pwm0" / "duty_cycle").read_text().split()[0]), 1e6)


TABLES = {"imu": {"part": "mpu6050"}, "outputs": {"part": "pwm"}}


def slowed() -> FakeBuses:
    """Return the buses of a vehicle whose plant stands still; each sleep costs the clock's time, too."""
    rig = PiVehicle(load("pi450"), ALL_I2C, [])

    def tick(now_us: int) -> None:
        time.sleep(1e-4)
        rig.chips["imu"].tick()

    rig.time.watchers.append(tick)
    return rig.buses
