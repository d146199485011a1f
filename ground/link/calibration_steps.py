"""What a calibration looks at, sample by sample, and when it has seen enough: still, each side up, or turned around.

Each yields lines for the ground as it goes and ends by returning what it found; ValueError says why it cannot go on.
"""

import math
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import NamedTuple

import numpy as np

from ground.calibration.naming import matrix_of
from ground.link import calibration_values as values
from ground.link.calibration_values import Found

STILL_S = 2.0
# How far samples may stray about their mean on a vehicle that stands.
STILL_RATE = 0.05
STILL_FORCE = 0.6
SIDES = ("front", "back", "right", "left", "down", "up")
# Cosine of how far from a side the vehicle may lean and still be on it.
ON_A_SIDE = 0.9
# Whole turn of each axis that shows a magnetometer every direction.
TURNED = 2.0 * math.pi
# The share of all directions from which its field must have come, and after how many samples to look again.
SEEN, LOOK_EVERY = 0.6, 25


class Sample(NamedTuple):
    """One look at the sensors as they read, uncorrected; `value` tells a parameter's at the next start."""

    t_s: float
    gyro_frd: np.ndarray
    accel_frd: np.ndarray
    field_ut_frd: np.ndarray
    temperature_c: float
    value: Callable[[str], float]


Steps = Generator[str, Sample, Found]


def still(longest_s: float = 30.0, is_told: bool = True) -> Generator[str, Sample, Sample]:
    """Wait until the vehicle has stood still for a while; return the last sample with mean rate and specific force."""
    began_s, shown = math.nan, -1
    kept: list[Sample] = []
    while True:
        sample = yield ""
        began_s = sample.t_s if math.isnan(began_s) else began_s
        kept.append(sample)
        rates, forces = (np.array([s[i] for s in kept]) for i in (1, 2))
        is_quiet = np.ptp(rates, 0).max() <= 2.0 * STILL_RATE and np.ptp(forces, 0).max() <= 2.0 * STILL_FORCE
        if not is_quiet:
            kept, shown = [sample], -1
        elapsed_s = kept[-1].t_s - kept[0].t_s
        if elapsed_s >= STILL_S:
            return sample._replace(gyro_frd=rates.mean(0), accel_frd=forces.mean(0))
        if sample.t_s - began_s > longest_s:
            raise ValueError("the vehicle does not stand still")
        share = 10 * int(10.0 * elapsed_s / STILL_S)
        if is_told and share > shown:
            shown = share
            yield f"progress <{share}>"


def gyro() -> Steps:
    """Measure the gyroscope's bias at rest."""
    rest = yield from still()
    yield "progress <100>"
    return values.gyro(rest.gyro_frd, rest.temperature_c, rest.value)


def level() -> Steps:
    """Measure how level the vehicle stands."""
    rest = yield from still()
    yield "progress <100>"
    return values.level(rest.accel_frd, rest.value)


def side_of(force: np.ndarray) -> str | None:
    """Return which side of the vehicle lies below, None in between; front is the nose down."""
    toward_ground = -force / max(float(np.linalg.norm(force)), 1e-6)
    axis = int(np.argmax(np.abs(toward_ground)))
    if abs(toward_ground[axis]) < ON_A_SIDE:
        return None
    return SIDES[2 * axis + (0 if toward_ground[axis] > 0.0 else 1)]


def accel() -> Steps:
    """Measure the accelerometer with gravity along each of the six sides; return offsets and scales."""
    seen: dict[str, np.ndarray] = {}
    yield "pending: " + " ".join(SIDES)
    yield "hold vehicle still on a pending side"
    while len(seen) < len(SIDES):
        rest = yield from still(longest_s=math.inf, is_told=False)
        force = rest.accel_frd
        side = side_of(force)
        if side is None or side in seen:
            yield f"{side} side already completed" if side else "place it flat on one of its sides"
            continue
        yield f"{side} orientation detected"
        seen[side] = force
        yield f"progress <{round(100 * len(seen) / len(SIDES))}>"
        yield f"{side} side done, rotate to a different side"
    pairs = [(seen[SIDES[2 * axis]][axis], seen[SIDES[2 * axis + 1]][axis]) for axis in range(3)]
    return values.accel(pairs, rest.value)


class Turning:
    """How far the vehicle has been turned about each axis, and from how many directions the field has come."""

    def __init__(self) -> None:
        self.angle, self.before_s, self.seen = np.zeros(3), math.nan, 0.0
        self.fields: list[np.ndarray] = []
        self.thread = ThreadPoolExecutor(1)
        # In a thread, since it brings an optimiser: the link goes on meanwhile.
        self.sphere = self.thread.submit(import_module, "ground.calibration.mag")

    def take(self, sample: Sample) -> None:
        """Take a sample."""
        rate, since_s = np.abs(sample.gyro_frd), sample.t_s - self.before_s
        self.angle += rate * (since_s if since_s >= 0.0 else 0.0) * (rate > STILL_RATE)
        self.before_s = sample.t_s
        self.fields.append(sample.field_ut_frd)
        if len(self.fields) % LOOK_EVERY == 0 and self.sphere.done():
            self.seen = self.sphere.result().seen_of(np.array(self.fields))

    @property
    def share(self) -> float:
        """Return how much of what is needed has been done."""
        return min(float(np.minimum(self.angle / TURNED, 1.0).mean()), self.seen / SEEN, 1.0)


def mag() -> Steps:
    """Watch the field while the vehicle is turned about all of its axes, and fit a sphere to it."""
    turning, shown = Turning(), -1
    yield "pending: " + " ".join(SIDES)
    yield "rotate the vehicle about all of its axes"
    while turning.share < 1.0:
        sample = yield ""
        turning.take(sample)
        share = 10 * int(10.0 * turning.share)
        if share > shown:
            shown = share
            yield f"progress <{share}>"
    fit = turning.thread.submit(values.mag, np.array(turning.fields), matrix_of("GYR", sample.value))
    while not fit.done():
        yield ""
    return fit.result()
