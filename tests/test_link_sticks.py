"""Sticks from the ground: one pilot flies at a time."""

import time
from types import SimpleNamespace

import pytest

from ground.link.dialect import mavlink
from ground.link.sticks import Sticks
from tests.link_rig import CLIENT, Line

OTHER = CLIENT._replace(system=77)


@pytest.fixture
def pilots(monkeypatch):
    """Return a function that moves a stick at a time, in seconds, and returns the pitches the loop was told."""
    clock, vehicle, line = SimpleNamespace(s=0.0), SimpleNamespace(told=[]), Line()
    vehicle.sticks = lambda pilot: vehicle.told.append(float(pilot.pitch))
    service = Sticks(vehicle, line)
    monkeypatch.setattr(time, "monotonic", lambda: clock.s)

    def move(s, forward, sender=CLIENT, is_override=False):
        clock.s = s
        width_us = int(1500 - 500 * forward)
        message = (
            mavlink.MAVLink_rc_channels_override_message(1, 1, 1500, width_us, 1500, 1500, *[65535] * 4)
            if is_override
            else mavlink.MAVLink_manual_control_message(1, int(1000 * forward), 0, 500, 0, 0)
        )
        service.handle(message, sender, line)
        return vehicle.told

    move.texts = line.texts
    return move


@pytest.mark.parametrize("is_override", [False, True])
def test_a_second_pilot_does_not_fight_the_first_and_is_told_so(pilots, is_override):
    for tick in range(20):
        pilots(0.05 * tick, 0.5)
        told = pilots(0.05 * tick + 0.02, -0.5, OTHER, is_override)

    assert told == [-0.5] * 20
    assert pilots.texts == ["Sticks of 77/190 ignored: another one streams"]


def test_who_takes_over_from_a_pilot_that_left_flies_after_half_a_second(pilots):
    pilots(0.0, 0.5)
    pilots(0.4, -0.25, OTHER)
    told = pilots(0.6, -0.25, OTHER)

    assert told == [-0.5, 0.25]


def test_one_pilot_may_send_both_kinds_of_sticks(pilots):
    pilots(0.0, 0.5)

    assert pilots(0.02, 0.5, is_override=True) == [-0.5, -0.5]
