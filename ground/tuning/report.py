"""What a tuning is worth: margins of the compiled loop, trial flights of every plant, advice in plain words."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ground.campaign.jobs import Crew
from ground.tuning import pieces, trials
from ground.tuning.analysis import Analysis, Share, analyse
from ground.tuning.loops import Gains
from ground.tuning.margins import Margins
from ground.tuning.plants import FIRST_CORNER, FIRST_EDGE
from ground.tuning.rigs import tally
from ground.tuning.search import IDS, NOMINAL, STAGES, WORST, Demands
from ground.tuning.tuner import Tuning, all_margins, scaled

# Plants that are flown, the first of the cloud; the others' loops are looked at.
MOST_FLOWN = 64
WORST_IS_LEAST = (
    "phase_margin_deg",
    "gain_margin_db",
    "delay_margin_s",
    "crossover_hz",
    "bandwidth_hz",
    "rejection_hz",
)
# A gain is a fifth more or less for its sensitivity.
TURN = 1.2


@dataclass
class Proof:
    """A tuning with its proofs."""

    done: Tuning
    seed: int
    nominal: Analysis
    cloud: dict[str, Margins]
    before: trials.Trials
    after: trials.Trials
    began: tuple[int, float]
    wall_s: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def chosen(self) -> Gains:
        """Return the gains that were found, without everything that was left as it was."""
        return {name: round(self.done.gains[name], 5) for name in IDS}

    def remark(self) -> str:
        """Say in a line where the gains come from."""
        return f"seed {self.seed}, robust over {self.plants()} plants and the corners about {self.done.airframe.name}"

    def plants(self) -> int:
        """Return how many plants were drawn at random."""
        return sum(0 < number < FIRST_CORNER for number in self.done.numbers)

    def worst(self) -> dict[str, dict[str, float]]:
        """Return the worst of every margin over the plants; rise and overshoot of roll from its flights."""
        return {name: worst_of(kept) | self.flown(name) for name, kept in self.cloud.items()}

    def flown(self, name: str) -> dict[str, float]:
        """Return the worst rise and overshoot where plants have flown the step: of roll."""
        if name != "attitude_roll":
            return {"rise_s": math.nan, "overshoot": math.nan}
        rise, overshoot = self.after.rise_s(), self.after.overshoot()
        return {"rise_s": float(np.nanmax(rise)), "overshoot": float(overshoot.max())}

    def figures(self) -> dict[str, Any]:
        """Return the figures of the command line's contract."""
        return {
            "airframe": self.done.airframe.name,
            "gains": self.chosen(),
            "nominal": self.nominal.figures(),
            "worst": self.worst(),
            "plants": self.plants(),
            "flights": tally.flights - self.began[0],
            "simulated_s": tally.simulated_s - self.began[1],
            "evaluations": self.done.judge.evaluations,
            "loops_weighed": self.done.judge.loops_seen,
            "wall_s": self.wall_s,
            "rms_before_m": float(self.before.rms_m[0]),
            "rms_after_m": float(self.after.rms_m[0]),
            "rms_worst_m": float(self.after.rms_m.max()),
            "gust_before_m": float(self.before.gust_m[0]),
            "gust_after_m": float(self.after.gust_m[0]),
            "roll_rise_s": float(self.after.rise_s()[0]),
            "spent": self.done.spent,
            "lost": int(self.after.is_lost.sum()),
            "behind": int(self.after.is_behind.sum()),
            "is_proven": self.is_proven(),
            "advice": self.advice(),
        }

    def failings(self) -> list[str]:
        """Return every demand that is not met, in words."""
        found = []
        for name in self.cloud:
            found += unmet(f"{name} as told", self.nominal.margins[name].of(0), NOMINAL)
            found += unmet(f"{name} of the worst plant", worst_of(self.cloud[name]), WORST)
        if self.after.is_lost.any():
            found.append(
                f"{int(self.after.is_lost.sum())} of {len(self.after.is_lost)} plants are lost in trial flights"
            )
        return found

    def is_proven(self) -> bool:
        """Tell whether every demand is met."""
        return not self.failings()

    def advice(self) -> list[str]:
        """Return what a person should know and could do, in plain words."""
        return [*self.failings(), *self.remarks, tightest(self.cloud, self.done.numbers)]


def unmet(what: str, loop: dict[str, float], asked: Demands) -> list[str]:
    """Return which demands one loop does not meet."""
    if not loop["is_stable"]:
        return [f"{what}: unstable"]
    found = []
    if not loop["phase_margin_deg"] >= asked.phase_deg:
        found.append(f"{what}: phase margin {loop['phase_margin_deg']:.1f} deg, asked {asked.phase_deg:g}")
    if not loop["gain_margin_db"] >= asked.gain_db:
        found.append(f"{what}: gain margin {loop['gain_margin_db']:.1f} dB, asked {asked.gain_db:g}")
    if not loop["ms"] <= asked.ms:
        found.append(f"{what}: Ms {loop['ms']:.2f}, asked {asked.ms:g}")
    return found


