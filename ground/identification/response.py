"""Frequency responses from an excitation in flight, with coherence and confidence, of parts of closed loops.

What was added to the loop is known, so it serves as the instrument: H = S_yr / S_ur is free of the bias that noise
in a closed loop causes (Pintelon & Schoukens 2012, section 7.2.6; Söderström & Stoica 1989, chapter 8).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Lines within this share of a frequency, and at least this far, are averaged.
BAND_SHARE, BAND_HZ = 0.10, 0.35
TAPER = 0.08
# Found on a loop on paper: errors are this much larger than noise alone makes them.
LEAKAGE = 1.2
# The taper lies before and after the excitation, while the system rings out.
RING_S = 0.28
# About what is expected, of frequencies in Hz.
Shape = Callable[[np.ndarray], np.ndarray]


@dataclass
class Sweep:
    """What was added (r), what it came to (u), and what followed (columns of y, sums of it), over one excitation."""

    dt: float
    r: np.ndarray
    u: np.ndarray
    y: np.ndarray


@dataclass
class Response:
    """Responses of each y to u at f_hz (rows), coherence of each with r, and how uncertain each is.

    `spread` (y, frequency, line) turns white noise of unit variance on the lines into errors of the responses.
    """

    f_hz: np.ndarray
    H: np.ndarray
    coherence: np.ndarray
    spread: np.ndarray

    def drawn(self, random: np.random.Generator, y: int, count: int) -> np.ndarray:
        """Return responses of one y that could be as well, a row each, below the one found."""
        size = (count, self.spread.shape[2])
        noise = (random.normal(size=size) + 1j * random.normal(size=size)) / np.sqrt(2.0)
        return np.vstack((self.H[y], self.H[y] + noise @ self.spread[y].T))


def response(sweep: Sweep, f_hz: np.ndarray, shape: Shape) -> Response:
    """Return the responses at the given frequencies.

    `shape` says about what they look like: it is taken out before averaging and put back after. What is left may change
    along a band, but no faster than a straight line (the local polynomial method, Pintelon & Schoukens 2012, 7.2):
    where the excitation's power rises steeply a mean would be one of the band's loud side.
    """
    from scipy.signal.windows import tukey

    taper = np.asarray(tukey(len(sweep.r), TAPER))[:, None]
    # A sum remembers what was before the taper and leaks; its slope forgets.
    slopes = np.diff(sweep.y, axis=0, prepend=2.0 * sweep.y[:1] - sweep.y[1:2]) / sweep.dt
    signals = np.column_stack((sweep.r, sweep.u, slopes))
    lines_hz = np.fft.rfftfreq(len(taper), sweep.dt)
    heard = (lines_hz > 0.0) & (lines_hz < 2.0 * f_hz[-1])
    lines_hz = lines_hz[heard]
    R, U, *Y = np.fft.rfft(taper * (signals - signals.mean(axis=0)), axis=0)[heard].T
    like = U * shape(lines_hz) * (1.0 - np.exp(-2j * np.pi * lines_hz * sweep.dt)) / sweep.dt
    bands = Bands.about(f_hz, lines_hz)
    shares, noises = map(np.stack, zip(*(bands.share(y, like, R) for y in Y), strict=True))
    power = bands.weight @ np.abs(R) ** 2
    coherence = [np.abs(bands.weight @ (y * R.conj())) ** 2 / (bands.weight @ np.abs(y) ** 2) for y in Y]
    # What a taper takes from the lines' independence, and leakage adds to noise.
    inflation = LEAKAGE * np.sqrt(len(taper) * np.sum(taper**4)) / np.sum(taper**2)
    usual = shape(f_hz)
    return Response(
        f_hz, usual * shares, np.stack(coherence) / power, inflation * np.abs(usual)[:, None] * noises
    )


@dataclass
class Bands:
    """Each line's weight in the band about each frequency, a parabola, and how far aside it lies in half widths."""

    weight: np.ndarray
    aside: np.ndarray

    @classmethod
    def about(cls, f_hz: np.ndarray, lines_hz: np.ndarray) -> "Bands":
        """Return the bands of lines about frequencies."""
        half = np.maximum(BAND_SHARE * f_hz, BAND_HZ)[:, None]
        aside = (lines_hz[None, :] - f_hz[:, None]) / half
        return cls(np.clip(1.0 - aside**2, 0.0, None), aside)

    def share(self, y: np.ndarray, like: np.ndarray, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return y over `like` in the middle of each band, and what noise on each line makes of it.

        A straight line through each band by least squares with the excitation as the instrument.
        """
        weight, aside = self.weight, self.aside
        means = [(weight * aside**power) @ (like * R.conj()) for power in range(3)]
        part = weight * R.conj() / (means[0] * means[2] - means[1] ** 2)[:, None]
        middle = part * (means[2][:, None] - aside * means[1][:, None])
        lean = part * (aside * means[0][:, None] - means[1][:, None])
        left = y - ((middle @ y)[:, None] + (lean @ y)[:, None] * aside) * like
        return middle @ y, middle * scatter(weight, left)[:, None]


def scatter(weight: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the noise that is left in each band beside a straight line."""
    total = weight.sum(axis=1)
    freedom = np.maximum(1.0 - 2.0 * (weight**2).sum(axis=1) / total**2, 0.25)
    return np.asarray(np.sqrt((weight * np.abs(left) ** 2).sum(axis=1) / total / freedom))
