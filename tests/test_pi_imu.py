"""IMUs on the Pi's own buses: found, set up, read in bursts at their own pace; what fails is told as data."""

import numpy as np
import pytest

from firmware_bridge import mpu
from firmware_bridge.pi import registers
from firmware_bridge.pi.icm42688 import Icm42688
from firmware_bridge.pi.imu import PacedImu
from firmware_bridge.pi.mpu6050 import Mpu6050
from firmware_bridge.pi.registers import I2cRegisters, SpiRegisters
from firmware_bridge.wiring import Wiring
from flight.errors import ConfigError, LinkError
from tests.registers.buses import FakeSMBus, FakeSpi, Time
from tests.registers.icm import Icm
from tests.registers.mpu import ACCEL_CONFIG, PWR_MGMT_1, Mpu

ROTATION = Wiring().rotation
GRAVITY = 9.80665


class Bench:
    """An IMU that samples every millisecond of a clock that may be wrong, and its driver."""

    def __init__(self, part: str, who: int = 0x68, rate_hz: int = 1000, drift: float = 0.0) -> None:
        self.time = Time()
        self.chip = Mpu(self.turning, who) if part == "mpu6050" else Icm(self.turning_icm)
        self.bus = FakeSMBus({0x68: self.chip}, self.time)
        self.spi = FakeSpi(self.chip, self.time)
        self.ms, self.began_us, self.period_us = 0, self.time.now_us(), 1000.0 / (1.0 + drift)
        self.time.watchers.append(self.run)
        if part == "mpu6050":
            self.source = Mpu6050(I2cRegisters(self.bus, 0x68), rate_hz, ROTATION)
        else:
            self.source = Icm42688(SpiRegisters(self.spi), rate_hz, ROTATION)
        self.imu = PacedImu(self.source, self.time, 1.0 / rate_hz)

    def run(self, now_us: int) -> None:
        """Let the chip's clock follow."""
        while self.began_us + (self.ms + 1) * self.period_us <= now_us:
            self.ms += 1
            self.chip.tick()

    def turning(self) -> bytes:
        """Turn right at a rate that tells the sample's number."""
        rate = self.ms % 1000 * mpu.GYRO_STEP
        return mpu.encode(np.array([0.0, 0.0, rate]), np.array([0.0, 0.0, -GRAVITY]), 30.0, ROTATION)

    def turning_icm(self) -> bytes:
        """Say the same in the other chip's order."""
        counts = np.frombuffer(self.turning(), ">i2")
        temperature = round((30.0 - 25.0) * 132.48)
        return np.array([temperature, *counts[:3], *counts[4:]], ">i2").tobytes()

    def opened(self) -> "Bench":
        """Find the chip and set it up."""
        self.source.open(self.time)
        return self


PARTS = ("mpu6050", "icm42688")


@pytest.mark.parametrize("part", PARTS)
def test_a_chip_is_found_set_up_and_read_in_the_vehicles_axes(part):
    bench = Bench(part).opened()
    motion = [bench.imu.wait() for _ in range(10)][-1]

    assert motion.accel_frd == pytest.approx([0.0, 0.0, -GRAVITY], abs=1e-3)
    assert motion.gyro_frd[2] > 0.0
    assert motion.gyro_frd[:2] == pytest.approx([0.0, 0.0])
    assert motion.temperature_c == pytest.approx(30.0, abs=0.01)


@pytest.mark.parametrize(
    ("who", "name"), [(0x68, "MPU-6050"), (0x70, "MPU-6500"), (0x71, "MPU-9250"), (0x73, "MPU-9255")]
)
def test_the_family_is_told_apart_and_set_as_the_firmware_sets_it(who, name):
    bench = Bench("mpu6050", who).opened()

    assert bench.source.name == name
    # 2000 degrees/s, 16 g, 184 Hz, as tests/test_firmware_imu.py asks of the Arduino.
    assert [bench.chip.registers[at] for at in (0x1B, 0x1C, 0x1A, 0x38)] == [0x18, 0x18, 1, 1]


