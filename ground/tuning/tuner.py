"""Tune an airframe: draw the vehicles it could be, find gains for them all, and see what they are worth."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.parameter import stored
from flight.params import TABLE
from ground.tuning import plants, rigs
from ground.tuning.design import basis, designed
from ground.tuning.loops import Gains, closed
from ground.tuning.margins import Margins, margins
from ground.tuning.model import Model, joined, listened
from ground.tuning.search import STAGES, WORST, Judge, Stage, search, shortfall

Share = Callable[[float, str], None]
# Frequencies per search: fine enough for peaks of S, few enough to be fast.
POINTS, LOWEST_HZ, HIGHEST_HZ = 64, 0.12, 130.0
CHUNK = 32
GENERATIONS, ROUNDS = 100, 3
SIGMA, SIGMA_AGAIN = 0.2, 0.06
FIRST_PLANTS, MORE_PLANTS = 1 + len(plants.CORNERS), 4
# Lead by the torque or by the D term: from either side the other is hard to find.
LEADS = ((0.7, 0.2), (0.2, 1.0))


@dataclass
class Tuning:
    """What came of it."""

    airframe: Airframe
    before: Gains
    gains: Gains
    model: Model
    judge: Judge
    numbers: list[int]
    began: tuple[int, float] = (0, 0.0)
    rounds: int = 0
    wall_s: dict[str, float] = field(default_factory=dict)


def control_gains(airframe: Airframe) -> Gains:
    """Return every parameter of the control."""
    return {row.id: stored(airframe.params[0], row) for row in TABLE if row.path.startswith("control.")}


def frequencies(dt: float) -> np.ndarray:
    """Return the frequencies of the search in Hz."""
    return np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.35 / dt), POINTS)


def plant_numbers(count: int) -> list[int]:
    """Return the vehicle as told, and with any others the corners of what it could be before them."""
    return [0, *plants.CORNERS, *range(1, count + 1)] if count > 0 else [0]


def heard(airframe: Airframe, seed: int, numbers: list[int], share: Share | None = None) -> Model:
    """Return the model of numbered plants about an airframe."""
    dt, parts = 1.0 / airframe.loop_rate_hz, []
    for first in range(0, len(numbers), CHUNK):
        hovering = rigs.build(airframe, seed, numbers[first : first + CHUNK], cloud=plants.USUAL)
        parts.append(listened(hovering, airframe, frequencies(dt)))
        if share:
            done = min(first + CHUNK, len(numbers))
            share(done / len(numbers), f"listening to plant {done} of {len(numbers)}")
    return joined(parts)


def share_per_acc(airframe: Airframe) -> np.ndarray:
    """Return the share of full thrust each rotor gives for 1 rad/s2 about each axis."""
    known = airframe.params[0].airframe
    n = known.rotor_count
    arms = [np.abs(known.rotor_y[:n]).sum(), np.abs(known.rotor_x[:n]).sum(), n * known.torque_per_thrust_m]
    return np.array(known.inertia) / (known.thrust_max_n * np.array(arms))


def all_margins(judge: Judge, model: Model, gains: Gains) -> dict[str, Margins]:
    """Return the margins of every loop of every plant of a model."""
    found = closed(model, gains, judge.motor_lag_s)
    return {name: margins(model.f_hz, L[None]) for name, L in found.L.items()}


def worst_plants(judge: Judge, model: Model, gains: Gains, stage: Stage, count: int) -> list[int]:
    """Return the plants that fall furthest short of the demands in one stage's loops, none that meet them."""
    kept = all_margins(judge, model, gains)
    short = sum(
        (shortfall(kept[name], slice(0, None), WORST)[0] for name in stage.loops), np.zeros(len(model))
    )
    return [int(i) for i in np.argsort(-short)[:count] if short[i] > 0.0]


def tune(
    airframe: Airframe, seed: int = 1, count: int = 100, share: Share | None = None,
    kept: Any = None,
) -> Tuning:  # fmt: skip
    """Find gains for an airframe and `count` vehicles it could be; `kept` remembers finished searches (see resume)."""
    began, flown = time.monotonic(), (rigs.tally.flights, rigs.tally.simulated_s)
    before, numbers = control_gains(airframe), plant_numbers(count)
    model = heard(airframe, seed, numbers, scaled(share, 0.0, 0.4))
    judge = Judge(model, float(airframe.params[0].airframe.motor_lag_s), share_per_acc(airframe))
    done = Tuning(airframe, before, dict(before), model, judge, numbers, flown)
    done.wall_s["listening"] = time.monotonic() - began
    for number, stage in enumerate(STAGES):
        part = scaled(share, 0.4 + 0.15 * number, 0.55 + 0.15 * number)
        done.gains = tuned_stage(done, stage, seed, part, kept)
    done.wall_s["searching"] = time.monotonic() - began - done.wall_s["listening"]
    return done


def starts(done: Tuning, stage: Stage) -> list[Gains]:
    """Return where the searches of a stage begin: designs that know nothing of the gains there were."""
    judge, lag_s = done.judge, done.judge.motor_lag_s
    if stage.name != "tilt":
        return [designed(judge.model, done.gains, lag_s, stage.name)]
    return [
        designed(judge.model, done.gains | basis(lag_s, lead), lag_s, stage.name, damping)
        for lead, damping in LEADS
    ]


def tuned_stage(done: Tuning, stage: Stage, seed: int, share: Share | None, kept: Any) -> Gains:
    """Search one stage on few plants; add the plants that fall short until none does."""
    chosen = list(range(min(FIRST_PLANTS, len(done.model))))
    done.judge.model = done.model.pick(np.array(chosen))
    begins, sigma = starts(done, stage), SIGMA
    for attempt in range(ROUNDS):
        part = scaled(share, attempt / ROUNDS, (attempt + 1) / ROUNDS)
        found = []
        for number, own in enumerate(begins):
            key = f"{stage.name}-{attempt}-{number}"
            found.append(searched(done, stage, own, (key, seed + 1000 * number + attempt, sigma), part, kept))
        gains = begins[0] | min(found, key=lambda result: float(result["cost"]))["gains"]
        done.rounds += 1
        more = [i for i in worst_plants(done.judge, done.model, gains, stage, MORE_PLANTS) if i not in chosen]
        if not more:
            break
        chosen, sigma, begins = chosen + more, SIGMA_AGAIN, [gains]
        done.judge.model = done.model.pick(np.array(chosen))
    return gains


def ids_of(stage: Stage) -> tuple[str, ...]:
    """Return the parameters that a stage chooses."""
    return tuple(id for knob in stage.knobs for id in knob.ids)


def searched(
    done: Tuning, stage: Stage, gains: Gains, which: tuple[str, int, float], share: Share | None, kept: Any
) -> dict[str, Any]:  # fmt: skip
    """Return cost and gains of one search (its key, seed and first spread), from memory where it is finished."""
    key, seed, sigma = which
    if kept is not None and kept.has(key):
        return dict(kept.found[key])
    generation = iter(range(GENERATIONS))

    def tell(cost: float) -> None:
        if share:
            share(next(generation, GENERATIONS) / GENERATIONS, f"{key}: cost {cost:.3f}")

    best = search(done.judge, stage, gains, seed, sigma, GENERATIONS, tell)
    result = {"cost": best.cost, "gains": {id: best.gains[id] for id in ids_of(stage)}}
    if kept is not None:
        kept.keep(key, result)
    return result


def scaled(share: Share | None, low: float, high: float) -> Share | None:
    """Return a progress report for a part of the whole."""
    return (lambda part, text: share(low + (high - low) * part, text)) if share else None
