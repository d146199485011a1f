"""Commands that fly become the demand that was meant, or nothing."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from ground.link.flight_commands import FlightCommands
from ground.link.service import DENIED
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

TAKE_OFF, CHANGE_ALTITUDE = 22, 186
ABOVE_SEA, LOCAL, ABOVE_HOME = 0, 1, 3


class Flying(PretendedVehicle):
    """A vehicle 10 m up."""

    command = property(
        lambda self: SimpleNamespace(status=self.said, estimate=SimpleNamespace(p_ned=(5.0, 6.0, -10.0)))
    )


@pytest.fixture
def commands(tmp_path):
    return FlightCommands(Flying(tmp_path), Line())


@pytest.mark.parametrize(("is_landed", "height_m"), [(1, 15.0), (0, 25.0)])
def test_a_take_off_climbs_above_the_ground_and_in_the_air_above_home(commands, is_landed, height_m):
    commands.vehicle.said.is_landed = is_landed

    commands.commands[TAKE_OFF](order(TAKE_OFF, 0, 0, 0, math.nan, math.nan, math.nan, 513.0), CLIENT)

    ((kind, arguments, _),) = commands.vehicle.demands
    assert kind == Demand.TAKEOFF
    assert arguments == [pytest.approx(height_m, abs=0.01)]


@pytest.mark.parametrize(("altitude_m", "frame"), [(513.0, ABOVE_SEA), (25.0, ABOVE_HOME)])
def test_another_altitude_is_flown_over_the_same_place(commands, altitude_m, frame):
    assert commands.commands[CHANGE_ALTITUDE](order(CHANGE_ALTITUDE, altitude_m, frame), CLIENT) is None

    ((kind, arguments, _),) = commands.vehicle.demands
    assert kind == Demand.GOTO
    assert arguments == [None, None, pytest.approx(-25.0, abs=0.01), None, None]


@pytest.mark.parametrize(
    ("altitude_m", "frame"),
    [(math.nan, ABOVE_HOME), (math.inf, ABOVE_SEA), (25.0, LOCAL), (25.0, math.nan), (25.0, 99)],
)
def test_an_altitude_that_says_nothing_is_denied_with_a_reason(commands, altitude_m, frame):
    assert commands.commands[CHANGE_ALTITUDE](order(CHANGE_ALTITUDE, altitude_m, frame), CLIENT) == DENIED

    assert not commands.vehicle.demands
    assert commands.link.texts
