"""A proportional law that never asks for more braking than there is."""

import math

from flight.kernel import kernel


@kernel
def braked(error, gain, a_max):
    """Return the speed towards a target: gain * error near it, beyond that what a_max can still stop.

    Both parts meet with equal value and slope at a_max / gain^2. Plain proportional where a_max or gain is 0.
    """
    size = abs(error)
    reach = a_max / (gain * gain) if gain > 0.0 else 0.0
    if not reach > 0.0 or size <= reach:
        return gain * error
    return math.copysign(math.sqrt(2.0 * a_max * (size - 0.5 * reach)), error)
