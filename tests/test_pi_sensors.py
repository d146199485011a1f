"""Barometers, compass, rangers and battery monitor on the Pi's I2C: found, set up, compensated, revived."""

import numpy as np
import pytest

from firmware_bridge.pi import bmp280, bmp388
from firmware_bridge.pi.bmp280 import Bmp280
from firmware_bridge.pi.bmp388 import Bmp388
from firmware_bridge.pi.ina226 import Ina226
from firmware_bridge.pi.qmc5883l import Qmc5883l
from firmware_bridge.pi.registers import I2cRegisters
from firmware_bridge.wiring import Wiring
from flight.errors import LinkError
from tests.registers import barometers, others
from tests.registers.barometers import TRIMS_280, TRIMS_388
from tests.registers.buses import FakeSMBus, Time

FLU = Wiring().rotation


class Bench:
    """A chip behind a bus, its driver, and a measurement to make."""

    def __init__(self, chip, driver, measure) -> None:
        self.time, self.chip, self.driver, self.measure = Time(), chip, driver, measure
        self.bus = FakeSMBus({0x55: chip}, self.time)
        driver.registers.bus = self.bus

    def opened(self) -> "Bench":
        """Find the chip and set it up."""
        self.driver.open(self.time)
        return self

    def polled(self):
        """Measure, then poll."""
        self.measure(self.chip)
        return self.driver.poll(self.time.now_us())


def at_0x55() -> I2cRegisters:
    """Return the registers of the chip under test."""
    return I2cRegisters(None, 0x55)


def bench(name: str) -> Bench:
    """Return a part that measures something new each time."""
    climb, turn = barometers.falling(), iter(range(1, 10_000))
    return {
        "bmp280": lambda: Bench(
            barometers.Bmp280(), Bmp280(at_0x55()), lambda c: c.measure(next(climb), 25.0)
        ),
        "bmp388": lambda: Bench(
            barometers.Bmp388(), Bmp388(at_0x55()), lambda c: c.measure(next(climb), 25.0)
        ),
        "qmc5883l": lambda: Bench(
            others.Qmc(), Qmc5883l(at_0x55(), FLU), lambda c: c.measure(np.array([20.0, next(turn), -40.0]))
        ),
        "ina226": lambda: Bench(others.Ina(), Ina226(at_0x55(), 0.001), lambda c: c.measure(15.8, 0.0125)),
    }[name]()


PARTS = ("bmp280", "bmp388", "qmc5883l", "ina226")


def test_the_data_sheets_worked_example_comes_out():
    # BST-BMP280-DS001 3.12: 100653.27 Pa and 25.08 degrees C.
    pressure_pa, temperature_c = bmp280.compensated(TRIMS_280, 415148, 519888)

    assert temperature_c == pytest.approx(25.08, abs=0.005)
    assert pressure_pa == pytest.approx(100653.27, abs=0.1)


def test_the_other_barometers_trims_are_powers_of_two():
    # BST-BMP388-DS001 8.4, trim by trim.
    scaled = bmp388.scaled(TRIMS_388)

    assert scaled[0] == 27798 * 2.0**8
    assert scaled[3] == (-401 - 2**14) / 2.0**20
    assert scaled[4] == (-1210 - 2**14) / 2.0**29
    assert scaled[7] == 25080 * 2.0**3
    assert scaled[13] == -60 / 2.0**65


@pytest.mark.parametrize(
    ("pressure", "temperature", "told"),
    [
        (6_500_000, 8_600_000, (105707.17949334, 26.0960923912)),
        (8_000_000, 7_500_000, (77303.2126393899, 6.7593697496)),
    ],
)
def test_the_other_barometer_agrees_with_a_driver_nobody_here_wrote(pressure, temperature, told):
    # What adafruit-circuitpython-bmp3xx 1.3.27 makes of the same counts and trims.
    assert bmp388.compensated(bmp388.scaled(TRIMS_388), pressure, temperature) == pytest.approx(
        told, rel=1e-9
    )


@pytest.mark.parametrize("name", ["bmp280", "bmp388"])
def test_pressure_and_temperature_survive_the_registers(name, record_property):
    rig, off_pa = bench(name).opened(), []
    for pressure_pa, temperature_c in (
        (101_325.0, 15.0),
        (95_600.0, 31.5),
        (70_000.0, -10.0),
        (45_000.0, 50.0),
    ):
        rig.chip.measure(pressure_pa, temperature_c)
        told = rig.driver.poll(0)
        off_pa.append(abs(told["pressure_pa"] - pressure_pa))
        assert told["temperature_c"] == pytest.approx(temperature_c, abs=0.01)

    record_property(f"{name}: registers round pressure by, Pa", f"{max(off_pa):.3f}")
    assert max(off_pa) < 0.5


