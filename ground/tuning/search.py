"""Find gains: CMA-ES (Hansen 2016) on the loops of many plants at once, stage by stage from the inside out."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from cmaes import CMA

from flight.params import BY_ID
from ground.tuning.loops import Gains, Loops, closed
from ground.tuning.margins import Margins, margins
from ground.tuning.model import Model
from ground.tuning.weighing import HALF_POWER


@dataclass(frozen=True)
class Demands:
    """What every loop must keep: phase margin in degrees, gain margin in dB, largest peak of S."""

    phase_deg: float
    gain_db: float
    ms: float


# What is asked for, and with a little to spare for what the model does not know.
NOMINAL, WORST = Demands(50.0, 8.0, 1.7), Demands(40.0, 6.0, 2.0)
SPARE = Demands(2.5, 0.2, 0.05)
# How much an unmet demand costs, per its own size; log of a compliance is what it is weighed against.
PRICE = 30.0
UNSTABLE = 50.0
# Gyro noise of a vehicle that shakes, and how much of the throttle it may move: beyond it costs.
GYRO_NOISE = 1.3e-3
NOISE_SHARE = 0.01
NOISE_PRICE = 2.0
# How much a faster answer to the setpoint is worth beside a stiffer one to disturbances.
QUICKNESS = 1.5
# When the answer to a step of disturbance is looked at.
STEP_TIMES_S = np.geomspace(0.02, 3.0, 32)
POPULATION = 14


@dataclass(frozen=True)
class Knob:
    """A number to choose: the parameters that share it and its range, searched by its logarithm."""

    ids: tuple[str, ...]
    low: float
    high: float

    def value(self, position: float) -> float:
        """Return the value at a place between 0 and 1."""
        return float(self.low * (self.high / self.low) ** min(max(position, 0.0), 1.0))

    def position(self, value: float) -> float:
        """Return the place of a value."""
        inside = min(max(value, self.low), self.high)
        return math.log(inside / self.low) / math.log(self.high / self.low)


@dataclass(frozen=True)
class Stage:
    """Knobs found together; the loops they must keep stable and what they make stiff."""

    name: str
    knobs: tuple[Knob, ...]
    loops: tuple[str, ...]
    stiff: tuple[str, ...]
    noisy: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    # An integral that works faster than this share of P per second would do P's work, and wind up.
    fastest: tuple[tuple[str, str, float], ...] = ()


def tilt(name: str) -> tuple[str, str]:
    """Return the ids of roll and pitch."""
    return (name.format("ROLL"), name.format("PITCH"))


STAGES = (
    Stage(
        "tilt",
        (
            Knob(tilt("RATE_{}_KP"), 2.0, 300.0),
            Knob(tilt("RATE_{}_KI"), 2.0, 2000.0),
            Knob(tilt("RATE_{}_KD"), 0.02, 4.0),
            Knob(("RATE_LEAD",), 0.02, 0.8),
            Knob(("FILT_GYRO_HZ",), 40.0, 250.0),
            Knob(("FILT_D_HZ",), 25.0, 200.0),
            Knob(tilt("ATT_{}_P"), 0.5, 30.0),
        ),
        ("rate_roll", "rate_pitch", "attitude_roll", "attitude_pitch"),
        ("attitude_roll", "attitude_pitch"),
        ("roll", "pitch"),
        ("attitude_roll", "attitude_pitch"),
        (("RATE_ROLL_KI", "RATE_ROLL_KP", 8.0),),
    ),
    Stage(
        "yaw",
        (
            Knob(("RATE_YAW_KP",), 0.5, 100.0),
            Knob(("RATE_YAW_KI",), 0.3, 300.0),
            Knob(("RATE_YAW_HZ",), 3.0, 90.0),
            Knob(("ATT_YAW_P",), 0.3, 6.0),
        ),
        ("rate_yaw", "attitude_yaw"),
        ("attitude_yaw",),
        ("yaw",),
        (),
        (("RATE_YAW_KI", "RATE_YAW_KP", 4.0),),
    ),
    Stage(
        "horizontal",
        (
            Knob(("VEL_XY_P",), 0.3, 15.0),
            Knob(("VEL_XY_I",), 0.2, 15.0),
            Knob(("VEL_XY_D",), 0.01, 1.5),
            Knob(("VEL_D_HZ",), 2.0, 40.0),
            Knob(("POS_XY_P",), 0.2, 6.0),
        ),
        ("velocity_x", "velocity_y", "position_x", "position_y"),
        ("position_x", "position_y"),
        fastest=(("VEL_XY_I", "VEL_XY_P", 1.6),),
    ),
    Stage(
        "vertical",
        (
            Knob(("VEL_Z_P",), 0.5, 20.0),
            Knob(("VEL_Z_I",), 0.5, 20.0),
            Knob(("POS_Z_P",), 0.3, 8.0),
        ),
        ("velocity_z", "position_z"),
        ("position_z",),
        fastest=(("VEL_Z_I", "VEL_Z_P", 1.6),),
    ),
)  # fmt: skip
IDS = tuple(id for stage in STAGES for knob in stage.knobs for id in knob.ids)


@dataclass
class Judge:
    """Weighs gains on a model whose first row is the vehicle of the file, the others what it could be."""

    model: Model
    motor_lag_s: float
    share_per_acc: np.ndarray
    evaluations: int = 0
    loops_seen: int = 0

    def loops(self, gains: Gains, part: str) -> Loops:
        """Return the loops of one part of all plants under the given gains."""
        return closed(self.model, gains, self.motor_lag_s, (part,))

    def cost(self, stage: Stage, gains: Gains) -> float:
        """Return what the gains cost in one stage: how much the vehicle gives way, and every demand not met."""
        self.evaluations += 1
        found = self.loops(gains, stage.name)
        L = np.stack([found.L[name] for name in stage.loops])
        self.loops_seen += L.shape[0] * L.shape[1]
        kept = margins(self.model.f_hz, L)
        hasty = sum(max(0.0, math.log(gains[i] / (most * gains[p]))) for i, p, most in stage.fastest)
        return penalty(kept) + performance(self.model.f_hz, stage, found) + self.noise(stage, found) + hasty

    def noise(self, stage: Stage, found: Loops) -> float:
        """Return what too much noise on the motors costs."""
        cost = 0.0
        for axis, name in enumerate(("roll", "pitch", "yaw")):
            if name in stage.noisy:
                power = np.trapezoid(np.abs(found.noise[name]) ** 2, self.model.f_hz, axis=-1)
                share = GYRO_NOISE * np.sqrt(power) * self.share_per_acc[axis]
                cost += NOISE_PRICE * float(np.mean(np.maximum(share / NOISE_SHARE - 1.0, 0.0)))
        return cost


def shortfall(kept: Margins, plants: slice, asked: Demands) -> np.ndarray:
    """Return how far loops fall short of the demands, per demand, 0 where all are met; (loop, plant)."""
    with np.errstate(invalid="ignore"):
        short = (
            np.maximum((asked.phase_deg + SPARE.phase_deg) / kept.phase_margin_deg[:, plants] - 1.0, 0.0)
            + np.maximum((asked.gain_db + SPARE.gain_db) / kept.gain_margin_db[:, plants] - 1.0, 0.0)
            + np.maximum(kept.ms[:, plants] / (asked.ms - SPARE.ms) - 1.0, 0.0)
        )
    return np.where(
        kept.is_stable[:, plants], np.minimum(np.nan_to_num(short, nan=UNSTABLE), UNSTABLE), UNSTABLE
    )


def shortfalls(kept: Margins) -> np.ndarray:
    """Return how far loops fall short (loop, plant): of the first plant, which is as told, more is asked."""
    short = shortfall(kept, slice(0, None), WORST)
    short[:, :1] = shortfall(kept, slice(0, 1), NOMINAL)
    return short


def penalty(kept: Margins) -> float:
    """Return what unmet demands cost: the worst plant counts, and all of them a little."""
    nominal, worst = shortfall(kept, slice(0, 1), NOMINAL), shortfall(kept, slice(0, None), WORST)
    return PRICE * float(nominal.sum() + worst.max() + worst.mean())


def performance(f_hz: np.ndarray, stage: Stage, found: Loops) -> float:
    """Return how far and how long the vehicle gives way to a step of disturbance, and how slowly its attitude follows.

    Logarithms of the peak and of the RMS (Parseval) of the answer to a step, and of the setpoint's bandwidth.
    """
    cost = 0.0
    for name in stage.stiff:
        step = found.yielding[name] / (2j * np.pi * f_hz)
        rms = np.sqrt(np.trapezoid(np.abs(step) ** 2, f_hz, axis=-1))
        peak = np.abs(step.real @ step_weights(tuple(f_hz))).max(axis=-1)
        cost += float(np.mean(0.75 * np.log(peak) + 0.25 * np.log(rms))) / len(stage.stiff)
    for name in stage.quick:
        follows = np.abs(found.L[name] / (1.0 + found.L[name]))
        bandwidth = (f_hz * (follows > HALF_POWER)).max(axis=-1)
        cost -= QUICKNESS * float(np.mean(np.log(np.maximum(bandwidth, f_hz[0])))) / len(stage.quick)
    return cost


@lru_cache(maxsize=4)
def step_weights(f_hz: tuple[float, ...]) -> np.ndarray:
    """Return the matrix that turns the real part of a spectrum into values at STEP_TIMES_S (cosine transform)."""
    omega = 2.0 * np.pi * np.array(f_hz)
    width = np.gradient(omega)
    return 2.0 / np.pi * width[:, None] * np.cos(np.outer(omega, STEP_TIMES_S))


def with_knobs(gains: Gains, stage: Stage, place: np.ndarray) -> Gains:
    """Return the gains with one stage's knobs at their places."""
    turned = dict(gains)
    for knob, position in zip(stage.knobs, place, strict=True):
        for id in knob.ids:
            turned[id] = min(max(knob.value(position), BY_ID[id].low), BY_ID[id].high)
    return turned


