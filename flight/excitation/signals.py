"""The shapes of an excitation, each a function of the time since it began, between -1 and 1."""

import math
from enum import IntEnum

from flight.kernel import kernel
from flight.vector import clamp

TWO_PI = 2.0 * math.pi
TONES = 16
# Phases by the golden ratio keep the sum of tones below this many of one, wherever they lie.
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
CREST = 9.5


class Signal(IntEnum):
    """What an excitation looks like."""

    CHIRP = 1  # a sine that rises from the low to the high frequency, every octave as long
    DOUBLET = 2  # half a period up, half a period down, of the low frequency, then rest
    MULTISINE = 3  # sines between both frequencies at once, every octave as many


@kernel
def chirp(t, seconds, low_hz, high_hz):
    """Return a sine of exponentially rising frequency (Farina 2000, eq. 1)."""
    octaves = math.log(high_hz / low_hz)
    if octaves < 1e-6:
        return math.sin(TWO_PI * low_hz * t)
    return math.sin(TWO_PI * low_hz * seconds / octaves * (math.exp(octaves * t / seconds) - 1.0))


@kernel
def doublet(t, low_hz):
    """Return one period of a square wave."""
    periods = t * low_hz
    if periods >= 1.0:
        return 0.0
    return 1.0 if periods < 0.5 else -1.0


@kernel
def multisine(t, seconds, low_hz, high_hz):
    """Return tones on whole numbers of periods, with phases that keep the peak low."""
    total = 0.0
    ratio = math.log(high_hz / low_hz) / (TONES - 1.0)
    for k in range(TONES):
        periods = math.floor(low_hz * math.exp(ratio * k) * seconds + 0.5)
        total += math.sin(TWO_PI * periods * t / seconds + TWO_PI * GOLDEN * k * k)
    return clamp(total / CREST, -1.0, 1.0)


@kernel
def fade(t, seconds, fade_s):
    """Return how much of the excitation acts: it swells at the start and fades at the end."""
    if fade_s <= 0.0:
        return 1.0
    return clamp(min(t, seconds - t) / fade_s, 0.0, 1.0)


@kernel
def value(signal, t, seconds, low_hz, high_hz, fade_s):
    """Return the excitation's share of its amplitude at a time since it began."""
    if signal == Signal.DOUBLET:
        return doublet(t, low_hz)
    swell = fade(t, seconds, fade_s)
    if signal == Signal.CHIRP:
        return swell * chirp(t, seconds, low_hz, high_hz)
    return swell * multisine(t, seconds, low_hz, high_hz)
