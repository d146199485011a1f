"""Once the IMU is doubted, what was blamed on others before is taken back, and drag judges the accelerometer."""

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import covariance, doubt, drag, gps, gusts, lag, lateness, mag
from flight.estimator.layout import (
    ACCEL_BIAS,
    BY_GPS,
    LAG,
    LATENESS_STEP_S,
    MAG,
    NEVER,
    STATE,
    VELOCITY,
    WIND,
)
from flight.inputs import INPUTS
from flight.params import defaults
from flight.record import rows
from flight.vector import Vec3

PERIOD_S = 0.1
NOW_US = 60_000_000
PARAMS = defaults()[0].estimator


def flying(doubted_s: float = 1e6) -> np.void:
    """Return an estimator that knows its attitude, `doubted_s` after it last doubted the IMU."""
    state = rows(STATE)[0]
    covariance.begin(state.filter, PARAMS)
    state.nominal.q_ned_frd[0] = 1.0
    state.strain.doubted_us = NOW_US - int(1e6 * doubted_s)
    for i in range(len(state.aid.failing_since_us)):
        state.aid.failing_since_us[i] = NEVER
    return state


def felt(state: np.void, north: float, seconds: float) -> None:
    """Let a wind from the south be felt for some seconds."""
    for _ in range(round(seconds / PERIOD_S)):
        gusts.listen(state.gusts, PARAMS, Vec3(north, 0.0, 0.5), PERIOD_S)
    state.nominal.wind_ned[0] = north


def test_a_step_that_was_taken_for_a_gust_is_no_wind_any_more():
    state = flying()
    felt(state, 2.0, 12.0)
    power = state.gusts.power
    felt(state, 9.0, 2.0)
    state.filter.covariance[WIND, VELOCITY] = state.filter.covariance[VELOCITY, WIND] = 0.01

    doubt.doubt_imu(state, PARAMS, 0.7)

    # Felt along tilted axes; the wind itself blows level.
    assert state.nominal.wind_ned == pytest.approx((2.0, 0.0, 0.0), abs=0.01)
    assert state.gusts.power == power
    assert state.gusts.has_mean == 0
    # It may have blown otherwise since: for two looks and a mean at most.
    walk = PARAMS.wind_walk * (PARAMS.wind_calm + 2.0 / gusts.USUAL_WIND)
    variance = state.filter.covariance[WIND, WIND]
    assert walk**2 * gusts.LOOK_S < variance < walk**2 * (2.0 * gusts.LOOK_S + gusts.MEAN_S)
    assert state.filter.covariance[WIND, VELOCITY] == 0.0


def test_a_wind_never_felt_is_left_alone():
    state = flying()
    state.nominal.wind_ned[0] = 3.0

    doubt.doubt_imu(state, PARAMS, 0.7)

    assert state.nominal.wind_ned[0] == 3.0


def calm(state, lag_s, seconds):
    """Let a lag be believed for some seconds in which nothing leans."""
    state.nominal.lag_s, state.strain.lean[BY_GPS] = lag_s, 0.9 * PARAMS.lag_strain
    for _ in range(round(10.0 * seconds)):
        lag.doubt(state, PARAMS, BY_GPS, 3, 0.1)


@pytest.mark.parametrize("pause_s", [0.1, 0.9 * PARAMS.doubt_wait])
def test_a_lag_learnt_while_innovations_leaned_is_taken_back_also_after_a_calm_moment(pause_s):
    state = flying()
    calm(state, 0.1, PARAMS.doubt_wait + 0.2)
    for _ in range(2):
        state.strain.lean[BY_GPS] = 2.0 * PARAMS.lag_strain
        lag.doubt(state, PARAMS, BY_GPS, 3, 0.1)
        calm(state, 0.4, pause_s)

    lag.take_back(state, PARAMS)

    assert state.nominal.lag_s == 0.1
    assert state.filter.covariance[LAG, LAG] == PARAMS.lag_sd**2


def test_less_of_a_lag_is_kept_at_once():
    state = flying()
    calm(state, -0.3, PARAMS.doubt_wait + 0.2)
    state.strain.lean[BY_GPS] = 2.0 * PARAMS.lag_strain
    lag.doubt(state, PARAMS, BY_GPS, 3, 0.1)
    for lag_s, kept_s in ((-0.4, -0.3), (0.2, 0.2), (-0.1, -0.1), (0.15, -0.1)):
        calm(state, lag_s, 0.1)
        assert state.nominal.lag_calm_s == kept_s


@pytest.mark.parametrize("is_landed", [0, 1])
def test_no_lag_is_learnt_of_a_vehicle_that_stands(is_landed):
    state, status, sample = flying(), rows(COMMAND)[0].status, rows(INPUTS)[0].gps
    # It fell, lies still, and is still believed to fall.
    status.is_landed, state.past.v_ned[2], state.past.a_ned[2] = is_landed, 0.5, 5.0
    covariance.restart(state.filter, VELOCITY, 3, 0.5)
    state.nominal.lag_s, state.strain.calm_s = 0.4, 60.0

    for i in range(2):
        gps.fuse_velocity(state, PARAMS, sample, NOW_US + 100_000 * i, status)

    assert (state.filter.error[LAG] != 0.0) == (not is_landed)
    assert (state.nominal.lag_calm_s == 0.4) == (not is_landed)


