"""The range finder's scale is wrong by a little for good: what that may do is followed, and it is never learnt."""

import numpy as np
import pytest

from flight.estimator import covariance, history, rangefinder
from flight.estimator.layout import COUNT, POSITION, RANGE_SCALE, STATE, TERRAIN
from flight.params import defaults
from flight.record import rows

PARAMS = defaults()[0].estimator
HEIGHT_M = 4.0


def hovering(known_m=0.001):
    """Return a state level at HEIGHT_M above ground of unknown level, its own altitude known to `known_m`."""
    state = rows(STATE)[0]
    state.nominal.q_ned_frd[0] = state.history.now.q[0] = 1.0
    covariance.begin(state.filter, PARAMS)
    covariance.restart(state.filter, POSITION, 3, known_m)
    state.nominal.p_ned[2] = -HEIGHT_M
    history.remember(state.history, 0)
    history.recall(state, 0, 0, 0.0)
    rangefinder.restart(state, HEIGHT_M)
    return state


def hear(state, height_m, aids_altitude):
    """Fuse one height and move what it corrects into the nominal level and altitude."""
    ratio = rangefinder.fuse(state, PARAMS, height_m, aids_altitude)
    error = state.filter.error
    state.nominal.terrain_z_m += error[TERRAIN]
    state.nominal.p_ned[2] += error[POSITION + 2]
    state.past.p_ned[2] += error[POSITION + 2]
    error[:] = 0.0
    return ratio


@pytest.mark.parametrize("aids_altitude", [False, True])
def test_the_ground_is_never_surer_than_the_scale_allows_however_often_it_is_seen(aids_altitude):
    state = hovering()

    for _ in range(2000):
        hear(state, HEIGHT_M, aids_altitude)

    told = np.sqrt(state.filter.covariance[TERRAIN, TERRAIN])
    assert told == pytest.approx(HEIGHT_M * PARAMS.range_scale, rel=0.02)
    assert state.filter.covariance[RANGE_SCALE, RANGE_SCALE] == pytest.approx(PARAMS.range_scale**2)
    assert state.filter.error[RANGE_SCALE] == 0.0


def test_the_noise_of_heights_does_not_move_the_ground():
    state = hovering()
    noise = np.random.default_rng(1).normal(0.0, PARAMS.range_sd, 20000)

    for error in noise:
        hear(state, HEIGHT_M + error, False)

    # Weighed by the height measured, which shares its noise with the innovation, the level ran off by decimetres.
    assert abs(state.nominal.terrain_z_m) < 0.003


def test_the_same_distance_again_says_nothing_new_for_scale_and_level_are_tied():
    state = hovering(known_m=0.0)
    for _ in range(500):
        hear(state, HEIGHT_M, False)

    row = np.zeros(COUNT)
    row[TERRAIN], row[POSITION + 2], row[RANGE_SCALE] = 1.0, -1.0, HEIGHT_M
    seen = row @ state.filter.covariance @ row

    assert np.sqrt(seen) < 0.2 * HEIGHT_M * PARAMS.range_scale
