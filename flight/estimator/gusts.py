"""How fast the wind really changes, learnt from drag while another aid tells the velocity.

The filter takes the wind for a random walk. How quick a walk its mean speed does not say: turbulence may be strong
where the mean wind is weak. Once nothing else tells the velocity, drag is believed the more the stiffer the wind is
thought to be, and a gust becomes a velocity of the vehicle.
"""

import math

from flight.estimator.layout import WIND
from flight.filters import step_share
from flight.kernel import kernel
from flight.vector import norm_xy, put, vec

# The mean wind at which the walk is EKF_WIND_WALK, m/s.
USUAL_WIND = 5.0
# Felt wind is averaged over so long, and its changes are looked at as often, s.
MEAN_S, LOOK_S = 1.0, 3.0
# What a first-order mean over MEAN_S leaves of the variance by which a random walk changes within LOOK_S, s.
KEPT_S = LOOK_S - MEAN_S * (1.0 - math.exp(-LOOK_S / MEAN_S))


@kernel
def forget(gusts):
    """Drop the wind felt so far: there is a gap, and how far it went meanwhile says nothing."""
    gusts.has_mean = 0


@kernel
def listen(gusts, params, felt_ned, dt):
    """Average the wind felt; every LOOK_S learn from how far its mean went. dt: since it was last felt, in s."""
    if not gusts.has_mean:
        gusts.has_mean = 1
        gusts.looked_s = 0.0
        put(gusts.mean_ned, felt_ned)
        put(gusts.before_ned, felt_ned)
        put(gusts.earlier_ned, felt_ned)
    mean = vec(gusts.mean_ned)
    put(gusts.mean_ned, mean + step_share(dt, MEAN_S) * (felt_ned - mean))
    gusts.looked_s += dt
    if gusts.looked_s >= LOOK_S:
        change = norm_xy(vec(gusts.mean_ned) - vec(gusts.before_ned))
        power = 0.5 * change * change / KEPT_S
        gusts.earlier_power = gusts.power
        put(gusts.earlier_ned, vec(gusts.before_ned))
        gusts.power += step_share(gusts.looked_s, params.gust_tau) * (power - gusts.power)
        gusts.looked_s = 0.0
        put(gusts.before_ned, vec(gusts.mean_ned))


@kernel
def power_of(params, gusts, wind_ned):
    """Return how fast the square of the wind's change grows in m2/s3: as felt, at least as its mean speed suggests.

    Dryden's model has standard deviations in proportion to the wind at 20 feet (MIL-F-8785C, 3.7.3).
    """
    walk = params.wind_walk * (params.wind_calm + norm_xy(wind_ned) / USUAL_WIND)
    return max(walk * walk, gusts.power)


@kernel
def spread(filter, params, gusts, wind_ned):
    """Let the wind change."""
    filter.noise[WIND] = filter.noise[WIND + 1] = power_of(params, gusts, wind_ned)
