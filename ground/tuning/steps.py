"""Step responses of the compiled loops: how fast each follows a small step of its setpoint, and how far beyond."""

from dataclasses import dataclass

import numpy as np

from ground.tuning.linear import LOOPS
from ground.tuning.rigs import Rigs, script

RADIAN = np.pi / 180.0
# Size of the step and how long it is watched, by kind of loop: small enough to meet no limit.
SIZES = {
    "rate": (10.0 * RADIAN, 1.0),
    "attitude": (5.0 * RADIAN, 2.0),
    "velocity": (0.3, 6.0),
    "position": (0.3, 10.0),
}
SETPOINTS = {
    "rate": "omega_sp_frd",
    "attitude": "turn_sp_frd",
    "velocity": "v_ff_ned",
    "position": "p_sp_ned",
}


@dataclass(frozen=True)
class Step:
    """A step response: time in s and the answer as a share of the step, ticks along the last axis."""

    t_s: np.ndarray
    share: np.ndarray

    def rise_s(self) -> np.ndarray:
        """Return the time from 10 to 90 % of the step, NaN where it is not reached."""
        return self.reached(0.9) - self.reached(0.1)

    def overshoot(self) -> np.ndarray:
        """Return how far the answer goes beyond the step, as a share of it."""
        return np.maximum(self.share.max(axis=-1) - 1.0, 0.0)

    def reached(self, part: float) -> np.ndarray:
        """Return when a part of the step is reached first."""
        is_there = self.share >= part
        return np.where(is_there.any(axis=-1), self.t_s[is_there.argmax(axis=-1)], np.nan)


def step(rigs: Rigs, name: str) -> Step:
    """Ask one loop for a step and return what the vehicles truly sensed, beside those not asked."""
    kind, loop, count = name.split("_")[0], LOOPS[name], len(rigs)
    size, seconds = SIZES[kind]
    scripts = script(round(seconds / rigs.dt), loop.level, 2)
    if name == "attitude_yaw":
        scripts[1].yaw_sp += size
    else:
        scripts[1][SETPOINTS[kind]][:, loop.axis] += size
    pair = np.concatenate([np.arange(count), np.arange(count)])
    kept = rigs.pick(pair).fly(scripts, np.repeat([0, 1], count))[loop.trace][..., loop.axis]
    return Step(rigs.dt * np.arange(kept.shape[-1]), (kept[count:] - kept[:count]) / size)
