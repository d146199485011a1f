"""Random numbers that belong to one vehicle: the same at any thread count, compiled or interpreted.

xoshiro256+ (Blackman & Vigna 2021), seeded by splitmix64; normals by Marsaglia's polar method.
"""

import math

import numpy as np

from flight.kernel import kernel
from flight.record import FLAG, REAL, record

RANDOM = record(s=("u8", 4), spare=REAL, has_spare=FLAG)
MASK = (1 << 64) - 1


def splitmix(seed: int) -> tuple[int, int]:
    """Return the next state and output of splitmix64."""
    seed = (seed + 0x9E3779B97F4A7C15) & MASK
    z = seed
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return seed, z ^ (z >> 31)


def seed_stream(random: np.void, seed: int, stream: int) -> None:
    """Start a generator; every (seed, stream) pair gives an independent sequence."""
    _, key = splitmix(seed & MASK)
    state = (key ^ (stream * 0xD1342543DE82EF95)) & MASK
    for i in range(4):
        state, random.s[i] = splitmix(state)
    random.spare = 0.0
    random.has_spare = 0


@kernel
def rotate_left(x, k):
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@kernel
def uniform(random):
    """Return a number in [0, 1)."""
    s = random.s
    # Half of s0 + s3 with its carry, so that interpreted NumPy sees no overflow; the top 53 bits of the sum follow.
    half = (s[0] >> np.uint64(1)) + (s[3] >> np.uint64(1)) + (s[0] & s[3] & np.uint64(1))
    t = s[1] << np.uint64(17)
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotate_left(s[3], 45)
    return float((half >> np.uint64(10)) & np.uint64(9007199254740991)) * (1.0 / 9007199254740992.0)


@kernel
def normal(random):
    """Return a standard normal number."""
    if random.has_spare:
        random.has_spare = 0
        return random.spare
    while True:
        u = 2.0 * uniform(random) - 1.0
        v = 2.0 * uniform(random) - 1.0
        square = u * u + v * v
        if 0.0 < square < 1.0:
            break
    factor = math.sqrt(-2.0 * math.log(square) / square)
    random.spare = v * factor
    random.has_spare = 1
    return u * factor
