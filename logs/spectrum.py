"""How strongly a sensor shakes at which frequency."""

from dataclasses import dataclass

import numpy as np

from logs.phases import Phase
from logs.series import Curve

SEGMENT_S = 1.0
LEAST_SAMPLES = 64


@dataclass(frozen=True)
class Spectrum:
    """Amplitude spectral density per axis, in the signal's unit per root hertz; `density` is (n, axes)."""

    hz: np.ndarray
    density: np.ndarray


def longest(phases: list[Phase]) -> Phase | None:
    """Return the longest of some phases."""
    return max(phases, key=lambda p: p.end_s - p.begin_s, default=None)


def sliced(curve: Curve, window: Phase | None) -> Curve:
    """Return the part of a curve inside a window, all of it without one."""
    if window is None:
        return curve
    inside = (curve.t >= window.begin_s) & (curve.t <= window.end_s)
    return Curve(curve.t[inside], curve.y[inside])


def spectrum(curve: Curve | None, window: Phase | None) -> Spectrum | None:
    """Return the spectrum over a window by Welch's method; None where the log holds too little."""
    from scipy.signal import welch

    if curve is None:
        return None
    some = sliced(curve, window)
    if len(some.t) < LEAST_SAMPLES:
        return None
    period = float(np.median(np.diff(some.t)))
    if not period > 0.0:
        return None
    length = min(len(some.t), max(LEAST_SAMPLES, round(SEGMENT_S / period)))
    values = np.nan_to_num(some.y)
    hz, power = welch(values, 1.0 / period, nperseg=length, detrend="linear", axis=0)
    return Spectrum(hz[1:], np.sqrt(power[1:]))


def band_rms(spectrum: Spectrum, above_hz: float) -> float:
    """Return the root mean square of all axes together above a frequency."""
    above = spectrum.hz >= above_hz
    step = spectrum.hz[1] - spectrum.hz[0]
    return float(np.sqrt(np.sum(spectrum.density[above] ** 2) * step))
