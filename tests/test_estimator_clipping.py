"""An IMU at the end of its range: what it hides is admitted, and told; and what is no number is not believed."""

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import correction, covariance, estimator, imu, report
from flight.estimator.layout import POSITION, STATE, THETA, VELOCITY
from flight.inputs import INPUTS
from flight.params import defaults
from flight.record import rows

DT = 0.001
PARAMS = defaults()[0].estimator
LEVEL = (0.0, 0.0, -9.80665)


def told(state, accel=LEVEL, gyro=(0.0, 0.0, 0.0), ticks=1, fresh=1):
    """Let the same sample come for some ticks."""
    sample = rows(INPUTS)[0].imu
    sample.fresh, sample.accel_frd, sample.gyro_frd = fresh, accel, gyro
    for _ in range(ticks):
        imu.notice_stops(state.imu, PARAMS, sample, DT)
    return state.imu


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("ticks", [1, 7])
def test_a_force_and_a_rate_beyond_the_stop_hide_what_their_excess_adds_up_to(axis, sign, ticks):
    unit = sign * np.eye(3)[axis]
    hit = told(rows(STATE)[0], PARAMS.accel_stop * unit, (0.0, 0.0, 0.0), ticks)
    assert hit.unfelt_dv2 == pytest.approx((PARAMS.stop_excess * PARAMS.accel_stop * ticks * DT) ** 2)
    assert (hit.unfelt_turn2, imu.is_clipped(hit)) == (0.0, True)

    spun = told(rows(STATE)[0], LEVEL, PARAMS.gyro_stop * unit, ticks)
    assert spun.unfelt_turn2 == pytest.approx((PARAMS.stop_excess * PARAMS.gyro_stop * ticks * DT) ** 2)
    assert (spun.unfelt_dv2, imu.is_clipped(spun)) == (0.0, True)


def test_within_the_range_nothing_is_hidden():
    sample = told(rows(STATE)[0], (151.9, -151.9, 151.9), (34.4, -34.4, 34.4))

    assert (sample.unfelt_dv2, sample.unfelt_turn2, imu.is_clipped(sample)) == (0.0, 0.0, False)


@pytest.mark.parametrize(("between", "fresh"), [(LEVEL, 1), ((160.0, 0.0, 0.0), 0)])
def test_hits_with_a_pause_between_hide_each_its_own(between, fresh):
    state = rows(STATE)[0]
    told(state, (160.0, 0.0, 0.0), ticks=3)
    told(state, between, fresh=fresh)
    assert not imu.is_clipped(state.imu)
    told(state, (160.0, 0.0, 0.0), ticks=3)

    assert state.imu.unfelt_dv2 == pytest.approx(2.0 * (PARAMS.stop_excess * PARAMS.accel_stop * 3 * DT) ** 2)


def test_what_is_hidden_widens_velocity_and_attitude_once():
    state = rows(STATE)[0]
    state.imu.unfelt_dv2, state.imu.unfelt_turn2 = 0.25, 0.01
    for _ in range(2):
        covariance.admit_unfelt(state.filter, state.imu)

    spread = np.diag(state.filter.covariance)
    assert spread[VELOCITY : VELOCITY + 3] == pytest.approx([0.25] * 3)
    assert spread[THETA : THETA + 3] == pytest.approx([0.01] * 3)
    assert spread[POSITION : POSITION + 3] == pytest.approx([0.0] * 3)


def test_the_raw_sample_tells_the_stop_whatever_calibration_makes_of_it():
    airframe, inputs = defaults()[0].airframe, rows(INPUTS)[0]
    params = defaults()[0].estimator
    params.correction.accel_matrix[:] = 0.5 * np.eye(3).ravel()
    state = rows(STATE)[0]
    estimator.reset(state, params)
    command = rows(COMMAND)[0]
    inputs.imu.fresh, inputs.imu.accel_frd = 1, (0.0, 0.0, -156.9)
    estimator.step(state, params, airframe, inputs, command.estimate, command.motors, command.status, DT)
    assert (command.estimate.is_clipped, command.estimate.accel_clips) == (1, 1)

    inputs.imu.accel_frd = (0.0, 0.0, -9.8)
    estimator.step(state, params, airframe, inputs, command.estimate, command.motors, command.status, DT)
    assert (command.estimate.is_clipped, command.estimate.accel_clips) == (0, 1)


def test_a_thermometer_that_tells_no_number_does_not_take_the_gyro_with_it():
    params, inputs = defaults()[0].estimator, rows(INPUTS)[0]
    corrected = rows(STATE)[0].corrected
    params.correction.gyro_per_k[:] = 0.01
    inputs.imu.gyro_frd, inputs.imu.temperature_c = (0.1, 0.2, 0.3), np.nan
    correction.step(corrected, params.correction, inputs)

    assert list(corrected.imu.gyro_frd) == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize("axis", [0, 1])
def test_an_attitude_whose_spread_is_no_number_is_not_vouched_for(axis):
    state, estimate = rows(STATE)[0], rows(COMMAND)[0].estimate
    state.is_aligned, state.imu.patience_s = 1, 0.1
    report.trust(state, PARAMS, estimate, 0)
    assert estimate.is_attitude_valid

    estimate.sigma_attitude[axis] = np.nan
    report.trust(state, PARAMS, estimate, 0)
    assert not estimate.is_attitude_valid
