"""How much GPS places scatter is learnt from noise alone: no lasting, growing or single error passes for it."""

import math

import numpy as np
import pytest

from flight.estimator import scatter
from flight.estimator.layout import GPS
from flight.params import defaults
from flight.record import rows
from flight.vector import Vec3
from tests.flying import hovering

PARAMS = defaults()[0].estimator
PERIOD_US = 200_000
NEW_M = PARAMS.gps_quick * PARAMS.gps_position_sd
TURN_S = 4.0


def learnt(errors_m: np.ndarray, gps: np.void | None = None, v_err_m_s: float = 0.0) -> float:
    """Fly a circle with fixes that err by so much; the deviation in m believed in the end."""
    gps = rows(GPS)[0] if gps is None else gps
    begin = gps.place_us // PERIOD_US
    for n, error in enumerate(errors_m, start=begin + 1):
        at = 2.0 * math.pi * 1e-6 * PERIOD_US * n / TURN_S
        v = 2.0 * math.pi / TURN_S
        place = Vec3(math.cos(at), math.sin(at), -10.0) + Vec3(*np.broadcast_to(error, 3))
        scatter.listen(
            gps, PARAMS, place, Vec3(-v * math.sin(at) + v_err_m_s, v * math.cos(at), 0.0), n * PERIOD_US
        )
    return math.sqrt(scatter.variance(gps, PARAMS, 0))


@pytest.mark.parametrize("sd_m", [0.5, 2.0, 5.0])
def test_noise_is_known_for_what_it_is(sd_m):
    noise = np.random.default_rng(5).normal(0.0, sd_m, (300, 3))

    assert 0.6 * sd_m < learnt(noise) < 1.3 * sd_m


def test_a_receiver_without_noise_scatters_by_less_than_is_expected():
    assert learnt(np.zeros(300)) < 0.3 * NEW_M


@pytest.mark.parametrize(
    "errors_m",
    [np.full(50, 30.0), np.linspace(0.0, 40.0, 50), 5.0 * np.sin(np.linspace(0.0, 20.0, 50))],
    ids=["a jump", "a drift", "a wave"],
)
def test_what_lasts_or_grows_is_no_scatter(errors_m):
    gps = rows(GPS)[0]
    learnt(np.zeros(20), gps)

    assert learnt(errors_m, gps) < NEW_M


def test_a_wrong_velocity_is_no_scatter():
    assert learnt(np.zeros(50), v_err_m_s=3.0) < 0.3 * NEW_M


def test_one_wild_fix_widens_little():
    gps = rows(GPS)[0]
    learnt(np.zeros(20), gps)

    # There and back again are two differences, opposite to each other.
    assert learnt(np.array([50.0, 0.0]), gps) < NEW_M
    assert learnt(np.zeros(50), gps) < 0.2 * NEW_M


def test_what_scatters_no_more_is_soon_believed_again():
    gps = rows(GPS)[0]
    learnt(np.random.default_rng(5).normal(0.0, 5.0, (100, 3)), gps)

    assert learnt(np.zeros(100), gps) < NEW_M


def test_after_a_gap_two_fixes_are_not_compared():
    gps = rows(GPS)[0]
    learnt(np.random.default_rng(5).normal(0.0, 2.0, (20, 3)), gps)
    before = gps.scatter
    gps.place_us -= int(1e6 * PARAMS.scatter_time)

    scatter.listen(gps, PARAMS, Vec3(90.0, 0.0, 0.0), Vec3(0.0, 0.0, 0.0), 21 * PERIOD_US)
    scatter.listen(gps, PARAMS, Vec3(0.0, 0.0, 0.0), Vec3(0.0, 0.0, 0.0), 22 * PERIOD_US)

    assert gps.scatter == before


@pytest.mark.slow
def test_a_receiver_that_scatters_by_metres_holds_the_place_and_jolts_nothing(record_property):
    fleet = hovering(
        range(400, 416), seconds=20.0, faults=("gps:noise=5@20s",), wind_m_s=4.0, turbulence="light"
    )
    apart, off = [], []
    for _ in range(20):
        fleet.fly(1.0)
        truth, said = fleet.vehicles.truth, fleet.commands.estimate
        apart.append(np.linalg.norm((truth.p_ned - said.p_ned)[:, :2], axis=1))
        off.append(np.linalg.norm((truth.v_ned - said.v_ned)[:, :2], axis=1))

    place, speed = np.sqrt(np.mean(np.square(apart))), np.max(off)
    record_property("GPS with 5 m of noise: place RMS, m; worst velocity, m/s", f"{place:.2f}; {speed:.2f}")
    assert place < 0.8
    assert speed < 0.3
