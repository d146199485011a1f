"""A region of interest turns the vehicle's nose to a place."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import Arming, Mode
from ground.link.gaze import Gaze
from ground.link.service import ACCEPTED, DENIED
from tests.link_rig import CLIENT, ORIGIN, Line, PretendedVehicle, order

SET_ROI, NAV_ROI, LOCATION, ALONG, NONE = 201, 80, 195, 196, 197
ABOUT_ROI_NONE, ABOUT_ROI_NEXT, ABOUT_ROI_LOCATION = 0, 1, 3
METRES_PER_DEGREE = 111_170.0


class Flying(PretendedVehicle):
    """A vehicle that holds 10 m up, 100 m east of where its frame begins."""

    p_ned = (0.0, 100.0, -10.0)
    command = property(
        lambda self: SimpleNamespace(status=self.said, estimate=SimpleNamespace(p_ned=self.p_ned))
    )


@pytest.fixture
def gaze(tmp_path):
    vehicle = Flying(tmp_path)
    vehicle.said.arming, vehicle.said.is_landed, vehicle.said.mode = int(Arming.ARMED), 0, int(Mode.HOLD)
    return Gaze(vehicle, Line())


def headings(gaze, times=1):
    """Return the headings that are asked for in so many periods."""
    gaze.vehicle.demands.clear()
    for _ in range(times):
        gaze.tick(gaze.due_s + 0.01)
    assert all(kind == Demand.YAW for kind, _, _ in gaze.vehicle.demands)
    return [math.degrees(arguments[0]) for _, arguments, _ in gaze.vehicle.demands]


def look_at(gaze, north_m, east_m=100.0, number=LOCATION, p1=0.0):
    """Tell where to look; 1 degree of latitude is METRES_PER_DEGREE there."""
    lat_deg = ORIGIN.lat_deg + north_m / METRES_PER_DEGREE
    lon_deg = ORIGIN.lon_deg + east_m / METRES_PER_DEGREE / math.cos(math.radians(ORIGIN.lat_deg))
    return gaze.commands[number](order(number, p1, 0, 0, 0, lat_deg, lon_deg, ORIGIN.alt_amsl_m), CLIENT)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(LOCATION, 0), (SET_ROI, ABOUT_ROI_LOCATION), (NAV_ROI, ABOUT_ROI_LOCATION), (SET_ROI, ABOUT_ROI_NONE)],
)
def test_the_nose_follows_a_place_while_the_vehicle_moves(gaze, number, kind):
    assert look_at(gaze, 50.0, number=number, p1=kind) == ACCEPTED
    assert headings(gaze) == [pytest.approx(0.0, abs=1.0)]

    gaze.vehicle.p_ned = (0.0, 150.0, -10.0)

    assert headings(gaze) == [pytest.approx(-45.0, abs=1.0)]


@pytest.mark.parametrize(
    ("number", "kind"), [(NONE, 0), (ALONG, 0), (SET_ROI, ABOUT_ROI_NONE), (NAV_ROI, ABOUT_ROI_NEXT)]
)
def test_it_looks_away_when_told_so(gaze, number, kind):
    look_at(gaze, 50.0)
    assert headings(gaze, 3)

    gaze.vehicle.demands.clear()
    assert gaze.commands[number](order(number, kind), CLIENT) == ACCEPTED

    # Nothing asked for: the mode's own heading again.
    assert gaze.vehicle.demands == [(Demand.YAW, [], 0)]
    assert not headings(gaze, 3)


@pytest.mark.parametrize(
    "numbers", [(math.nan, 8.5), (47.4, math.nan), (95.0, 8.5), (0.0, 0.0), (math.inf, 8.5)]
)
def test_a_place_that_is_none_is_denied(gaze, numbers):
    try:
        result = gaze.commands[LOCATION](order(LOCATION, 0, 0, 0, 0, *numbers, 500.0), CLIENT)
    except ValueError:  # The link says why and denies.
        result = DENIED

    assert result == DENIED
    assert not headings(gaze, 3)


def test_a_kind_that_names_no_place_is_denied(gaze):
    assert look_at(gaze, 50.0, number=SET_ROI, p1=2.0) == DENIED
    assert not headings(gaze, 3)


@pytest.mark.parametrize("mode", [Mode.RETURN, Mode.LAND, Mode.POSITION, Mode.OFFBOARD, Mode.ORBIT])
def test_modes_that_choose_their_own_heading_keep_it(gaze, mode):
    look_at(gaze, 50.0)

    gaze.vehicle.said.mode = int(mode)

    assert not headings(gaze, 3)


def test_a_vehicle_on_the_ground_does_not_turn_and_begins_in_the_air(gaze):
    gaze.vehicle.said.is_landed, gaze.vehicle.said.arming = 1, int(Arming.DISARMED)
    look_at(gaze, 50.0)
    assert not headings(gaze, 3)

    gaze.vehicle.said.is_landed, gaze.vehicle.said.arming = 0, int(Arming.ARMED)

    assert headings(gaze)


def test_the_place_is_forgotten_with_the_flight(gaze):
    look_at(gaze, 50.0)
    assert headings(gaze)

    gaze.vehicle.said.arming = int(Arming.DISARMED)
    gaze.tick(100.0)
    gaze.vehicle.said.arming = int(Arming.ARMED)

    assert not headings(gaze, 3)


def test_right_above_a_place_the_nose_stays(gaze):
    look_at(gaze, 0.0)

    assert not headings(gaze, 3)
