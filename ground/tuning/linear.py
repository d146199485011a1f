"""The compiled closed loop's frequency responses: a pulse on one measurement, and the loop that the answer betrays.

Two vehicles fly the same script, one with a tiny pulse d on a measurement for one tick. Their difference is the linear
answer y of the whole compiled loop, filters, delays, motors, sampling and all. What is fed back is y + d, so
T = -Y / D and L = T / (1 - T) at every frequency, of that loop alone with the loops inside it closed.
"""

from dataclasses import dataclass

import numpy as np

from flight.modes import Level
from ground.tuning.fourier import transform
from ground.tuning.rigs import Rigs, script


@dataclass(frozen=True)
class Loop:
    """One loop: the level it flies at, the measurement it closes over, how long its answer takes to fade.

    The position loop takes an error below a nanometre for none, so its pulse is larger.
    """

    level: Level
    nudge: str
    trace: str
    axis: int
    longest_s: float
    pulse: float = 1e-5


AXES = ("roll", "pitch", "yaw")
LOOPS = {
    **{f"rate_{a}": Loop(Level.RATE, "nudge_omega_frd", "omega_frd", i, 10.0) for i, a in enumerate(AXES)},
    **{
        f"attitude_{a}": Loop(Level.ATTITUDE, "nudge_turn_frd", "turn_frd", i, 6.0)
        for i, a in enumerate(AXES)
    },
    **{f"velocity_{a}": Loop(Level.VELOCITY, "nudge_v_ned", "v_ned", i, 12.0) for i, a in enumerate("xyz")},
    **{
        f"position_{a}": Loop(Level.POSITION, "nudge_p_ned", "p_ned", i, 20.0, 1e-4)
        for i, a in enumerate("xyz")
    },
}
# Higher frequencies than this share of the sampling rate say nothing about a vehicle.
HIGHEST_SHARE = 0.4
# What hovers without noise turns no faster than this, unless some loop is unstable.
RESTLESS_RAD_S = 0.05
SEED_RAD_S = 1e-9
# The rotor notches find their places one after the other.
WARM_UP_S = 0.1


def grid(dt: float, points: int = 300, lowest_hz: float = 0.1) -> np.ndarray:
    """Return logarithmic frequencies in Hz up to near the sampling's limit."""
    return np.geomspace(lowest_hz, HIGHEST_SHARE / dt, points)


def pulse_answers(rigs: Rigs, loop: Loop) -> np.ndarray:
    """Return each vehicle's answer to a pulse on one measurement, per size of the pulse; NaN of one that shakes."""
    start, count = round(WARM_UP_S / rigs.dt), len(rigs)
    ticks = start + round(loop.longest_s / rigs.dt)
    scripts = script(ticks, loop.level, 2)
    # What is unstable beside this loop must not stay asleep.
    scripts.nudge_omega_frd[:, 0] = SEED_RAD_S
    scripts[1][loop.nudge][start, loop.axis] += loop.pulse
    # Both start alike and where they are: the difference holds the answer alone.
    pair = np.concatenate([np.arange(count), np.arange(count)])
    trace = rigs.pick(pair).fly(scripts, np.repeat([0, 1], count))
    kept = trace[loop.trace][:, start:, loop.axis]
    answers = (kept[count:] - kept[:count]) / loop.pulse
    is_calm = np.ptp(trace.omega_frd[:count, -ticks // 10 :], axis=1).max(axis=-1) < RESTLESS_RAD_S
    return np.where(is_calm[:, None], answers, np.nan)


def loop_response(rigs: Rigs, loop: Loop, f_hz: np.ndarray) -> np.ndarray:
    """Return L(f) of one loop, a row per vehicle; NaN where the closed loop does not come to rest."""
    answers = pulse_answers(rigs, loop)
    peak = np.abs(answers).max(axis=-1)
    tail = np.abs(answers[:, -len(answers[0]) // 20 :]).max(axis=-1)
    with np.errstate(all="ignore"):
        T = -transform(f_hz, rigs.dt, answers)
        return np.where((tail < 0.3 * peak)[:, None], T / (1.0 - T), np.nan)
