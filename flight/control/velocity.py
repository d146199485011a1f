"""Velocity error to acceleration setpoint: PID with the D term on measured acceleration."""

from flight.filters import FILTER, filtered, forget, lowpass, tune
from flight.kernel import kernel
from flight.record import VECTOR, record
from flight.vector import ZERO, Vec3, clip, put, vec

STATE = record(integral_ned=VECTOR, acceleration=FILTER)


@kernel
def reset(state):
    """Forget wind, weight and all samples."""
    put(state.integral_ned, ZERO)
    forget(state.acceleration.memory)


@kernel
def configure(state, params, dt):
    """Work out the filter of the D term."""
    tune(state.acceleration.coefficient, lowpass(params.d_cutoff_hz, dt))


@kernel
def step(state, params, setpoint, estimate, eager, terms):
    """Fill a_sp_ned from v_sp_ned, with `eager` times the horizontal gain."""
    error = vec(setpoint.v_sp_ned) - vec(estimate.v_ned)
    a_ff_ned = vec(setpoint.a_ff_ned)
    # The error's derivative: without what is planned, as late as it is measured, the D term would brake every turn.
    planned_ned = a_ff_ned - params.d_lag * vec(setpoint.jerk_ff_ned)
    slowness = filtered(
        state.acceleration.coefficient, state.acceleration.memory, planned_ned - vec(estimate.a_ned)
    )
    p_term = Vec3(eager * params.kp_xy, eager * params.kp_xy, params.kp_z) * error
    d_term = Vec3(params.kd_xy, params.kd_xy, params.kd_z) * slowness
    i_term = vec(state.integral_ned)
    put(terms.velocity_p, p_term)
    put(terms.velocity_i, i_term)
    put(terms.velocity_d, d_term)
    put(setpoint.a_sp_ned, a_ff_ned + p_term + i_term + d_term)


@kernel
def back_off(excess, gain):
    """Return the velocity error that an acceleration beyond the limits takes away from the integral."""
    return 2.0 * excess / gain if gain > 0.0 else 0.0


@kernel
def integrate(state, params, setpoint, estimate, given_ned, dt):
    """Integrate the velocity error, less what the acceleration given falls short (tracking anti-windup)."""
    error = vec(setpoint.v_sp_ned) - vec(estimate.v_ned)
    excess = vec(setpoint.a_sp_ned) - given_ned
    back_off_ned = Vec3(
        back_off(excess.x, params.kp_xy), back_off(excess.y, params.kp_xy), back_off(excess.z, params.kp_z)
    )
    gain = Vec3(params.ki_xy, params.ki_xy, params.ki_z)
    limit = Vec3(params.integral_max_xy, params.integral_max_xy, params.integral_max_z)
    put(state.integral_ned, clip(vec(state.integral_ned) + dt * gain * (error - back_off_ned), limit))
