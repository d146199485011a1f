"""An orbit's altitude is the one that was meant, whatever frame a client names."""

import math
from types import SimpleNamespace

import pytest

from ground.link.places import local_place, with_nearer_altitude
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
    down = local_place(vehicle, with_nearer_altitude(vehicle, order))[2]
    return None if down is None else -down


@pytest.mark.parametrize(
    ("frame", "altitude_m"), [(ABOVE_HOME, 498.0), (ABOVE_HOME, 10.0), (ABOVE_SEA, 498.0)]
)
def test_ten_metres_above_home_are_ten_metres_however_they_are_told(tmp_path, frame, altitude_m):
    assert height_m(tmp_path, frame, altitude_m) == pytest.approx(10.0, abs=0.01)


def test_what_is_left_open_stays_open(tmp_path):
    assert height_m(tmp_path, ABOVE_HOME, math.nan) is None


@pytest.mark.parametrize(("asked_m", "flown_m"), [(31.0, 31.0), (61.0, 31.0)])
def test_near_the_sea_the_altitude_nearer_to_the_vehicle_is_meant(tmp_path, asked_m, flown_m):
    found = height_m(tmp_path, ABOVE_HOME, asked_m, home_amsl_m=30.0, flies_at_m=30.0)

    assert found == pytest.approx(flown_m, abs=0.01)
