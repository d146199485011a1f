"""Commands that fly become the demand that was meant, or nothing."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from ground.link.flight_commands import FlightCommands
from ground.link.gaze import Gaze
from ground.link.missions import Missions
from ground.link.service import DENIED
from ground.link.vehicle import Place
from tests.link_rig import CLIENT, PretendedVehicle, order
from tests.mission_rig import Plans

TAKE_OFF, LAND, CHANGE_ALTITUDE, TURN, REPOSITION = 22, 21, 186, 115, 192
ABOVE_SEA, LOCAL, ABOVE_HOME = 0, 1, 3


class Flying(PretendedVehicle):
    """A vehicle 10 m up."""

    command = property(
        lambda self: SimpleNamespace(
            status=self.said, estimate=SimpleNamespace(p_ned=(5.0, 6.0, -10.0), q_ned_frd=(1, 0, 0, 0))
        )
    )


@pytest.fixture
def commands(tmp_path):
    vehicle, line = Flying(tmp_path), Plans()
    line.services[Gaze], line.services[Missions] = Gaze(vehicle, line), Missions(vehicle, line)
    return FlightCommands(vehicle, line)


@pytest.mark.parametrize(("is_landed", "height_m"), [(1, 15.0), (0, 25.0)])
def test_a_take_off_climbs_above_the_ground_and_in_the_air_above_home(commands, is_landed, height_m):
    commands.vehicle.said.is_landed = is_landed

    commands.commands[TAKE_OFF](order(TAKE_OFF, 0, 0, 0, math.nan, math.nan, math.nan, 513.0), CLIENT)

    ((kind, arguments, _),) = commands.vehicle.demands
    assert kind == Demand.TAKEOFF
    assert arguments == [pytest.approx(height_m, abs=0.01)]


@pytest.mark.parametrize(
    ("altitude_m", "climbs_m"), [(490.0, None), (440.0, None), (260.0, None), (120.0, 120.0), (10.0, 10.0)]
)
def test_a_take_off_to_just_below_the_ground_is_denied_and_not_flown_as_a_height(
    commands, altitude_m, climbs_m
):
    result = commands.commands[TAKE_OFF](
        order(TAKE_OFF, 0, 0, 0, math.nan, math.nan, math.nan, altitude_m), CLIENT
    )

    assert [arguments for _, arguments, _ in commands.vehicle.demands] == ([[climbs_m]] if climbs_m else [])
    assert result == (None if climbs_m else DENIED)


def test_a_take_off_at_the_sea_may_be_told_as_a_height_that_is_nearly_the_grounds_altitude(commands):
    commands.vehicle.place_of_origin = commands.vehicle.place_of_home = Place(47.0, 8.0, 5.0)

    commands.commands[TAKE_OFF](order(TAKE_OFF, 0, 0, 0, math.nan, math.nan, math.nan, 12.0), CLIENT)

    assert [arguments for _, arguments, _ in commands.vehicle.demands] == [[12.0]]


@pytest.mark.parametrize(
    ("away_m", "texts"), [(1.0, []), (30.0, ["Land: here; DO_REPOSITION flies to places"])]
)
def test_a_landing_that_names_another_place_is_here_and_says_so(commands, away_m, texts):
    here = commands.vehicle.here

    for x, y in ((here.lat_deg + away_m / 111_132.95, here.lon_deg), (0.0, 0.0), (math.nan, math.nan)):
        assert commands.commands[LAND](order(LAND, 0, 0, 0, math.nan, x, y, 0.0), CLIENT) is None

    assert [kind for kind, *_ in commands.vehicle.demands] == [Demand.LAND] * 3
    assert commands.link.texts == texts


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


TURNS = [(TURN, 90.0), (REPOSITION, -1.0, 0, 0, 1.0, math.nan, math.nan, math.nan)]


@pytest.mark.parametrize("numbers", TURNS)
def test_who_names_a_heading_ends_a_region_of_interest(commands, numbers):
    gaze = commands.link.services[Gaze]
    gaze.place = (100.0, 0.0)

    assert commands.commands[numbers[0]](order(*numbers), CLIENT) is None

    assert gaze.place is None


def test_who_goes_somewhere_without_a_heading_keeps_looking_at_a_region_of_interest(commands):
    gaze = commands.link.services[Gaze]
    gaze.place = (100.0, 0.0)

    commands.commands[REPOSITION](order(REPOSITION, -1.0, 0, 0, *[math.nan] * 3, 513.0), CLIENT)

    assert gaze.place == (100.0, 0.0)
