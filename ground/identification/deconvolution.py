"""Step responses from ordinary flight: what a loop makes of its setpoint, by regularised deconvolution.

Melsheimer's PID-Analyzer divides spectra of short windows (Wiener); here the impulse response is found in time from all
moving seconds at once, as the mean of a Gaussian process that decays (TC kernel: Chen, Ohlsson & Ljung 2012; its
parameters by marginal likelihood: Pillonetto & De Nicolao 2010), so that noise widens the interval, not the answer.
"""

from dataclasses import dataclass

import numpy as np

from flight.errors import LogError

# Which part of the sampling rate a signal may fill.
FILLED = 0.4
# Seconds in which the setpoint moves less than this share of its usual spread say nothing.
QUIET_SHARE = 0.3
LEAST_S = 5.0
CHUNK = 20_000
# By how much the kernel fades over the whole response, and how large it is, tried for the likeliest.
FADES = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
SIZES = np.geomspace(1e-3, 1e3, 13)
DRAWS = 200
Z95 = (2.5, 97.5)


@dataclass
class StepResponse:
    """A unit step's answer over t_s with its 95 % limits, of which draws (rows) could be as well.

    `fit_percent` is how much of the measured variance the setpoint explains, `seconds` how long it moved.
    """

    t_s: np.ndarray
    step: np.ndarray
    drawn: np.ndarray
    fit_percent: float
    seconds: float

    @property
    def low(self) -> np.ndarray:
        """Return the lower 95 % limit."""
        return np.asarray(np.percentile(self.drawn, Z95[0], axis=0))

    @property
    def high(self) -> np.ndarray:
        """Return the upper 95 % limit."""
        return np.asarray(np.percentile(self.drawn, Z95[1], axis=0))

    def figures(self) -> dict[str, object]:
        """Return rise, delay, overshoot and final value, each with its limits."""
        every = np.array([features(self.t_s, step) for step in self.drawn])
        found = dict(zip(FEATURES, features(self.t_s, self.step), strict=True))
        limits = {
            name: [float(v) for v in np.nanpercentile(column, Z95)]
            if np.isfinite(column).any()
            else [np.nan] * 2
            for name, column in zip(FEATURES, every.T, strict=True)
        }
        return {
            **found,
            "low": {name: low for name, (low, _) in limits.items()},
            "high": {name: high for name, (_, high) in limits.items()},
            "fit_percent": self.fit_percent,
            "seconds": self.seconds,
        }


FEATURES = ("rise_s", "delay_s", "overshoot", "final")


