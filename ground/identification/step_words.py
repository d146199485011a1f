"""Step responses for people and programs: a table, figures and a picture."""

from pathlib import Path
from typing import Any

from ground import terminal
from ground.identification.step_responses import AXES, LONGEST_S, Found
from logs import ink

STEP = (
    ("rise_s", 1e3, 0, "ms"),
    ("delay_s", 1e3, 0, "ms"),
    ("overshoot", 100.0, 0, "%"),
    ("final", 1.0, 2, ""),
)


def figures(found: Found) -> dict[str, object]:
    """Return every loop's figures by name, and why others are missing."""
    return {name: step.figures() for name, step in found.steps.items()} | {"missing": found.missing}


def text(found: Found) -> str:
    """Return a line per loop, each number with its 95 % interval."""
    rows = []
    for name, step in found.steps.items():
        told: dict[str, Any] = step.figures()
        cells = (
            f"{scale * told[key]:.{digits}f} ({scale * told['low'][key]:.{digits}f} to "
            f"{scale * told['high'][key]:.{digits}f}) {unit}"
            for key, scale, digits, unit in STEP
        )
        rows.append((name, *cells, f"{told['fit_percent']:.0f} %", f"{told['seconds']:.0f} s"))
    heads = ("loop", "rise", "to 50 %", "overshoot", "final", "explained", "moving")
    lines = [terminal.table(rows, heads), *(f"{name}: {why}" for name, why in found.missing.items())]
    return "\n".join(lines)


def draw(found: Found, path: Path, log: str) -> Path:
    """Draw every step response with its band."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kinds = [kind for kind in LONGEST_S if any(name.startswith(kind) for name in found.steps)]
    with mpl.rc_context(ink.LOOK):
        figure = Figure((13.0, 3.4 * len(kinds) + 0.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        for row, axes in zip(kinds, figure.subplots(len(kinds), 3, squeeze=False), strict=True):
            for ax, name, colour in zip(axes, AXES, ink.AXES, strict=True):
                ax.set_title(f"{row} {name}")
                ax.axhline(1.0, color=ink.SETPOINT, lw=1.2)
                step = found.steps.get(f"{row}_{name}")
                if step is None:
                    ax.text(
                        0.5,
                        0.5,
                        "not shown by this log",
                        transform=ax.transAxes,
                        ha="center",
                        color=ink.QUIET,
                    )
                    continue
                ax.fill_between(step.t_s, step.low, step.high, color=colour, alpha=0.25, lw=0)
                ax.plot(step.t_s, step.step, color=colour)
                ax.set(ylim=(-0.2, max(1.6, float(step.step.max()) + 0.1)), xlabel="s")
        figure.suptitle(
            f"{log}: step responses from its flight, 95 % bands", x=0.01, ha="left", weight="bold"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=90, metadata={"Software": "Quadloop"})
    return path
