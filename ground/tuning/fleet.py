"""Whether the tuner suits anyone: many airframes tuned from nothing, held to plants that the tuning never saw."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from flight.airframe import Airframe, load, names
from flight.params import BY_ID
from flight.physics import STANDARD_GRAVITY
from ground.tuning import anyone, rigs, trials
from ground.tuning.analysis import analyse
from ground.tuning.margins import Margins
from ground.tuning.report import unmet, worst_of
from ground.tuning.search import IDS, NOMINAL, WORST
from ground.tuning.tuner import Tuning, all_margins, control_gains, heard, tune

# Plants drawn with other seeds than the tuning's.
HELD_OUT = 7919
# How wrong the gains may be that a vehicle comes with.
WRONG = (0.25, 4.0)
# What a vehicle needs to hover beyond this share of its thrust leaves no gains anything to steer with.
SPENT = 0.9


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
    short: int
    spent: int
    flown: int
    lost: int
    roll_rise_s: float
    gust_m: float
    is_same_from_wrong: bool
    evaluations: int
    simulated_s: float
    wall_s: float
    failings: tuple[str, ...]

    def is_met(self) -> bool:
        """Tell whether every demand is met."""
        return not self.failings


def airframes(count: int, seed: int) -> list[Airframe]:
    """Return the airframes that come with Quadloop and `count` random ones."""
    return [load(name) for name in names()] + [anyone.airframe(seed, i) for i in range(1, count + 1)]


def judged(airframe: Airframe, seed: int, robust: int, plants: int, flown: int) -> Verdict:
    """Tune an airframe and look at it as told, at plants held out, and at flights of them."""
    began, flights = time.monotonic(), rigs.tally.simulated_s
    done = tune(airframe, seed, robust)
    wall_s, simulated_s = time.monotonic() - began, rigs.tally.simulated_s - flights
    nominal = analyse(trials.tuned(airframe, done.gains)).margins
    model = heard(airframe, seed + HELD_OUT, [0, *range(1, plants + 1)])
    kept, spent = all_margins(done.judge, model, done.gains), model.hover[:, 0] > SPENT
    flights_of = trials.fly(airframe, done.gains, seed + HELD_OUT, list(range(flown + 1)))
    short = falling_short(kept) & ~spent
    same = all(is_heard_alike(airframe, seed, factor) for factor in WRONG)
    return Verdict(
        **about(airframe), **figures(nominal), **figures(kept, ~spent, "worst_"),
        plants=plants, short=int(short.sum()), spent=int(spent.sum()), flown=flown + 1,
        lost=int(flights_of.is_lost.sum()), roll_rise_s=float(flights_of.rise_s()[0]),
        gust_m=float(flights_of.gust_m[0]), is_same_from_wrong=same,
        evaluations=done.judge.evaluations, simulated_s=simulated_s, wall_s=wall_s,
        failings=tuple(failings(done, nominal, short, flights_of, same)),
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
    return asdict(verdict) | {"is_met": verdict.is_met()}
