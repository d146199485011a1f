"""The two teaching filters do what their papers say, faults included."""

import numpy as np
import pytest

from flight.estimator.attitude import madgwick, mahony
from flight.quaternion import from_euler
from flight.record import rows
from flight.vector import Vec3
from tests.imu_motion import FIELD_NED, clock, move, tilt_error, total_error

DT = 0.01
UPRIGHT = Vec3(0.0, 0.0, -9.80665)
NORTH = Vec3(*FIELD_NED)
NOTHING = Vec3(0.0, 0.0, 0.0)
pytestmark = pytest.mark.interpreted


def started(filter_module, attitude):
    """Return a filter's state that holds the given attitude."""
    state = rows(filter_module.STATE)[0]
    state.is_aligned = 1
    state.q_ned_body[:] = attitude
    return state


def wrongness(state, truth=(1.0, 0.0, 0.0, 0.0)):
    """Return the angle in degrees between a filter's attitude and the truth."""
    return total_error(state.q_ned_body[None], np.array(truth)[None])[0]


def test_mahony_forgets_a_small_error_with_time_constant_one_over_kp():
    state = started(mahony, from_euler(0.1, 0.0, 0.0))
    began = wrongness(state)

    for _ in range(100):
        mahony.step(state, NOTHING, UPRIGHT, Vec3(np.nan, np.nan, np.nan), DT, 1.0, 0.0)

    assert wrongness(state) == pytest.approx(began * np.exp(-1.0), rel=0.02)


def test_mahony_finds_a_bias_that_gravity_and_north_show():
    state = started(mahony, from_euler(0.0, 0.0, 0.0))
    bias = Vec3(0.02, -0.03, 0.01)

    for _ in range(12000):
        mahony.step(state, bias, UPRIGHT, NORTH, DT, 1.0, 0.3)

    assert np.allclose(state.gyro_bias, bias, atol=1e-3)
    assert wrongness(state) < 0.2


def test_madgwick_turns_back_at_two_beta_however_large_the_error():
    state = started(madgwick, from_euler(0.8, 0.0, 0.0))

    for _ in range(100):
        madgwick.step(state, NOTHING, UPRIGHT, Vec3(np.nan, np.nan, np.nan), DT, 0.1)

    assert wrongness(state) == pytest.approx(np.degrees(0.8 - 2.0 * 0.1 * 1.0), abs=0.5)


@pytest.mark.parametrize("yaw", [-2.0, -1.0, 0.5, 2.5])
def test_both_find_north_from_any_heading(yaw):
    one, other = (started(m, from_euler(0.1, -0.2, yaw)) for m in (mahony, madgwick))

    for _ in range(6000):
        mahony.step(one, NOTHING, UPRIGHT, NORTH, DT, 2.0, 0.0)
        madgwick.step(other, NOTHING, UPRIGHT, NORTH, DT, 0.2)

    assert max(wrongness(one), wrongness(other)) < 1.0


def test_both_align_with_their_first_sample():
    truth = np.array(from_euler(0.5, -0.4, 1.0))
    motion = move(clock(0.1), np.zeros((20, 3)), q=truth)
    samples = (Vec3(*motion.accel[0]), Vec3(*motion.mag[0]))
    one, other = rows(mahony.STATE)[0], rows(madgwick.STATE)[0]

    mahony.step(one, NOTHING, *samples, 0.0, 1.0, 0.0)
    madgwick.step(other, NOTHING, *samples, 0.0, 0.1)

    assert max(wrongness(one, truth), wrongness(other, truth)) < 1e-4


def test_both_take_thrust_for_gravity():
    leaning = Vec3(2.0, 0.0, -9.80665)
    one, other = (started(m, from_euler(0.0, 0.0, 0.0)) for m in (mahony, madgwick))

    for _ in range(500):
        mahony.step(one, NOTHING, leaning, NORTH, DT, 1.0, 0.0)
        madgwick.step(other, NOTHING, leaning, NORTH, DT, 0.1)

    level = np.array([[1.0, 0.0, 0.0, 0.0]])
    for state in (one, other):
        assert tilt_error(state.q_ned_body[None], level)[0] > 5.0
