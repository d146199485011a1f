"""The push that no plan accounts for, felt by the accelerometer: gusts, and drag that the airframe file does not know.

A disturbance observer in accelerations (Tal & Karaman 2021, section III, the linear part of incremental dynamic
inversion): what is felt, less the rotors' thrust and the drag expected, is somebody else's. It is answered only where
the position is surely known: an accelerometer gone wrong would be believed, and nothing else would tell.
"""

from flight.filters import FILTER, filtered, forget, lowpass, step_share, tune
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import body_z_ned, quat
from flight.record import VECTOR, record
from flight.vector import ZERO, Vec3, clamp, is_finite, put, shorten, vec

STATE = record(expected_ned=VECTOR, push_ned=VECTOR, felt=FILTER)


@kernel
def reset(state):
    """Feel nothing; at rest nothing accelerates."""
    put(state.expected_ned, ZERO)
    put(state.push_ned, ZERO)
    forget(state.felt.memory)


@kernel
def configure(state, params, dt):
    """Work out the low-pass."""
    tune(state.felt.coefficient, lowpass(params.cutoff_hz, dt))


@kernel
def step(state, params, estimate, thrust, drag_ned, dt):
    """Keep the unexpected acceleration, for `thrust` m/s2 along the rotors' axis and the drag that is fed forward."""
    up_ned = -body_z_ned(quat(estimate.q_ned_frd))
    at_once = thrust * up_ned + Vec3(0.0, 0.0, STANDARD_GRAVITY) + drag_ned
    # As late as what is felt: a lean that is felt later than it is known would look like a push.
    last = vec(state.expected_ned)
    expected_ned = last + step_share(dt, params.lag_s) * (at_once - last)
    put(state.expected_ned, expected_ned)
    surprise_ned = vec(estimate.a_ned) - expected_ned
    if not is_finite(surprise_ned):
        surprise_ned = ZERO
    push = filtered(state.felt.coefficient, state.felt.memory, surprise_ned)
    level = shorten(Vec3(params.share_xy * push.x, params.share_xy * push.y, 0.0), params.most)
    put(state.push_ned, Vec3(level.x, level.y, clamp(params.share_z * push.z, -params.most, params.most)))