def features(t_s: np.ndarray, step: np.ndarray) -> tuple[float, float, float, float]:
    """Return 10 to 90 % rise, time to 50 %, overshoot (shares of the final value) and final value; NaN: not reached."""
    final = float(step[-len(step) // 5 :].mean())
    share = step / final if abs(final) > 1e-3 else np.full_like(step, np.nan)
    ten, half, ninety = (reached(t_s, share, part) for part in (0.1, 0.5, 0.9))
    return ninety - ten, half, max(float(share.max()) - 1.0, 0.0), final


def reached(t_s: np.ndarray, share: np.ndarray, part: float) -> float:
    """Return when a part is reached first, between samples; NaN if never."""
    above = np.flatnonzero(share >= part)
    if not len(above):
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(t_s[0])
    return float(np.interp(part, share[k - 1 : k + 1], t_s[k - 1 : k + 1]))


def sampled(t_s: np.ndarray, y: np.ndarray, at_s: np.ndarray, dt: float) -> np.ndarray:
    """Return a signal at other times without what they could not carry."""
    from scipy.signal import butter, sosfiltfilt

    fine = max(round(dt / max(float(np.median(np.diff(t_s))), 1e-4)), 1)
    times = at_s[0] + dt / fine * np.arange(fine * len(at_s))
    values = np.interp(times, t_s, y)
    if fine > 1:
        values = sosfiltfilt(butter(4, FILLED / dt, fs=fine / dt, output="sos"), values)
    return np.asarray(values[::fine])


def deconvolved(setpoint: np.ndarray, measured: np.ndarray, dt: float, longest_s: float) -> StepResponse:
    """Return the answer to a step from evenly sampled signals; raise LogError where the setpoint moves too little."""
    count = round(longest_s / dt)
    chosen = moving(setpoint, count, dt)
    seconds = float(chosen.sum()) * dt
    if seconds < LEAST_S:
        raise LogError(f"the setpoint moves for {seconds:.1f} s only; {LEAST_S:g} s are needed")
    scale = float(setpoint[chosen].std())
    gram, cross, power, rows = normal_equations(setpoint / scale, measured / scale, chosen, count)
    h, covariance, left = most_likely(gram, cross, power, rows)
    step, root = np.cumsum(h), np.linalg.cholesky(covariance + 1e-12 * np.eye(count) * np.trace(covariance))
    random = np.random.default_rng(1)
    drawn = np.cumsum(h + random.normal(size=(DRAWS, count)) @ root.T, axis=1)
    # A tap answers from one sample to the next: half a sample on average before it.
    t_s = dt * (np.arange(count) + 0.5)
    fit = 100.0 * (1.0 - left / (power / rows))
    return StepResponse(t_s, step, drawn, fit, seconds)


def moving(setpoint: np.ndarray, count: int, dt: float) -> np.ndarray:
    """Tell at which samples the setpoint has moved within a response's length before."""
    width = max(count, round(1.0 / dt))
    padded = np.concatenate((np.full(width - 1, setpoint[0]), setpoint))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    span = windows.max(axis=1) - windows.min(axis=1)
    chosen = span > QUIET_SHARE * 2.0 * setpoint.std()
    chosen[:count] = False
    return np.asarray(chosen)


def normal_equations(
    setpoint: np.ndarray, measured: np.ndarray, chosen: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Return the sums that least squares needs, the mean taken out, over the chosen samples."""
    past = np.lib.stride_tricks.sliding_window_view(setpoint, count)[:, ::-1]
    ends = np.flatnonzero(chosen)
    gram, cross, power = np.zeros((count, count)), np.zeros(count), 0.0
    sums, total = np.zeros(count), 0.0
    for begin in range(0, len(ends), CHUNK):
        some = ends[begin : begin + CHUNK]
        X, y = past[some - count + 1], measured[some]
        gram += X.T @ X
        cross += X.T @ y
        power += float(y @ y)
        sums += X.sum(axis=0)
        total += float(y.sum())
    rows = len(ends)
    gram -= np.outer(sums, sums) / rows
    return gram, cross - sums * total / rows, power - total * total / rows, rows


def most_likely(
    gram: np.ndarray, cross: np.ndarray, power: float, rows: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the impulse response of the likeliest kernel, its covariance, and the variance left.

    What is left is not white: neighbouring samples tell the same, so that it counts as fewer.
    """
    count = len(cross)
    plain = np.linalg.solve(gram + 1e-6 * np.trace(gram) / count * np.eye(count), cross)
    noise = max((power - 2.0 * plain @ cross + plain @ gram @ plain) / rows, 1e-12)
    weight = 1.0 / (ALIKE * noise)
    ages = np.arange(count) / count
    best: tuple[float, np.ndarray, np.ndarray] | None = None
    for fade in FADES:
        kernel = np.exp(-fade * np.maximum.outer(ages, ages)) / count
        for size in SIZES:
            inside = np.eye(count) + weight * size * kernel @ gram
            sign, size_log = np.linalg.slogdet(inside)
            covariance = np.linalg.solve(inside, size * kernel)
            mean = weight * covariance @ cross
            likely = 0.5 * weight * float(cross @ mean) - 0.5 * size_log
            if sign > 0 and (best is None or likely > best[0]):
                best = (likely, mean, 0.5 * (covariance + covariance.T))
    assert best is not None
    _, mean, covariance = best
    return mean, covariance, float((power - 2.0 * mean @ cross + mean @ gram @ mean) / rows)


# How many samples of a flight's noise tell as much as one independent one.
ALIKE = 10.0
