"""A prediction for people: tables, and a picture of flown, modelled and predicted motion."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ground import terminal
from ground.whatif.motion import KINDS, Motion
from ground.whatif.prediction import Prediction
from logs import ink
from logs.series import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOW_S = 4.0
SHOWN = ("rate", "attitude", "velocity")
FLOWN, MODEL, PREDICTED = ink.TRUTH, ink.ESTIMATE, ink.SETPOINT
WORTH = {
    "good": "the model flies the log as it was flown",
    "limited": "WARNING: the model misses much of {worst}; expect only the direction of changes to be right",
    "poor": "REFUSED: the model does not fly the log as it was flown ({worst}); no prediction can be based on it",
}


def text(result: Prediction) -> str:
    """Return what the prediction is worth, and figures before and after."""
    lines = [title(result), "", validity_table(result)]
    if result.predicted is None:
        return "\n".join(lines)
    rows = [
        (words(name), *(f"{v:.3g}" for v in (f.flown, f.model, f.predicted)), f"{f.low:.3g} to {f.high:.3g}")
        for name, f in result.figures.items()
    ]
    heads = ("RMS error and the like", "flown", "model, flown gains", "PREDICTED", "range")
    lines += ["", terminal.table(rows, heads)]
    if result.trouble:
        lines += ["", f"PREDICTED TROUBLE: {', '.join(result.trouble)}"]
    return "\n".join(lines)


def title(result: Prediction) -> str:
    """Return the line that says that this is a prediction, of what, and what it is worth."""
    asked = ", ".join(f"{name}={value:g}" for name, value in result.settings.items())
    verdict = result.validity.verdict
    worth = WORTH[verdict].format(worst=result.validity.worst().replace("_", " "))
    return f"PREDICTION, not a flight: {asked}\nvalidity {verdict}: {worth}"


def words(name: str) -> str:
    """Return a figure's name as a person reads it."""
    name = name.replace("_error_rms_", " ").replace("deg_s", "deg/s").replace("m_s", "m/s")
    return name.replace("_percent", " %").replace("_", " ")


def validity_table(result: Prediction) -> str:
    """Return how well the model flies the log with the flown gains."""
    rows = [
        (
            name.replace("_", " "),
            f"{m.moved:.3g} {m.unit}",
            f"{m.rms:.3g} {m.unit}",
            f"{100.0 * m.share:.0f} %",
            f"{m.vaf_percent:.1f} %",
            "" if m.is_judged else "not held: not judged",
        )
        for name, m in result.validity.matches.items()
    ]
    return terminal.table(rows, ("model against flight", "moved", "off by RMS", "share", "VAF", ""))


def draw(result: Prediction, path: Path, log: str) -> Path:
    """Draw all axes: the whole flight, and beside it the seconds in which the other gains change most."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = [(name, i) for name in SHOWN for i in range(3)]
    with mpl.rc_context(ink.LOOK):
        figure = Figure((15.0, 1.55 * len(panels) + 1.5), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), 2, width_ratios=(2, 1), squeeze=False)
        begin = busiest(result)
        for row, (name, i) in zip(axes, panels, strict=True):
            for ax in row:
                curves(ax, result, name, i)
            row[0].set_title(f"{name} {KINDS[name].axes[i]}, {KINDS[name].unit}")
            row[0].axvspan(begin, begin + WINDOW_S, color=ink.GRID, zorder=0)
            zoom(row[1], begin, begin + WINDOW_S)
        figure.suptitle(f"{log}\n{title(result)}", x=0.01, ha="left", fontsize=12, weight="bold")
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper right", ncols=3, fontsize=10)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=90, metadata={"Software": "Quadloop"})
    return path


def curves(ax: "Axes", result: Prediction, name: str, i: int) -> None:
    """Draw one axis of flown, modelled and predicted motion."""
    flown, model, then = result.flown, result.model, result.predicted
    ink.line(ax, curve(flown, name, i), FLOWN, "flown", linewidth=1.4)
    ink.line(ax, curve(model, name, i), MODEL, "model with the flown gains", linestyle=(0, (3, 1.5)))
    if then is not None:
        ink.line(ax, curve(then, name, i), PREDICTED, "PREDICTED with the other gains")


def curve(motion: Motion, name: str, i: int) -> Curve:
    """Return one axis over time."""
    return Curve(motion.t_s, getattr(motion, name)[:, i])


def zoom(ax: "Axes", begin: float, end: float) -> None:
    """Show some seconds, as high as what they hold."""
    ax.set_xlim(begin, end)
    shown = [line.get_ydata()[(line.get_xdata() >= begin) & (line.get_xdata() <= end)] for line in ax.lines]
    values = np.concatenate([part for part in shown if len(part)] or [np.zeros(1)])
    room = 0.08 * max(float(np.ptp(values)), 1e-3)
    ax.set_ylim(values.min() - room, values.max() + room)


def busiest(result: Prediction) -> float:
    """Return when the seconds begin in which model and prediction, or flight and model, differ most."""
    then, dt = result.predicted, float(np.median(np.diff(result.flown.t_s)))
    first, second = (result.flown, result.model) if then is None else (result.model, then)
    apart = np.where(result.flown.is_free, ((second.rate - first.rate) ** 2).sum(axis=1), 0.0)
    width = min(round(WINDOW_S / dt), len(apart))
    total = np.concatenate(([0.0], np.cumsum(apart)))
    return float(result.flown.t_s[int(np.argmax(total[width:] - total[:-width]))])
