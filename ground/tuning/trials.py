"""Trial flights: a fast figure-8, a step gust and a step of roll, flown by every plant with given gains."""

import copy
from dataclasses import dataclass

import numpy as np

from flight.airframe import Airframe
from flight.modes import Level
from ground.tuning import plants
from ground.tuning.linear import LOOPS
from ground.tuning.loops import Gains
from ground.tuning.rigs import Rigs, build, script

SPEED_M_S = 5.0
HALF_LENGTH_M = 5.0
RAMP_S, FIGURE_S = 3.0, 12.0
GUST_S, GUST_AT_S, GUST_M_S = 5.0, 0.5, 10.0
STEP_S, STEP_AT_S, STEP_RAD = 1.5, 0.1, np.radians(20.0)
# Beyond these a flight counts as lost.
LOST_M, LOST_RAD = 10.0, np.radians(100.0)
CHUNK = 16


@dataclass
class Trials:
    """Per plant: figure-8 error RMS and gust peak in m, roll step answer as a share; what did not end well.

    is_lost: it tumbled, fell or was blown away; is_behind: it flew, but had no thrust left to lean for the figure-8.
    """

    rms_m: np.ndarray
    gust_m: np.ndarray
    gust_t_s: np.ndarray
    gust: np.ndarray
    step_t_s: np.ndarray
    step: np.ndarray
    is_lost: np.ndarray
    is_behind: np.ndarray

    def rise_s(self) -> np.ndarray:
        """Return the roll step's time from 10 to 90 %."""
        late = self.step >= 0.9
        early = self.step >= 0.1
        rise = self.step_t_s[late.argmax(axis=-1)] - self.step_t_s[early.argmax(axis=-1)]
        return np.where(late.any(axis=-1), rise, np.nan)

    def overshoot(self) -> np.ndarray:
        """Return the roll step's overshoot as a share."""
        return np.maximum(self.step.max(axis=-1) - 1.0, 0.0)


def figure8(dt: float) -> np.recarray:
    """Return a lemniscate's script: soft start, then up to 5 m/s with everything fed forward."""
    t = dt * np.arange(round(FIGURE_S / dt))
    x = np.clip(t / RAMP_S, 0.0, 1.0)
    # The seventh-order smooth step: jerk has no jumps.
    pace = x**4 * (35.0 - 84.0 * x + 70.0 * x**2 - 20.0 * x**3)
    phase = np.cumsum(pace) * dt * SPEED_M_S / (HALF_LENGTH_M * np.sqrt(2.0))
    made = script(len(t))
    path = np.stack(
        [HALF_LENGTH_M * np.sin(phase), 0.5 * HALF_LENGTH_M * np.sin(2.0 * phase), 0.0 * t], axis=-1
    )
    for name in ("p_sp_ned", "v_ff_ned", "a_ff_ned", "jerk_ff_ned"):
        made[name][0] += path
        path = np.gradient(path, dt, axis=0)
    return made


def gust(dt: float) -> np.recarray:
    """Return the script of a hover into which a wind from the south breaks at once."""
    made = script(round(GUST_S / dt))
    made.wind_ned[0, round(GUST_AT_S / dt) :, 0] = GUST_M_S
    return made


def roll_step(dt: float) -> np.recarray:
    """Return the script of a step of roll."""
    made = script(round(STEP_S / dt), Level.ATTITUDE)
    made.turn_sp_frd[0, round(STEP_AT_S / dt) :, 0] = STEP_RAD
    return made


def crashed(trace: np.recarray, made: np.recarray) -> np.ndarray:
    """Return which flights tumbled or left their height."""
    fallen = np.abs(trace.p_ned - made.p_sp_ned)[..., 2].max(axis=-1)
    tilt = np.linalg.norm(trace.turn_frd[..., :2], axis=-1).max(axis=-1)
    return ~(fallen < LOST_M) | ~(tilt < LOST_RAD)


def left(trace: np.recarray, made: np.recarray) -> np.ndarray:
    """Return which flights left their path sideways."""
    return ~(np.linalg.norm((trace.p_ned - made.p_sp_ned)[..., :2], axis=-1).max(axis=-1) < LOST_M)


def tuned(airframe: Airframe, gains: Gains) -> Airframe:
    """Return an airframe with other gains."""
    other = copy.deepcopy(airframe)
    for name, value in gains.items():
        other.set(name, value)
    return other


def fly(airframe: Airframe, gains: Gains, seed: int, numbers: list[int]) -> Trials:
    """Fly all trials with the plants of the cloud that are numbered, side by side."""
    params = tuned(airframe, gains).params
    return fly_some(build(airframe, seed, numbers, cloud=plants.USUAL).tune(params))


def joined(parts: list[Trials]) -> Trials:
    """Return the trials of all plants of several."""
    whole = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("rms_m", "gust_m", "gust", "step", "is_lost", "is_behind")
    }
    return Trials(gust_t_s=parts[0].gust_t_s, step_t_s=parts[0].step_t_s, **whole)


def fly_some(hovering: Rigs) -> Trials:
    """Fly all trials with some vehicles that hover."""
    dt, count = hovering.dt, len(hovering)
    alone, everyone = np.zeros(count, np.int64), np.arange(count)
    path, wind, lean = figure8(dt), gust(dt), roll_step(dt)
    traces = [hovering.pick(everyone).fly(made, alone) for made in (path, wind, lean)]
    off = np.linalg.norm(traces[0].p_ned - path.p_sp_ned, axis=-1)[:, round(RAMP_S / dt) :]
    # From where each was when the wind began: what it had not settled is not the gust's.
    blown = np.linalg.norm(traces[1].p_ned - traces[1].p_ned[:, :1], axis=-1)
    roll = traces[2].turn_frd[..., LOOPS["attitude_roll"].axis]
    share = (roll - roll[:, :1]) / STEP_RAD
    start = round(STEP_AT_S / dt)
    is_lost = crashed(traces[0], path) | crashed(traces[1], wind) | left(traces[1], wind)
    return Trials(
        np.sqrt(np.mean(off**2, axis=-1)),
        blown.max(axis=-1),
        dt * np.arange(blown.shape[1])[::10],
        blown[:, ::10],
        dt * np.arange(share.shape[1] - start),
        share[:, start:],
        is_lost,
        left(traces[0], path) & ~is_lost,
    )
