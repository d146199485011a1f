"""Let a position that was reset in flight reach the controllers as a slow drift instead of a jump."""

from flight.kernel import kernel
from flight.modes import Arming
from flight.vector import Vec3, norm, put, shorten, vec


@kernel
def move(state, shift_ned):
    """Move the nominal position; what is told stays where it was, for `let_through` to bring after."""
    put(state.nominal.p_ned, vec(state.nominal.p_ned) + shift_ned)
    put(state.jump_ned, vec(state.jump_ned) - shift_ned)


@kernel
def let_through(state, params, status, dt):
    """Shrink what is held back: at once on the ground, at a limited speed in the air."""
    held = vec(state.jump_ned)
    if status.arming != Arming.ARMED or params.reset_slew <= 0.0:
        put(state.jump_ned, Vec3(0.0, 0.0, 0.0))
    else:
        put(state.jump_ned, shorten(held, max(norm(held) - params.reset_slew * dt, 0.0)))
