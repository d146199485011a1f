"""Failsafes: from troubles that last to flags, from flags to the most severe answer."""

from flight.command import say
from flight.kernel import kernel
from flight.modes import Event
from flight.record import INTEGER, record
from flight.supervisor.table import AGED, HOLD, LATCHED, PATIENT, SEVERITY, SHAKEN, TROUBLES

WATCH = record(
    raised=INTEGER,
    overruled=INTEGER,
    wrong_s=("f8", TROUBLES),
    right_s=("f8", TROUBLES),
)


@kernel
def reset(watch):
    """Worry about nothing."""
    watch.raised = 0
    watch.overruled = 0
    for i in range(TROUBLES):
        watch.wrong_s[i] = 0.0
        watch.right_s[i] = 0.0


@kernel
def count(watch, i, is_wrong, dt):
    """Measure how long trouble i has been there or gone."""
    watch.wrong_s[i] = watch.wrong_s[i] + dt if is_wrong else 0.0
    watch.right_s[i] = 0.0 if is_wrong else watch.right_s[i] + dt


@kernel
def raise_flag(watch, status, bit):
    """Flag a trouble."""
    watch.raised |= bit
    watch.overruled &= ~bit
    say(status, Event.FAILSAFE_RAISED, bit)


@kernel
def clear_flag(watch, status, bit):
    """Take a trouble's flag back."""
    watch.raised &= ~bit
    watch.overruled &= ~bit
    say(status, Event.FAILSAFE_CLEARED, bit)


@kernel
def patience(params, i):
    """Return for how long trouble i must be seen before it counts; a link's age has counted already."""
    return 0.0 if AGED >> i & 1 else params.hold_s[i]


@kernel
def calm(params, i):
    """Return for how long trouble i must be gone before it is over; shaking comes and goes with the throttle."""
    return params.shaken_s if SHAKEN >> i & 1 else params.clear_s


@kernel
def step(watch, params, troubles, is_armed, status, dt):
    """Raise what has lasted, clear what has long been over; `troubles` is a sum of Failsafe bits."""
    held = LATCHED if is_armed else 0
    for i in range(TROUBLES):
        bit = 1 << i
        count(watch, i, troubles & bit, dt)
        if watch.raised & bit:
            if watch.right_s[i] >= calm(params, i) and not troubles & bit and not held & bit:
                clear_flag(watch, status, bit)
        elif troubles & bit and watch.wrong_s[i] >= patience(params, i):
            raise_flag(watch, status, bit)


@kernel
def severity(watch, params, i):
    """Return how severe an answer flag i asks for now."""
    wanted = SEVERITY[params.action[i]]
    is_early = watch.wrong_s[i] < patience(params, i) + params.wait_s
    return HOLD if PATIENT >> i & 1 and wanted > HOLD and is_early else wanted


@kernel
def worst(watch, params):
    """Return the most severe answer that any flag not overruled asks for."""
    acting = watch.raised & ~watch.overruled
    most = 0
    for i in range(TROUBLES):
        if acting >> i & 1:
            most = max(most, severity(watch, params, i))
    return most


@kernel
def overrule(watch, mask):
    """Let a person fly on in spite of the flags in a mask."""
    watch.overruled |= watch.raised & mask