def test_the_compass_points_the_vehicles_way():
    rig = bench("qmc5883l").opened()
    rig.chip.measure(np.array([22.0, -3.0, -42.0]))

    # The chip lies markings up: its y points left, its z up; the field goes down in the north.
    assert rig.driver.poll(0)["field_ut_frd"] == pytest.approx([22.0, 3.0, 42.0], abs=0.02)


def test_a_magnet_beside_the_compass_is_no_field():
    rig = bench("qmc5883l").opened()
    rig.chip.measure(np.array([2000.0, 0.0, 0.0]))

    assert rig.driver.poll(0) is None


def test_the_battery_is_told_in_volts_and_amperes():
    told = bench("ina226").opened().polled()

    assert told["voltage_v"] == pytest.approx(15.8, abs=1e-3)
    assert told["current_a"] == pytest.approx(12.5, abs=3e-3)


def test_charging_is_negative():
    rig = bench("ina226").opened()
    told = []
    for shunt_v in (-0.002, 0.06):
        rig.chip.measure(15.8, shunt_v)
        told.append(rig.driver.poll(0)["current_a"])

    assert told == pytest.approx([-2.0, 60.0], abs=3e-3)


@pytest.mark.parametrize("name", PARTS)
def test_nobody_at_the_address_says_what_to_check(name):
    rig = bench(name)
    rig.chip.unplug()

    with pytest.raises(LinkError, match="check"):
        rig.opened()


@pytest.mark.parametrize("name", ["bmp280", "bmp388"])
def test_another_chip_at_the_address_is_named(name):
    rig = bench(name)
    rig.chip.who = 0x33
    rig.chip.lose_power()

    with pytest.raises(LinkError, match="0x33 is not known"):
        rig.opened()


@pytest.mark.parametrize("name", ["bmp280", "bmp388", "qmc5883l"])
def test_a_measurement_is_told_once(name):
    rig = bench(name).opened()

    assert rig.polled() is not None
    assert rig.driver.poll(0) is None
    assert rig.polled() is not None


@pytest.mark.parametrize("name", PARTS)
def test_a_failed_transfer_is_no_sample_and_no_exception(name):
    rig = bench(name).opened()
    rig.bus.failing = 10

    assert rig.polled() is None
    assert rig.driver.registers.failures > 0
    rig.bus.failing = 0
    assert [rig.polled() for _ in range(3)][-1] is not None


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_lost_its_power_measures_again_once_revived(name):
    rig = bench(name).opened()
    rig.chip.unplug()
    assert rig.polled() is None
    rig.chip.plug_in()
    rig.driver.revive()

    assert [rig.polled() for _ in range(3)][-1] is not None


def test_a_barometer_that_was_reset_is_noticed_at_its_next_poll():
    rig = bench("bmp280").opened()
    rig.chip.lose_power()
    rig.polled()

    assert rig.polled() is not None


def test_the_ranger_is_loaded_calibrated_and_read():
    pytest.importorskip("smbus2")
    from firmware_bridge.pi.registers import WideRegisters
    from firmware_bridge.pi.vl53l1x import TABLE, Vl53l1x

    time, chip = Time(), others.Vl53()
    driver = Vl53l1x(WideRegisters(FakeSMBus({0x29: chip}, time), 0x29))
    driver.open(time)

    def polled():
        return next(filter(None, [driver.poll(0) for _ in range(3)]), None)

    # The first range after a start is of before.
    assert polled()["is_valid"] == 0
    told = []
    for distance_m, is_valid in ((1.234, True), (0.5, False), (5.0, True), (0.02, True), (3.999, True)):
        chip.measure(distance_m, is_valid)
        told.append(polled())

    assert len(TABLE) == 0x88 - 0x2D
    assert [round(t["distance_m"], 3) for t in told] == [1.234, 0.5, 5.0, 0.02, 3.999]
    assert [t["is_valid"] for t in told] == [1, 0, 0, 0, 1]
    assert polled() is None
    # Long range in 33 ms, as ST's table of budgets has it; the next range after 35.
    assert chip.registers[0x5E:0x60] == b"\x00\x60"
    assert chip.registers[0x61:0x63] == b"\x00\x6e"
    assert int.from_bytes(chip.registers[0x6C:0x70], "big") == round((0x0ABC & 0x3FF) * 35 * 1.075)
    chip.unplug()
    assert polled() is None
    chip.plug_in()
    driver.revive()
    polled()
    chip.measure(2.0, True)
    assert polled()["distance_m"] == 2.0


def test_a_ranger_that_is_another_is_refused():
    pytest.importorskip("smbus2")
    from firmware_bridge.pi.registers import WideRegisters
    from firmware_bridge.pi.vl53l1x import Vl53l1x

    time, chip = Time(), others.Vl53()
    chip.put(0x010F, b"\xee\xaa")

    with pytest.raises(LinkError, match="model eeaa"):
        Vl53l1x(WideRegisters(FakeSMBus({0x29: chip}, time), 0x29)).open(time)
