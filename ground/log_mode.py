"""When to log: SDLOG_MODE, with PX4's meaning."""

from enum import IntEnum
from itertools import pairwise

import numpy as np

from flight.modes import Arming

# A vehicle whose motors were stopped in the air is recorded until it has come down.
AFTERMATH_US = 5_000_000
NEVER_ARMED_US = -(1 << 62)


class LogMode(IntEnum):
    """From when to when there is a log."""

    NEVER = -1
    ARMED = 0
    BOOT_TO_DISARMING = 1
    BOOT = 2
    # PX4's 3 lets a stick decide: here as ARMED.
    STICK = 3
    FIRST_ARMING = 4


class Wish:
    """Tells of each tick whether it belongs into a log; `has_armed`, `has_ended` outlive a recorder."""

    def __init__(self, mode: int, has_armed: bool = False, has_ended: bool = False) -> None:
        self.mode, self.has_armed, self.has_ended = mode, has_armed, has_ended
        self.armed_us = NEVER_ARMED_US

    def wanted(self, ticks: np.recarray) -> np.ndarray:
        """Return which of some consecutive ticks to log."""
        t_us = ticks.inputs.t_us
        is_armed = ticks.command.status.arming == Arming.ARMED
        armed_us = np.maximum.accumulate(np.where(is_armed, t_us, self.armed_us))
        armed_us = np.maximum(armed_us, self.armed_us)
        in_flight = t_us - armed_us <= AFTERMATH_US
        ever = np.logical_or.accumulate(is_armed) | self.has_armed
        ended = np.logical_or.accumulate(ever & ~in_flight) | self.has_ended
        self.armed_us = int(armed_us[-1])
        self.has_armed, self.has_ended = bool(ever[-1]), bool(ended[-1])
        chosen = {
            LogMode.NEVER: np.zeros(len(ticks), bool),
            LogMode.BOOT_TO_DISARMING: in_flight | ~ended,
            LogMode.BOOT: np.ones(len(ticks), bool),
            LogMode.FIRST_ARMING: ever,
        }
        return np.asarray(chosen.get(LogMode(self.mode), in_flight))


def runs(wanted: np.ndarray) -> list[tuple[int, int, bool]]:
    """Return where ticks are of one kind: first, end, whether they are wanted."""
    edges = [0, *(np.flatnonzero(np.diff(wanted)) + 1).tolist(), len(wanted)]
    return [(a, b, bool(wanted[a])) for a, b in pairwise(edges)]
