"""How much later than its parameter says an aid is, learned from motion (Li & Mourikis 2014, section 3).

A sample that is older than thought differs from what is expected by the motion's own rate of change times the lag.
"""

from flight.estimator import covariance
from flight.estimator.doubt import worst_of
from flight.estimator.layout import LAG, MOCAP
from flight.kernel import kernel


@kernel
def of(state, params, aid):
    """Return the lag of an aid in s; only one at a time has its lag learned, the newest begins at zero."""
    if state.lagging != aid:
        state.lagging = aid
        state.nominal.lag_s = state.nominal.lag_calm_s = 0.0
        covariance.restart(state.filter, LAG, 1, params.lag_sd)
    # No sample is of the future.
    state.nominal.lag_least_s = -(params.mocap_delay if aid == MOCAP else params.gps_delay)
    state.nominal.lag_most_s = params.mocap_lag_max if aid == MOCAP else params.lag_max
    return state.nominal.lag_s


@kernel
def doubt(state, params, first, count, dt):
    """Let the lag wander the faster the more some means of innovations lean: late aids make the flight swing.

    What it has become then is kept once they have been calm for as long as lies between two doubts; less of it at once.
    """
    strain, nominal = state.strain, state.nominal
    strain.calm_s = strain.calm_s + dt if worst_of(strain, first, count) < params.lag_strain else 0.0
    is_less = strain.calm_s > 0.0 and abs(nominal.lag_s) < abs(nominal.lag_calm_s)
    if is_less or strain.calm_s > params.doubt_wait:
        nominal.lag_calm_s = nominal.lag_s
    excess = max(worst_of(strain, first, count) - params.lag_strain, 0.0) * params.lag_doubt
    state.filter.covariance[LAG, LAG] += excess * excess * dt


@kernel
def take_back(state, params):
    """Go back to the lag that fitted while nothing leaned: not the aid is late but the inertial unit wrong."""
    state.nominal.lag_s = state.nominal.lag_calm_s
    covariance.restart(state.filter, LAG, 1, params.lag_sd)
