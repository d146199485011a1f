"""The satellite receiver: late, wandering, honest; and where on the Earth the local world lies."""

import math

import numpy as np
import pytest

from flight.vector import Vec3
from sim.sensors.geodesy import geodetic
from sim.sensors.presets import HOME, set_home
from tests.sensing import Bench

MILLIMETRE = 1e-3
EARTH_M_PER_DEG = 111e3


@pytest.mark.parametrize("home", [HOME, (-33.9, 151.2, 20.0), (0.0, -179.9999, 0.0), (78.0, 15.0, 100.0)])
@pytest.mark.parametrize("away", [(0.0, 0.0, 0.0), (5000.0, 4000.0, -200.0), (-3000.0, 8000.0, -1000.0)])
def test_the_local_world_lies_where_another_library_puts_it(home, away):
    pymap3d = pytest.importorskip("pymap3d")

    place = geodetic(Vec3(*away), *home)

    lat, lon, alt = (float(x) for x in pymap3d.ned2geodetic(*away, *home))
    assert abs(place.x - lat) * EARTH_M_PER_DEG < MILLIMETRE
    assert abs((place.y - lon + 180.0) % 360.0 - 180.0) * EARTH_M_PER_DEG < MILLIMETRE
    assert abs(place.z - alt) < MILLIMETRE


def test_a_degree_of_latitude_in_zurich_has_111_kilometres():
    bench = Bench({"gps": "ideal"})

    # Any almanac: 111.2 km along the meridian and 75.5 km along the parallel at 47.4 degrees.
    assert bench.presets.gps.metres_per_deg_lat == pytest.approx(111.2e3, rel=1e-3)
    assert bench.presets.gps.metres_per_deg_lon == pytest.approx(75.5e3, rel=1e-3)


@pytest.mark.interpreted
def test_north_is_more_latitude_east_more_longitude_up_more_altitude():
    bench = Bench({"gps": "ideal"})
    bench.truth.p_ned[:] = 100.0, 50.0, -20.0

    bench.log(0.2)

    gps, home = bench.inputs.gps, bench.presets.gps
    assert (gps.lat_deg - home.lat_deg) * home.metres_per_deg_lat == pytest.approx(100.0, abs=MILLIMETRE)
    assert (gps.lon_deg - home.lon_deg) * home.metres_per_deg_lon == pytest.approx(50.0, abs=2 * MILLIMETRE)
    assert gps.alt_amsl_m == pytest.approx(HOME[2] + 20.0, abs=MILLIMETRE)


def test_home_can_be_anywhere():
    bench = Bench({"gps": "ideal"})
    set_home(bench.presets, -35.36, 149.17, 584.0)

    bench.log(0.2)

    assert (bench.inputs.gps.lat_deg, bench.inputs.gps.lon_deg) == pytest.approx((-35.36, 149.17))


def flying(truth: np.void, t: float) -> None:
    """Fly north at ten metres per second."""
    truth.p_ned[0], truth.v_ned[0] = 10.0 * t, 10.0


@pytest.mark.parametrize(("part", "low_s", "high_s"), [("ublox_m8", 0.12, 0.18), ("ublox_m10", 0.09, 0.13)])
@pytest.mark.slow
def test_in_flight_a_fix_shows_where_the_vehicle_was(part, low_s, high_s):
    bench = Bench({"gps": part})
    for name in ("wander_xy_m", "white_xy_m", "wander_v_m_s", "white_v_m_s"):
        bench.presets.gps[name] = 0.0
    bench.reset(1)

    rows = bench.samples("gps", 20.0, "lat_deg", "v_ned", move=flying)

    north = (rows[:, 1] - bench.presets.gps.lat_deg) * bench.presets.gps.metres_per_deg_lat
    late_s = (10.0 * rows[:, 0] - north) / 10.0
    assert low_s < np.mean(late_s) < high_s
    assert 2e-3 < np.std(late_s) < 12e-3
    assert np.all(late_s < 0.2)
    assert rows[:, 2] == pytest.approx(10.0)


@pytest.fixture(scope="module")
def standing():
    """Return a receiver that stood for eight hours, its position errors and its log."""
    bench = Bench({"gps": "ublox_m8"}, tick_us=200_000)
    log = bench.log(28_000.0)
    return bench, bench.gps_error_ned, log.gps


def test_the_accuracies_it_claims_are_the_errors_it_makes(standing):
    bench, error, log = standing

    across = math.sqrt(np.mean(error[:, 0] ** 2 + error[:, 1] ** 2))
    # 28000 s hold about 80 independent draws of an error that wanders over 180 s: ten percent is one and a half sigma.
    assert across / bench.inputs.gps.horizontal_accuracy_m == pytest.approx(1.0, abs=0.2)
    assert np.std(error[:, 2]) / bench.inputs.gps.vertical_accuracy_m == pytest.approx(1.0, abs=0.25)
    true_speed = math.sqrt(np.mean(np.sum(log.v_ned[10:] ** 2, axis=1)))
    assert true_speed / bench.inputs.gps.speed_accuracy_m_s == pytest.approx(1.0, abs=0.05)
    assert 0.8 < across < 1.8
    assert 1.2 < np.std(error[:, 2]) < 2.2


def test_its_error_wanders_over_minutes_and_barely_moves_between_fixes(standing):
    _, error, _ = standing

    north = error[:, 0] - error[:, 0].mean()
    correlation = [float(np.mean(north[:-lag] * north[lag:]) / np.mean(north**2)) for lag in (5, 900)]

    assert correlation[0] > 0.97
    assert correlation[1] == pytest.approx(math.exp(-1.0), abs=0.2)
    assert np.std(np.diff(north)) < 0.15


def test_the_error_it_logs_is_the_error_of_what_it_reports():
    bench = Bench({"gps": "ublox_m8"}, tick_us=200_000)
    bench.presets.gps.timing.delay_us, bench.presets.gps.timing.jitter_us = 0, 0.0
    bench.presets.gps.first_fix_s = 0.0

    bench.log(2.0)

    gps, home = bench.inputs.gps, bench.presets.gps
    seen = (
        (gps.lat_deg - home.lat_deg) * home.metres_per_deg_lat,
        (gps.lon_deg - home.lon_deg) * home.metres_per_deg_lon,
        home.alt_amsl_m - gps.alt_amsl_m,
    )
    assert np.allclose(seen, bench.sensors.gps.error_ned, atol=0.02)


def test_before_the_first_fix_it_says_so():
    bench = Bench({"gps": "ublox_m8"})
    bench.presets.gps.first_fix_s = 3.0

    rows = bench.samples("gps", 6.0, "fix_type", "satellites", "horizontal_accuracy_m")

    before = rows[:, 0] < 3.0
    assert np.all(rows[before, 1] == 0)
    assert np.all(rows[before, 3] > 50.0)
    assert np.all(rows[rows[:, 0] > 3.5, 1] == 3)
    assert np.all(rows[rows[:, 0] > 3.5, 2] > 5)


def test_it_rounds_to_its_messages_units():
    rows = Bench({"gps": "ublox_m8"}).samples("gps", 4.0, "lat_deg", "lon_deg", "alt_amsl_m", "v_ned")

    counts = rows[:, 1:] * [1e7, 1e7, 1e3, 1e3, 1e3, 1e3]
    assert np.allclose(counts, np.round(counts), atol=1e-2)