def worst_of(kept: Margins) -> dict[str, float]:
    """Return the worst of each margin over plants."""
    least = {name: float(np.nanmin(getattr(kept, name))) for name in WORST_IS_LEAST}
    most = {name: float(np.nanmax(getattr(kept, name))) for name in ("ms", "mt")}
    return least | most | {"is_stable": bool(kept.is_stable.all())}


def tightest(cloud: dict[str, Margins], numbers: list[int]) -> str:
    """Say which loop of which plant is closest to its bounds."""
    name = max(cloud, key=lambda loop: float(cloud[loop].ms.max()))
    number = numbers[int(cloud[name].ms.argmax())]
    plant = f"plant {number}"
    if number >= FIRST_CORNER:
        plant = f"corner {number - FIRST_CORNER}" if number < FIRST_EDGE else f"edge {number - FIRST_EDGE}"
    return (
        f"the tightest loop is {name} with Ms {float(cloud[name].ms.max()):.2f} in {plant}: "
        "knowing mass, thrust and motor lag better would buy more there than any gain"
    )


def proven(done: Tuning, seed: int, share: Share | None = None, crew: Crew | None = None) -> Proof:
    """Analyse the vehicle as told with the gains found, and fly them with the plants of the cloud."""
    began_s = time.monotonic()
    numbers = done.numbers[: MOST_FLOWN + 1]
    better = trials.tuned(done.airframe, done.gains)
    nominal = analyse(better, scaled(share, 0.9, 0.95))
    before = pieces.flown(done.airframe, done.before, seed, numbers, crew)
    after = pieces.flown(done.airframe, done.gains, seed, numbers, crew)
    cloud = all_margins(done.judge, done.model, done.gains)
    proof = Proof(done, seed, nominal, cloud, before, after, done.began)
    proof.remarks = remarks(proof)
    proof.wall_s = sum(done.wall_s.values()) + time.monotonic() - began_s
    return proof


def remarks(proof: Proof) -> list[str]:
    """Return what the vehicle's own numbers say about what limits it."""
    known, told = proof.done.airframe.params[0].airframe, []
    if proof.done.spent:
        told.append(
            f"{proof.done.spent} of the vehicles it could be cannot hover and are left out: too weak or too heavy"
        )
    if behind := int(proof.after.is_behind.sum()):
        told.append(
            f"{behind} of the vehicles it could be have no thrust left to lean for the figure-8: they hover"
        )
    filters = math.sqrt(2.0) / (2.0 * math.pi) * (1.0 / proof.done.gains["FILT_GYRO_HZ"])
    if known.motor_lag_s > 0.04:
        told.append(
            f"the motors' lag of {1e3 * known.motor_lag_s:.0f} ms limits roll and pitch: "
            "faster ESCs or lighter propellers"
        )
    if filters > 0.25 * known.motor_lag_s:
        told.append(
            f"the gyro filter costs {1e3 * filters:.1f} ms: less vibration would allow a higher FILT_GYRO_HZ"
        )
    ratio = known.rotor_count * known.thrust_max_n / (known.mass_kg * 9.80665)
    if ratio < 2.0:
        told.append(f"thrust is only {ratio:.1f} times the weight: strong wind leaves nothing to steer with")
    if not proof.after.rms_m[0] <= proof.before.rms_m[0]:
        told.append(
            "the figure-8 is followed less closely than before: the gains before had less margin to spare"
        )
    return told


def sensitivities(done: Tuning) -> list[tuple[str, float, float, float]]:
    """Return per knob: its value, and by which factor the worst Ms changes when it is a fifth more, less."""
    found = []
    for stage in STAGES:
        whole = worst_ms(done, stage.loops, done.gains)
        for knob in stage.knobs:
            value = done.gains[knob.ids[0]]
            more, less = (
                worst_ms(done, stage.loops, done.gains | dict.fromkeys(knob.ids, min(turned, knob.high)))
                / whole
                for turned in (value * TURN, value / TURN)
            )
            found.append((" ".join(knob.ids), value, more, less))
    return found


def worst_ms(done: Tuning, loops: tuple[str, ...], gains: Gains) -> float:
    """Return the greatest peak of S over some loops and all plants."""
    kept = all_margins(done.judge, done.model, gains)
    return max(float(np.where(kept[n].is_stable, kept[n].ms, np.inf).max()) for n in loops)
