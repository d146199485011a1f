"""How much push one share of collective really gives: mass, battery and air are never quite as told."""

import math

from flight.filters import step_share
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.record import REAL, record
from flight.vector import clamp

# computed: m/s2 per share of collective by the airframe file; ratio: learned over computed;
# settled: the ratio learned slowly, which a touch of the ground cannot spoil; thrust: the collective that pushes now.
STATE = record(computed=REAL, ratio=REAL, settled=REAL, thrust=REAL)


@kernel
def reset(state):
    """Believe the airframe file."""
    state.ratio = 1.0
    state.settled = 1.0
    state.thrust = 0.0


@kernel
def configure(state, airframe):
    """Work out the acceleration of full collective from the airframe file."""
    full = airframe.rotor_count * airframe.thrust_max_n
    state.computed = (
        full / airframe.mass_kg if airframe.mass_kg > 0.0 and full > 0.0 else 2.0 * STANDARD_GRAVITY
    )
    if not state.ratio > 0.0:
        reset(state)


@kernel
def push_per_share(state):
    """Return the specific force in m/s2 that a full share of collective gives."""
    return state.ratio * state.computed


@kernel
def hover_share(state):
    """Return the collective that carries the weight."""
    return STANDARD_GRAVITY / push_per_share(state)


@kernel
def learn(state, params, airframe, command, inputs, is_free, dt):
    """Compare the push felt along the thrust axis with the collective that flies; never on the ground.

    Of an accelerometer that is silent or hangs nothing is learnt: it would show the same push for any collective.
    """
    flown = command.setpoint.thrust_sp - command.motors.unallocated_thrust
    state.thrust += step_share(dt, airframe.motor_lag_s) * (flown - state.thrust)
    push = command.estimate.accel_bias_frd[2] - inputs.imu.accel_frd[2]
    is_felt = command.estimate.is_force_lost == 0 and math.isfinite(push)
    if not is_free:
        state.ratio += step_share(dt, params.lag_s) * (state.settled - state.ratio)
    elif state.thrust * state.computed > params.gate * STANDARD_GRAVITY and is_felt:
        seen = clamp(push / (state.thrust * state.computed), params.ratio_min, params.ratio_max)
        state.ratio += step_share(dt, params.lag_s) * (seen - state.ratio)
        state.settled += step_share(dt, params.settle_s) * (seen - state.settled)
    command.terms.hover_thrust = hover_share(state)
