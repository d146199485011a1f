"""The attitude filter believes the gyro, finds its faults, and is fooled neither by thrust nor by magnets."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from flight.estimator.attitude.alignment import assume_bias, reset
from flight.estimator.attitude.filter import step
from flight.estimator.attitude.layout import STATE, coefficients_of, default_params
from flight.estimator.attitude.rows import ROWS
from flight.quaternion import from_euler
from flight.record import rows
from flight.vector import Vec3
from tests.conftest import ROOT
from tests.imu_motion import FIELD_NED, begun, clock, follow, move, swinging, tilt_error, total_error

DEGREE = np.pi / 180.0


def noisy(motion, seed=1):
    """Return the motion as the sensors of a small vehicle feel it."""
    noise = np.random.default_rng(seed).standard_normal
    shape = motion.gyro.shape
    return motion._replace(
        gyro=motion.gyro + 0.005 * noise(shape),
        accel=motion.accel + 0.2 * noise(shape),
        mag=motion.mag + 0.5 * noise(shape),
    )


@pytest.mark.slow
def test_standing_still_it_finds_attitude_and_magnetic_north():
    truth = np.array(from_euler(0.4, -0.3, 2.0))

    q, _ = follow(move(clock(3.0), np.zeros((600, 3)), q=truth))

    assert total_error(q[-1:], truth[None])[0] < 0.1


def test_turning_fast_through_all_attitudes_it_follows():
    t = clock(60.0)
    motion = move(t, swinging(t, speed=3.0))

    q, _ = follow(noisy(motion))

    assert total_error(q, motion.q)[2000:].max() < 1.5


def test_thrust_is_not_mistaken_for_gravity():
    t = clock(60.0)
    # 5 m/s2 to and fro: the specific force leans by up to 27 degrees, the vehicle never tilts.
    shaken = (
        np.stack([5.0 * np.sin(4.0 * t), 4.0 * np.cos(3.1 * t), np.zeros_like(t)], -1) * (t > 5.0)[:, None]
    )
    motion = move(t, np.zeros((len(t), 3)), a_ned=shaken)

    q, _ = follow(noisy(motion), with_mag=False)

    assert tilt_error(q, motion.q)[1000:].max() < 1.0


def test_at_rest_it_learns_even_a_large_gyro_bias():
    bias = np.array([0.02, -0.05, 0.087])
    motion = move(clock(5.0), np.zeros((1000, 3)))

    q, state = follow(noisy(motion._replace(gyro=motion.gyro + bias)), with_mag=False)

    assert np.abs(state.gyro_bias - bias).max() < 0.05 * DEGREE
    assert tilt_error(q, motion.q)[-1] < 0.1


def test_in_motion_it_learns_the_bias_from_gravity():
    t = clock(60.0)
    bias = np.array([0.02, -0.05, 0.005])
    motion = move(t, swinging(t))

    _, state = follow(noisy(motion._replace(gyro=motion.gyro + bias)), with_mag=False)

    assert np.abs(state.gyro_bias - bias).max() < 0.15 * DEGREE


def test_after_a_rest_a_slow_steady_turn_is_no_bias():
    t = clock(30.0)
    turning = np.outer(t > 5.0, [0.0, 0.0, 2.0 * DEGREE])
    motion = move(t, turning)

    q, _ = follow(motion, with_mag=False)

    assert total_error(q, motion.q)[-1] < 3.0


def test_a_calibration_at_start_is_taken_at_its_word():
    t = clock(20.0)
    bias = np.array([0.0, 0.01, 0.08])
    motion = move(t, swinging(t))
    state, c = begun()
    assume_bias(state, Vec3(*bias), 0.001)

    q, _ = follow(noisy(motion._replace(gyro=motion.gyro + bias)), state, c, with_mag=False)

    assert total_error(q, motion.q).max() < 1.5


def test_gyro_scale_and_misalignment_are_learnt_by_turning():
    t = clock(120.0)
    motion = move(t, swinging(t, speed=2.0, rest=3.0))
    wrong = np.eye(3) + np.array([[0.01, 0.004, 0.0], [0.0, -0.008, 0.005], [-0.005, 0.0, 0.01]])

    _, state = follow(noisy(motion._replace(gyro=motion.gyro @ wrong.T)))

    # The filter keeps I - wrong^-1, to first order wrong - I.
    assert np.abs(state.gyro_matrix - (wrong - np.eye(3))).max() < 0.002


def test_a_magnet_taken_aboard_turns_heading_little_and_is_learnt_as_hard_iron():
    t = clock(120.0)
    motion = move(t, swinging(t, rest=5.0))
    magnet = np.array([10.0, -25.0, 30.0])

    q, state = follow(noisy(motion._replace(mag=motion.mag + np.outer(t > 20.0, magnet))))

    assert total_error(q, motion.q)[1000:].max() < 4.0
    assert np.abs(state.iron - magnet).max() < 1.5


def test_a_magnet_does_not_tilt_the_world():
    t = clock(60.0)
    motion = noisy(move(t, swinging(t)))
    motion = motion._replace(mag=motion.mag + np.outer(t > 10.0, [10.0, -25.0, 30.0]))

    with_magnet, _ = follow(motion)
    without_magnetometer, _ = follow(motion, with_mag=False)

    assert tilt_error(with_magnet, without_magnetometer).max() < 0.5


def test_a_passing_magnetic_disturbance_leaves_heading_alone():
    t = clock(90.0)
    field = FIELD_NED + np.outer((t > 30.0) & (t < 50.0), [-20.0, 40.0, 10.0])
    motion = move(t, swinging(t, rest=5.0), field_ned=field)

    q, _ = follow(noisy(motion))

    assert total_error(q, motion.q)[1000:].max() < 4.0


def test_a_field_that_stays_turned_is_accepted_as_the_new_north():
    t = clock(400.0, 50.0)
    turned = np.array([18.0 * np.cos(1.0), 18.0 * np.sin(1.0), 40.0])
    motion = move(t, swinging(t, rest=5.0), field_ned=np.where((t > 60.0)[:, None], turned, FIELD_NED))

    q, _ = follow(noisy(motion))

    moved = total_error(q, motion.q)
    assert moved[round(60.0 * 50.0)] < 2.0
    assert moved[-500:].mean() == pytest.approx(np.degrees(1.0), abs=10.0)


def test_a_magnetometer_that_lags_is_known_to_lag():
    t = clock(60.0)
    motion = move(t, swinging(t, speed=3.0, rest=3.0))

    q, state = follow(noisy(motion._replace(mag=np.roll(motion.mag, 4, axis=0))))

    assert state.lag == pytest.approx(0.02, abs=0.004)
    assert total_error(q, motion.q)[6000:].max() < 2.0


@pytest.mark.parametrize("rate_hz", [45.0, 286.0, 1009.0])
def test_sampling_rate_and_jitter_do_not_matter(rate_hz):
    even = clock(30.0, rate_hz)
    t = np.sort(even + np.random.default_rng(2).uniform(0.0, 0.9 / rate_hz, len(even)))
    motion = move(t, swinging(t))

    q, _ = follow(noisy(motion))

    assert total_error(q, motion.q)[len(t) // 3 :].max() < 2.0


def test_after_a_gap_in_which_the_vehicle_turned_it_recovers():
    t = clock(40.0)
    motion = move(t, swinging(t))
    kept = (t < 20.0) | (t > 21.5)
    heard = motion._replace(**{name: getattr(motion, name)[kept] for name in motion._fields})

    q, _ = follow(noisy(heard))

    assert tilt_error(q, heard.q)[-1000:].max() < 1.5
    assert total_error(q, heard.q)[-1000:].max() < 8.0


def test_samples_that_are_no_numbers_are_ignored():
    t = clock(40.0)
    motion = noisy(move(t, swinging(t, rest=2.0)))
    broken = [motion.gyro.copy(), motion.accel.copy(), motion.mag.copy()]
    for k, sample in enumerate(broken):
        sample[k::7] = (np.nan, np.inf, 1e300)[k]
    heard = motion._replace(gyro=broken[0], accel=broken[1], mag=broken[2])

    q, state = follow(heard)

    assert np.isfinite(state.p).all()
    assert total_error(q, motion.q)[2000:].max() < 2.0


@pytest.mark.interpreted
def test_no_magnetometer_is_the_same_as_one_that_never_answers():
    t = clock(1.5)
    motion = noisy(move(t, swinging(t)))

    without, _ = follow(motion, with_mag=False)
    silent, _ = follow(motion._replace(mag=np.full_like(motion.mag, np.nan)))

    assert without.tobytes() == silent.tobytes()


@pytest.mark.interpreted
def test_q_and_minus_q_are_the_same_attitude():
    t = clock(1.5)
    motion = noisy(move(t, swinging(t)))
    state, c = begun()
    step(state, c, Vec3(*motion.gyro[0]), Vec3(*motion.accel[0]), Vec3(*motion.mag[0]), 0.0)
    other = np.frombuffer(bytearray(state.tobytes()), STATE).view(np.recarray)[0]
    other.q_ned_body[:] = -other.q_ned_body

    q, _ = follow(motion, state, c)
    minus_q, _ = follow(motion, other, c)

    assert np.array_equal(q, -minus_q)


@pytest.mark.interpreted
def test_the_body_axes_may_point_anywhere():
    t = clock(1.5)
    motion = noisy(move(t, swinging(t)))
    # x up, y right, z forward: a proper rotation of the box.
    box = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    turned = motion._replace(gyro=motion.gyro @ box.T, accel=motion.accel @ box.T, mag=motion.mag @ box.T)

    q, state = follow(motion, with_mag=False)
    q_turned, state_turned = follow(turned, with_mag=False)

    assert np.allclose(state_turned.gyro_bias, box @ state.gyro_bias, atol=1e-9)
    assert np.allclose(np.abs((q[0] * q[-1]).sum()), np.abs((q_turned[0] * q_turned[-1]).sum()), atol=1e-9)


def test_a_saved_state_resumes_to_the_bit_and_batch_equals_one_at_a_time():
    t = clock(12.0)
    motion = noisy(move(t, swinging(t)))
    whole, state = follow(motion)

    first, half = follow(motion._replace(**{n: getattr(motion, n)[:1203] for n in motion._fields}))
    resumed = np.frombuffer(bytearray(half.tobytes()), STATE).view(np.recarray)[0]
    c = coefficients_of(default_params())
    for k in range(1203, len(t)):
        samples = (Vec3(*x[k]) for x in (motion.gyro, motion.accel, motion.mag))
        step(resumed, c, *samples, t[k] - t[k - 1])

    assert resumed.tobytes() == state.tobytes()
    assert first.tobytes() == whole[:1203].tobytes()


INTERPRETED = """
import sys
from tests.imu_motion import clock, follow, move, swinging
t = clock(2.0)
sys.stdout.buffer.write(follow(move(t, swinging(t, rest=1.2)))[1].tobytes())
"""


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares this run with the interpreted one")
def test_compiled_and_interpreted_are_the_same_to_the_bit():
    t = clock(2.0)
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}

    said = subprocess.run(
        [sys.executable, "-c", INTERPRETED], cwd=ROOT, env=plain, check=True, capture_output=True
    )

    assert said.stdout == follow(move(t, swinging(t, rest=1.2)))[1].tobytes()


def test_a_used_state_forgets_on_reset():
    t = clock(10.0)
    motion = noisy(move(t, swinging(t)))
    fresh, _ = follow(motion)
    _, used = follow(motion)

    c = coefficients_of(default_params())
    reset(used, c)
    again, _ = follow(motion, used, c)

    assert again.tobytes() == fresh.tobytes()


def test_ten_hours_at_rest_leave_the_covariance_sound():
    t = clock(36000.0, 25.0)
    _, state = follow(move(t, np.zeros((len(t), 3))))

    assert np.array_equal(state.p, state.p.T)
    assert np.linalg.eigvalsh(state.p).min() > -1e-9
    assert state.p[2, 2] < 0.1


def test_rows_are_fit_for_the_parameter_table():
    assert len({row.id for row in ROWS}) == len({row.path for row in ROWS}) == len(ROWS)
    assert all(len(row.id) <= 16 and row.low <= row.default <= row.high for row in ROWS)
    assert rows(STATE).dtype.itemsize % 8 == 0