def test_how_badly_a_delay_fitted_before_is_soon_forgotten():
    state = rows(STATE)[0]
    state.history.count = 1
    for v in (50.0, -50.0) * 20:
        lateness.listen(state, PARAMS, Vec3(v, 0.0, 0.0), 1_000_000, 0.2)
    wrong = max(state.lateness.misfit)
    # The first of them still counts against the motion before.
    state.lateness.is_heard = 0
    for _ in range(6):
        lateness.listen(state, PARAMS, Vec3(0.0, 0.0, 0.0), 1_000_000, 0.2)

    assert wrong > PARAMS.late_misfit
    assert max(state.lateness.misfit) < PARAMS.late_misfit


def with_delay(step: int, fit_s: float) -> np.void:
    """Return an estimator whose bank has held out for a delay for some time."""
    state = flying()
    state.lateness.variance, state.lateness.fit_s = 1.0, fit_s
    state.lateness.cost[:] = 100.0
    state.lateness.cost[step] = 0.0
    return state


def test_a_delay_that_stands_out_is_one_to_go_back_to():
    state = with_delay(3, fit_s=PARAMS.late_fit_time)

    assert lateness.is_in_dispute(state, PARAMS)
    assert lateness.is_found(state, PARAMS)
    assert not lateness.is_in_dispute(state, PARAMS)
    assert state.nominal.lag_s == state.nominal.lag_calm_s == pytest.approx(3 * LATENESS_STEP_S)


@pytest.mark.parametrize(("fit_s", "square", "misfit"), [(0.2, 0.0, 0.0), (1.0, 0.0, 10.0), (1.0, 10.0, 0.0)])
def test_no_delay_is_taken_that_has_fitted_too_shortly_or_too_badly(fit_s, square, misfit):
    state = with_delay(3, fit_s)
    state.lateness.square[:] = square
    state.lateness.misfit[:] = misfit

    assert lateness.is_in_dispute(state, PARAMS) == (square == 0.0)
    assert not (lateness.is_in_dispute(state, PARAMS) and lateness.is_found(state, PARAMS))
    assert state.nominal.lag_s == 0.0


@pytest.mark.parametrize(("field_ut", "is_heading"), [((20.0, 4.0, 43.0), True), ((20.0, 4.0, 0.0), False)])
def test_a_field_of_strange_dip_disputes_no_heading(field_ut, is_heading):
    state, status = flying(), rows(COMMAND)[0].status
    state.has_heading, state.history.now.q[0] = 1, 1.0
    state.mag.norm_ut, state.mag.inclination = 47.5, np.arctan2(43.0, 20.4)
    sample = rows(INPUTS)[0].mag
    sample.fresh, sample.t_us, sample.field_ut_frd = 1, NOW_US, field_ut

    mag.step(state, PARAMS, sample, NOW_US, status)

    assert (abs(state.mag.off_rad) > 0.1) == is_heading


@pytest.mark.parametrize(("doubted_s", "is_judged"), [(1.0, True), (1e6, False)])
def test_drag_judges_the_accelerometer_only_in_doubt(doubted_s, is_judged):
    state, status, airframe = flying(doubted_s), rows(COMMAND)[0].status, defaults()[0].airframe
    airframe.mass_kg, airframe.rotor_drag = 1.0, (0.3, 0.3, 0.0)
    # In still air a vehicle that hovers feels 1 m/s2 forwards: neither wind nor motion explain it well.
    covariance.restart(state.filter, WIND, 2, 0.1)
    covariance.restart(state.filter, ACCEL_BIAS, 3, 0.5)
    state.mean_force_frd = (1.0, 0.0, -9.8)
    state.thrust.told, state.aided_us = 9.8, NOW_US - 100_000

    drag.step(state, PARAMS, airframe, status, NOW_US)

    learnt = state.filter.error[ACCEL_BIAS]
    assert (0.1 < learnt < 1.0) if is_judged else learnt == 0.0


def test_a_disputed_heading_explains_what_was_gained_of_late_turned_aside():
    state = flying()
    state.mag.off_rad = 0.2
    gps.follow_gain(state.strain, Vec3(2.0, 0.0, 1.0), 0.1)
    assert gps.turned_aside(state, NOW_US).y == 0.0

    state.aid.failing_since_us[MAG] = NOW_US - 1
    aside = gps.turned_aside(state, NOW_US)

    # 0.2 m/s gained north, turned by as many radians.
    turned = (0.2 * (np.cos(0.2) - 1.0), 0.2 * np.sin(0.2), 0.0)
    assert (aside.x, aside.y, aside.z) == pytest.approx(turned)
    for _ in range(50):
        gps.follow_gain(state.strain, Vec3(0.0, 0.0, 0.0), 0.1)
    assert abs(gps.turned_aside(state, NOW_US).y) < 1e-3


@pytest.mark.parametrize(
    ("innovation", "left"),
    [
        # By half of what the compass is off, to its side or to the other: the estimate may follow the compass.
        ((0.0, 0.2, 0.0), (0.0, 0.0, 0.0)),
        ((0.0, -0.2, 0.0), (0.0, 0.0, 0.0)),
        # Farther than it can be, along the gain, or downwards: not by a heading.
        ((0.0, 1.0, 0.0), (0.0, 0.6, 0.0)),
        ((0.5, 0.0, 0.0), (0.5, 0.0, 0.0)),
        ((0.0, 0.1, 0.7), (0.0, 0.0, 0.7)),
    ],
)
def test_a_heading_excuses_what_it_turns_aside_and_nothing_else(innovation, left):
    innovation = Vec3(*innovation)

    excuse = gps.excused(innovation, Vec3(0.0, 0.4, 0.0))

    assert tuple(innovation - excuse) == pytest.approx(left)
    assert gps.excused(innovation, Vec3(0.0, 0.0, 0.0)) == Vec3(0.0, 0.0, 0.0)
