"""Local metres against an independent library, near home and at the edges of the globe."""

import numpy as np
import pytest

from flight.geodesy import geodetic, local_ned
from flight.vector import Vec3

pymap3d = pytest.importorskip("pymap3d")

HOMES = [(47.3977, 8.5456, 488.0), (-33.9, 151.2, 20.0), (0.0, -179.9999, 0.0), (78.2, 15.6, 100.0)]
MILLIMETRE = 1e-3


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("away", [(0.0, 0.0, 0.0), (12.0, -7.0, -3.0), (900.0, 2000.0, -120.0)])
def test_a_point_has_the_metres_another_library_gives_it(home, away):
    lat, lon, alt = (float(x) for x in pymap3d.ned2geodetic(*away, *home))

    assert np.allclose(local_ned(lat, lon, alt, *home), away, atol=0.01 * MILLIMETRE)


@pytest.mark.parametrize("home", HOMES)
def test_a_local_point_has_the_latitude_another_library_gives_it(home):
    lat, lon, alt = geodetic(Vec3(1500.0, -800.0, -60.0), *home)

    expected = pymap3d.ned2geodetic(1500.0, -800.0, -60.0, *home)
    assert lat == pytest.approx(float(expected[0]), abs=1e-12)
    assert (lon - float(expected[1]) + 180.0) % 360.0 == pytest.approx(180.0, abs=1e-12)
    assert alt == pytest.approx(float(expected[2]), abs=0.01 * MILLIMETRE)


def test_walking_north_raises_the_latitude_and_climbing_the_altitude():
    home = HOMES[0]

    lat, lon, alt = geodetic(Vec3(100.0, 0.0, -10.0), *home)

    assert lat > home[0]
    assert lon == pytest.approx(home[1], abs=1e-12)
    assert alt - home[2] == pytest.approx(10.0, abs=MILLIMETRE)


@pytest.mark.parametrize("home", HOMES)
def test_there_and_back_is_where_it_started(home):
    away = Vec3(-4000.0, 3000.0, 250.0)

    assert np.allclose(local_ned(*geodetic(away, *home), *home), away, atol=0.01 * MILLIMETRE)
