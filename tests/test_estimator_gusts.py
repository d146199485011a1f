"""How fast the wind changes is learnt from the wind that is felt as drag."""

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import covariance, drag, gusts
from flight.estimator.layout import FILTER, GUSTS, STATE, WIND
from flight.params import defaults
from flight.quaternion import from_yaw, put_quat
from flight.record import rows
from flight.vector import Vec3

PERIOD_S = 0.1
PARAMS = defaults()[0].estimator


def listened(winds: np.ndarray) -> np.void:
    """Return what has been learnt of winds (n, 2) felt every 0.1 s."""
    state = rows(GUSTS)[0]
    for north, east in winds:
        gusts.listen(state, PARAMS, Vec3(north, east, 0.0), PERIOD_S)
    return state


def test_a_random_walk_is_found_as_quick_as_it_is():
    walk, learnt = 0.6, []
    for seed in range(30):
        steps = np.random.default_rng(seed).normal(0.0, walk * np.sqrt(PERIOD_S), (1200, 2))
        learnt.append(listened(np.cumsum(steps, axis=0)).power)

    assert np.sqrt(np.mean(learnt)) == pytest.approx(walk, rel=0.15)


def test_steady_wind_and_a_noisy_accelerometer_are_no_gusts():
    wind = np.random.default_rng(1).normal((8.0, -3.0), 0.2, (1200, 2))

    assert np.sqrt(listened(wind).power) < 0.1


def test_what_changed_while_nobody_felt_it_does_not_count():
    state = listened(np.zeros((300, 2)))
    gusts.forget(state)
    for _ in range(300):
        gusts.listen(state, PARAMS, Vec3(9.0, 0.0, 0.0), PERIOD_S)

    assert state.power == 0.0


@pytest.mark.parametrize(
    ("wind", "felt", "walk"),
    [(0.0, 0.0, 0.4 * 0.05), (5.0, 0.0, 0.4 * 1.05), (0.0, 0.7, 0.7), (5.0, 0.1, 0.4 * 1.05)],
)
def test_the_wind_changes_as_fast_as_felt_and_no_slower_than_its_speed_suggests(wind, felt, walk):
    filter, state = rows(FILTER)[0], rows(GUSTS)[0]
    state.power = felt * felt

    gusts.spread(filter, PARAMS, state, Vec3(0.0, wind, 0.0))

    assert np.sqrt(filter.noise[WIND : WIND + 2]) == pytest.approx(walk)


def test_the_wind_felt_as_drag_is_the_wind_that_blows():
    north, east, drag_n_s_m = 4.0, -1.0, 0.3
    state, status, airframe = rows(STATE)[0], rows(COMMAND)[0].status, defaults()[0].airframe
    airframe.mass_kg, airframe.rotor_drag = 1.0, (drag_n_s_m, drag_n_s_m, 0.0)
    covariance.begin(state.filter, PARAMS)
    # The nose to the east: body x is east, body y south.
    put_quat(state.nominal.q_ned_frd, from_yaw(np.pi / 2.0))
    state.nominal.v_ned, state.nominal.wind_ned = (2.0, 5.0, 0.0), (1.0, -2.0, 0.0)
    state.mean_force_frd = (-drag_n_s_m * (5.0 - east), drag_n_s_m * (2.0 - north), 0.0)
    state.thrust.told, state.aided_us = 9.8, 900_000

    drag.step(state, PARAMS, airframe, status, 1_000_000)

    assert state.gusts.mean_ned == pytest.approx((north, east, 0.0), abs=1e-9)
    assert 1.0 < 1.0 + state.filter.error[WIND] <= north
    assert -2.0 < -2.0 + state.filter.error[WIND + 1] <= east
