"""An orbit's altitude is the one that was meant, whatever frame a client names."""

import math
from types import SimpleNamespace

import pytest

from ground.link.places import as_meant, local_place
from ground.link.service import Order
from ground.link.vehicle import Place
from tests.link_rig import ORIGIN, PretendedVehicle

ABOVE_SEA, ABOVE_HOME = 5, 6


class Flying(PretendedVehicle):
    """A vehicle in the air."""

    height_m = 2.5
    command = property(
        lambda self: SimpleNamespace(estimate=SimpleNamespace(p_ned=(0.0, 0.0, -self.height_m)))
    )


def height_m(folder, frame, altitude_m, home_amsl_m=ORIGIN.alt_amsl_m, flies_at_m=2.5):
    """Return how high above home a client's altitude leads, None where it leaves it open."""
    vehicle = Flying(folder)
    vehicle.height_m = flies_at_m
    vehicle.place_of_origin = vehicle.place_of_home = home = Place(*ORIGIN[:2], home_amsl_m)
    order = Order(34, 10.0, 2.0, 0.0, 0.0, *home[:2], altitude_m, frame)
    down = local_place(vehicle, as_meant(vehicle, order))[2]
    return None if down is None else -down


@pytest.mark.parametrize(
    ("frame", "altitude_m"), [(ABOVE_HOME, 498.0), (ABOVE_HOME, 10.0), (ABOVE_SEA, 498.0)]
)
def test_ten_metres_above_home_are_ten_metres_however_they_are_told(tmp_path, frame, altitude_m):
    assert height_m(tmp_path, frame, altitude_m) == pytest.approx(10.0, abs=0.01)


def test_what_is_left_open_stays_open(tmp_path):
    assert height_m(tmp_path, ABOVE_HOME, math.nan) is None


@pytest.mark.parametrize(
    ("home_m", "flies_at_m", "asked_m", "flown_m"),
    [
        # Over the sea both say the same.
        (0.0, 2.5, 10.0, 10.0),
        (0.0, 30.0, 31.0, 31.0),
        # Told above sea level as MAVSDK does, and honestly above home.
        (30.0, 2.5, 40.0, 10.0),
        (30.0, 30.0, 61.0, 31.0),
        (30.0, 30.0, 31.0, 31.0),
        (30.0, 30.0, 20.0, 20.0),
        (488.0, 2.5, 498.0, 10.0),
        (488.0, 2.5, 10.0, 10.0),
        (488.0, 100.0, 600.0, 112.0),
        # Home below the sea.
        (-400.0, 2.5, -390.0, 10.0),
        (-400.0, 2.5, 10.0, 10.0),
        # Down in the valley.
        (488.0, -100.0, 400.0, -88.0),
    ],
)
def test_above_home_the_reading_is_taken_that_changes_the_height_least(
    tmp_path, home_m, flies_at_m, asked_m, flown_m
):
    found = height_m(tmp_path, ABOVE_HOME, asked_m, home_m, flies_at_m)

    assert found == pytest.approx(flown_m, abs=0.01)


@pytest.mark.parametrize(("home_m", "asked_m"), [(30.0, 31.0), (488.0, 489.0), (488.0, 480.0)])
def test_an_orbit_that_may_be_on_the_ground_is_refused(tmp_path, home_m, asked_m):
    with pytest.raises(ValueError, match="above sea level is"):
        height_m(tmp_path, ABOVE_HOME, asked_m, home_m)


@pytest.mark.parametrize("home_m", [0.0, 30.0, 488.0])
@pytest.mark.parametrize("frame", [0, ABOVE_SEA])
def test_what_is_told_above_the_sea_is_meant_so(tmp_path, home_m, frame):
    assert height_m(tmp_path, frame, 45.0, home_m) == pytest.approx(45.0 - home_m, abs=0.01)


@pytest.mark.parametrize(
    ("home_m", "asked_m", "flown_m"),
    [
        (0.0, 10.0, 10.0),
        (30.0, 40.0, 10.0),
        (30.0, 10.0, 10.0),
        (488.0, 498.0, 10.0),
        (488.0, 10.0, 10.0),
        (488.0, 300.0, -188.0),
    ],
)
def test_in_the_long_form_only_what_is_far_below_ground_is_a_height(tmp_path, home_m, asked_m, flown_m):
    assert height_m(tmp_path, None, asked_m, home_m) == pytest.approx(flown_m, abs=0.01)
