"""Setpoints of programs: what of a message is meant, as its type mask says, and what is not passed on at all."""

from types import SimpleNamespace

import pytest

from flight.inputs import Use
from ground.link.dialect import mavlink
from ground.link.setpoints import Setpoints
from tests.link_rig import CLIENT, Line

PLACE, SPEED = Use.POSITION_XY | Use.POSITION_Z, Use.VELOCITY_XY | Use.VELOCITY_Z


@pytest.fixture
def streamed():
    """Return a function that sends a message with this mask and returns what the loop is told."""
    estimate = SimpleNamespace(p_ned=[0.0, 0.0, -5.0], q_ned_frd=[1.0, 0.0, 0.0, 0.0])
    vehicle = SimpleNamespace(command=SimpleNamespace(estimate=estimate), told=[])
    vehicle.stream_offboard = lambda row: vehicle.told.append(row.copy())
    line = Line()
    service = Setpoints(vehicle, line)

    def send(mask, sender=CLIENT):
        message = mavlink.MAVLink_set_position_target_local_ned_message(
            0, 1, 1, 1, mask, 3.0, 4.0, -6.0, 1.0, 2.0, -1.0, 0.1, 0.2, 0.3, 0.5, 0.25
        )
        service.handle(message, sender, line)
        return vehicle.told[-1] if vehicle.told else None

    send.texts, send.told = line.texts, vehicle.told
    return send


@pytest.mark.parametrize(
    ("mask", "uses"),
    [
        (0b110111111000, PLACE),
        (0b100111111000, PLACE | Use.YAW),
        (0b110111000111, SPEED),
        (0b010111000111, SPEED | Use.YAW_RATE),
        (0b110111000000, PLACE | SPEED),
        (0b110000111111, Use.ACCELERATION),
        # dronekit's examples, and ArduPilot's older ones: the bit of a force is set with nothing to be a force.
        (0b111111111000, PLACE),
        (0b111111000111, SPEED),
        (0b101111111000, PLACE | Use.YAW),
    ],
)
def test_what_a_mask_leaves_is_what_is_meant(streamed, mask, uses):
    assert streamed(mask).uses == uses


@pytest.mark.parametrize("mask", [0b111000111111, 0b111000000000])
def test_a_force_is_not_flown_as_an_acceleration(streamed, mask):
    assert streamed(mask) is None


@pytest.mark.parametrize("mask", [0b110111111001, 0b110111111010, 0b110111111111])
def test_half_a_place_or_nothing_is_not_flown(streamed, mask):
    assert streamed(mask) is None


def test_a_second_sender_is_ignored_and_told_of_also_just_after_another_complaint(streamed):
    streamed(0b110111111000)
    streamed(0b111000111111)
    for _ in range(3):
        streamed(0b110111111000, CLIENT._replace(system=77))

    assert len(streamed.told) == 1
    assert len(streamed.texts) == 2
    assert "77/190 ignored: another one streams" in streamed.texts[-1]
