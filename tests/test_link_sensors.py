"""What sensors tell the ground: the percent of a battery that sags under load, and clipped samples."""

from types import SimpleNamespace

import pytest

from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Arming, Event
from flight.record import rows
from ground.link.sensor_telemetry import SensorTelemetry
from ground.link.vehicle import Facts, Happening


class Pack:
    """A battery of 5 Ah and 20 mohm as the link sees it, at a steady current."""

    def __init__(self, **facts: float) -> None:
        self.inputs = rows(INPUTS)[0]
        self.vehicle = SimpleNamespace(
            t_us=0,
            inputs=self.inputs,
            command=rows(COMMAND)[0],
            facts=Facts(**facts),
            cells=4.0,
            happenings=[],
        )
        self.telemetry = SensorTelemetry(self.vehicle)

    def flow(self, open_v: float, current_a: float, seconds: float) -> int:
        """Draw a current for so long; return the percent told then."""
        self.inputs.battery.voltage_v = open_v - 0.02 * current_a
        self.inputs.battery.current_a = current_a
        for _ in range(round(10 * seconds)):
            self.vehicle.t_us += 100_000
            self.telemetry.update()
        return self.telemetry.remaining()


KNOWN = {"capacity_mah": 5000.0, "resistance_ohm": 0.02}


def test_clipped_samples_are_counted_to_the_ground():
    pack, command = Pack(**KNOWN), rows(COMMAND)[0]
    pack.vehicle.command = command
    command.estimate.accel_clips = 17

    told = pack.telemetry.vibration()

    assert (told.clipping_0, told.clipping_1, told.clipping_2) == (17, 0, 0)


def test_without_a_battery_nothing_is_told():
    assert Pack(**KNOWN).telemetry.remaining() == -1


def test_taking_off_does_not_empty_the_battery():
    pack = Pack(**KNOWN)
    before = pack.flow(16.0, 0.4, 1.0)

    assert pack.flow(16.0, 25.0, 1.0) == pytest.approx(before, abs=1)


def test_a_tenth_of_the_charge_drawn_is_ten_percent():
    pack = Pack(**KNOWN)
    before = pack.flow(15.6, 0.4, 1.0)

    # 20 A for 90 s are 0.5 Ah; the open voltage has fallen with it by as much.
    assert pack.flow(15.42, 20.0, 90.0) == pytest.approx(before - 10, abs=1)


def test_a_fuller_pack_put_in_while_no_motor_turns_is_counted_anew():
    pack = Pack(**KNOWN)
    pack.flow(14.8, 0.4, 1.0)
    pack.vehicle.command.status.arming = Arming.ARMED
    assert pack.flow(16.2, 0.4, 1.0) < 30
    pack.vehicle.command.status.arming = Arming.DISARMED
    assert pack.flow(16.2, 0.4, 1.0) == 100
    assert pack.telemetry.used_mah == pytest.approx(0.4 / 3.6, abs=0.02)


def test_who_knows_no_capacity_goes_by_the_voltage():
    pack = Pack()

    assert pack.flow(16.2, 0.0, 1.0) == 100
    assert pack.flow(15.3, 0.0, 1.0) == 50
    assert pack.flow(14.0, 0.0, 1.0) == 0


def test_arming_and_take_off_are_told_with_their_times():
    pack = Pack()
    pack.vehicle.happenings = [Happening(3_000_000, Event.ARMED, 0.0, "", 6)]
    pack.telemetry.update()
    pack.vehicle.happenings = [Happening(5_000_000, Event.TOOK_OFF, 0.0, "", 6)]
    pack.telemetry.update()

    assert pack.telemetry.begun_us == [3_000_000, 5_000_000]
