"""The standard atmosphere (ISO 2533)."""

import math

from flight.kernel import kernel

SEA_LEVEL_DENSITY = 1.225
TROPOPAUSE_M = 11_000.0


@kernel
def density_ratio(altitude_amsl_m):
    """Return air density over its sea-level value in the troposphere."""
    warmth = 1.0 - 2.25577e-5 * min(max(altitude_amsl_m, -1000.0), TROPOPAUSE_M)
    return math.exp(4.25588 * math.log(warmth))
