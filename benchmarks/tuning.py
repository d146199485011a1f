"""How many loops the tuner weighs per second: all plants at once, and one plant after another in a plain NumPy loop."""

import time
from collections.abc import Callable

import numpy as np

from flight.airframe import load
from ground.tuning import plants
from ground.tuning.pieces import heard
from ground.tuning.search import STAGES, Judge
from ground.tuning.tuner import control_gains, share_per_acc

LEAST_S = 3.0


def per_second(work: Callable[[], object]) -> float:
    """Return how often some work is done in a second."""
    work()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < LEAST_S:
        work()
        count += 1
    return count / (time.perf_counter() - began)


def figures() -> dict[str, float]:
    """Return gains weighed per second for the tilt loops of 17 plants, loops of all, and both plant by plant."""
    airframe = load("pi450")
    model = heard(airframe, 1, [0, *plants.CORNERS])
    lag_s, gains = float(airframe.params[0].airframe.motor_lag_s), control_gains(airframe)
    stage, shares = STAGES[0], share_per_acc(airframe)
    whole = Judge(model, lag_s, shares)
    parts = [Judge(model.pick(np.array([i])), lag_s, shares) for i in range(len(model))]
    at_once = per_second(lambda: whole.cost(stage, gains))
    plain = per_second(lambda: [part.cost(stage, gains) for part in parts])
    return {
        "tune_evaluations_per_s": at_once,
        "tune_loops_per_s": at_once * len(model) * len(stage.loops),
        "tune_plain_loop_evaluations_per_s": plain,
    }
