"""What a flight would have been with other gains: a prediction, and what it is worth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.errors import LogError
from flight.modes import Failsafe
from ground.identification.findings import Findings, identified
from ground.whatif import reflight
from ground.whatif.motion import Motion, motion_of, scores, tilt
from ground.whatif.validity import Validity, validity_of
from logs.reader import Log
from logs.rebuilding import rebuild

Share = Callable[[float, str], None]
# Vehicles that the log could have come from as well: how far apart they fly is how far the prediction is sure.
OTHERS = 8
SEED = 1
TIPPED_DEG = 90.0
# Motors that change this much of their range by themselves, and this many times more than before, oscillate.
SHAKING_PERCENT, SHAKING_SHARE = 8.0, 3.0


@dataclass(frozen=True)
class Figure:
    """One figure of the flight as flown, of the model with the flown gains, and of the prediction with its range."""

    flown: float
    model: float
    predicted: float
    low: float
    high: float


@dataclass
class Prediction:
    """What was flown, what the model makes of it, and with other gains; `predicted` is None where it is refused."""

    settings: dict[str, float]
    found: Findings
    validity: Validity
    flown: Motion
    model: Motion
    predicted: Motion | None
    figures: dict[str, Figure]
    trouble: list[str]
    simulated_s: float

    def told(self) -> dict[str, Any]:
        """Return everything under plain names."""
        return {
            "kind": "prediction",
            "what_if": "closed",
            "settings": self.settings,
            "validity": self.validity.figures(),
            "is_refused": self.predicted is None,
            "figures": {name: vars(figure) for name, figure in self.figures.items()},
            "trouble": self.trouble,
            "identified": {name: vars(number) for name, number in self.found.numbers.items()},
            "fit_percent": self.found.fit_percent,
        }


def predict(
    log: Log,
    settings: dict[str, float],
    mass_kg: float | None = None,
    share: Share | None = None,
    found: Findings | None = None,
) -> Prediction:
    """Identify the vehicle of a log unless that was done before, fly the log again, and with parameters overridden.

    Raises LogError where the log holds no flight that can be identified.
    """
    flight = rebuild(log)
    if flight.airframe is None:
        raise LogError(f"{log.path}: does not hold an airframe that today's code can read; fly it again")
    if mass_kg is not None:
        flight.airframe.physics["body"]["mass_kg"] = mass_kg
    found = found or identified(flight)
    tell(share, 0.3, "identified")
    x, random = found.fit.values(), np.random.default_rng(SEED)
    stretch = reflight.stretch_of(log, flight, x)
    flown = motion_of(stretch.flown, flight.dt)
    model = motion_of(reflight.fly(stretch, flight, x, {}), flight.dt)
    result = Prediction(
        settings, found, validity_of(flown, model), flown, model, None, {}, [], float(flown.t_s[-1])
    )
    tell(share, 0.4, "flown again")
    if result.validity.verdict == "poor":
        return result
    result.predicted = motion_of(reflight.fly(stretch, flight, x, settings), flight.dt)
    clouds = []
    for i in range(OTHERS):
        other = reflight.fly(stretch, flight, found.fit.drawn(random), settings)
        clouds.append(scores(motion_of(other, flight.dt), flown))
        tell(share, 0.5 + 0.5 * (i + 1) / OTHERS, f"vehicle {i + 1} of {OTHERS}")
    result.figures = figures_of(flown, model, result.predicted, clouds)
    result.trouble = trouble_of(flown, result.predicted, result.figures)
    return result


def tell(share: Share | None, part: float, text: str) -> None:
    """Say how far it is, where somebody listens."""
    if share:
        share(part, text)


def figures_of(
    flown: Motion, model: Motion, predicted: Motion, clouds: list[dict[str, float]]
) -> dict[str, Figure]:
    """Return every figure before and after; its range is that of the vehicles that it could be as well."""
    was, again, then = (scores(motion, flown) for motion in (flown, model, predicted))
    return {
        name: Figure(
            was[name],
            again[name],
            then[name],
            min(then[name], *(cloud[name] for cloud in clouds)),
            max(then[name], *(cloud[name] for cloud in clouds)),
        )
        for name in was
    }


def trouble_of(flown: Motion, predicted: Motion, figures: dict[str, Figure]) -> list[str]:
    """Return what goes wrong in the prediction and did not in flight."""
    news = predicted.failsafes & ~flown.failsafes
    found = [bit.name.lower().replace("_", " ") for bit in Failsafe if news & bit]
    if np.any(flown.is_free & ~predicted.is_armed):
        found.append("motors stop in the air")
    motors = figures["motor_activity_percent"]
    if motors.predicted > max(SHAKING_PERCENT, SHAKING_SHARE * motors.model):
        found.append("motors oscillate")
    if tilt(predicted)[flown.is_free].max() > TIPPED_DEG > tilt(flown)[flown.is_free].max():
        found.append("turns over")
    return found
