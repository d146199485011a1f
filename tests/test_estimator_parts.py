"""Single equations of the estimator against numerical derivatives and dense matrices written independently."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from flight.estimator import alignment, course, covariance, drag, flow, history, imu, lag, strapdown, update
from flight.estimator.layout import (
    ACCEL_BIAS,
    BARO_OFFSET,
    COUNT,
    GPS_POSITION,
    GYRO_BIAS,
    HISTORY_PERIOD_US,
    LAG,
    MOCAP,
    POSITION,
    RANGE_SCALE,
    SLOW_POSITION,
    SLOW_VELOCITY,
    STATE,
    TERRAIN,
    THETA,
    VELOCITY,
    WIND,
)
from flight.inputs import INPUTS
from flight.params import defaults
from flight.quaternion import (
    Quat,
    conjugate,
    euler,
    from_euler,
    from_rotation_vector,
    put_quat,
    quat,
    rotate,
    rotation_vector,
)
from flight.record import rows
from flight.vector import Vec3, put
from tests.pretended_flight import Flight, Sensors, pretend

ZERO = Vec3(0.0, 0.0, 0.0)
PARAMS = defaults()[0].estimator
AIRFRAME = defaults()[0].airframe


FORCE = Vec3(0.3, -0.2, -9.0)
FAST = Vec3(3.0, -2.0, 1.0)


def vehicle(omega=ZERO, force=FORCE, v=FAST):
    """Return a state in flight with steady body rates and specific force."""
    states = rows(STATE)
    state = states[0]
    put_quat(state.nominal.q_ned_frd, from_euler(0.2, -0.3, 1.0))
    state.history.now.q[0] = 1.0
    put(state.nominal.v_ned, v)
    state.nominal.lag_least_s, state.nominal.lag_most_s = -PARAMS.gps_delay, PARAMS.lag_max
    for name, value in (("gyro", omega), ("accel", force)):
        put(state.imu[f"{name}_frd"], value)
        put(state.imu[f"{name}_before_frd"], value)
    return states


def disturbed(state, index, size):
    """Return a copy of a state that is truly away from the nominal one by one error."""
    other = state.copy()
    error = np.zeros(COUNT)
    error[index] = size
    update.apply(other[0].nominal, error, PARAMS)
    return other


def difference(true, nominal):
    """Return the error vector that leads from the nominal to the true state."""
    turn = rotation_vector(quat(true.q_ned_frd) * conjugate(quat(nominal.q_ned_frd)))
    parts = [true[name] - nominal[name] for name in ("v_ned", "p_ned", "gyro_bias_frd", "accel_bias_frd")]
    wind = (true.wind_ned - nominal.wind_ned)[:2]
    slow = [wind, *(true[name] - nominal[name] for name in ("gps_slow_v_ned", "gps_slow_p_ned"))]
    last = [true[name] - nominal[name] for name in ("lag_s", "terrain_z_m")]
    return np.concatenate([turn, *parts, [true.baro_offset_m - nominal.baro_offset_m], *slow, last])


@pytest.mark.parametrize(("roll", "pitch"), [(0.0, 0.0), (0.4, -0.3), (-1.2, 0.8), (3.0, 0.1)])
def test_gravity_tells_the_tilt_and_leaves_the_nose_north(roll, pitch):
    lying = from_euler(roll, pitch, 0.0)

    found = alignment.level_attitude(rotate(conjugate(lying), Vec3(0.0, 0.0, -9.81)))

    assert np.allclose(euler(found), (roll, pitch, 0.0), atol=1e-9)


@pytest.mark.slow
def test_ten_seconds_of_wild_flight_on_a_perfect_imu_drift_by_millimetres():
    wild = Flight(seconds=14.0, amplitude=(3.0, 3.0, 1.0), frequency=(2.5, 2.0, 1.5), yaw=2.0, rest=0.0)
    perfect = Sensors(0.0, 0.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0, gps=0.0, baro=0.0, mag=0.0)
    record = pretend(wild, perfect)
    state = rows(STATE)[0]
    first, last = 4000, 13999
    x, y, z, w = record.attitude[first].as_quat()
    put_quat(state.nominal.q_ned_frd, Quat(w, x, y, z))
    put(state.nominal.v_ned, Vec3(*record.v[first]))
    put(state.nominal.p_ned, Vec3(*record.p[first]))

    for k in range(first + 1, last + 1):
        for name in ("gyro", "accel"):
            put(state.imu[f"{name}_before_frd"], Vec3(*record.inputs[k - 1].imu[f"{name}_frd"]))
            put(state.imu[f"{name}_frd"], Vec3(*record.inputs[k].imu[f"{name}_frd"]))
        strapdown.step(state, PARAMS, AIRFRAME, 1e-3)

    assert np.allclose(state.nominal.v_ned, record.v[last], atol=5e-4)
    assert np.allclose(state.nominal.p_ned, record.p[last], atol=5e-3)


def flown(states, seconds):
    """Return the state after a time of dead reckoning."""
    states = states.copy()
    for _ in range(round(seconds / 1e-3)):
        strapdown.step(states[0], PARAMS, AIRFRAME, 1e-3)
    return states


def transition(states, seconds):
    """Return how each error grows over a time, by numerical differentiation of the strapdown itself.

    The range finder's scale is in no nominal state and moves nothing.
    """
    size = 1e-6
    ahead = flown(states, seconds)[0].nominal
    columns = [
        difference(flown(disturbed(states, i, size), seconds)[0].nominal, ahead) / size
        for i in range(RANGE_SCALE)
    ]
    return block_diag(np.stack(columns, axis=1), 1.0)


def test_errors_grow_as_the_strapdown_makes_them_grow():
    states = vehicle(omega=Vec3(0.5, -0.4, 0.8))
    rng = np.random.default_rng(1)
    root = rng.normal(size=(COUNT, COUNT))
    start = root @ root.T
    moved = transition(states, 0.01)

    ahead = flown(states, 0.01)
    ahead[0].filter.covariance[:] = start
    params = defaults()[0].estimator
    for name in ("gyro_noise", "gyro_scale"):
        params[name] = 0.0
    covariance.propagate(
        ahead[0].filter, params, ahead[0].imu, ahead[0].pending, quat(states[0].nominal.q_ned_frd)
    )

    expected = moved @ start @ moved.T
    # What is left out is of second order in the 10 ms: half g t^2.
    assert np.abs(np.array(ahead[0].filter.covariance) - expected).max() < 0.004 * np.abs(expected).max()
    change = np.abs(expected - start).max()
    assert np.abs(np.array(ahead[0].filter.covariance) - expected).max() < 0.05 * change


def test_a_scalar_measurement_corrects_as_the_kalman_equations_say():
    states = vehicle()
    filter = states[0].filter
    rng = np.random.default_rng(2)
    root = rng.normal(size=(COUNT, COUNT))
    before = root @ root.T
    filter.covariance[:] = before
    row = np.zeros(COUNT)
    row[[2, 7, 12, RANGE_SCALE]] = (1.0, -0.5, 2.0, 0.8)
    update.clear(filter)
    for i in (2, 7, 12, RANGE_SCALE):
        update.depend(filter, i, row[i])

    ratio = update.fuse(filter, 0.7, 0.3, 1.0, 5.0)

    gain = before @ row / (row @ before @ row + 0.3)
    # It counts, but is not corrected; Joseph's form holds for any gain.
    gain[RANGE_SCALE] = 0.0
    joseph = np.eye(COUNT) - np.outer(gain, row)
    assert np.allclose(filter.error, 0.7 * gain, rtol=1e-12)
    assert np.allclose(filter.covariance, joseph @ before @ joseph.T + 0.3 * np.outer(gain, gain), atol=1e-10)
    assert np.array_equal(filter.covariance, np.array(filter.covariance).T)
    assert ratio == pytest.approx(0.49 / (25.0 * (row @ before @ row + 0.3)))


def test_a_measurement_beyond_the_gate_changes_nothing():
    filter = vehicle()[0].filter
    filter.covariance[:] = np.eye(COUNT)
    update.clear(filter)
    update.depend(filter, 3, 1.0)

    assert update.fuse(filter, 10.0, 1.0, 1.0, 3.0) > 1.0
    assert update.fuse(filter, np.nan, 1.0, 1.0, 3.0) > 1.0

    assert not np.any(filter.error)
    assert np.array_equal(filter.covariance, np.eye(COUNT))


def remembered(states, seconds):
    """Fly with history and return the state and the nominal states on the way."""
    state, told = states[0], []
    for k in range(round(seconds / 1e-3)):
        history.remember(state.history, 1000 * k)
        told.append(state.nominal.copy())
        strapdown.step(state, PARAMS, AIRFRAME, 1e-3)
    history.remember(state.history, round(1e6 * seconds))
    return state, told


@pytest.mark.parametrize("age_ms", [0, 3, 40, 173, 290])
def test_it_remembers_where_it_was(age_ms):
    state, told = remembered(vehicle(omega=Vec3(1.0, -0.5, 2.0)), 0.5)
    then = told[500 - age_ms] if age_ms else state.nominal

    history.recall(state, 500_000, 500_000, 1e-3 * age_ms)

    assert state.past.age_s == pytest.approx(1e-3 * age_ms, abs=1e-9)
    assert np.allclose(state.past.p_ned, then.p_ned, atol=1e-4)
    assert np.allclose(state.past.v_ned, then.v_ned, atol=1e-3)
    assert (
        np.linalg.norm(rotation_vector(quat(then.q_ned_frd) * conjugate(quat(state.past.q_ned_frd)))) < 1e-4
    )
    if age_ms > 1e-3 * HISTORY_PERIOD_US:
        assert np.allclose(state.past.omega_frd, (1.0, -0.5, 2.0), atol=1e-3)


def test_a_correction_now_corrects_the_past_as_well():
    state, told = remembered(vehicle(), 0.4)
    put(state.nominal.v_ned, Vec3(*state.nominal.v_ned) + Vec3(1.0, 0.0, 0.0))
    put(state.nominal.p_ned, Vec3(*state.nominal.p_ned) + Vec3(0.0, 2.0, 0.0))

    history.recall(state, 400_000, 400_000, 0.1)

    # A metre per second faster all along was 10 cm further back 0.1 s ago.
    assert np.allclose(state.past.v_ned - told[300].v_ned, (1.0, 0.0, 0.0), atol=1e-3)
    assert np.allclose(state.past.p_ned - told[300].p_ned, (-0.1, 2.0, 0.0), atol=1e-3)


def row_of(filter):
    """Return the measurement row as a vector."""
    row = np.zeros(COUNT)
    for k in range(filter.count):
        row[filter.index[k]] += filter.value[k]
    return row


def test_a_late_position_depends_on_the_errors_it_depends_on():
    start, age = vehicle(), 0.15
    back = np.linalg.inv(transition(start, age))
    # Force errors move it by half a t^2 within the delay, of which filter and history both know nothing.
    known = np.r_[VELOCITY:GYRO_BIAS, BARO_OFFSET:COUNT]
    state, _ = remembered(start, age)
    history.recall(state, 150_000, 150_000, age)

    for i in range(3):
        update.on_position(state.filter, i, state.past)
        assert np.allclose(row_of(state.filter)[known], back[POSITION + i, known], atol=1e-6)


def test_a_late_velocity_depends_on_the_errors_it_depends_on():
    start, age = vehicle(), 0.15
    back = np.linalg.inv(transition(start, age))
    # A gyro bias tilts the force within the delay by half a t^2: a thousandth of a m/s for any bias left in flight.
    known = np.r_[:GYRO_BIAS, ACCEL_BIAS:COUNT]
    state, _ = remembered(start, age)
    history.recall(state, 150_000, 150_000, age)

    for i in range(3):
        update.on_velocity(state.filter, update.axis(i), state.past)
        # d v(then) / d error(now): the row of the inverse transition.
        assert np.allclose(row_of(state.filter)[known], back[VELOCITY + i, known], atol=0.02)


def test_drag_depends_on_the_errors_it_depends_on():
    states = vehicle(v=Vec3(4.0, 1.0, -2.0))
    states[0].nominal.wind_ned[:2] = (1.0, -2.0)
    size = 1e-6

    def force(nominal):
        air = Vec3(*nominal.v_ned) - Vec3(*nominal.wind_ned)
        return -0.3 * np.array(rotate(conjugate(quat(nominal.q_ned_frd)), air)) + nominal.accel_bias_frd

    for i in range(2):
        drag.fuse(states[0], PARAMS, i, 0.3, 0.0, False)
        slope = [
            (force(disturbed(states, k, size)[0].nominal) - force(states[0].nominal))[i] / size
            for k in range(COUNT)
        ]
        assert np.allclose(row_of(states[0].filter), slope, atol=1e-4)


def test_flow_depends_on_the_errors_it_depends_on():
    states = vehicle(v=Vec3(4.0, 1.0, -2.0))
    state, size = states[0], 1e-6
    history.remember(state.history, 0)
    history.recall(state, 0, 0, 0.0)
    forward = rotate(quat(state.nominal.q_ned_frd), Vec3(1.0, 0.0, 0.0))

    def rate(nominal):
        return rotate(conjugate(quat(nominal.q_ned_frd)), Vec3(*nominal.v_ned)).x / 5.0

    flow.fuse(state, PARAMS, forward, 0.0, 5.0)

    slope = [(rate(disturbed(states, k, size)[0].nominal) - rate(state.nominal)) / size for k in range(COUNT)]
    assert np.allclose(row_of(state.filter), slope, atol=1e-4)


def test_the_errors_do_not_share_places():
    taken = [*range(THETA, THETA + 3), *range(VELOCITY, VELOCITY + 3), *range(POSITION, POSITION + 3)]
    taken += [
        *range(GYRO_BIAS, GYRO_BIAS + 3),
        *range(ACCEL_BIAS, ACCEL_BIAS + 3),
        BARO_OFFSET,
        WIND,
        WIND + 1,
        *range(SLOW_VELOCITY, SLOW_VELOCITY + 3),
        *range(SLOW_POSITION, SLOW_POSITION + 3),
        LAG,
        TERRAIN,
        RANGE_SCALE,
    ]

    assert sorted(taken) == list(range(COUNT))


def test_the_heading_from_gps_turns_felt_into_seen():
    states = vehicle()
    for angle in (0.0, 1.0, -2.5):
        turn = from_rotation_vector(Vec3(0.0, 0.0, angle))
        track = states[0].course
        track.sine = track.cosine = track.weight = 0.0

        for felt in (Vec3(1.0, 0.5, 0.0), Vec3(-0.7, 0.2, 0.0), Vec3(0.1, -1.1, 0.0)):
            course.compare(track, PARAMS, felt, rotate(turn, felt))

        assert np.arctan2(track.sine, track.cosine) == pytest.approx(angle)
        assert course.is_sharp(track, PARAMS)


@pytest.mark.parametrize("hz", [100.0, 1000.0])
def test_the_scatter_between_samples_tells_the_noise_density_whatever_the_rate(hz):
    state, params = vehicle()[0].imu, defaults()[0].estimator
    noise = np.random.default_rng(3).standard_normal((round(6.0 * hz), 3)) * np.sqrt(hz)
    turning = np.sin(2.0 * np.pi * np.arange(len(noise)) / hz)
    powers = []
    for shaken, turned in zip(noise, turning, strict=True):
        gyro = 1e-2 * Vec3(*shaken) + turned * Vec3(0.0, 0.0, 0.5)
        imu.accept(state, params, gyro, 0.1 * Vec3(*shaken) + FORCE, ZERO, 1.0 / hz)
        powers.append((state.gyro_power, state.accel_power))

    gyro, accel = np.sqrt(np.mean(powers[len(powers) // 2 :], axis=0))

    assert gyro == pytest.approx(1e-2, rel=0.1)
    assert accel == pytest.approx(0.1, rel=0.1)


def test_standing_and_noise_take_as_long_where_the_loop_is_faster_than_the_imu():
    told = []
    for every in (1, 2, 4):
        state, sample, random = rows(STATE)[0].imu, rows(STATE)[0].corrected.imu, np.random.default_rng(5)
        for tick in range(2000 * every):
            sample.fresh = tick % every == 0
            if sample.fresh:
                sample.gyro_frd = random.normal(0.0, 0.01, 3)
                sample.accel_frd = np.array(FORCE) + random.normal(0.0, 0.1, 3)
            imu.step(state, PARAMS, sample, ZERO, False, 1e-3 / every)
        told.append((state.still_s, state.gyro_power, *state.accel_mean_frd))

    assert told[1] == pytest.approx(told[0], rel=1e-3)
    assert told[2] == pytest.approx(told[0], rel=1e-3)


@pytest.mark.parametrize(("what", "size", "asked"), [("gyro_frd", 30.0, 4), ("accel_frd", 120.0, 3)])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_jump_is_believed_when_enough_samples_in_a_row_bear_it_out(what, size, asked, missing):
    ticks = asked - missing
    state = vehicle()[0].imu
    sample, noise = rows(INPUTS)[0].imu, np.random.default_rng(7)
    for k in range(50 + ticks):
        sample.fresh, sample.gyro_frd, sample.accel_frd = 1, 1e-3 * noise.standard_normal(3), tuple(FORCE)
        sample.accel_frd[0] = 1e-2 * noise.standard_normal()
        getattr(sample, what)[1] += size if k >= 50 else 0.0
        imu.step(state, PARAMS, sample, ZERO, True, 1e-3)

    assert (abs(getattr(state, what)[1]) > 0.5 * size) == (missing == 0)
    assert (state.unfelt_dv2 > 1e-4) == (what == "accel_frd")


@pytest.mark.parametrize(
    ("aid", "least_s", "most_s"),
    [(MOCAP, -PARAMS.mocap_delay, PARAMS.mocap_lag_max), (GPS_POSITION, -PARAMS.gps_delay, PARAMS.lag_max)],
)
def test_each_aid_has_its_own_bounds_of_how_late_it_is_believed_to_be(aid, least_s, most_s):
    states = vehicle()
    lag.of(states[0], PARAMS, aid)

    assert disturbed(states, LAG, 9.0)[0].nominal.lag_s == most_s
    assert disturbed(states, LAG, -9.0)[0].nominal.lag_s == least_s
