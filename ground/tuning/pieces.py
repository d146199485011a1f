"""A tuning in pieces that any crew can do: listening to plants, searching, trial flights.

Each piece depends on its task alone, so that threads, processes and clusters find the same to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.airframe import Airframe
from ground.campaign.jobs import Crew, Job, Threads
from ground.tuning import plants, rigs, trials
from ground.tuning.loops import Gains
from ground.tuning.model import Model, joined, listened
from ground.tuning.search import STAGES, Judge, search

Share = Callable[[float, str], None]
# Frequencies per search: fine enough for peaks of S, few enough to be fast.
POINTS, LOWEST_HZ, HIGHEST_HZ = 64, 0.1, 130.0
CHUNK = 32
STAGE = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class Piece:
    """What came of a piece, and what was flown for it."""

    found: Any
    flights: int
    simulated_s: float


def here() -> Threads:
    """Return the threads that this process works with now."""
    import numba

    return Threads(numba.get_num_threads())


def counted(work: Callable[[], Any]) -> Piece:
    """Do some work and say what was flown for it; who gets the piece counts it."""
    flights, simulated_s = rigs.tally.flights, rigs.tally.simulated_s
    found = work()
    piece = Piece(found, rigs.tally.flights - flights, rigs.tally.simulated_s - simulated_s)
    rigs.tally.flights, rigs.tally.simulated_s = flights, simulated_s
    return piece


def collected(
    crew: Crew, work: Callable[[Any], Piece], jobs: Sequence[Job], tell: Callable[[float, Any], None],
    keep: Callable[[str, Any], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Have the jobs done and return what was found by key, in the order of the jobs; `tell` and `keep` hear of each."""
    found: dict[str, Any] = {}
    for job, piece in crew.run(work, jobs):
        rigs.tally.flights += piece.flights
        rigs.tally.simulated_s += piece.simulated_s
        found[job.key] = piece.found
        if keep:
            keep(job.key, piece.found)
        tell(len(found) / len(jobs), piece.found)
    return {job.key: found[job.key] for job in jobs}


def chunks(numbers: list[int], size: int) -> list[list[int]]:
    """Return the numbers in pieces of at most `size`."""
    return [numbers[first : first + size] for first in range(0, len(numbers), size)]


def frequencies(dt: float, points: int) -> np.ndarray:
    """Return the frequencies of the search or of a closer look in Hz."""
    return np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.35 / dt), points)


def listen(task: dict[str, Any]) -> Piece:
    """Return the model of a few plants about an airframe."""
    airframe = task["airframe"]

    def work() -> Model:
        hovering = rigs.build(airframe, task["seed"], task["numbers"], cloud=plants.USUAL)
        return listened(hovering, airframe, frequencies(hovering.dt, task["points"]))

    return counted(work)


def heard(
    airframe: Airframe, seed: int, numbers: list[int], crew: Crew | None = None, share: Share | None = None,
    points: int = POINTS,
) -> Model:  # fmt: skip
    """Return the model of numbered plants about an airframe."""
    about = {"airframe": airframe, "seed": seed, "points": points}
    jobs = [Job(f"listen-{i}", about | {"numbers": some}) for i, some in enumerate(chunks(numbers, CHUNK))]

    def tell(part: float, _: Model) -> None:
        if share:
            share(part, f"listened to {round(part * len(numbers))} of {len(numbers)} plants")

    return joined(list(collected(crew or here(), listen, jobs, tell).values()))


def seek(task: dict[str, Any]) -> Piece:
    """Return what one search found: cost, gains of its stage, how many were weighed."""
    stage = STAGE[task["stage"]]
    judge = Judge(task["model"], task["motor_lag_s"], task["share_per_acc"])

    def work() -> dict[str, Any]:
        best = search(judge, stage, task["gains"], task["seed"], task["sigma"], task["generations"])
        gains = {id: best.gains[id] for knob in stage.knobs for id in knob.ids}
        weighed = {"evaluations": judge.evaluations, "loops": judge.loops_seen}
        return {"cost": best.cost, "gains": gains, **weighed}

    return counted(work)


def try_out(task: dict[str, Any]) -> Piece:
    """Return the trial flights of a few plants."""
    return counted(lambda: trials.fly(task["airframe"], task["gains"], task["seed"], task["numbers"]))


def flown(
    airframe: Airframe, gains: Gains, seed: int, numbers: list[int], crew: Crew | None = None
) -> trials.Trials:
    """Fly all trials with every plant of the cloud that is numbered."""
    about = {"airframe": airframe, "gains": gains, "seed": seed}
    jobs = [
        Job(f"fly-{i}", about | {"numbers": some}) for i, some in enumerate(chunks(numbers, trials.CHUNK))
    ]
    return trials.joined(list(collected(crew or here(), try_out, jobs, lambda part, _: None).values()))
