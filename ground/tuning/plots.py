"""Bode and Nyquist pictures of loops, drawn by python-control."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import control
import matplotlib.pyplot as plt

KINDS = ("rate", "attitude", "velocity", "position")
# Nothing of a Nyquist curve matters far from -1.
FARTHEST = 2.5


def response(f_hz: np.ndarray, L: np.ndarray, name: str) -> control.FRD:
    """Return a loop as python-control knows one: frequencies in rad/s."""
    return control.FRD(L, 2.0 * np.pi * f_hz, smooth=False, name=name)


def bode(f_hz: np.ndarray, loops: dict[str, np.ndarray], path: Path) -> Path:
    """Draw size and phase of every loop, a column per kind."""
    figure, axes = plt.subplots(2, len(KINDS), figsize=(18, 8), sharex="col", layout="constrained")
    for column, kind in enumerate(KINDS):
        chosen = {name: L for name, L in loops.items() if name.startswith(kind)}
        for name, L in chosen.items():
            size, phase, _ = control.frequency_response(response(f_hz, L, name))
            axes[0, column].semilogx(f_hz, 20.0 * np.log10(np.squeeze(size)), label=name)
            axes[1, column].semilogx(f_hz, np.degrees(unwrapped(np.squeeze(phase))))
        axes[0, column].set(title=f"{kind} loops", ylabel="|L| dB", ylim=(-60, 40))
        axes[1, column].set(xlabel="Hz", ylabel="phase deg", ylim=(-360, 0))
        axes[0, column].axhline(0.0, color="0.5", lw=0.8)
        axes[1, column].axhline(-180.0, color="0.5", lw=0.8)
        axes[0, column].legend()
    return saved(figure, path)


def unwrapped(phase: np.ndarray) -> np.ndarray:
    """Return a phase without jumps that starts between -270 and +90 degrees."""
    smooth = np.unwrap(phase)
    return smooth - 2.0 * np.pi * np.ceil((smooth[0] - 0.5 * np.pi) / (2.0 * np.pi))


def nyquist(f_hz: np.ndarray, loops: dict[str, np.ndarray], path: Path, bound: float = 1.7) -> Path:
    """Draw every loop's way past -1, with the circle that a peak of S at `bound` must not enter."""
    figure, axes = plt.subplots(1, len(KINDS), figsize=(18, 5), layout="constrained")
    turn = np.exp(1j * np.linspace(0.0, 2.0 * np.pi, 100))
    for axis, kind in zip(axes, KINDS, strict=True):
        for name, L in loops.items():
            if name.startswith(kind):
                curve = response(f_hz, L, name).frdata[0, 0]
                axis.plot(curve.real, curve.imag, label=name)
        axis.fill(*circle(-1.0 + turn / bound), color="tab:red", alpha=0.2, label=f"Ms {bound:g}")
        axis.plot(turn.real, turn.imag, color="0.7", lw=0.8)
        axis.plot(-1.0, 0.0, "r+")
        axis.set(title=f"{kind} loops", xlim=(-FARTHEST, 1.0), ylim=(-FARTHEST, 1.0), aspect="equal")
        axis.legend(fontsize=8)
    return saved(figure, path)


def circle(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of complex points."""
    return points.real, points.imag


def saved(figure: plt.Figure, path: Path) -> Path:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    plt.close(figure)
    return path
