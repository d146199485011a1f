"""A picture of measured loops: size and phase with their 95 % bands, and the coherence that they rest on."""

from pathlib import Path

import numpy as np

from ground.identification.loops import Z95, MeasuredLoop
from logs import ink

KINDS = ("rate", "attitude")


def draw(found: dict[str, MeasuredLoop], path: Path, log: str) -> Path:
    """Draw rate and attitude loops side by side."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(ink.LOOK):
        figure = Figure((14.0, 9.0), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(3, 2, sharex="col", height_ratios=(3, 3, 1))
        for column, kind in enumerate(KINDS):
            chosen = {name: loop for name, loop in found.items() if name.startswith(kind)}
            for (name, loop), colour in zip(chosen.items(), ink.AXES, strict=False):
                bode(axes[:, column], name, loop, colour)
            frame(axes[:, column], kind)
        figure.suptitle(
            f"{log}: loops as the excitation shows them, 95 % bands", x=0.01, ha="left", weight="bold"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=90, metadata={"Software": "Quadloop"})
    return path


def bode(axes: "np.ndarray", name: str, loop: MeasuredLoop, colour: str) -> None:
    """Draw one loop."""
    phase = phase_deg(loop.L)
    clouds = (decibel(loop.drawn), phase + np.degrees(np.angle(loop.drawn / loop.L)))
    for ax, curve, cloud in zip(axes, (decibel(loop.L), phase), clouds, strict=False):
        low, high = np.percentile(cloud, Z95, axis=0)
        ax.fill_between(loop.f_hz, low, high, color=colour, alpha=0.25, lw=0)
        ax.semilogx(loop.f_hz, curve, color=colour, label=name)
    axes[2].semilogx(loop.f_hz, loop.coherence, color=colour)


def frame(axes: "np.ndarray", kind: str) -> None:
    """Name the axes and mark where a margin is read."""
    axes[0].set(title=f"{kind} loops, |L| dB")
    axes[1].set(title="phase, deg", ylim=(-360, 0))
    axes[2].set(title="coherence with the excitation", ylim=(0, 1.05), xlabel="Hz")
    for ax, level in zip(axes, (0.0, -180.0), strict=False):
        ax.axhline(level, color=ink.QUIET, lw=1.0, ls="--")
    axes[0].legend()


def decibel(L: np.ndarray) -> np.ndarray:
    """Return the size in dB."""
    return np.asarray(20.0 * np.log10(np.abs(L)))


def phase_deg(L: np.ndarray) -> np.ndarray:
    """Return the phase without jumps, from between -270 and 90 degrees on."""
    smooth = np.unwrap(np.angle(L))
    return np.asarray(np.degrees(smooth - 2.0 * np.pi * np.ceil((smooth[0] - 0.5 * np.pi) / (2.0 * np.pi))))
