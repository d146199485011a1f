"""Whether the tuner suits anyone: many airframes tuned from nothing, held to plants that the tuning never saw."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from flight.airframe import Airframe, load, names
from flight.params import BY_ID
from flight.physics import STANDARD_GRAVITY
from ground.campaign.jobs import Crew, Job, finished
from ground.tuning import anyone, rigs, trials
from ground.tuning.analysis import analyse
from ground.tuning.margins import Margins
from ground.tuning.pieces import flown, heard
from ground.tuning.report import unmet, worst_of
from ground.tuning.search import IDS, NOMINAL, WORST
from ground.tuning.tuner import Tuning, all_margins, control_gains, tune

# Plants drawn with other seeds than the tuning's.
HELD_OUT = 7919
# Frequencies at which these are looked at: a peak between those of the search must not hide.
FINE = 192
# How wrong the gains may be that a vehicle comes with.
WRONG = (0.25, 4.0)


@dataclass(frozen=True)
class Verdict:
    """One airframe's tuning: the worst margin over all loops, nominal and of plants not seen before, and flights."""

    airframe: str
    mass_kg: float
    thrust_per_weight: float
    motor_lag_s: float
    phase_deg: float
    gain_db: float
    ms: float
    plants: int
    worst_phase_deg: float
    worst_gain_db: float
    worst_ms: float
    tightest: str
    short: int
    spent: int
    flown: int
    lost: int
    behind: int
    roll_rise_s: float
    gust_m: float
    is_same_from_wrong: bool
    evaluations: int
    simulated_s: float
    wall_s: float
    cpu_s: float
    failings: tuple[str, ...]
    gains: dict[str, float]

    def is_met(self) -> bool:
        """Tell whether every demand is met."""
        return not self.failings


def jobs_of(count: int, seed: int, robust: int, plants: int, flights: int) -> list[Job]:
    """Return a job for each airframe that comes with Quadloop and for `count` random ones."""
    how = {"seed": seed, "robust": robust, "plants": plants, "flights": flights}
    known = [Job(name, how | {"name": name}) for name in names()]
    return known + [Job(f"any-{seed}-{i}", how | {"number": i}) for i in range(1, count + 1)]


def judge(task: dict[str, Any]) -> dict[str, Any]:
    """Return one airframe's verdict as figures of JSON."""
    airframe = load(task["name"]) if "name" in task else anyone.airframe(task["seed"], task["number"])
    return row(judged(airframe, task["seed"], task["robust"], task["plants"], task["flights"]))


def judge_all(
    jobs: list[Job], crew: Crew, kept: Any, share: Callable[[float, str], None]
) -> list[dict[str, Any]]:
    """Have every airframe judged that is not kept already; return all verdicts in order."""
    for job in finished(crew, judge, jobs, kept.has, kept.keep):
        share(len(kept.found) / len(jobs), f"{len(kept.found)} of {len(jobs)} airframes, last {job.key}")
    return [kept.found[job.key] for job in jobs]


def judged(airframe: Airframe, seed: int, robust: int, plants: int, flights: int) -> Verdict:
    """Tune an airframe and look at it as told, at plants held out, and at flights of them."""
    began, before_s = (time.monotonic(), time.process_time()), rigs.tally.simulated_s
    done = tune(airframe, seed, robust)
    wall_s, cpu_s = time.monotonic() - began[0], time.process_time() - began[1]
    simulated_s = rigs.tally.simulated_s - before_s
    nominal = analyse(trials.tuned(airframe, done.gains)).margins
    model = heard(airframe, seed + HELD_OUT, list(range(plants + 1)), points=FINE)
    kept, spent = all_margins(done.judge, model, done.gains), model.is_spent()
    able = [int(i) for i in np.flatnonzero(~spent)[: flights + 1]]
    flights_of = flown(airframe, done.gains, seed + HELD_OUT, able)
    short = falling_short(kept) & ~spent
    same = all(is_heard_alike(airframe, seed, factor) for factor in WRONG)
    return Verdict(
        **about(airframe), **figures(nominal), **figures(kept, ~spent, "worst_"),
        tightest=tightest(kept, ~spent), plants=plants, short=int(short.sum()), spent=int(spent.sum()), flown=len(able),
        lost=int(flights_of.is_lost.sum()), behind=int(flights_of.is_behind.sum()),
        roll_rise_s=float(flights_of.rise_s()[0]), gust_m=float(flights_of.gust_m[0]), is_same_from_wrong=same,
        evaluations=done.judge.evaluations, simulated_s=simulated_s, wall_s=wall_s, cpu_s=cpu_s,
        failings=tuple(failings(done, nominal, short, flights_of, same)),
        gains={id: round(done.gains[id], 5) for id in IDS},
    )  # fmt: skip


