"""Gravity without mistaking thrust for it: whatever a vehicle does, its velocity stays near its mean.

The accelerometer is integrated, not compared with gravity. A tilt error then shows as a velocity that runs away, the
vehicle's own accelerations as one that comes back; in a steady state this is a second-order low-pass of the specific
force in the world frame (Laidig & Seel 2023, section 3.2), with the cut-off that gyro and motion ask for.
"""

from flight.estimator.attitude import covariance
from flight.estimator.attitude.layout import VELOCITY
from flight.kernel import kernel
from flight.vector import clamp


@kernel
def hold(state, c, n):
    """Fuse zero velocity, the less sure of it the more the velocity has varied lately."""
    density = c.velocity_floor
    if c.velocity_gain * state.velocity_variance > density:
        density = c.velocity_gain * state.velocity_variance
    if state.rest.is_resting:
        density = c.rest_velocity
    follow_variance(state, c)
    for i in range(2):
        covariance.clear(state.work)
        state.work.h[VELOCITY + i] = 1.0
        covariance.observe(state.p, state.work, n, -state.velocity_ne[i], density / state.sums.time)


@kernel
def follow_variance(state, c):
    """Average the square of the velocity about its own mean: a constant drift is tilt, not motion."""
    share = clamp(state.sums.time / c.velocity_tau, 0.0, 1.0)
    square = 0.0
    for i in range(2):
        state.velocity_mean_ne[i] += share * (state.velocity_ne[i] - state.velocity_mean_ne[i])
        deviation = state.velocity_ne[i] - state.velocity_mean_ne[i]
        square += 0.5 * deviation * deviation
    state.velocity_variance += share * (square - state.velocity_variance)