@dataclass
class Found:
    """The best of one search."""

    gains: Gains
    cost: float = math.inf
    history: list[float] = field(default_factory=list)


def search(
    judge: Judge, stage: Stage, gains: Gains, seed: int, sigma: float, generations: int,
    tell: Callable[[float], None] | None = None,
) -> Found:  # fmt: skip
    """Return the best gains of one stage by one run of CMA-ES that starts at the given gains."""
    places = np.array([knob.position(gains[knob.ids[0]]) for knob in stage.knobs])
    bounds = np.tile([0.0, 1.0], (len(places), 1))
    strategy = CMA(
        mean=np.clip(places, 0.02, 0.98), sigma=sigma, bounds=bounds, seed=seed, population_size=POPULATION
    )
    best = Found(gains, judge.cost(stage, gains))
    for _ in range(generations):
        asked = [strategy.ask() for _ in range(strategy.population_size)]
        tried = [(x, judge.cost(stage, with_knobs(gains, stage, x))) for x in asked]
        strategy.tell(tried)
        x, cost = min(tried, key=lambda pair: pair[1])
        if cost < best.cost:
            best.gains, best.cost = with_knobs(gains, stage, x), cost
        best.history.append(best.cost)
        if tell:
            tell(best.cost)
        if strategy.should_stop() or has_settled(best.history):
            break
    return best


def has_settled(history: list[float], span: int = 15, least: float = 2e-3) -> bool:
    """Tell whether the last generations have gained next to nothing."""
    return len(history) > span and history[-span - 1] - history[-1] < least
