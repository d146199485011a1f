"""Margins of loops from their frequency responses: of the loop L itself, never of what it closes to.

The loop is L with negative feedback: S = 1 / (1 + L) answers a disturbance at the measurement, T = L / (1 + L) follows.
All functions take arrays whose last axis is frequency and return one number per loop.
"""

from dataclasses import dataclass

import numpy as np

from ground.tuning.weighing import STABLE, weigh


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


def margins(f_hz: np.ndarray, L: np.ndarray) -> Margins:
    """Return the margins of loops known at the frequencies f_hz (rising); accurate to the grid's interpolation.

    A response that is NaN is one of a loop that does not come to rest.
    """
    flat = np.ascontiguousarray(L, complex).reshape(-1, L.shape[-1])
    out = np.empty((len(flat), len(NUMBERS) + 1))
    weigh(np.log(f_hz), flat, out)
    found = out.reshape(*L.shape[:-1], -1)
    numbers = {name: found[..., i] for i, name in enumerate(NUMBERS)}
    return Margins(is_stable=found[..., STABLE] > 0.0, **numbers)
