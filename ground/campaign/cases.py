"""Which flights a campaign consists of: every fault in every phase, again and again with other vehicles and winds.

A case follows from the campaign and its number alone, so the first thousand of a campaign are the same however long
it is, whoever flies them.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from ground.campaign.definition import Campaign, Kind, Vehicle
from ground.campaign.jobs import Job

# Cases looked at together for jobs, and the most that fly side by side.
WINDOW = 768
MOST_TOGETHER = 96
# When in its phase a fault begins; some phases last longer than others.
BEGINS_S = 0.1, 1.5
SHORT_S = 0.1, 0.8
BOOT_S = 0.1, 4.0
SPANS = {"ground": BOOT_S, "takeoff": SHORT_S, "touchdown": SHORT_S}
# The second of two faults comes up to so long after the first.
APART_S = 4.0
SEEDS_PER_CAMPAIGN = 100_000_000
NOTHING = Kind("none", "none", "")


@dataclass(frozen=True)
class Case:
    """One flight: faults without their time, in the order they begin; the first begins `begins_s` into the phase."""

    number: int
    group: str
    vehicle: Vehicle
    kinds: tuple[Kind, ...]
    phase: str
    begins_s: float
    apart_s: float
    rotor: int
    wind_m_s: float
    wind_from_deg: float
    turbulence: str
    seed: int

    def params(self) -> dict[str, float]:
        """Return the parameters this flight needs."""
        chosen = dict(self.vehicle.set)
        for kind in self.kinds:
            chosen |= kind.needs
        return chosen

    def faults(self, cells: int) -> list[list[Any]]:
        """Return each fault as text, how long after the first it begins and how long it lasts."""
        return [
            [written(kind, self.rotor, cells), i * self.apart_s, kind.lasts_s]
            for i, kind in enumerate(self.kinds)
            if kind.what
        ]


def written(kind: Kind, rotor: int, cells: int) -> str:
    """Return a fault as `--fault` takes it, without its time."""
    what = kind.what.replace("?", str(rotor))
    if not kind.is_per_cell:
        return what
    head, _, size = what.partition("=")
    return f"{head}={float(size) * cells:.4g}"


@cache
def parts_of(airframe: str, sensors: str) -> tuple[frozenset[str], int, int]:
    """Return which parts a vehicle carries that can fail, how many motors and battery cells."""
    from flight.airframe import load
    from sim.troubles import KINDS
    from sim.vehicle import setup_for

    vehicle = load(airframe)
    presets = setup_for(vehicle, sensors)[0].presets
    carried = {name for name in presets.dtype.names if presets[name].timing.interval_us > 0}
    return (
        frozenset(carried | {"motor", *KINDS}),
        len(vehicle.physics["rotor"]),
        int(vehicle.params[0].airframe.cells),
    )


def carries(vehicle: Vehicle, kind: Kind) -> bool:
    """Tell whether a vehicle has the part that fails."""
    return not kind.what or kind.part in parts_of(vehicle.airframe, vehicle.sensors)[0]


def cells_of(campaign: Campaign) -> list[tuple[Kind, str]]:
    """Return every fault with every phase, in an order without meaning."""
    flown = [k for k in campaign.kinds if any(carries(v, k) for v in campaign.vehicles)]
    pairs = [(kind, phase) for kind in flown for phase in campaign.phases]
    order = np.random.default_rng([campaign.seed, 1]).permutation(len(pairs))
    return [pairs[i] for i in order]


class Dice:
    """Draw the cases of a campaign by their number."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.cells = cells_of(campaign)
        self.singles = [kind for kind in campaign.kinds if kind.group == "single"]

    def case(self, number: int) -> Case:
        """Return one case."""
        rng = np.random.default_rng([self.campaign.seed, 2, number])
        group, kinds, phase = self.chosen(number, rng)
        able = [v for v in self.campaign.vehicles if all(carries(v, kind) for kind in kinds)]
        shares = np.array([v.share for v in able])
        vehicle = able[rng.choice(len(able), p=shares / shares.sum())]
        low_s, high_s = SPANS.get(phase, BEGINS_S)
        return Case(
            number,
            group,
            vehicle,
            kinds,
            phase,
            round(float(rng.uniform(low_s, high_s)), 3),
            round(float(rng.uniform(0.0, APART_S)), 3),
            int(rng.integers(1, 1 + parts_of(vehicle.airframe, vehicle.sensors)[1])),
            float(rng.choice(vehicle.wind_m_s)),
            float(rng.integers(0, 360)),
            str(rng.choice(vehicle.turbulence)),
            self.campaign.seed * SEEDS_PER_CAMPAIGN + number,
        )

    def chosen(self, number: int, rng: np.random.Generator) -> tuple[str, tuple[Kind, ...], str]:
        """Return group, faults and phase of a case: without a fault, with two, or the next of all singles."""
        phase = str(rng.choice(self.campaign.phases))
        lot = float(rng.uniform())
        if lot < self.campaign.control or not self.cells:
            return "none", (NOTHING,), phase
        if lot < self.campaign.control + self.campaign.doubles:
            pair = self.pair(rng)
            if pair:
                return "double", pair, phase
        kind, phase = self.cells[number % len(self.cells)]
        return kind.group, (kind,), phase

    def pair(self, rng: np.random.Generator) -> tuple[Kind, ...]:
        """Return two faults of different parts that one vehicle can have; nothing if luck is out."""
        for _ in range(20):
            if len(self.singles) < 2:
                break
            first, second = (self.singles[i] for i in rng.choice(len(self.singles), 2, replace=False))
            able = any(carries(v, first) and carries(v, second) for v in self.campaign.vehicles)
            if first.part != second.part and able:
                return first, second
        return ()


