"""One axis, moved with limited speed, acceleration and jerk, as quickly as these allow.

A velocity is reached by the time-optimal three-phase profile (Kroeger, "On-Line Trajectory Generation in Robotic
Systems", 2010, type III): jerk, hold, jerk back. A place is approached at full speed as long as braking from there
still stops short of it; the jerk that would stop beyond it is interpolated, so that braking ends on the spot.
"""

import math

from flight.kernel import kernel
from flight.vector import clamp

# Nearer than this is there; slower than this is still. Without an end the approach would go on into denormal numbers.
SPOT = 1e-6
STILL = 1e-8


@kernel
def is_still(v, a, jerk):
    """Tell whether what is left of a motion is rounding."""
    return abs(v) < STILL and abs(a) < STILL and abs(jerk) < 1e2 * STILL


@kernel
def peak_acceleration(v, a, v_goal, a_max, j_max):
    """Return the acceleration the profile holds in its middle phase."""
    v_coasting = v + a * abs(a) / (2.0 * j_max)
    sign = 1.0 if v_goal >= v_coasting else -1.0
    return sign * min(a_max, math.sqrt(max(0.0, sign * j_max * (v_goal - v) + 0.5 * a * a)))


@kernel
def phases(v, a, v_goal, a_max, j_max):
    """Return the jerk and durations that end at v_goal without acceleration: jerk in, t_in, t_hold, t_out, peak."""
    peak = peak_acceleration(v, a, v_goal, a_max, j_max)
    jerk = j_max if peak >= a else -j_max
    t_in = (peak - a) / jerk
    gained = (peak * peak - a * a) / (2.0 * jerk) + peak * abs(peak) / (2.0 * j_max)
    t_hold = max(0.0, (v_goal - v - gained) / peak) if abs(peak) > 1e-9 else 0.0
    return jerk, t_in, t_hold, abs(peak) / j_max, peak


@kernel
def acceleration_after(t, a, jerk, t_in, t_hold, t_out, peak):
    """Return the profile's acceleration at a time."""
    if t <= t_in:
        return a + jerk * t
    if t <= t_in + t_hold:
        return peak
    left = t_in + t_hold + t_out - t
    return peak * left / t_out if left > 0.0 and t_out > 0.0 else 0.0


@kernel
def braking_distance(v, a, a_max, j_max):
    """Return how far the quickest stop from here carries."""
    jerk, t_in, t_hold, t_out, peak = phases(v, a, 0.0, a_max, j_max)
    distance = t_in * (v + t_in * (0.5 * a + t_in * jerk / 6.0))
    v = v + t_in * (a + 0.5 * jerk * t_in)
    distance += t_hold * (v + 0.5 * peak * t_hold)
    v = v + peak * t_hold
    return distance + t_out * (v + peak * t_out / 3.0)


@kernel
def jerk_to_velocity(v, a, v_goal, a_max, j_max, period):
    """Return the jerk to hold for one period on the way to a velocity."""
    # Two periods of feasible jerk end exactly there: take them, or the profile would step around its goal.
    exact = (v_goal - v - 1.5 * a * period) / (period * period)
    if abs(exact) <= j_max and abs(exact + a / period) <= j_max and abs(a + exact * period) <= a_max:
        return exact
    jerk, t_in, t_hold, t_out, peak = phases(v, a, v_goal, a_max, j_max)
    goal = acceleration_after(period, a, jerk, t_in, t_hold, t_out, peak)
    return clamp((goal - a) / period, -j_max, j_max)


@kernel
def overrun(gap, v, a, jerk, a_max, j_max, period):
    """Return what remains of the gap when braking begins one period of this jerk later."""
    moved = period * (v + period * (0.5 * a + period * jerk / 6.0))
    v_next = v + period * (a + 0.5 * jerk * period)
    return gap - moved - braking_distance(v_next, a + jerk * period, a_max, j_max)


@kernel
def jerk_to_place(gap, v, a, v_max, a_max, j_max, period):
    """Return the jerk to hold for one period on the way to a place `gap` ahead, to stop there."""
    if abs(gap) < SPOT and v == 0.0 and a == 0.0:
        return 0.0
    way = 1.0 if gap >= braking_distance(v, a, a_max, j_max) else -1.0
    eager = jerk_to_velocity(v, a, way * v_max, a_max, j_max, period)
    gap_eager = way * overrun(gap, v, a, eager, a_max, j_max, period)
    if gap_eager >= 0.0:
        return eager
    braking = jerk_to_velocity(v, a, 0.0, a_max, j_max, period)
    gap_braking = way * overrun(gap, v, a, braking, a_max, j_max, period)
    if gap_braking <= 0.0:
        return braking
    return braking + (eager - braking) * gap_braking / (gap_braking - gap_eager)
