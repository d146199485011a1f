"""Tune an airframe: draw the vehicles it could be, find gains for them all, and see what they are worth."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.errors import ConfigError
from flight.parameter import stored
from flight.params import TABLE
from ground.campaign.jobs import Crew, Job
from ground.tuning import plants, rigs
from ground.tuning.design import basis, designed
from ground.tuning.loops import Gains, closed
from ground.tuning.margins import Margins, margins
from ground.tuning.model import EMPTY_CELL_V, SPENT, Model, joined
from ground.tuning.pieces import Share, collected, heard, here, seek
from ground.tuning.search import STAGES, WORST, Judge, Stage, shortfall

# A search begins with these plants.
BOUNDS = (0, *plants.CORNERS, *plants.NEARER_CORNERS)
GENERATIONS, ROUNDS = 100, 5
SIGMA, SIGMA_AGAIN = 0.2, 0.06
MORE_PLANTS = 4
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
    spent: int = 0
    began: tuple[int, float] = (0, 0.0)
    rounds: int = 0
    wall_s: dict[str, float] = field(default_factory=dict)


def control_gains(airframe: Airframe) -> Gains:
    """Return every parameter of the control."""
    return {row.id: stored(airframe.params[0], row) for row in TABLE if row.path.startswith("control.")}


def plant_numbers(count: int) -> list[int]:
    """Return the vehicle as told, and with any others the corners of what it could be and those at its edge."""
    return [0, *plants.CORNERS, *range(1, count + 1), *plants.EDGES] if count > 0 else [0]


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
    kept: Any = None, crew: Crew | None = None,
) -> Tuning:  # fmt: skip
    """Find gains for an airframe and `count` vehicles it could be; `kept` remembers finished searches (see resume)."""
    began, flown, crew = time.monotonic(), (rigs.tally.flights, rigs.tally.simulated_s), crew or here()
    before, numbers = control_gains(airframe), plant_numbers(count)
    asked = len(numbers)
    model, numbers = that_hover(heard(airframe, seed, numbers, crew, scaled(share, 0.0, 0.4)), numbers)
    spent = asked - len(numbers)
    if count > 0:
        model, numbers = with_nearer_corners(model, numbers, airframe, seed, crew)
    judge = Judge(model, float(airframe.params[0].airframe.motor_lag_s), share_per_acc(airframe))
    done = Tuning(airframe, before, dict(before), model, judge, numbers, spent, flown)
    done.wall_s["listening"] = time.monotonic() - began
    for number, stage in enumerate(STAGES):
        part = scaled(share, 0.4 + 0.15 * number, 0.55 + 0.15 * number)
        done.gains = tuned_stage(done, stage, seed, part, kept, crew)
    done.wall_s["searching"] = time.monotonic() - began - done.wall_s["listening"]
    return done


def that_hover(model: Model, numbers: list[int]) -> tuple[Model, list[int]]:
    """Return model and numbers of the plants that can hover; raise ConfigError when the vehicle itself cannot."""
    spent = model.is_spent()
    if spent[0]:
        raise ConfigError(
            f"the vehicle hovers with a rotor at {100.0 * model.effort[0, 0]:.0f} % throttle: "
            f"nothing is left to steer with; allowed is at most {100.0 * SPENT:.0f} %, "
            f"and a cell of the battery must keep {EMPTY_CELL_V:g} V"
        )
    return model.pick(np.flatnonzero(~spent)), [n for n, out in zip(numbers, spent, strict=True) if not out]


def with_nearer_corners(
    model: Model, numbers: list[int], airframe: Airframe, seed: int, crew: Crew
) -> tuple[Model, list[int]]:
    """Return model and numbers with the farthest corner that hovers for each that cannot: the worst is at the edge."""
    out = [corner for corner in plants.CORNERS if corner not in numbers]
    nearer = [n for n in plants.NEARER_CORNERS if plants.corner_of(n) in out]
    if not nearer:
        return model, numbers
    found = heard(airframe, seed, nearer, crew)
    able = [i for i, is_out in enumerate(found.is_spent()) if not is_out]
    # Of one corner the farthest comes first.
    first = {plants.corner_of(nearer[i]): i for i in reversed(able)}
    which = sorted(first.values())
    return joined([model, found.pick(np.array(which, int))]), numbers + [nearer[i] for i in which]


def starts(done: Tuning, stage: Stage) -> list[Gains]:
    """Return where the searches of a stage begin: designs that know nothing of the gains there were."""
    judge, lag_s = done.judge, done.judge.motor_lag_s
    if stage.name != "tilt":
        return [designed(judge.model, done.gains, lag_s, stage.name)]
    return [
        designed(judge.model, done.gains | basis(lag_s, lead), lag_s, stage.name, damping)
        for lead, damping in LEADS
    ]


def tuned_stage(
    done: Tuning, stage: Stage, seed: int, share: Share | None, kept: Any, crew: Crew
) -> Gains:  # fmt: skip
    """Search one stage on few plants; add the plants that fall short until none does."""
    chosen = [i for i, number in enumerate(done.numbers) if number in BOUNDS]
    done.judge.model = done.model.pick(np.array(chosen))
    begins, sigma = starts(done, stage), SIGMA
    for attempt in range(ROUNDS):
        part = scaled(share, attempt / ROUNDS, (attempt + 1) / ROUNDS)
        jobs = [
            search_job(done, stage, own, f"{stage.name}-{attempt}-{i}", seed + 1000 * i + attempt, sigma)
            for i, own in enumerate(begins)
        ]
        found = searched(done, jobs, part, kept, crew)
        gains = begins[0] | min(found, key=lambda result: float(result["cost"]))["gains"]
        done.rounds += 1
        more = [i for i in worst_plants(done.judge, done.model, gains, stage, MORE_PLANTS) if i not in chosen]
        if not more:
            break
        chosen, sigma, begins = chosen + more, SIGMA_AGAIN, [gains]
        done.judge.model = done.model.pick(np.array(chosen))
    return gains


def search_job(done: Tuning, stage: Stage, gains: Gains, key: str, seed: int, sigma: float) -> Job:
    """Return a search as a job: all it depends on."""
    judge = done.judge
    about = {"model": judge.model, "motor_lag_s": judge.motor_lag_s, "share_per_acc": judge.share_per_acc}
    how = {"gains": gains, "seed": seed, "sigma": sigma, "generations": GENERATIONS}
    return Job(key, about | how | {"stage": stage.name})


def searched(
    done: Tuning, jobs: list[Job], share: Share | None, kept: Any, crew: Crew
) -> list[dict[str, Any]]:
    """Return what the searches found, from memory where they are finished."""
    known = {job.key: kept.found[job.key] for job in jobs if kept is not None and kept.has(job.key)}
    missing = [job for job in jobs if job.key not in known]

    def tell(part: float, result: dict[str, Any]) -> None:
        done.judge.evaluations += result["evaluations"]
        done.judge.loops_seen += result["loops"]
        if share:
            share(part, f"{jobs[0].key}: cost {result['cost']:.3f}")

    def keep(key: str, result: dict[str, Any]) -> None:
        if kept is not None:
            kept.keep(key, result)

    found = known | collected(crew, seek, missing, tell, keep)
    return [found[job.key] for job in jobs]


def scaled(share: Share | None, low: float, high: float) -> Share | None:
    """Return a progress report for a part of the whole."""
    return (lambda part, text: share(low + (high - low) * part, text)) if share else None
