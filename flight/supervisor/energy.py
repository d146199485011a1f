"""How full the battery is, how fast it empties, and whether what is left suffices for the way home."""

import math

from flight.kernel import kernel
from flight.vector import norm_xy, vec

NEVER = 1e9


@kernel
def hear(state, params, battery, dt):
    """Follow the voltage per cell, and twice more slowly to see it fall."""
    state.battery_quiet_s += dt
    if battery.fresh and state.cells > 0.0 and math.isfinite(battery.voltage_v):
        state.told_v = battery.voltage_v / state.cells
        if not state.battery_seen:
            state.cell_v, state.slow_v, state.slower_v = state.told_v, state.told_v, state.told_v
        state.battery_seen = 1
        state.battery_quiet_s = 0.0
    if state.battery_seen:
        cell_v, slope_s = state.told_v, params.slope_s
        state.cell_v += (cell_v - state.cell_v) * (dt / (params.filter_s + dt))
        state.slow_v += (cell_v - state.slow_v) * (dt / (slope_s + dt))
        state.slower_v += (cell_v - state.slower_v) * (dt / (2.0 * slope_s + dt))


@kernel
def is_silent(state, params):
    """Tell whether a voltage that was told is told no more."""
    return state.battery_seen == 1 and state.battery_quiet_s > params.age_s


@kernel
def time_left_s(state, params):
    """Return the time to the critical voltage at the present fall: a filter lags a ramp by its time constant."""
    fall = (state.slower_v - state.slow_v) / max(params.slope_s, 1e-3)
    return max(state.cell_v - params.critical_v, 0.0) / fall if fall > 0.0 else NEVER


@kernel
def time_home_s(params, status, estimate):
    """Return how long the way home and down takes."""
    way = vec(status.home_ned) - vec(estimate.p_ned)
    return norm_xy(way) / params.home_speed + max(way.z, 0.0) / params.sink_speed


@kernel
def is_home_far(state, params, status, estimate):
    """Tell whether the battery just suffices for the way home; known once the voltage has settled in flight."""
    is_ramp = abs(state.cell_v - state.slow_v) < params.step_v and state.cell_v > params.critical_v
    has_settled = state.landing.airborne_s > 3.0 * params.slope_s and is_ramp
    if not (state.battery_seen and has_settled and status.is_home_set and estimate.is_position_valid):
        return False
    return time_left_s(state, params) < time_home_s(params, status, estimate) + params.reserve_s