def about(airframe: Airframe) -> dict[str, Any]:
    """Return what kind of vehicle it is."""
    known = airframe.params[0].airframe
    thrust = known.rotor_count * known.thrust_max_n
    return {
        "airframe": airframe.name,
        "mass_kg": float(known.mass_kg),
        "thrust_per_weight": float(thrust / (known.mass_kg * STANDARD_GRAVITY)),
        "motor_lag_s": float(known.motor_lag_s),
    }


def figures(kept: dict[str, Margins], which: Any = slice(None), prefix: str = "") -> dict[str, Any]:
    """Return the worst margins over all loops of some plants."""
    return {
        f"{prefix}phase_deg": min(float(m.phase_margin_deg[..., which].min()) for m in kept.values()),
        f"{prefix}gain_db": min(float(m.gain_margin_db[..., which].min()) for m in kept.values()),
        f"{prefix}ms": max(float(m.ms[..., which].max()) for m in kept.values()),
    }


def tightest(kept: dict[str, Margins], which: np.ndarray) -> str:
    """Name the loop and the plant with the greatest peak of S."""
    worst = {name: np.where(which, m.ms[0], 0.0) for name, m in kept.items()}
    name = max(worst, key=lambda loop: float(worst[loop].max()))
    return f"{name} of plant {int(worst[name].argmax())}"


def falling_short(kept: dict[str, Margins]) -> np.ndarray:
    """Return which plants fall short of what is asked of any plant."""
    good = [
        m.is_stable
        & (m.phase_margin_deg >= WORST.phase_deg)
        & (m.gain_margin_db >= WORST.gain_db)
        & (m.ms <= WORST.ms)
        for m in kept.values()
    ]
    return ~np.logical_and.reduce(good)[0]


def failings(
    done: Tuning, nominal: dict[str, Margins], short: np.ndarray, flown: trials.Trials, same: bool
) -> Iterator[str]:
    """Say what is not as it should be."""
    for name, found in nominal.items():
        yield from unmet(f"{name} as told", worst_of(found), NOMINAL)
    if short.any():
        yield f"{int(short.sum())} of {len(short) - 1} plants have less margin than asked"
    if flown.is_lost.any():
        yield f"{int(flown.is_lost.sum())} of {len(flown.is_lost)} plants are lost in trial flights"
    if not same:
        yield "other gains to begin with give another tuning"


def is_heard_alike(airframe: Airframe, seed: int, factor: float) -> bool:
    """Tell whether the tuner hears the very same vehicle from gains wrong by a factor: all else follows from that."""
    return heard(airframe, seed, [0]).is_same(heard(mistuned(airframe, factor), seed, [0]))


def mistuned(airframe: Airframe, factor: float) -> Airframe:
    """Return an airframe with every gain and cut-off that the tuner chooses wrong by a factor, within its range."""
    own = control_gains(airframe)
    return trials.tuned(
        airframe, {id: min(max(factor * own[id], BY_ID[id].low), BY_ID[id].high) for id in IDS}
    )


def row(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as figures of JSON."""
    return plain(asdict(verdict) | {"is_met": verdict.is_met()})


def plain(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures as JSON would give them back; what is no number is None."""
    lost = {name: None for name, v in figures.items() if isinstance(v, float) and not math.isfinite(v)}
    return figures | lost | {"failings": list(figures["failings"])}
