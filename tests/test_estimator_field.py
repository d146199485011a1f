"""The Earth's field bears witness for the gyro: an attitude that has not turned against it is not in doubt."""

import math

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import covariance, doubt, lateness, lookback, mag
from flight.estimator.layout import ACCEL_BIAS, GYRO_BIAS, NEVER, STATE, THETA, TRACK
from flight.inputs import INPUTS
from flight.params import defaults
from flight.record import rows
from flight.vector import Vec3

PARAMS = defaults()[0].estimator
PERIOD_US = int(1e6 * PARAMS.mag_period)
FIELD_UT = np.array([20.0, 0.0, 43.0])


def beneath(turned_rad: float, seconds: float = 1.0, heard: bool = True) -> tuple[np.void, int]:
    """Return an estimator whose attitude has come to be wrong about the north axis, and the time."""
    state, status = rows(STATE)[0], rows(COMMAND)[0].status
    covariance.begin(state.filter, PARAMS)
    covariance.restart(state.filter, THETA, 3, 0.01)
    state.nominal.q_ned_frd[0] = state.history.now.q[0] = 1.0
    state.has_heading, state.history.count = 1, 1
    state.mag.norm_ut, state.mag.inclination = np.linalg.norm(FIELD_UT), math.atan2(43.0, 20.0)
    for i in range(len(state.aid.failing_since_us)):
        state.aid.failing_since_us[i] = NEVER
    sample = rows(INPUTS)[0].mag
    now_us, turning = 0, round(1e6 * seconds / PERIOD_US)
    for n in range(round(10e6 / PERIOD_US) + turning):
        now_us += PERIOD_US
        share = max(n + 1 - round(10e6 / PERIOD_US), 0) / max(turning, 1)
        angle = -share * turned_rad
        # To the last digit it would be a sensor that hangs.
        field = FIELD_UT + 1e-6 * n
        sample.fresh, sample.t_us = int(heard), now_us
        sample.field_ut_frd = (
            field[0],
            math.cos(angle) * field[1] - math.sin(angle) * field[2],
            math.sin(angle) * field[1] + math.cos(angle) * field[2],
        )
        mag.step(state, PARAMS, sample, now_us, status)
    return state, now_us


def test_a_turn_within_seconds_is_seen_by_its_size():
    for turned_rad in (0.0, 0.02, 0.05):
        state, now_us = beneath(turned_rad)
        # The field dips by 65 degrees, so a roll turns nine tenths of it; the mean is 0.2 s late.
        expected = 0.75 * turned_rad / PARAMS.field_turn
        assert mag.turned(state, PARAMS, now_us) == pytest.approx(expected, rel=0.1, abs=1e-3)
    state, now_us = beneath(0.3)
    assert mag.turned(state, PARAMS, now_us) == 1.0


def test_what_turned_long_ago_says_nothing_of_now():
    state, now_us = beneath(0.3, seconds=60.0)

    assert mag.turned(state, PARAMS, now_us) < 0.4


def test_without_a_field_the_attitude_may_have_turned():
    state, now_us = beneath(0.0, heard=False)
    assert mag.turned(state, PARAMS, now_us) == 1.0
    state, now_us = beneath(0.0)

    assert mag.turned(state, PARAMS, now_us + 1_000_000) == 1.0


def test_the_gyro_is_doubted_by_how_far_the_attitude_has_turned():
    grown = []
    for turned in (0.0, 0.5, 1.0):
        state, _ = beneath(0.0)
        before = np.diag(state.filter.covariance).copy()
        doubt.doubt_imu(state, PARAMS, 0.7, turned)
        after = np.diag(state.filter.covariance)
        grown.append(np.sqrt(after - before)[[THETA, GYRO_BIAS, ACCEL_BIAS]])

    assert grown[0][:2] == pytest.approx((0.0, 0.0), abs=1e-9)
    assert grown[1][:2] == pytest.approx(0.25 * grown[2][:2])
    assert grown[2][1] == pytest.approx(PARAMS.jump_gyro)
    assert [g[2] for g in grown] == pytest.approx([PARAMS.jump_accel] * 3)


@pytest.mark.parametrize(("turned_rad", "is_looked_for"), [(0.0, True), (0.3, False)])
def test_after_a_doubt_a_late_gps_is_looked_for_unless_the_gyro_is_to_blame(turned_rad, is_looked_for):
    state, now_us = beneath(turned_rad)
    state.strain.doubted_us = now_us - int(0.5e6 * PARAMS.doubt_wait)
    state.lateness.variance = 1.0
    state.lateness.cost[:] = 100.0
    state.lateness.cost[2:4] = 0.0

    assert lateness.is_in_dispute(state, PARAMS, now_us) == is_looked_for


def test_how_badly_a_delay_fitted_before_is_soon_forgotten():
    state = rows(STATE)[0]
    state.history.count = 1
    for _ in range(20):
        lateness.listen(state, PARAMS, Vec3(50.0, 0.0, 0.0), 1_000_000, 0.0)
        lateness.listen(state, PARAMS, Vec3(-50.0, 0.0, 0.0), 1_000_000, 0.2)

    assert max(state.lateness.misfit) <= 4.0 * PARAMS.late_misfit


def test_a_mean_is_put_aside_at_every_look():
    track = rows(TRACK)[0]
    looks = [lookback.follow(track, Vec3(float(n), 0.0, 0.0), 0.5, 0.0, 2.0) for n in range(12)]

    assert [n for n, looked in enumerate(looks) if looked] == [3, 7, 11]
    assert (track.now[0], track.before[0], track.earlier[0]) == (11.0, 11.0, 7.0)
    lookback.forget(track)
    lookback.follow(track, Vec3(5.0, 0.0, 0.0), 0.5, 0.0, 2.0)
    assert (track.now[0], track.before[0], track.earlier[0], track.looked_s) == (5.0, 5.0, 5.0, 0.5)
