"""Fit the model of `foresee` to recorded flights, and hold it to flights that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from flight.record import rows
from ground.identification.findings import Finding
from ground.identification.fit import Z95
from ground.identification.foresee import MODEL, miss
from ground.identification.recorded import Recorded

# Predictions reach half a second; the fit looks at these steps of fifty, the later the more.
HORIZON = 50
LOOKED_AT = np.array([2, 5, 10, 20, 30, 40, 50])
# Errors in m, m/s, rad and rad/s that weigh the same.
SCALE = np.array([0.088, 0.30, 0.167, 0.49])
# Errors far below their scale no longer pull as squares: what counts is the mean size (Huber 1981, chapter 3).
SMALL = 0.1
WINDOWS = 100
ROUNDS = 15
SETTLED = 1e-4
STEP = 1e-4
NAMES = MODEL.names or ()
# Where a fit begins: a small quadrotor of nobody's in particular.
GUESS = {
    "thrust": 0.8, "inflow": 0.05, "drag_x": 0.07, "drag_y": 0.07, "roll": 25.0, "pitch": 25.0, "yaw": 0.7,
    "spin_up": 0.5, "flap_roll": 10.0, "flap_pitch": 10.0, "damping": 1.0, "damping_yaw": 3.0, "lag_s": 0.02,
    "unseen": 4.0, "heading_s": 0.1,
}  # fmt: skip
UNITS = {
    "thrust": "m/s2 per (krad/s)2", "inflow": "1/s per krad/s", "inflow_square": "1/m", "lift": "1/m",
    "drag_x": "1/s per krad/s", "drag_y": "1/s per krad/s", "roll": "rad/s2 per (krad/s)2",
    "pitch": "rad/s2 per (krad/s)2", "yaw": "rad/s2 per (krad/s)2", "spin_up": "rad/s2 per krad/s2",
    "flap_roll": "rad/s2 per m/s", "flap_pitch": "rad/s2 per m/s", "damping": "1/s", "damping_yaw": "1/s",
    "lag_s": "s", "unseen": "rad/s2", "unseen_moving": "rad/s2 per m2/s2",
    "heading_s": "s", "heading_lead": "",
}  # fmt: skip


@dataclass(frozen=True)
class Missed:
    """By how much a flight was missed: (horizon, 4) mean sizes in m, m/s, rad, rad/s, and over how many starts."""

    name: str
    mean: np.ndarray
    starts: int


@dataclass(frozen=True)
class Crossed:
    """A model of all flights, with intervals, and what each flight looked like to the model of the others."""

    model: np.ndarray
    numbers: dict[str, Finding]
    missed: list[Missed]

    def by_window(self) -> np.ndarray:
        """Return mean errors (horizon, 4), every window counting the same."""
        return np.average(
            [one.mean for one in self.missed], axis=0, weights=[one.starts for one in self.missed]
        )

    def by_flight(self) -> np.ndarray:
        """Return mean errors (horizon, 4), every flight counting the same."""
        return np.mean([one.mean for one in self.missed], axis=0)


def guessed() -> np.ndarray:
    """Return where every fit begins."""
    return np.array([GUESS.get(name, 0.0) for name in NAMES])


def errors_of(numbers: np.ndarray, flight: Recorded, stride: int) -> tuple[np.ndarray, Missed]:
    """Return errors (starts, steps looked at, 4, 3) from every stride-th sample, and their means over the horizon."""
    model = rows(MODEL)
    model[0] = tuple(numbers)
    starts = np.arange(0, len(flight.motion) - HORIZON, stride)
    errors, totals = np.zeros((len(starts), len(LOOKED_AT), 4, 3)), np.zeros((HORIZON, 4))
    work = np.empty((HORIZON, 13)), np.empty(4), np.empty((4, 3))
    miss(model[0], flight.motion, starts, LOOKED_AT, flight.dt, work, errors, totals)
    return errors, Missed(flight.name, totals / max(len(starts), 1), len(starts))


def stacked(numbers: np.ndarray, flights: Sequence[Recorded]) -> np.ndarray:
    """Return the errors of all flights in their scales; each flight counts by about the same number of windows."""
    strides = [max(1, (len(flight.motion) - HORIZON) // WINDOWS) for flight in flights]
    parts = [errors_of(numbers, flight, stride)[0] for flight, stride in zip(flights, strides, strict=True)]
    return np.concatenate(parts) / SCALE[:, None]


def sizes(errors: np.ndarray) -> np.ndarray:
    """Return the length of every error vector, smooth at zero."""
    return np.sqrt(np.sum(errors * errors, axis=-1) + SMALL * SMALL)


def cost(errors: np.ndarray) -> float:
    """Return the weighted mean size."""
    return float(np.mean(sizes(errors) * (LOOKED_AT / HORIZON)[:, None]))


def fitted(flights: Sequence[Recorded]) -> np.ndarray:
    """Return the model's numbers of least mean error: Gauss-Newton on reweighted squares, damped (Marquardt 1963)."""
    x, damping = guessed(), 1e-3
    errors = stacked(x, flights)
    for _ in range(ROUNDS):
        weight = np.sqrt((LOOKED_AT / HORIZON)[:, None] / sizes(errors))[..., None]
        slopes = np.stack([slope(x, k, errors, flights) for k in range(len(x))], axis=-1)
        square, pull = normal_equations(slopes, errors, weight)
        better = None
        while better is None and damping < 1e6:
            change = np.linalg.solve(square + damping * np.diag(np.diag(square) + 1e-9), -pull)
            after = stacked(x + change, flights)
            better = (x + change, after) if cost(after) < cost(errors) else None
            damping *= 0.1 if better else 10.0
        if better is None:
            break
        gain, (x, errors) = 1.0 - cost(better[1]) / cost(errors), better
        if gain < SETTLED:
            break
    return x


def slope(x: np.ndarray, k: int, errors: np.ndarray, flights: Sequence[Recorded]) -> np.ndarray:
    """Return how the errors change with one number."""
    step = STEP * max(abs(x[k]), 0.05)
    other = x.copy()
    other[k] += step
    return (stacked(other, flights) - errors) / step


def normal_equations(
    slopes: np.ndarray, errors: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the square matrix and the right side of weighted least squares."""
    flat = (slopes * weight[..., None]).reshape(-1, slopes.shape[-1])
    return flat.T @ flat, flat.T @ (errors * weight).ravel()


def predicted(numbers: np.ndarray, flights: Sequence[Recorded]) -> list[Missed]:
    """Return by how much a model misses flights, from every sample of theirs."""
    return [errors_of(numbers, flight, 1)[1] for flight in flights]


def crossed(flights: Sequence[Recorded], share: Callable[[float], None] = lambda _: None) -> Crossed:
    """Fit all flights, and each without its own; intervals are the jackknife's over flights (Efron & Stein 1981)."""
    folds, missed = [], []
    for i, flight in enumerate(flights):
        others = [other for other in flights if other is not flight]
        folds.append(fitted(others))
        missed += predicted(folds[-1], [flight])
        share((i + 1) / (len(flights) + 1))
    model = fitted(flights)
    count = len(flights)
    sigma = np.sqrt((count - 1) / count * np.sum((np.array(folds) - np.mean(folds, axis=0)) ** 2, axis=0))
    numbers = {
        name: Finding(float(v), float(v - Z95 * s), float(v + Z95 * s), UNITS[name])
        for name, v, s in zip(NAMES, model, sigma, strict=True)
    }
    return Crossed(model, numbers, missed)
