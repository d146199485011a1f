"""Dryden turbulence of low altitude (MIL-F-8785C, 3.7.3.4), sampled exactly at any step.

Each shaping filter is kept in its own time unit T = length / air speed with white noise of unit density, so that its
states stay in equilibrium while scales change with height and speed. Across and vertical,
(1 + sqrt(3) s) / (1 + s)^2 = sqrt(3) / (1 + s) + (1 - sqrt(3)) / (1 + s)^2.
"""

import math

from flight.kernel import kernel
from flight.record import INTEGER, REAL, VECTOR, record
from flight.vector import Vec3, clamp, put, vec
from sim.random import normal

FOOT = 0.3048
# Filters along, across and down. Each step: second = keep * second + carry * first + lean * n1 + rest * n2 and
# first = keep * first + spread * n1 with standard normal n1, n2: the exact transition and its noise.
DRYDEN = record(
    w20=REAL,
    sigma=VECTOR,
    keep=VECTOR,
    carry=VECTOR,
    spread=VECTOR,
    lean=VECTOR,
    rest=VECTOR,
    first=VECTOR,
    second=VECTOR,
    age=INTEGER,
)
LOWEST_FT, HIGHEST_FT = 10.0, 1000.0
SLOWEST_AIR_M_S = 1.5
# Scales change slowly; working them out this seldom keeps them current to a fraction of a percent.
REFRESH_STEPS = 32
SQRT2, SQRT3 = math.sqrt(2.0), math.sqrt(3.0)


@kernel
def start(dryden, random):
    """Draw the filters' states from their equilibrium, where both have variance 1/2 and 1/4 and covariance 1/4."""
    for i in range(3):
        dryden.first[i] = math.sqrt(0.5) * normal(random)
        dryden.second[i] = 0.5 * dryden.first[i] + math.sqrt(0.125) * normal(random)


@kernel
def scales(w20, height_m):
    """Return strength (m/s) and length (m) along, across and down at a height, 10 to 1000 feet."""
    h = clamp(height_m / FOOT, LOWEST_FT, HIGHEST_FT)
    shape = math.exp(0.4 * math.log(0.177 + 0.000823 * h))
    level = h / (shape * shape * shape)
    down = 0.1 * w20
    return Vec3(down / shape, down / shape, down), Vec3(level, level, h) * FOOT


@kernel
def set_transition(dryden, i, tau):
    """Write one filter's exact transition over tau time units (Van Loan's integrals in closed form)."""
    keep = math.exp(-tau)
    square = keep * keep
    var_first = 0.5 * (1.0 - square)
    both = 0.25 * (1.0 - square * (1.0 + 2.0 * tau))
    var_second = 0.25 * (1.0 - square * (1.0 + 2.0 * tau + 2.0 * tau * tau))
    spread = math.sqrt(var_first)
    lean = both / spread if spread > 0.0 else 0.0
    dryden.keep[i] = keep
    dryden.carry[i] = keep * tau
    dryden.spread[i] = spread
    dryden.lean[i] = lean
    dryden.rest[i] = math.sqrt(max(var_second - lean * lean, 0.0))


@kernel
def follow_height(dryden, height_m, air_speed, dt):
    """Work out scales and transitions anew where they are due."""
    if dryden.age % REFRESH_STEPS == 0:
        sigma, length = scales(dryden.w20, height_m)
        rate = max(air_speed, SLOWEST_AIR_M_S) * dt
        put(dryden.sigma, sigma)
        set_transition(dryden, 0, rate / length.x)
        set_transition(dryden, 1, rate / length.y)
        set_transition(dryden, 2, rate / length.z)
    dryden.age += 1


@kernel
def turn_over(dryden, random):
    """Let the filters run for one step and return the gusts along, across and down."""
    first, second = dryden.first, dryden.second
    for i in range(3):
        noise = normal(random)
        if i > 0:
            carried = dryden.keep[i] * second[i] + dryden.carry[i] * first[i]
            second[i] = carried + dryden.lean[i] * noise + dryden.rest[i] * normal(random)
        first[i] = dryden.keep[i] * first[i] + dryden.spread[i] * noise
    across = SQRT3 * first[1] + (1.0 - SQRT3) * second[1]
    down = SQRT3 * first[2] + (1.0 - SQRT3) * second[2]
    return Vec3(SQRT2 * first[0], across, down) * vec(dryden.sigma)
