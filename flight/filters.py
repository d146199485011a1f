"""Second-order filters on three axes at once: Butterworth low-pass, notch, and a bank of moving notches."""

import math
from typing import NamedTuple

from flight.kernel import kernel
from flight.record import record
from flight.vector import clamp, put, vec

# Coefficients b0, b1, b2, a1, a2; memory is what the transposed direct form II keeps of each axis.
FILTER = record(coefficient=("f8", 5), memory=("f8", (2, 3)))
# The highest share of the sampling rate a cut-off may have; above it a filter would be no filter.
HIGHEST_SHARE = 0.45


class Biquad(NamedTuple):
    """b0 + b1/z + b2/z^2 over 1 + a1/z + a2/z^2."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


PASS = Biquad(1.0, 0.0, 0.0, 0.0, 0.0)


@kernel
def lowpass(cutoff_hz, dt):
    """Return a second-order Butterworth low-pass by the bilinear transform; all-pass at cut-off 0."""
    if not 0.0 < cutoff_hz * dt < HIGHEST_SHARE:
        return PASS
    k = math.tan(math.pi * cutoff_hz * dt)
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    b = k * k * scale
    return Biquad(b, 2.0 * b, b, 2.0 * (k * k - 1.0) * scale, (1.0 - math.sqrt(2.0) * k + k * k) * scale)


@kernel
def notch(centre_hz, q, weight, dt):
    """Return a notch of -3 dB width centre/q; `weight` 0 to 1 fades it in without a change of its poles."""
    if not 0.0 < centre_hz * dt < HIGHEST_SHARE or not q > 0.0:
        return PASS
    angle = 2.0 * math.pi * centre_hz * dt
    scale = 1.0 / (1.0 + math.tan(0.5 * angle / q))
    a1 = -2.0 * scale * math.cos(angle)
    a2 = 2.0 * scale - 1.0
    b0 = weight * scale + (1.0 - weight)
    return Biquad(b0, a1, weight * scale + (1.0 - weight) * a2, a1, a2)


@kernel
def lowpass_delay(cutoff_hz):
    """Return how late the low-pass is in s, far below its cut-off."""
    return math.sqrt(2.0) / (2.0 * math.pi * cutoff_hz) if cutoff_hz > 0.0 else 0.0


@kernel
def notch_delay(centre_hz, q, weight):
    """Return how late a notch is in s, far below its centre."""
    return weight / (2.0 * math.pi * centre_hz * q) if centre_hz > 0.0 and q > 0.0 else 0.0


@kernel
def tune(coefficient, biquad):
    """Store a filter's coefficients; what it remembers stays."""
    coefficient[0] = biquad.b0
    coefficient[1] = biquad.b1
    coefficient[2] = biquad.b2
    coefficient[3] = biquad.a1
    coefficient[4] = biquad.a2


@kernel
def filtered(coefficient, memory, value):
    """Pass one sample of three axes through a filter."""
    result = coefficient[0] * value + vec(memory[0])
    put(memory[0], coefficient[1] * value - coefficient[3] * result + vec(memory[1]))
    put(memory[1], coefficient[2] * value - coefficient[4] * result)
    return result


@kernel
def forget(memory):
    """Empty a filter's memory, as after a long time of zeros."""
    for i in range(2):
        for axis in range(3):
            memory[i, axis] = 0.0


@kernel
def step_share(dt, time_constant):
    """Return how far a first-order lag moves towards its input in one step; 1 for no lag."""
    return clamp(dt / (dt + time_constant), 0.0, 1.0) if time_constant > 0.0 else 1.0


@kernel
def step_share_hz(dt, cutoff_hz):
    """Return the same for a lag given by its cut-off; cut-off 0 means no lag."""
    return step_share(dt, 1.0 / (2.0 * math.pi * cutoff_hz)) if cutoff_hz > 0.0 else 1.0
