"""The estimate against a truth that is known exactly: at rest, in flight, with each set of sensors."""

import numpy as np
import pytest

from flight.estimator.layout import ACCEL_BIAS, GYRO_BIAS, THETA
from flight.geodesy import geodetic
from flight.quaternion import quat
from flight.vector import Vec3
from tests.pretended_flight import DEGREE, HOME, Flight, Sensors, estimated, parameters, pretend, rms

CIRCLE = Flight(seconds=30.0, amplitude=(1.0, 1.0, 0.3), frequency=(3.0, 3.0, 1.0))
MOCAP = Sensors(gps=0.0, mocap=0.005)


@pytest.fixture(scope="module")
def outdoors():
    return estimated(pretend(Flight(seconds=75.0), Sensors(), seed=1))


@pytest.fixture(scope="module")
def indoors():
    return estimated(pretend(CIRCLE, MOCAP, seed=2))


def test_standing_still_it_finds_tilt_heading_and_gyro_bias(outdoors):
    at_rest = outdoors.t[::10].searchsorted(6.0)

    turn = outdoors.q_err()[at_rest]
    bias_err = outdoors.estimate.gyro_bias_frd[at_rest] - outdoors.sensors.gyro_bias
    assert np.all(np.abs(turn[:2]) < 0.8 * DEGREE)
    assert abs(turn[2]) < 5.0 * DEGREE
    assert np.all(np.abs(bias_err) < 0.05 * DEGREE)
    assert outdoors.estimate.is_attitude_valid[at_rest]


def test_before_it_has_stood_still_it_promises_nothing(outdoors):
    first = outdoors.estimate[:50]

    assert not first.is_attitude_valid.any()
    assert not first.is_position_valid.any()


def test_roll_and_pitch_hold_within_0_7_degrees_on_consumer_sensors(outdoors):
    assert np.all(rms(outdoors.q_err()[outdoors.after(12.0)])[:2] < 0.7 * DEGREE)


def test_position_is_as_good_as_gps_itself_though_late_and_shaken(outdoors):
    flying = outdoors.after(14.0)

    own = np.linalg.norm(rms(outdoors.fix))
    assert np.linalg.norm(rms(outdoors.p_err()[flying])) < 1.2 * own
    assert np.all(rms(outdoors.v_err()[flying]) < 0.06)
    assert outdoors.estimate.is_position_valid[flying].all()


def test_the_origin_is_the_place_where_local_zero_lies(outdoors):
    said = outdoors.estimate[-1]

    origin = (said.origin_lat_deg, said.origin_lon_deg, said.origin_alt_amsl_m)
    lat, lon, _ = geodetic(Vec3(0.0, 0.0, 0.0), *origin)
    assert lat == pytest.approx(HOME[0], abs=2.0 / 111e3)
    assert lon == pytest.approx(HOME[1], abs=2.0 / 75e3)
    assert origin[2] == pytest.approx(HOME[2], abs=3.0)


FAST = Flight(seconds=40.0, amplitude=(20.0, 20.0, 2.0), frequency=(0.35, 0.35, 0.3))
# Delays taken as they are said to be.
PUNCTUAL = {"lag_sd": 0.0, "lag_walk": 0.0, "lag_doubt": 0.0, "late_sure": 1e3}


def test_believing_gps_on_time_when_it_is_late_costs_metres():
    record = pretend(FAST, Sensors(), seed=3)

    known = rms(estimated(record).v_err()[record.after(15.0)])
    unknown = rms(estimated(record, parameters(gps_delay=0.0, **PUNCTUAL)).v_err()[record.after(15.0)])

    assert np.linalg.norm(known) < 0.1
    assert np.linalg.norm(unknown) > 3.0 * np.linalg.norm(known)


@pytest.mark.parametrize("said_s", [0.0, 0.3])
def test_how_late_gps_really_is_shows_in_flight(said_s):
    record = estimated(pretend(FAST, Sensors(), seed=3), parameters(gps_delay=said_s))

    # The samples of this flight are 0.15 s old, of which 3 ms are the IMU's own.
    assert said_s + record.state[0].nominal.lag_s == pytest.approx(0.15, abs=0.01)
    assert np.linalg.norm(rms(record.v_err()[record.after(15.0)])) < 0.1


