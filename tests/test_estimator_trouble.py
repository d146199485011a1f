"""What the estimate does when sensors fail, lie, hang, come back or never were there."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from flight.modes import Event
from tests.pretended_flight import DEGREE, EVERY, Flight, Record, Sensors, estimated, parameters, pretend, rms

ALONE = Sensors(gps=0.0, baro=0.0, mag=0.0)


def between(record, first, last):
    """Return which ticks lie between two times in seconds."""
    return (record.t > first) & (record.t < last)


def kept(record, first, last):
    """Return which kept rows lie between two times in seconds."""
    return between(record, first, last)[::EVERY]


def is_finite(record):
    """Tell whether every number ever said is one."""
    return all(np.isfinite(record.estimate[name]).all() for name in record.estimate.dtype.names)


def steps(record):
    """Return the largest jump of the position told between kept rows, less the motion, in m."""
    return np.abs(np.diff(record.p_err(), axis=0)).max()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.slow
def test_ten_seconds_without_gps_stay_within_what_it_admits(seed):
    record = pretend(Flight(), Sensors(), seed)
    record.inputs.gps.fresh[between(record, 25.0, 35.0)] = 0

    record = estimated(record)

    lost, back = kept(record, 25.0, 35.0), kept(record, 38.0, 60.0)
    assert np.all(np.abs(record.p_err()[lost]) < 3.0 * record.estimate.sigma_p[lost])
    assert np.all(np.abs(record.v_err()[lost]) < 3.5 * record.estimate.sigma_v[lost])
    assert record.estimate.is_velocity_valid[lost].all()
    # PX4 gives a position up after as long (EKF2_NOAID_TOUT).
    assert record.estimate.is_position_valid[kept(record, 25.0, 29.5)].all()
    assert not record.estimate.is_position_valid[kept(record, 30.5, 35.0)].any()
    assert record.estimate.sensor_health[lost][-1, 0] == 0
    assert np.all(rms(record.p_err()[back]) < 2.0)
    assert record.command[0].status.events[0] == Event.NONE


def test_a_heading_that_starts_wrong_is_found_when_the_magnet_is_gone():
    record = pretend(Flight(), Sensors(), seed=3)
    held = np.flatnonzero((record.inputs.mag.fresh == 1) & (record.t < 5.0))
    turn = record.attitude[held].inv() * Rotation.from_euler("z", 2.0) * record.attitude[held]
    record.inputs.mag.field_ut_frd[held] = turn.apply(record.inputs.mag.field_ut_frd[held])

    record = estimated(record)

    assert abs(record.q_err()[450, 2]) > 90.0 * DEGREE
    assert np.all(np.abs(record.q_err()[record.after(25.0), 2]) < 5.0 * DEGREE)
    assert Event.ESTIMATOR_RESET in record.command[0].status.events


def test_without_a_compass_the_first_accelerations_tell_the_heading():
    record = estimated(pretend(Flight(heading=2.5), Sensors(mag=0.0), seed=1))

    assert not record.estimate.is_position_valid[kept(record, 2.0, 8.0)].any()
    assert np.all(np.abs(record.q_err()[record.after(30.0), 2]) < 5.0 * DEGREE)
    assert record.estimate.is_position_valid[record.after(30.0)].all()


def test_a_short_jump_of_gps_is_not_followed():
    record = pretend(Flight(), Sensors(), seed=4)
    record.inputs.gps.lat_deg[between(record, 25.0, 28.0)] += 30.0 / 111e3

    record = estimated(record)

    assert np.all(np.abs(record.p_err()[kept(record, 25.0, 30.0)]) < 1.0)


def test_a_lasting_jump_of_gps_is_followed_in_the_end_without_a_jolt():
    record = pretend(Flight(), Sensors(), seed=4)
    record.inputs.gps.lat_deg[between(record, 25.0, 90.0)] += 20.0 / 111e3

    record = estimated(record)

    assert record.p_err()[-1, 0] == pytest.approx(20.0, abs=2.0)
    assert steps(record) < 0.05
    assert Event.ESTIMATOR_RESET in record.command[0].status.events


def test_a_receiver_that_hangs_is_not_believed():
    record = pretend(Flight(), Sensors(), seed=5)
    gps = record.inputs.gps
    hung = np.flatnonzero((gps.fresh == 1) & between(record, 25.0, 34.0))
    for name in ("lat_deg", "lon_deg", "alt_amsl_m", "v_ned"):
        gps[name][hung] = gps[name][hung[0]]

    record = estimated(record)

    assert np.all(np.abs(record.v_err()[kept(record, 25.0, 34.0)]) < 0.8)
    assert record.estimate.sensor_health[kept(record, 25.0, 34.0)][-1, 1] == 0


def test_with_an_imu_alone_attitude_survives():
    record = estimated(pretend(Flight(), ALONE, seed=6))

    assert np.all(np.abs(record.q_err()[:, :2][record.after(2.0)]) < 2.0 * DEGREE)
    assert record.estimate.is_attitude_valid[-1]
    assert not record.estimate.is_altitude_valid[-1]
    assert not record.estimate.is_velocity_valid[-1]
    assert not record.estimate.is_position_valid[-1]


def test_an_hour_of_nothing_overflows_nothing():
    record = pretend(Flight(seconds=20.0, amplitude=(0.1, 0.1, 0.1)), ALONE, seed=6)
    for _ in range(20):
        record = estimated(
            record, None if record.state is None else parameters(), record.state, record.command
        )

    assert is_finite(record)
    assert np.all(np.diag(np.array(record.state[0].filter.covariance)) > 0.0)


ABSURD = [np.nan, np.inf, -np.inf, 1e300, -1e300]
FIELDS = [
    ("imu", "gyro_frd"),
    ("imu", "accel_frd"),
    ("mag", "field_ut_frd"),
    ("baro", "pressure_pa"),
    ("gps", "lat_deg"),
    ("gps", "alt_amsl_m"),
    ("gps", "v_ned"),
    ("gps", "horizontal_accuracy_m"),
    ("gps", "speed_accuracy_m_s"),
    ("range", "distance_m"),
    ("flow", "rate_x"),
    ("flow", "quality"),
    ("mocap", "p_ned"),
    ("mocap", "q_ned_frd"),
]


@pytest.fixture(scope="module")
def everything():
    sensors = Sensors(range=0.02, flow=0.02, mocap=0.005)
    return pretend(Flight(seconds=16.0, amplitude=(1.0, 1.0, 0.5)), sensors, seed=7)


@pytest.mark.parametrize(("sensor", "name"), FIELDS)
def test_absurd_samples_leave_no_trace(everything, sensor, name):
    record = Record(**vars(everything))
    record.inputs = everything.inputs.copy()
    at = np.flatnonzero((record.inputs[sensor].fresh == 1) & (record.t > 9.0))[::7]
    for k, value in enumerate(ABSURD):
        record.inputs[sensor][name][at[k::5]] = value

    record = estimated(record)

    assert is_finite(record)
    assert np.all(np.abs(record.q_err()[record.after(9.0)]) < 1.5 * DEGREE)
    assert np.all(np.abs(record.p_err()[record.after(9.0)]) < 0.3)


def test_gaps_of_20_ms_are_bridged(everything):
    whole = np.ones(len(everything.t), bool)
    for first in range(9500, 16000, 100):
        whole[first : first + 19] = False
    record = Record(**vars(everything))
    record.inputs, record.t = everything.inputs[whole].copy(), everything.t[whole]
    record.p, record.v = everything.p[whole], everything.v[whole]
    record.attitude = everything.attitude[whole]

    record = estimated(record)

    assert np.all(np.abs(record.q_err()[record.after(9.5)]) < 1.0 * DEGREE)
    assert np.all(np.abs(record.p_err()[record.after(9.5)]) < 0.02)


def test_with_a_dead_imu_attitude_is_vouched_for_while_the_rotors_can_tell_the_rate(everything):
    record = Record(**vars(everything))
    record.inputs = everything.inputs.copy()
    record.inputs.imu.fresh[record.t > 12.0] = 0

    record = estimated(record)

    assert record.estimate.is_attitude_valid[kept(record, 11.0, 12.0)].all()
    assert record.estimate.is_attitude_valid[kept(record, 12.0, 12.45)].all()
    assert not record.estimate.is_attitude_valid[record.after(12.6)].any()
    assert is_finite(record)


def test_a_hung_imu_is_told_as_lost_the_force_at_once_the_rate_when_rotors_tell_it_no_more(everything):
    record = Record(**vars(everything))
    record.inputs = everything.inputs.copy()
    hung, sample = record.t > 12.0, record.inputs.imu[np.argmax(record.t > 12.0)].copy()
    record.inputs.imu.gyro_frd[hung], record.inputs.imu.accel_frd[hung] = sample.gyro_frd, sample.accel_frd

    estimate = estimated(record).estimate

    assert not estimate.is_force_lost[kept(record, 0.0, 12.04)].any()
    assert estimate.is_force_lost[record.after(12.07)].all()
    assert not estimate.is_rate_lost[kept(record, 0.0, 12.49)].any()
    assert estimate.is_rate_lost[record.after(12.52)].all()


def test_a_force_that_is_no_number_is_lost_too(everything):
    record = Record(**vars(everything))
    record.inputs = everything.inputs.copy()
    record.inputs.imu.accel_frd[record.t > 12.0] = np.nan

    estimate = estimated(record).estimate

    assert not estimate.is_force_lost[kept(record, 0.0, 12.04)].any()
    assert estimate.is_force_lost[record.after(12.07)].all()


def test_switched_on_in_the_air_it_still_finds_itself():
    flight = Flight(seconds=60.0, rest=-10.0, amplitude=(2.0, 2.0, 0.5))
    record = estimated(pretend(flight, Sensors(), seed=8))

    assert np.all(np.abs(record.q_err()[record.after(40.0), :2]) < 2.0 * DEGREE)
    assert np.all(np.abs(record.v_err()[record.after(40.0)]) < 0.3)
