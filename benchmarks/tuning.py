"""How many gains the tuner weighs per second: all plants at once, and loop after loop in a plain NumPy loop."""

import time
from collections.abc import Callable

import numpy as np

from flight.airframe import load
from ground.tuning import plants
from ground.tuning.loops import Gains
from ground.tuning.pieces import heard
from ground.tuning.search import STAGES, Judge, Stage
from ground.tuning.tuner import control_gains, share_per_acc

LEAST_S = 3.0


def per_second(work: Callable[[], object]) -> float:
    """Return how often some work is done in a second of a core, however busy the machine is with other work."""
    work()
    began, count = time.process_time(), 0
    while time.process_time() - began < LEAST_S:
        work()
        count += 1
    return count / (time.process_time() - began)


def plain_margins(f_hz: np.ndarray, L: np.ndarray) -> tuple[float, float, float]:
    """Return phase margin in rad, gain margin in dB and Ms of one loop as a textbook's script would."""
    size, phase = np.abs(L), np.unwrap(np.angle(L))
    at_one = np.flatnonzero(np.diff(np.sign(np.log(size))))
    at_back = np.flatnonzero(np.diff(np.sign(np.sin(phase))) * (np.cos(phase[:-1]) < 0.0))
    phases = [abs(np.interp(0.0, -np.log(size[i : i + 2]), phase[i : i + 2]) + np.pi) for i in at_one]
    gains = [abs(20.0 * np.log10(size[i])) for i in at_back]
    return min(phases, default=np.inf), min(gains, default=np.inf), float(np.abs(1.0 / (1.0 + L)).max())


def plainly(parts: list[Judge], stage: Stage, gains: Gains) -> float:
    """Return the worst Ms of one stage's loops, plant by plant and loop by loop."""
    worst = 0.0
    for part in parts:
        found = part.loops(gains, stage.name)
        worst = max(worst, *(plain_margins(part.model.f_hz, found.L[name][0])[2] for name in stage.loops))
    return worst


def figures() -> dict[str, float]:
    """Return gains weighed per second for the tilt loops of 17 plants, loops of all, and both plant by plant."""
    airframe = load("pi450")
    model = heard(airframe, 1, [0, *plants.CORNERS])
    lag_s, gains = float(airframe.params[0].airframe.motor_lag_s), control_gains(airframe)
    stage, shares = STAGES[0], share_per_acc(airframe)
    whole = Judge(model, lag_s, shares)
    parts = [Judge(model.pick(np.array([i])), lag_s, shares) for i in range(len(model))]
    at_once = per_second(lambda: whole.cost(stage, gains))
    plain = per_second(lambda: plainly(parts, stage, gains))
    return {
        "tune_evaluations_per_s": at_once,
        "tune_loops_per_s": at_once * len(model) * len(stage.loops),
        "tune_plain_loop_evaluations_per_s": plain,
    }
