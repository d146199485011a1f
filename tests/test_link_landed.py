"""On the ground, taking off, in the air, landing: told as it is, also at the end of a mission and of a return."""

from types import SimpleNamespace

import pytest

from flight.modes import Mode
from ground.link.landed import IN_AIR, LANDING, ON_GROUND, TAKING_OFF, Landed

WAYPOINT, RETURN, LAND, TAKEOFF = 16, 20, 21, 22
DOWN, ACROSS, SLANTED = (0.0, 0.0, 1.0), (5.0, 0.0, 0.0), (4.0, 0.0, 1.0)


def vehicle(mode, v_ned=ACROSS, is_landed=False):
    setpoint = SimpleNamespace(v_ff_ned=v_ned)
    return SimpleNamespace(mode=mode, is_landed=is_landed, command=SimpleNamespace(setpoint=setpoint))


@pytest.mark.parametrize("mode", list(Mode))
def test_what_stands_is_on_the_ground_whatever_it_is_told_to_do(mode):
    assert Landed().look(vehicle(mode, DOWN, is_landed=True), LAND) == ON_GROUND


@pytest.mark.parametrize(
    ("mode", "item", "v_ned", "state"),
    [
        (Mode.TAKEOFF, 0, (0.0, 0.0, -1.0), TAKING_OFF),
        (Mode.MISSION, TAKEOFF, (0.0, 0.0, -1.0), TAKING_OFF),
        (Mode.LAND, 0, ACROSS, LANDING),
        (Mode.RETURN, 0, ACROSS, IN_AIR),
        (Mode.RETURN, 0, (0.0, 0.0, -1.0), IN_AIR),
        (Mode.RETURN, 0, SLANTED, IN_AIR),
        (Mode.RETURN, 0, DOWN, LANDING),
        (Mode.MISSION, RETURN, DOWN, LANDING),
        (Mode.MISSION, LAND, DOWN, LANDING),
        (Mode.MISSION, LAND, ACROSS, IN_AIR),
        (Mode.MISSION, WAYPOINT, DOWN, IN_AIR),
        (Mode.HOLD, TAKEOFF, ACROSS, IN_AIR),
        (Mode.POSITION, LAND, DOWN, IN_AIR),
    ],
)
def test_in_the_air_it_is_told_whether_the_flight_begins_or_ends(mode, item, v_ned, state):
    assert Landed().look(vehicle(mode, v_ned), item) == state


def test_feeling_for_the_ground_is_still_landing_and_climbing_away_is_not():
    landed = Landed()
    flown = [(0.0, 0.0, 0.0), DOWN, (0.0, 0.0, 0.0), (0.0, 0.0, -0.5), (0.0, 0.0, 0.0)]

    states = [landed.look(vehicle(Mode.RETURN, v_ned), 0) for v_ned in flown]

    assert states == [IN_AIR, LANDING, LANDING, IN_AIR, IN_AIR]
