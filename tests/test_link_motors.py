"""Turning one motor on the ground, whichever of the two commands asks."""

import math

import pytest

from flight.inputs import Demand
from ground.link.motor_tests import MotorTests
from ground.link.service import DENIED, UNSUPPORTED
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

DO_MOTOR_TEST, ACTUATOR_TEST = 209, 310
PERCENT, PWM = 0.0, 1.0


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def line():
    return Line()


def asked(vehicle, line, command, *numbers):
    """Send a command; return its refusal, or what was asked of the core as (ratio, seconds, motor)."""
    wanted = order(command, *numbers)
    refusal = MotorTests(vehicle, line).commands[command](wanted, CLIENT)
    if refusal is not None:
        return refusal
    kind, arguments, motor = vehicle.demands[-1]
    assert kind == Demand.MOTOR_TEST
    return (*arguments, motor)


def test_both_commands_turn_the_same_motor_as_fast_and_as_long(vehicle, line):
    by_percent = asked(vehicle, line, DO_MOTOR_TEST, 3.0, PERCENT, 10.0, 2.0)
    by_pulse = asked(vehicle, line, DO_MOTOR_TEST, 3.0, PWM, 1100.0, 2.0)
    by_output = asked(vehicle, line, ACTUATOR_TEST, 0.1, 2.0, 0.0, 0.0, 3.0)

    assert by_percent == pytest.approx((0.1, 2.0, 2))
    assert by_pulse == pytest.approx(by_percent)
    assert by_output == pytest.approx(by_percent)


@pytest.mark.parametrize("numbers", [(math.nan, 1.0), (0.2, 0.0)])
def test_no_value_or_no_time_stops_the_motor(vehicle, line, numbers):
    ratio, seconds, motor = asked(vehicle, line, ACTUATOR_TEST, *numbers, 0.0, 0.0, 1.0)

    assert (ratio, motor) == (0.0, 0)
    assert 0.0 < seconds < 0.01


@pytest.mark.parametrize(
    ("command", "numbers", "result"),
    [
        (DO_MOTOR_TEST, (5.0, PERCENT, 10.0, 1.0), DENIED),
        (DO_MOTOR_TEST, (math.nan, PERCENT, 10.0, 1.0), DENIED),
        (DO_MOTOR_TEST, (1.0, 7.0, 10.0, 1.0), DENIED),
        (DO_MOTOR_TEST, (1.0, PERCENT, 101.0, 1.0), DENIED),
        (DO_MOTOR_TEST, (1.0, PERCENT, 10.0, math.inf), DENIED),
        (ACTUATOR_TEST, (0.1, 1.0, 0, 0, 5.0), UNSUPPORTED),
        (ACTUATOR_TEST, (0.1, 1.0, 0, 0, 0.0), UNSUPPORTED),
        (ACTUATOR_TEST, (0.1, 1.0, 0, 0, math.nan), UNSUPPORTED),
        (ACTUATOR_TEST, (1.1, 1.0, 0, 0, 1.0), DENIED),
        (ACTUATOR_TEST, (-0.1, 1.0, 0, 0, 1.0), DENIED),
        (ACTUATOR_TEST, (math.inf, 1.0, 0, 0, 1.0), DENIED),
        (ACTUATOR_TEST, (0.1, -1.0, 0, 0, 1.0), DENIED),
        (ACTUATOR_TEST, (0.1, math.nan, 0, 0, 1.0), DENIED),
    ],
)
def test_what_is_no_motor_or_no_test_turns_nothing_and_is_told(vehicle, line, command, numbers, result):
    assert asked(vehicle, line, command, *numbers) == result
    assert not vehicle.demands
    assert line.texts
