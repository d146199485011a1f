"""A mean, and what it was a look or two ago: what has changed since something may have broken."""

from flight.filters import step_share
from flight.kernel import kernel
from flight.vector import put, vec


@kernel
def follow(track, value, dt, mean_s, look_s):
    """Average; every look_s put the mean aside as what it was before, and tell so. dt: since the last value, in s."""
    if not track.has_mean:
        track.has_mean = 1
        track.looked_s = 0.0
        put(track.now, value)
        put(track.before, value)
        put(track.earlier, value)
    mean = vec(track.now)
    put(track.now, mean + step_share(dt, mean_s) * (value - mean))
    track.looked_s += dt
    if track.looked_s < look_s:
        return False
    track.looked_s = 0.0
    put(track.earlier, vec(track.before))
    put(track.before, vec(track.now))
    return True


@kernel
def forget(track):
    """Drop what was seen so far: there is a gap, and what changed meanwhile says nothing."""
    track.has_mean = 0