def jobs_of(campaign: Campaign) -> Iterator[Job]:
    """Yield the flights of a campaign as jobs of those that can fly side by side, in windows of their numbers."""
    dice = Dice(campaign)
    for first in range(0, campaign.flights, WINDOW):
        cases = [dice.case(n) for n in range(first, min(first + WINDOW, campaign.flights))]
        yield from jobs_together(campaign, cases)


def jobs_together(campaign: Campaign, cases: list[Case]) -> Iterator[Job]:
    """Yield jobs of cases that share vehicle and mission."""
    alike: dict[tuple[Any, ...], list[Case]] = {}
    for case in cases:
        vehicle = case.vehicle
        key = vehicle.airframe, vehicle.mission, vehicle.sensors
        alike.setdefault(key, []).append(case)
    for group in alike.values():
        for i in range(0, len(group), MOST_TOGETHER):
            yield job_of(campaign, group[i : i + MOST_TOGETHER])


def job_of(campaign: Campaign, cases: list[Case]) -> Job:
    """Return one job; its key names its first flight, which no other job has."""
    vehicle = cases[0].vehicle
    cells = parts_of(vehicle.airframe, vehicle.sensors)[2]
    task = {
        "airframe": vehicle.airframe,
        "mission": vehicle.mission,
        "sensors": vehicle.sensors,
        "longest_s": campaign.longest_s,
        "cases": [told(case, cells) for case in cases],
    }
    return Job(f"{cases[0].number}+{len(cases)}", task)


def told(case: Case, cells: int) -> dict[str, Any]:
    """Return a case as it travels."""
    names = [kind.name for kind in case.kinds]
    whole = asdict(case) | {"names": names, "faults": case.faults(cells), "set": case.params()}
    who = {
        "airframe": case.vehicle.airframe,
        "mission": case.vehicle.mission,
        "sensors": case.vehicle.sensors,
    }
    return {
        key: value for key, value in whole.items() if key not in ("vehicle", "kinds", "rotor", "apart_s")
    } | who
