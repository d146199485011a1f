"""Fit the model to a flight by output error in the frequency domain, each line weighted by the noise found there.

Whittle's likelihood (Klein & Morelli 2016, chapter 7): residuals at different frequencies are independent whatever the
noise's colour, so the intervals hold for coloured noise too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight.errors import LogError
from ground.identification.model import Unknown, predict, unknowns
from ground.identification.segment import Segment

# Frequencies in Hz within which a channel is believed: above, shaking and the sensor's own filter rule.
GYRO_HZ = (0.0, 20.0)
ACCEL_HZ = ((0.25, 4.0), (0.25, 4.0), (0.25, 12.0))
TAPER = 0.1
NOISE_LINES = 41
ROUNDS = 12
# How surely the estimator knows the mean climb over a flight, in m/s of velocity at its ends.
CLIMB_SURE_M_S = 0.15
# What the equations leave out, as one standard deviation that no length of flight makes smaller: a share of the value,
# and a number in its unit. Chosen on simulated flights of the default airframe.
LEFT_OUT = {
    "thrust": (0.006, 0.0),
    "inertia": (0.010, 0.0),
    "torque_per_thrust": (0.009, 0.0),
    "motor_lag": (0.002, 0.0),
    "total_delay": (0.0, 1.5e-4),
    "throttle_curve": (0.0, 0.008),
    "centre": (0.0, 1e-4),
    "drag": (0.12, 0.0),
}
STEP = 1e-4
# Below this share of a standard deviation a change is no change.
SETTLED = 0.03
# After a change smaller than this share the slopes found before still hold.
STRAIGHT = 0.1
Z95 = 1.96
# Lines that are missed, the climb that is missed, and how far unknowns are from what was believed.
Errors = tuple[np.ndarray, float, np.ndarray]


@dataclass
class Lines:
    """Spectra of what was measured: frequencies, and one column per gyro and accelerometer axis."""

    f_hz: np.ndarray
    taper: np.ndarray
    measured: np.ndarray
    used: list[np.ndarray]


@dataclass
class Fit:
    """What was found: every unknown with its covariance, and how much of each channel it explains."""

    names: list[str]
    value: np.ndarray
    covariance: np.ndarray
    fit_percent: dict[str, float]
    units: dict[str, str]
    sigma: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.sigma = np.sqrt(np.diag(self.covariance))

    def values(self) -> dict[str, float]:
        """Return the unknowns by name."""
        return dict(zip(self.names, self.value.tolist(), strict=True))

    def drawn(self, random: np.random.Generator) -> dict[str, float]:
        """Return unknowns that could be as well, drawn from the covariance."""
        return dict(
            zip(self.names, random.multivariate_normal(self.value, self.covariance).tolist(), strict=True)
        )

    def combined(self, function: Callable[[dict[str, float]], float]) -> tuple[float, float]:
        """Return a function of the unknowns and its standard deviation, linearised."""
        at = self.values()
        middle, slope = function(at), np.zeros(len(self.names))
        for k, name in enumerate(self.names):
            step = 1e-3 * max(self.sigma[k], 1e-12)
            slope[k] = (function(at | {name: at[name] + step}) - middle) / step
        return middle, float(np.sqrt(slope @ self.covariance @ slope))


def taper_of(count: int) -> np.ndarray:
    """Return a cosine-tapered window (Tukey)."""
    from scipy.signal.windows import tukey

    return np.asarray(tukey(count, TAPER))


def spectra(omega_dot: np.ndarray, force: np.ndarray, taper: np.ndarray, kept: int) -> np.ndarray:
    """Return the scaled transforms of six channels, one column each."""
    both = taper[:, None] * np.hstack((omega_dot, force))
    return np.fft.rfft(both, axis=0)[:kept] / np.sqrt(np.sum(taper * taper))


def lines_of(segment: Segment) -> Lines:
    """Return the spectra of what the sensors showed."""
    omega_dot = np.diff(segment.gyro, axis=0, prepend=segment.gyro[:1]) / segment.dt
    taper = taper_of(len(omega_dot))
    f_hz = np.fft.rfftfreq(len(omega_dot), segment.dt)
    kept = int(np.searchsorted(f_hz, GYRO_HZ[1]))
    bands = [GYRO_HZ] * 3 + list(ACCEL_HZ)
    used = [(f_hz[:kept] >= low) & (f_hz[:kept] <= high) for low, high in bands]
    return Lines(f_hz[:kept], taper, spectra(omega_dot, segment.accel, taper, kept), used)


def shortfall(
    lines: Lines, segment: Segment, physics: dict[str, Any], x: dict[str, float]
) -> tuple[np.ndarray, float]:
    """Return measured minus predicted lines, and by how much the mean climb is missed in m/s2."""
    told = predict(segment, physics, x)
    spoken = spectra(told.omega_dot, told.force, lines.taper, len(lines.f_hz))
    # A tick's middle is half a tick after its sample, and a difference of two samples half a tick older than the newer.
    ticks = np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.5])
    late = np.exp(-2j * np.pi * np.outer(lines.f_hz, x["total_delay"] + ticks * segment.dt))
    climbed = (segment.v_ned[-1, 2] - segment.v_ned[0, 2]) / segment.seconds
    return lines.measured - late * spoken, told.climb - climbed


def noise_of(error: np.ndarray) -> np.ndarray:
    """Return the smooth power of residual lines per channel."""
    kernel = np.hanning(NOISE_LINES + 2)[1:-1]
    power = np.abs(error) ** 2
    edge = NOISE_LINES // 2
    padded = np.pad(power, ((edge, edge), (0, 0)), mode="reflect")
    smooth = np.stack([np.convolve(c, kernel / kernel.sum(), "valid") for c in padded.T], axis=1)
    return np.maximum(smooth, 1e-30)


def stacked(
    lines: Lines, segment: Segment, error: np.ndarray, climb: float, noise: np.ndarray, priors: np.ndarray
) -> np.ndarray:
    """Return all residuals in their standard deviations, real and imaginary parts apart; linear but for the noise."""
    weighted = error * np.sqrt(2.0 / noise)
    parts = [weighted[used, k] for k, used in enumerate(lines.used)]
    flat = np.concatenate(parts)
    return np.concatenate((flat.real, flat.imag, [climb * segment.seconds / CLIMB_SURE_M_S], priors))


def fit(segment: Segment, physics: dict[str, Any]) -> Fit:
    """Return the physics that explains a flight best, with intervals; raise LogError where nothing can be told."""
    wanted, lines = unknowns(physics), lines_of(segment)
    names, scale = [u.name for u in wanted], np.array([u.scale for u in wanted])
    z = np.array([u.start for u in wanted]) / scale

    def errors(at: np.ndarray) -> Errors:
        error, climb = shortfall(lines, segment, physics, dict(zip(names, at * scale, strict=True)))
        return error, climb, beliefs(wanted, at * scale)

    change = np.full(len(z), np.inf)
    for _ in range(ROUNDS):
        here = errors(z)
        if np.max(np.abs(change)) > STRAIGHT:
            leans = [leaning(errors(z + STEP * e), here) for e in np.eye(len(z))]
        noise = noise_of(here[0])
        slopes = np.stack([stacked(lines, segment, *lean[:2], noise, lean[2]) for lean in leans], axis=1)
        left = stacked(lines, segment, *here[:2], noise, here[2])
        information = slopes.T @ slopes
        change = -np.linalg.lstsq(information, slopes.T @ left, rcond=None)[0]
        z = z + bounded(change)
        spread = np.linalg.inv(information)
        if np.max(np.abs(change) / np.sqrt(np.abs(np.diag(spread)))) < SETTLED:
            break
    if not np.all(np.isfinite(z)):
        raise LogError(
            "the fit did not settle: the flight shows too little of the vehicle; fly `quadloop fly chirp`"
        )
    inflation = len(lines.taper) * np.sum(lines.taper**4) / np.sum(lines.taper**2) ** 2
    covariance = inflation * spread * np.outer(scale, scale)
    covariance += allowance(names, z * scale)
    units = {u.name: u.unit for u in wanted}
    return Fit(names, z * scale, covariance, explained(lines, errors(z)[0]), units)


def leaning(there: Errors, here: Errors) -> Errors:
    """Return how errors change with an unknown that is a STEP further."""
    return (
        (there[0] - here[0]) / STEP,
        (there[1] - here[1]) / STEP,
        (there[2] - here[2]) / STEP,
    )


def allowance(names: list[str], value: np.ndarray) -> np.ndarray:
    """Return the covariance of what the equations leave out: common to all numbers of one kind."""
    total = np.zeros((len(names), len(names)))
    for kind, (share, least) in LEFT_OUT.items():
        of_kind = [n in {kind, *(f"{kind}_{k}" for k in "xyz12345678")} for n in names]
        sure = np.where(of_kind, share * np.abs(value) + least, 0.0)
        total += np.outer(sure, sure)
    return total


def bounded(change: np.ndarray) -> np.ndarray:
    """Shorten a step that leaves what a straight line can tell."""
    return change / max(1.0, float(np.max(np.abs(change))) / 0.3)


def beliefs(wanted: list[Unknown], value: np.ndarray) -> np.ndarray:
    """Return how far unknowns are from what was believed, in standard deviations."""
    return np.array([(v - u.start) / u.prior for u, v in zip(wanted, value, strict=True) if u.prior > 0.0])


def explained(lines: Lines, error: np.ndarray) -> dict[str, float]:
    """Return how much of each channel's motion the model explains within its band, in percent."""
    names = [f"{s}_{a}" for s in ("gyro", "accel") for a in "xyz"]
    shares = {}
    for k, (name, used) in enumerate(zip(names, lines.used, strict=True)):
        left = np.linalg.norm(error[used, k]) / np.linalg.norm(lines.measured[used, k])
        shares[name] = 100.0 * (1.0 - float(left))
    return shares
