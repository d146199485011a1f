"""Faults as a person writes them."""

import pytest

from flight.airframe import load
from flight.errors import ConfigError
from flight.record import rows
from ground.faults import Fault, parse
from sim.vehicle import VEHICLE, setup_for


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("motor2@12s", Fault("motor", 2, "", 0.0, 12.0, None)),
        ("motor2:0.5@12", Fault("motor", 2, "", 0.5, 12.0, None)),
        ("gps:dropout@20s-30s", Fault("gps", 0, "dropout", 0.0, 20.0, 30.0)),
        ("baro:bias=-2@15.5s", Fault("baro", 0, "bias", -2.0, 15.5, None)),
        ("gyro:noise=1e-2@1s-2s", Fault("gyro", 0, "noise", 0.01, 1.0, 2.0)),
    ],
)
def test_a_fault_reads_as_it_is_written(text, fault):
    assert parse(text) == fault


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gyro:noise=-1@5s", "above zero"),
        ("gps:delay=-0.2@5s", "above zero"),
        ("baro:bias=1e999@5s", "needs a size"),
        ("motor9@5s", "motor1 to motor8"),
        ("motor2:1.5@5s", "share 0 to 1"),
        ("gps:dropout@9s-3s", "ends before it begins"),
    ],
)
def test_a_fault_without_sense_is_refused_with_what_would_have_some(text, told):
    with pytest.raises(ConfigError, match=told):
        parse(text)


@pytest.mark.parametrize(
    ("text", "told"), [("motor5@5s", "motor1 to motor4"), ("mocap:stuck@5s", "it carries imu")]
)
def test_a_fault_of_a_part_the_vehicle_lacks_is_refused(text, told):
    setup = setup_for(load("pi450"))[0]
    vehicle = rows(VEHICLE)[0]

    with pytest.raises(ConfigError, match=told):
        parse(text).apply(vehicle, setup)
