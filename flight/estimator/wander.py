"""Errors of GPS that last: first-order Gauss-Markov processes, a state each (Gelb 1974, section 3.8).

White noise of any size would promise that averaging helps. The position's error begins at zero, for the local origin
was taken from GPS itself; its change since has twice the variance of the error and twice its time.
"""

from flight.estimator.layout import COUNT, SLOW_POSITION, SLOW_VELOCITY
from flight.kernel import kernel
from flight.vector import put, vec


@kernel
def step(state, params, t):
    """Let both errors fade and wander on over t seconds."""
    filter, nominal = state.filter, state.nominal
    keep = params.gps_velocity_time / (params.gps_velocity_time + t)
    for i in range(3):
        fade(filter, SLOW_VELOCITY + i, keep, params.gps_velocity_wander)
    put(nominal.gps_slow_v_ned, keep * vec(nominal.gps_slow_v_ned))
    if not state.gps.has_origin:
        return
    keep = 2.0 * params.gps_wander_time / (2.0 * params.gps_wander_time + t)
    root2 = 1.4142135623730951
    for i in range(3):
        sd = params.gps_height_wander if i == 2 else params.gps_position_wander
        fade(filter, SLOW_POSITION + i, keep, root2 * sd)
    put(nominal.gps_slow_p_ned, keep * vec(nominal.gps_slow_p_ned))


@kernel
def fade(filter, i, keep, sd):
    """Take one error back towards zero, and add what keeps its variance at sd squared."""
    covariance = filter.covariance
    for j in range(COUNT):
        covariance[i, j] *= keep
        covariance[j, i] *= keep
    covariance[i, i] += (1.0 - keep * keep) * sd * sd