def test_with_motion_capture_a_circle_at_3_m_s_is_known_to_millimetres(indoors):
    flying = indoors.after(13.0)

    assert np.linalg.norm(rms(indoors.p_err()[flying])) < 0.005
    assert np.all(rms(indoors.q_err()[flying]) < 0.2 * DEGREE)
    assert np.all(rms(indoors.v_err()[flying]) < 0.02)


def test_an_imu_away_from_the_centre_of_mass_makes_no_difference():
    arm = Sensors(gps=0.0, mocap=0.005, lever=(0.1, -0.08, 0.05))
    record = estimated(pretend(CIRCLE, arm, seed=2))
    naive = parameters()
    flying = record.after(13.0)
    v_rms = rms(record.v_err()[flying])

    without = estimated(pretend(CIRCLE, arm, seed=2), naive)

    assert np.all(v_rms < 0.02)
    assert np.linalg.norm(rms(without.v_err()[flying])) > 1.5 * np.linalg.norm(v_rms)


def test_flow_and_range_hold_the_velocity_without_gps():
    low = Flight(seconds=40.0, amplitude=(3.0, 3.0, 1.0))
    record = estimated(pretend(low, Sensors(gps=0.0, flow=0.02, range=0.02), seed=4))
    flying = record.after(14.0)

    assert np.all(rms(record.v_err()[flying]) < 0.15)
    height = 0.1 - record.p[::10][:, 2]
    assert rms(record.estimate.height_m[flying] - height[flying]) < 0.1
    assert record.estimate.is_velocity_valid[flying].all()


def test_a_steady_wind_shows_in_the_drag():
    record = estimated(pretend(Flight(seconds=60.0, wind=(4.0, -3.0, 0.0)), Sensors(), seed=5))

    assert np.allclose(record.estimate.wind_ned[-1], (4.0, -3.0, 0.0), atol=1.0)


def test_q_and_minus_q_are_the_same_attitude(indoors):
    record = pretend(CIRCLE, MOCAP, seed=2)
    record.inputs.mocap.q_ned_frd[::2] *= -1.0

    turned = estimated(record)

    assert np.allclose(turned.p_err(), indoors.p_err(), atol=1e-9)
    assert np.allclose(turned.q_err(), indoors.q_err(), atol=1e-9)


def test_after_a_minute_attitude_is_still_a_rotation(outdoors):
    q = quat(outdoors.state[0].nominal.q_ned_frd)

    assert sum(x * x for x in q) == pytest.approx(1.0, abs=1e-12)


# White noise only, and just as much of it as the filter is told.
TOLD = {
    "gyro_noise": 6e-4,
    "gyro_scale": 0.0,
    "accel_noise": 0.03,
    "gyro_bias_walk": 1e-6,
    "accel_bias_walk": 1e-6,
    "gps_position_wander": 0.2,
    "gps_height_wander": 0.3,
    "gps_wander_time": 60.0,
    "gps_velocity_quick": 0.1,
    "gps_velocity_wander": 0.0,
    "gps_jitter": 0.0,
    "baro_delay": 0.02,
    "drag_sd": 10.0,
    **PUNCTUAL,
}


def squared_errors(seed):
    """Return the normalised squared errors of attitude, velocity and both biases after 30 s."""
    rng = np.random.default_rng(1000 + seed)
    bias, accel_bias = tuple(rng.normal(0.0, 0.01, 3)), tuple(rng.normal(0.0, 0.06, 3))
    noisy = Sensors(6e-4, 0.03, bias, accel_bias, vibration=0.0, gps_wander=0.2, gps_v=0.1, iron=0.0)
    record = estimated(pretend(Flight(seconds=30.0), noisy, seed), parameters(**TOLD))
    said = record.estimate[-1]
    errors = [
        record.q_err()[-1],
        -record.v_err()[-1],
        bias - said.gyro_bias_frd,
        accel_bias - said.accel_bias_frd,
    ]
    kept = np.r_[THETA : THETA + 6, GYRO_BIAS : GYRO_BIAS + 3, ACCEL_BIAS : ACCEL_BIAS + 3]
    covariance = np.array(record.state[0].filter.covariance)[np.ix_(kept, kept)]
    error = np.concatenate(errors)
    return error @ np.linalg.solve(covariance, error)


@pytest.mark.slow
def test_errors_are_as_large_as_the_filter_says():
    # 12 errors, 8 flights: the sum is chi-squared with 96 degrees of freedom; 60 and 145 leave out 1 in 500 each.
    total = sum(squared_errors(seed) for seed in range(8))

    assert 60.0 < total < 145.0
