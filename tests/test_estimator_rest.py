"""Before it flies a vehicle stands, armed or not, and what its sensors say must agree with that."""

import pytest

from flight.command import COMMAND
from flight.estimator import baro, covariance, imu, mag, rest
from flight.estimator.layout import LAG, NEVER, STATE, VELOCITY
from flight.modes import Arming, Event
from flight.params import defaults
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import from_euler, from_yaw, put_quat, quat, rotate, yaw_of
from flight.record import rows
from flight.vector import Vec3

PARAMS = defaults()[0].estimator
NOW_US = 1_000_000


def moved(arming, is_landed=1, thrust=0.0, still_s=0.0):
    """Return the velocity that is left of a wrong 1 m/s north after one look at rest, and its standard deviation."""
    state, status = rows(STATE)[0], rows(COMMAND)[0].status
    put_quat(state.nominal.q_ned_frd, from_euler(0.0, 0.0, 1.0))
    state.imu.accel_mean_frd[2] = -STANDARD_GRAVITY
    covariance.begin(state.filter, PARAMS)
    state.aided_us = state.aid.accepted_us[:] = NEVER
    covariance.restart(state.filter, VELOCITY, 3, 1.0)
    state.nominal.v_ned[0], state.imu.still_s, state.thrust.told = 1.0, still_s, thrust
    status.arming, status.is_landed = arming, is_landed

    rest.step(state, PARAMS, status, NOW_US)

    return 1.0 + state.filter.error[VELOCITY], state.filter.covariance[VELOCITY, VELOCITY] ** 0.5


def test_who_is_armed_and_stands_has_no_velocity():
    v, sd = moved(Arming.ARMED)

    assert v == pytest.approx(0.0, abs=0.02)
    assert sd == pytest.approx(PARAMS.idle_velocity_sd, rel=0.02)


def test_who_stands_disarmed_is_surer_of_it():
    v, sd = moved(Arming.DISARMED, still_s=PARAMS.align_time)

    assert v == pytest.approx(0.0, abs=0.001)
    assert sd == pytest.approx(PARAMS.rest_velocity_sd, rel=0.02)


@pytest.mark.parametrize(
    "case",
    [
        {"arming": Arming.ARMED, "is_landed": 0},
        {"arming": Arming.ARMED, "thrust": 4.0},
        {"arming": Arming.DISARMED, "still_s": 0.0},
    ],
)
def test_who_flies_lifts_off_or_is_carried_may_move(case):
    assert moved(**case) == (1.0, 1.0)


CONFUSED = {
    "velocity": lambda nominal: nominal.v_ned.__setitem__(1, -3.0),
    "tilt": lambda nominal: put_quat(nominal.q_ned_frd, from_euler(0.2, 0.0, 1.0)),
    "gyro": lambda nominal: nominal.gyro_bias_frd.__setitem__(2, 0.19),
    "accelerometer": lambda nominal: nominal.accel_bias_frd.__setitem__(0, 2.0),
}


@pytest.mark.parametrize("error", [None, *CONFUSED])
def test_what_cannot_be_true_of_a_vehicle_that_stands_is_forgotten(error):
    state, status = rows(STATE)[0], rows(COMMAND)[0].status
    put_quat(state.nominal.q_ned_frd, from_euler(0.0, 0.0, 1.0))
    covariance.begin(state.filter, PARAMS)
    state.imu.still_s, state.imu.accel_mean_frd[2] = PARAMS.align_time, -STANDARD_GRAVITY
    before = state.nominal.copy()
    if error:
        CONFUSED[error](state.nominal)

    rest.step(state, PARAMS, status, NOW_US)

    assert rest.is_confused(state, PARAMS) == 0
    assert status.events[0] == (Event.ESTIMATOR_RESET if error else 0)
    if error:
        for name in ("v_ned", "gyro_bias_frd", "accel_bias_frd"):
            assert abs(state.nominal[name]).max() < 1e-9
        assert abs(state.nominal.q_ned_frd[1:3]).max() < 1e-9
    else:
        assert state.nominal == before