def test_nobody_and_somebody_else_are_refused_with_what_to_do():
    bench = Bench("mpu6050")
    bench.chip.unplug()
    with pytest.raises(LinkError, match="check its wires"):
        bench.opened()
    with pytest.raises(LinkError, match="0xe5 is not known"):
        Bench("mpu6050", who=0xE5).opened()
    gone = Bench("icm42688")
    gone.chip.unplug()
    with pytest.raises(LinkError, match="chip select"):
        gone.opened()
    with pytest.raises(ConfigError, match="1000, 500, 250 Hz, not at 2000"):
        Bench("mpu6050", rate_hz=2000)


def test_a_register_that_does_not_keep_its_value_is_named():
    bench = Bench("mpu6050")
    bench.chip.store = lambda at, value: Mpu.store(bench.chip, at, 0 if at == ACCEL_CONFIG else value)

    with pytest.raises(LinkError, match="register 0x1c should hold 0x18, found 0x00"):
        bench.opened()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("drift", [-0.02, 0.0, 0.02], ids=["slow", "right", "fast"])
def test_every_sample_is_flown_once_at_the_chips_own_pace(part, drift, record_property):
    bench = Bench(part, drift=drift).opened()
    seen, times = [], []
    for _ in range(4000):
        motion = bench.imu.wait()
        assert motion is not None
        seen.append(round(motion.gyro_frd[2] / mpu.GYRO_STEP))
        times.append(bench.imu.sampled_us - bench.began_us - bench.ms * bench.period_us)

    assert (np.diff(seen) % 1000 == 1).all()
    assert bench.imu.lost == 0
    # The fourth window ends after 2 s; its line is laid two samples later.
    off_us = np.ptp(times[2010:])
    record_property(f"{part}, clock {drift:+.0%}: sample times scatter by, us", f"{off_us:.0f}")
    assert off_us < 100.0


def test_at_half_the_rate_every_second_millisecond_is_sampled():
    bench = Bench("mpu6050", rate_hz=500).opened()
    seen = [round(bench.imu.wait().gyro_frd[2] / mpu.GYRO_STEP) for _ in range(400)]

    assert (np.diff(seen) % 1000 == 2).all()


@pytest.mark.parametrize("part", PARTS)
def test_a_failed_transfer_costs_its_sample_and_nothing_else(part):
    bench = Bench(part).opened()
    for _ in range(100):
        bench.imu.wait()
    (bench.bus if part == "mpu6050" else bench.spi).failing = 40
    missed = [bench.imu.wait() is None for _ in range(100)]

    assert 1 <= sum(missed) < 20
    assert not any(missed[50:])
    assert bench.source.registers.failures == 40


def test_a_hung_bus_holds_a_tick_up_by_the_kernels_timeout_alone():
    bench = Bench("mpu6050").opened()
    bench.imu.wait()
    bench.bus.is_hung = True
    began_us = bench.time.now_us()

    assert bench.imu.wait() is None
    # One look, and one attempt to set it up again, of 10 ms each at most.
    assert bench.time.now_us() - began_us < 21_000


def test_a_chip_that_lost_power_in_flight_comes_back():
    bench = Bench("mpu6050").opened()
    for _ in range(10):
        bench.imu.wait()
    bench.chip.unplug()
    gone = [bench.imu.wait() for _ in range(200)]
    bench.chip.plug_in()
    back = [bench.imu.wait() for _ in range(400)]

    assert not any(gone)
    assert all(motion is not None for motion in back[-50:])
    assert bench.chip.registers[PWR_MGMT_1] == 0x01
    assert back[-1].accel_frd == pytest.approx([0.0, 0.0, -GRAVITY], abs=1e-3)


def test_what_is_missing_is_named_with_the_command_that_brings_it():
    with pytest.raises(ConfigError, match=r"no_such_package.*pip install 'quadloop\[pi\]'"):
        registers.package("no_such_package", "I2C bus 1")


def test_a_bus_that_is_not_there_says_how_to_switch_it_on():
    pytest.importorskip("smbus2")
    with pytest.raises(LinkError, match="dtparam=i2c_arm=on"):
        registers.open_i2c(77)
