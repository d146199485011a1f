"""Notice a GPS that is far later than said, and find its delay: one hypothesis of a bank explains what none else does.

A late receiver and a broken inertial unit both make innovations lean to one side. Held against the motion of several
earlier times they differ: only lateness has a delay at which the disagreement is gone. While that is in dispute GPS is
not fused and the inertial unit not doubted (multiple models: Magill 1965; floors as in Maybeck & Stevens 1991).
"""

import math

from flight.estimator import covariance, history
from flight.estimator.layout import LAG, LATENESS_STEP_S, LATENESSES
from flight.kernel import kernel
from flight.vector import Vec3, clamp, dot, put, vec

# The most, as a log-likelihood, that one sample may say.
MOST = 24.0
# The most one sample counts against a delay's fit: what was wrong before the receiver became late is forgotten soon.
WORST = 4.0


@kernel
def listen(state, params, v_ned, sample_us, dt):
    """Weigh every delay of the bank by how well the motion as it was then agrees with a GPS velocity."""
    bank = state.lateness
    sd2 = params.gps_velocity_sd * params.gps_velocity_sd
    least = compare(bank, state.history, params, v_ned, sample_us, dt)
    # Between two delays of the bank the motion may have changed by half their difference.
    bank.variance = sd2 + bank.coarse
    forget = dt / (params.late_time + dt)
    bank.fit_s = min(bank.fit_s, params.late_fit_time) + dt
    share = dt / bank.fit_s if dt > 0.0 else 0.0
    lowest = math.inf
    for k in range(LATENESSES):
        against = min(0.5 * (bank.square[k] - least) / bank.variance, MOST)
        bank.cost[k] = bank.cost[k] * (1.0 - forget) + against
        misfit = min(bank.square[k] / bank.variance, WORST * params.late_misfit)
        bank.misfit[k] += share * (misfit - bank.misfit[k])
        lowest = min(lowest, bank.cost[k])
    for k in range(LATENESSES):
        bank.cost[k] = min(bank.cost[k] - lowest, params.late_floor)


@kernel
def compare(bank, past, params, v_ned, sample_us, dt):
    """Set the squared difference of velocities, less its slow part, at every delay; return the least.

    A broken inertial unit lets the velocity drift, and the controllers' answer to that would pass for lateness.
    """
    least, spread = math.inf, 0.0
    share = dt / (params.late_drift_time + dt) if bank.is_heard else 1.0
    bank.is_heard = 1
    before = Vec3(0.0, 0.0, 0.0)
    for k in range(LATENESSES):
        delay_s = params.gps_delay - params.imu_delay + k * LATENESS_STEP_S
        felt = history.coasting_velocity(past, sample_us - int(1e6 * delay_s))
        apart = v_ned - felt - vec(bank.drift[k])
        put(bank.drift[k], vec(bank.drift[k]) + share * apart)
        bank.square[k] = dot(apart, apart)
        least = min(least, bank.square[k])
        spread += dot(felt - before, felt - before) if k > 0 else 0.0
        before = felt
    bank.coarse = spread / (12.0 * (LATENESSES - 1))
    return least


@kernel
def shift(bank, dv_ned):
    """Go on after the coasting velocity was taken for what is estimated: it had drifted by so much."""
    for k in range(LATENESSES):
        put(bank.drift[k], vec(bank.drift[k]) + dv_ned)


@kernel
def cost_of(bank, lag_s):
    """Return what speaks against a lag: no more than against the better of the bank's two beside it."""
    step = clamp(lag_s / LATENESS_STEP_S, 0.0, LATENESSES - 1.0)
    at = min(int(step), LATENESSES - 2)
    return min(bank.cost[at], bank.cost[at + 1])


@kernel
def weighted(bank, values):
    """Return the mean of values, one for each delay, by how likely the delays are."""
    whole, total = 0.0, 0.0
    for k in range(LATENESSES):
        weight = math.exp(-bank.cost[k])
        whole += weight
        total += weight * values[k]
    return total / whole


@kernel
def likely(bank):
    """Return mean and deviation of the lag in s."""
    whole, first, second = 0.0, 0.0, 0.0
    for k in range(LATENESSES):
        weight = math.exp(-bank.cost[k])
        lag_s = k * LATENESS_STEP_S
        whole += weight
        first += weight * lag_s
        second += weight * lag_s * lag_s
    mean = first / whole
    return mean, math.sqrt(max(second / whole - mean * mean, 0.0))


@kernel
def is_hinted(state, params):
    """Tell whether some delay fits and fits better than the assumed one: then the inertial unit is not to blame."""
    bank = state.lateness
    is_odd = cost_of(bank, state.nominal.lag_s) > params.late_hint
    lag_s, _ = likely(bank)
    return is_odd and lag_s < params.lag_max and weighted(bank, bank.misfit) < params.late_misfit


@kernel
def is_in_dispute(state, params):
    """Tell whether GPS seems far later than assumed. What no delay explains is not lateness."""
    bank = state.lateness
    is_odd = cost_of(bank, state.nominal.lag_s) > params.late_sure
    lag_s, _ = likely(bank)
    fits = weighted(bank, bank.square) < params.late_misfit * bank.variance
    return is_odd and fits and lag_s < params.lag_max


@kernel
def is_found(state, params):
    """Tell whether one delay stands out, and take it."""
    bank = state.lateness
    lag_s, sd = likely(bank)
    fits = weighted(bank, bank.misfit) < params.late_misfit and bank.fit_s >= params.late_fit_time
    if not fits or sd > 0.5 * LATENESS_STEP_S:
        return False
    state.nominal.lag_s = state.nominal.lag_calm_s = lag_s
    covariance.restart(state.filter, LAG, 1, 0.5 * LATENESS_STEP_S)
    return True