def test_who_begins_anew_takes_back_the_lag_that_the_crash_seemed_to_show():
    state, status = rows(STATE)[0], rows(COMMAND)[0].status
    put_quat(state.nominal.q_ned_frd, from_euler(0.2, 0.0, 1.0))
    covariance.begin(state.filter, PARAMS)
    state.imu.still_s, state.imu.accel_mean_frd[2] = PARAMS.align_time, -STANDARD_GRAVITY
    state.nominal.lag_s, state.nominal.lag_calm_s, state.nominal.gps_slow_v_ned[2] = 0.63, 0.05, 0.3

    rest.step(state, PARAMS, status, NOW_US)

    assert state.nominal.lag_s == 0.05
    assert state.filter.covariance[LAG, LAG] == PARAMS.lag_sd**2
    assert state.nominal.gps_slow_v_ned[2] == 0.0


def test_who_begins_anew_has_the_height_that_the_air_tells_with_what_was_known_before_the_flight():
    state, status = rows(STATE)[0], rows(COMMAND)[0].status
    put_quat(state.nominal.q_ned_frd, from_euler(0.0, 0.0, 1.0))
    covariance.begin(state.filter, PARAMS)
    state.imu.still_s, state.imu.accel_mean_frd[2] = PARAMS.align_time, -STANDARD_GRAVITY
    state.has_baro, state.last_pressure_pa = 1, 95_000.0
    state.nominal.baro_offset_m, state.nominal.gps_slow_p_ned[2] = 500.0, 1.5
    rest.step(state, PARAMS, status, NOW_US)
    # It fell: the ground was 148 m too deep, and both offsets gave way.
    state.nominal.v_ned[2], state.nominal.p_ned[2] = 30.0, 148.0
    state.nominal.baro_offset_m, state.nominal.gps_slow_p_ned[2] = 690.0, -8.0

    rest.step(state, PARAMS, status, NOW_US + 1_000_000)

    assert state.nominal.p_ned[2] == pytest.approx(500.0 - baro.pressure_altitude(95_000.0))
    assert (state.nominal.baro_offset_m, state.nominal.gps_slow_p_ned[2]) == (500.0, 1.5)


def test_who_begins_anew_points_where_the_compass_shows_now_and_not_where_it_did_before_the_flight():
    state, status, sample = rows(STATE)[0], rows(COMMAND)[0].status, rows(STATE)[0].corrected.mag
    covariance.begin(state.filter, PARAMS)
    field_ned = rotate(from_yaw(float(PARAMS.mag_declination)), Vec3(20.0, 0.0, 43.0))
    state.mag.mean_ut_frd[:], state.mag.has_mean, state.has_heading = field_ned, 1, 1
    put_quat(state.nominal.q_ned_frd, from_euler(0.2, 0.0, 1.9))
    state.imu.still_s, state.imu.accel_mean_frd[2] = PARAMS.align_time, -STANDARD_GRAVITY
    sample.fresh, sample.field_ut_frd[:] = 1, rotate(from_yaw(-2.0), field_ned)

    rest.step(state, PARAMS, status, NOW_US)
    mag.step(state, PARAMS, sample, NOW_US, status)

    assert yaw_of(quat(state.nominal.q_ned_frd)) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize(
    ("turning", "bias", "is_quiet"),
    [(0.0, 0.0, True), (0.19, 0.19, True), (0.0, 0.19, True), (0.19, 0.0, False), (0.19, -0.19, False)],
)
def test_a_gyro_stands_still_by_its_mean_or_by_what_is_left_of_it(turning, bias, is_quiet):
    sample = rows(STATE)[0].imu
    sample.gyro_frd[2] = sample.gyro_mean_frd[2] = turning
    sample.accel_frd[2] = sample.accel_mean_frd[2] = -STANDARD_GRAVITY

    assert imu.is_quiet(sample, PARAMS, Vec3(0.0, 0.0, bias)) == is_quiet
