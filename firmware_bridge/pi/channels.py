"""A receiver's channels: eleven bits each or microseconds on the wire, ratios -1 to 1 here."""

from typing import NamedTuple

COUNT, BITS = 16, 11
# Full sticks are 172 and 1811, for SBUS and CRSF alike.
CENTRE, HALF = 991.5, 819.5


class Channels(NamedTuple):
    """Every channel as a ratio, -1 to 1; `is_lost` when the receiver does not hear its transmitter."""

    ratios: tuple[float, ...]
    is_lost: bool


def packed_channels(data: bytes) -> list[int]:
    """Return sixteen channels of eleven bits, lowest bit first."""
    bits = int.from_bytes(data, "little")
    return [bits >> BITS * i & (1 << BITS) - 1 for i in range(COUNT)]


def ratios(counts: list[int]) -> tuple[float, ...]:
    """Return counts as ratios."""
    return tuple((count - CENTRE) / HALF for count in counts)
