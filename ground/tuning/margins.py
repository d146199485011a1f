"""Margins of loops from their frequency responses: of the loop L itself, never of what it closes to.

The loop is L with negative feedback: S = 1 / (1 + L) answers a disturbance at the measurement, T = L / (1 + L) follows.
All functions take arrays whose last axis is frequency and return one number per loop.
"""

import math
from dataclasses import dataclass

import numpy as np

HALF_POWER = math.sqrt(0.5)


@dataclass(frozen=True)
class Margins:
    """How far a loop is from oscillating, and how fast it is; NaN where there is no such crossing.

    `gain_margin_db` is the smaller of what the gain may rise and fall, `delay_margin_s` what the loop may be later,
    `ms` and `mt` the peaks of S and T; `bandwidth_hz` is where T and `rejection_hz` where S passes -3 dB.
    """

    phase_margin_deg: np.ndarray
    gain_margin_db: np.ndarray
    delay_margin_s: np.ndarray
    ms: np.ndarray
    mt: np.ndarray
    crossover_hz: np.ndarray
    bandwidth_hz: np.ndarray
    rejection_hz: np.ndarray
    is_stable: np.ndarray

    def of(self, index: int | tuple[int, ...] = ()) -> dict[str, float]:
        """Return the numbers of one loop."""
        return {name: float(getattr(self, name)[index]) for name in NUMBERS} | {
            "is_stable": bool(self.is_stable[index])
        }


NUMBERS = tuple(name for name in Margins.__dataclass_fields__ if name != "is_stable")


def crossings(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a curve passes zero, as the index before and the share of the way to the next point."""
    low, high = value[..., :-1], value[..., 1:]
    is_crossing = (low < 0.0) != (high < 0.0)
    share = np.where(is_crossing, low, np.nan) / np.where(is_crossing, low - high, 1.0)
    return is_crossing, share


def between(curve: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return a curve's values at the crossings, NaN where there is none."""
    return curve[..., :-1] + share * (curve[..., 1:] - curve[..., :-1])


def least(values: np.ndarray) -> np.ndarray:
    """Return the least that is a number, infinity without one."""
    return np.where(np.isnan(values), np.inf, values).min(axis=-1)


def last(f_hz: np.ndarray, curve: np.ndarray, direction: float) -> np.ndarray:
    """Return the highest frequency at which a curve passes zero, upwards (1) or downwards (-1), NaN without one."""
    is_crossing, share = crossings(curve)
    is_meant = is_crossing & (direction * np.diff(curve, axis=-1) > 0.0)
    found = np.where(is_meant, np.exp(between(np.log(f_hz), share)), -np.inf).max(axis=-1)
    return np.where(np.isinf(found), np.nan, found)


def is_stable(L: np.ndarray) -> np.ndarray:
    """Tell by Nyquist's criterion whether a loop of integrators and stable parts is stable when closed.

    Followed down from the highest frequency, where the loop is weak, 1 + L turns back by a right angle per integrator;
    every pair of unstable closed-loop poles turns it forward by a full circle, on which it passes a right angle. What
    slow lags and leads of the vehicle do at lower frequencies still may hide where it ends.
    """
    turned = np.unwrap(np.angle(1.0 + L[..., ::-1]), axis=-1)
    return turned.max(axis=-1) < 0.5 * math.pi


def margins(f_hz: np.ndarray, L: np.ndarray) -> Margins:
    """Return the margins of loops known at the frequencies f_hz (rising); accurate to the grid's interpolation.

    A response that is NaN is one of a loop that does not come to rest.
    """
    with np.errstate(all="ignore"):
        return found_margins(f_hz, L, 1.0 / (1.0 + L))


def found_margins(f_hz: np.ndarray, L: np.ndarray, S: np.ndarray) -> Margins:
    """Return the margins of loops L with sensitivities S."""
    size_db = 20.0 * np.log10(np.abs(L))
    phase = np.unwrap(np.angle(L), axis=-1)
    _, at_one = crossings(size_db)
    angle = between(phase, at_one) + math.pi
    wrapped = np.mod(angle + math.pi, 2.0 * math.pi) - math.pi
    crossing_hz = np.exp(between(np.log(f_hz), at_one))
    # The sine of the phase is zero at -180 degrees and at 0: only the former is on the side of -1.
    _, at_back = crossings(np.where(np.cos(phase) < 0.0, np.sin(phase), np.nan))
    return Margins(
        np.degrees(least(np.abs(wrapped))),
        least(np.abs(between(size_db, at_back))),
        least(np.mod(angle, 2.0 * math.pi) / (2.0 * math.pi * crossing_hz)),
        np.abs(S).max(axis=-1),
        np.abs(L * S).max(axis=-1),
        last(f_hz, size_db, -1.0),
        last(f_hz, np.abs(L * S) - HALF_POWER, -1.0),
        last(f_hz, np.abs(S) - HALF_POWER, 1.0),
        is_stable(L),
    )
