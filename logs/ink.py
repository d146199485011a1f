"""Colours and lines: one meaning each, on every plot."""

from typing import TYPE_CHECKING

import numpy as np

from logs.phases import Phase
from logs.series import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SETPOINT = "#e8590c"
ESTIMATE = "#1c6dd0"
TRUTH = "#212529"
QUIET = "#868e96"
GRID = "#e9ecef"
ALARM = "#e03131"
WARNING = "#f08c00"
CALM = "#2b8a3e"
ROTORS = ("#1c6dd0", "#e8590c", "#2b8a3e", "#9c36b5", "#0c8599", "#d6336c", "#5c940d", "#495057")
AXES = ("#c92a2a", "#2b8a3e", "#1c6dd0")
MODE_COLOURS = {
    "takeoff": "#b2f2bb",
    "land": "#ffd8a8",
    "return": "#ffc9c9",
    "mission": "#a5d8ff",
    "goto": "#bac8ff",
    "hold": "#e9ecef",
    "orbit": "#d0bfff",
    "figure8": "#eebefa",
    "offboard": "#fcc2d7",
    "position": "#c3fae8",
    "altitude": "#99e9f2",
    "angle": "#ffec99",
    "stabilised": "#ffec99",
    "rate": "#ffd43b",
    "descend": "#ffd8a8",
}
OTHER_MODE = "#dee2e6"
MOST_POINTS = 3000
LOOK = {
    "font.size": 9.5,
    "font.family": "sans-serif",
    "axes.edgecolor": "#ced4da",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlepad": 5.0,
    "axes.labelcolor": "#495057",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": "#495057",
    "ytick.color": "#495057",
    "xtick.direction": "out",
    "lines.linewidth": 1.1,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 1.4,
    "legend.borderaxespad": 0.2,
    "path.simplify": True,
}


def mode_colour(name: str) -> str:
    """Return the colour of a mode's band."""
    return MODE_COLOURS.get(name, OTHER_MODE)


def thinned(t: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return few enough points to draw, keeping the least and the largest of every piece."""
    step = len(t) // MOST_POINTS * 2
    if step < 4:
        return t, y
    count = len(t) // step * step
    pieces = y[:count].reshape(-1, step)
    filled = np.where(np.isnan(pieces), np.inf, pieces)
    low = filled.argmin(axis=1)
    high = np.where(np.isnan(pieces), -np.inf, pieces).argmax(axis=1)
    # A gap must stay a gap.
    gap = np.where(np.isnan(pieces).any(axis=1), np.isnan(pieces).argmax(axis=1), high)
    places = np.sort(np.stack((low, high, gap), axis=1), axis=1) + step * np.arange(len(pieces))[:, None]
    places = np.concatenate((places.reshape(-1), np.arange(count, len(t))))
    return t[places], y[places]


def line(ax: "Axes", curve: Curve | None, colour: str, label: str = "", **style: object) -> None:
    """Draw a curve if there is one."""
    if curve is not None:
        ax.plot(*thinned(curve.t, curve.y), color=colour, label=label or None, **style)


def setpoint(ax: "Axes", curve: Curve | None, label: str = "setpoint", over: bool = False) -> None:
    """Draw a setpoint: under the estimate, so a vehicle that follows hides it, or over a noisy measurement."""
    width, order = (1.0, 4) if over else (1.7, 2)
    line(ax, curve, SETPOINT, label, linewidth=width, zorder=order)


def estimate(ax: "Axes", curve: Curve | None, label: str = "estimate") -> None:
    """Draw what the vehicle believed."""
    line(ax, curve, ESTIMATE, label, zorder=3)


def truth(ax: "Axes", curve: Curve | None, label: str = "truth") -> None:
    """Draw what really was."""
    line(ax, curve, TRUTH, label, linewidth=0.9, linestyle=(0, (4, 2)), zorder=4)


def jumps_removed(curve: Curve | None, turn: float = 360.0) -> Curve | None:
    """Return an angle that breaks instead of drawing a line across the plot where it wraps."""
    if curve is None:
        return None
    y = curve.y.copy()
    y[1:][np.abs(np.diff(curve.y)) > 0.5 * turn] = np.nan
    return Curve(curve.t, y)


def key(ax: "Axes") -> None:
    """Say what the lines of one plot mean, on its title's line where nothing is hidden."""
    legend = ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.985), ncols=8, columnspacing=1.0)
    for handle in legend.legend_handles:
        handle.set_linewidth(1.8)


def shade(ax: "Axes", phases: list[Phase], alarms: list[Phase]) -> None:
    """Paint the bands of modes, and of failsafes, behind a plot over time."""
    for phase in phases:
        ax.axvspan(phase.begin_s, phase.end_s, color=mode_colour(phase.name), alpha=0.28, lw=0, zorder=0)
    for alarm in alarms:
        ax.axvspan(alarm.begin_s, alarm.end_s, color=ALARM, alpha=0.13, lw=0, zorder=0.5)


def within(curve: Curve | None, phases: list[Phase]) -> Curve | None:
    """Return only what lies within the phases, NaN elsewhere; all of it where there are none."""
    if curve is None or not phases:
        return curve
    inside = np.zeros(len(curve.t), bool)
    for phase in phases:
        inside |= (curve.t >= phase.begin_s) & (curve.t <= phase.end_s)
    mask = inside if curve.y.ndim == 1 else inside[:, None]
    return Curve(curve.t, np.where(mask, curve.y, np.nan))
