"""Frequency responses from an excitation in flight, with coherence and confidence, of parts of closed loops.

What was added to the loop is known, so it serves as the instrument: H = S_yr / S_ur is free of the bias that noise
in a closed loop causes (Pintelon & Schoukens 2012, section 7.2.6; Söderström & Stoica 1989, chapter 8).
"""

from dataclasses import dataclass

import numpy as np

# Lines within this share of a frequency, and at least this far, are averaged.
BAND_SHARE, BAND_HZ = 0.10, 0.35
TAPER = 0.08
# Found on a loop on paper: errors are this much larger than noise alone makes them.
LEAKAGE = 1.2
# The taper lies before and after the excitation, while the system rings out.
RING_S = 0.28


@dataclass
class Sweep:
    """What was added (r), what it came to (u), and what followed (columns of y), over one excitation."""

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


def response(sweep: Sweep, f_hz: np.ndarray, shapes: np.ndarray) -> Response:
    """Return the responses at the given frequencies.

    `shapes` (a row per y, at f_hz) say about what each response looks like: they are taken out before averaging and put
    back after, as a response that turns or falls within a band is no longer itself in its mean.
    """
    from scipy.signal.windows import tukey

    taper = np.asarray(tukey(len(sweep.r), TAPER))[:, None]
    signals = np.column_stack((sweep.r, sweep.u, sweep.y))
    signals = taper * (signals - signals.mean(axis=0))
    lines_hz = np.fft.rfftfreq(len(taper), sweep.dt)[1:]
    R, U, *Y = np.fft.rfft(signals, axis=0)[1:].T
    like = np.stack([between(lines_hz, f_hz, shape) for shape in shapes])
    weight = windows(f_hz, lines_hz)
    power = weight @ np.abs(R) ** 2
    H = np.stack([shape * (weight @ (y * R.conj())) / (weight @ (U * of * R.conj()))
                  for y, of, shape in zip(Y, like, shapes, strict=True)])  # fmt: skip
    coherence = np.stack(
        [np.abs(weight @ (y * R.conj())) ** 2 / (power * (weight @ np.abs(y) ** 2)) for y in Y]
    )
    # What a taper takes from the lines' independence, and leakage adds to noise.
    inflation = LEAKAGE * np.sqrt(len(taper) * np.sum(taper**4)) / np.sum(taper**2)
    spread = np.stack(
        [
            inflation * scatter(weight, y - between(lines_hz, f_hz, h / shape) * of * U)
            * R.conj() * (np.abs(shape) / np.abs(weight @ (U * of * R.conj())))[:, None]
            for y, h, of, shape in zip(Y, H, like, shapes, strict=True)
        ]
    )  # fmt: skip
    return Response(f_hz, H, coherence, spread)


def scatter(weight: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return each line's weight at each frequency times the noise that is left there."""
    total = weight.sum(axis=1)
    freedom = np.maximum(1.0 - (weight**2).sum(axis=1) / total**2, 0.25)
    return weight * np.sqrt((weight @ np.abs(left) ** 2) / total / freedom)[:, None]


def between(f_hz: np.ndarray, known_hz: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return complex values at other frequencies, interpolated; the ends hold."""
    return np.asarray(np.interp(f_hz, known_hz, values.real) + 1j * np.interp(f_hz, known_hz, values.imag))


def windows(f_hz: np.ndarray, lines_hz: np.ndarray) -> np.ndarray:
    """Return each line's part in the mean at each frequency: a parabola over the band."""
    half = np.maximum(BAND_SHARE * f_hz, BAND_HZ)[:, None]
    return np.clip(1.0 - ((lines_hz[None, :] - f_hz[:, None]) / half) ** 2, 0.0, None)
