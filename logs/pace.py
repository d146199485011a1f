"""How often something is written: of many ticks, those that are due."""

import numpy as np


class Pace:
    """Choose ticks so that at most `rate_hz` a second remain, however they are cut into pieces."""

    def __init__(self, rate_hz: int) -> None:
        self.period_us = 1_000_000 // rate_hz
        self.last = -1

    def chosen(self, t_us: np.ndarray) -> np.ndarray:
        """Return which of these ticks, in their order, to keep."""
        if len(t_us) == 0:
            return np.zeros(0, np.int64)
        slots = t_us // self.period_us
        is_new = np.empty(len(slots), bool)
        is_new[0] = slots[0] != self.last
        np.not_equal(slots[1:], slots[:-1], out=is_new[1:])
        self.last = slots[-1]
        return np.flatnonzero(is_new)
