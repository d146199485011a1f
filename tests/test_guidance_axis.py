"""The setpoint's jerk: laws of motion under limits, checked against calculus and the textbook's fastest move."""

import math

import numpy as np
import pytest

from flight.guidance.axis import braking_distance, jerk_to_place, jerk_to_velocity
from flight.kernel import kernel

pytestmark = pytest.mark.interpreted
PERIOD = 0.004
V_MAX, A_MAX, J_MAX = 5.0, 4.0, 12.0


@kernel
def move(path, gap, v, a, v_max, a_max, j_max, period, to_place):
    """Fill `path` with position, velocity, acceleration and jerk period by period; return how many were needed."""
    p = 0.0
    for k in range(len(path)):
        if to_place:
            jerk = jerk_to_place(gap - p, v, a, v_max, a_max, j_max, period)
        else:
            jerk = jerk_to_velocity(v, a, gap, a_max, j_max, period)
        path[k, 0], path[k, 1], path[k, 2], path[k, 3] = p, v, a, jerk
        p += period * (v + period * (0.5 * a + period * jerk / 6.0))
        v += period * (a + 0.5 * period * jerk)
        a += period * jerk


def travel(gap, v=0.0, a=0.0, v_max=V_MAX, a_max=A_MAX, j_max=J_MAX, seconds=8.0):
    path = np.zeros((round(seconds / PERIOD), 4))
    move(path, float(gap), float(v), float(a), v_max, a_max, j_max, PERIOD, True)
    return path.T


def accelerate(goal, v=0.0, a=0.0, seconds=4.0):
    path = np.zeros((round(seconds / PERIOD), 4))
    move(path, float(goal), float(v), float(a), 0.0, A_MAX, J_MAX, PERIOD, False)
    return path.T


def shortest_time(gap: float) -> float:
    """Return the fastest rest-to-rest time under the limits (Biagiotti & Melchiorri 2008, section 3.4)."""
    if gap >= V_MAX * (V_MAX / A_MAX + A_MAX / J_MAX):
        return gap / V_MAX + V_MAX / A_MAX + A_MAX / J_MAX
    if gap >= 2.0 * A_MAX**3 / J_MAX**2:
        return A_MAX / J_MAX + math.sqrt((A_MAX / J_MAX) ** 2 + 4.0 * gap / A_MAX)
    return 4.0 * (gap / (2.0 * J_MAX)) ** (1.0 / 3.0)


@pytest.mark.parametrize("gap", [0.02, 0.3, 1.0, 4.0, 20.0])
def test_a_move_takes_hardly_longer_than_the_fastest_possible(gap):
    p, v, a, _ = travel(gap)

    there = np.abs(p - gap) < 1e-4
    needed = PERIOD * np.argmax(there & (np.abs(v) < 1e-2) & (np.abs(a) < 0.2))

    assert shortest_time(gap) - 0.15 < needed < shortest_time(gap) + 2 * PERIOD


@pytest.mark.parametrize("seed", range(12))
def test_from_any_motion_it_arrives_and_keeps_every_limit(seed):
    chance = np.random.default_rng(seed)
    for _ in range(4):
        v_max, a_max, j_max = chance.uniform(1, 8), chance.uniform(1, 6), chance.uniform(6, 40)
        a0 = chance.uniform(-a_max, a_max)
        reach = v_max - a0 * a0 / (2.0 * j_max)
        v0, gap = chance.uniform(-reach, reach), chance.uniform(-12, 12)

        p, v, a, jerk = travel(gap, v0, a0, v_max, a_max, j_max, 40.0)

        assert abs(p[-1] - gap) < 1e-6
        assert abs(v[-1]) < 1e-6
        assert np.abs(jerk).max() <= j_max * (1 + 1e-9)
        assert np.abs(a).max() <= a_max * (1 + 1e-9)
        assert np.abs(v).max() <= v_max * (1 + 1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_it_never_overshoots_when_it_can_still_stop(seed):
    chance = np.random.default_rng(100 + seed)
    v0, a0 = chance.uniform(-4, 4), chance.uniform(-3, 3)
    gap = braking_distance(v0, a0, A_MAX, J_MAX) + chance.uniform(0.1, 10.0)

    p, _, _, _ = travel(gap, v0, a0, seconds=12.0)

    assert p.max() < gap + 1e-4


def test_a_gap_too_short_to_stop_in_is_overrun_once_and_no_further_than_braking_carries():
    p, _, _, _ = travel(0.5, v=4.0)

    stop = braking_distance(4.0, 0.0, A_MAX, J_MAX)
    assert 0.98 * stop < p.max() <= stop
    assert p[-1] == pytest.approx(0.5, abs=1e-6)
    after = p[np.argmax(p) :]
    assert after.min() > 0.5 - 1e-4


@pytest.mark.parametrize(("v", "a"), [(3.0, 0.0), (-3.0, 2.0), (0.3, -3.9), (5.0, 4.0), (0.0, 1.0)])
def test_braking_distance_is_the_way_to_a_standstill(v, a):
    p, speed, acceleration, _ = accelerate(0.0, v, a)

    assert speed[-1] == pytest.approx(0.0, abs=1e-9)
    assert acceleration[-1] == pytest.approx(0.0, abs=1e-9)
    # The profile's corners fall between periods: a few tenths of a millimetre.
    assert p[-1] == pytest.approx(braking_distance(v, a, A_MAX, J_MAX), abs=1e-3)


@pytest.mark.parametrize("goal", [0.01, 0.5, 3.0, -5.0])
def test_a_velocity_is_reached_without_overshoot_and_stays(goal):
    _, v, a, jerk = accelerate(goal)

    assert v[-1] == pytest.approx(goal, abs=1e-9)
    assert np.max(np.sign(goal) * v) <= abs(goal) + 1e-4
    assert np.abs(a).max() <= A_MAX + 1e-9
    assert np.abs(jerk).max() <= J_MAX + 1e-9


def test_left_mirrors_right():
    right, left = travel(3.0, 1.0, -0.5), travel(-3.0, -1.0, 0.5)

    assert np.allclose(right[:3], -left[:3], atol=1e-6)


def test_too_much_acceleration_is_given_back_with_limited_jerk():
    _, _, a, jerk = travel(10.0, v=2.0, a=9.0)

    assert np.abs(jerk).max() <= J_MAX + 1e-9
    assert np.abs(a[round((9.0 - A_MAX) / J_MAX / PERIOD) + 2 :]).max() <= A_MAX + 1e-9


def test_position_is_the_integral_of_what_is_fed_forward():
    p, v, a, jerk = travel(6.0, 1.0, 1.0)

    assert np.allclose(np.diff(p) / PERIOD, 0.5 * (v[1:] + v[:-1]), atol=J_MAX * PERIOD**2)
    assert np.allclose(np.diff(v) / PERIOD, 0.5 * (a[1:] + a[:-1]), atol=1e-9)
    assert np.allclose(np.diff(a) / PERIOD, jerk[:-1], atol=1e-9)
