"""How each thing a pilot wants to see is drawn on a panel's axes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from logs import ink
from logs.series import Curve
from logs.spectrum import Spectrum, longest
from logs.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_TRACK_M = 1.0
Draw = Callable[["Axes", View], None]


def attitude(axis: int) -> Draw:
    """Return how to draw one attitude angle."""

    def draw(ax: "Axes", view: View) -> None:
        s = view.series
        clean = ink.jumps_removed if axis != 1 else lambda c: c
        ink.setpoint(ax, clean(component(view.steered(s.attitude_sp), axis)))
        ink.estimate(ax, clean(component(s.attitude, axis)))
        ink.truth(ax, clean(component(s.true_attitude, axis)))

    return draw


def rate(axis: int) -> Draw:
    """Return how to draw one body rate."""

    def draw(ax: "Axes", view: View) -> None:
        s = view.series
        ink.setpoint(ax, component(view.steered(s.rates_sp), axis), over=True)
        ink.line(ax, component(s.rates, axis), ink.ESTIMATE, "measured", linewidth=0.8, alpha=0.75)

    return draw


def component(curve: Curve | None, axis: int, sign: float = 1.0) -> Curve | None:
    """Return one component of a curve that may be missing."""
    return None if curve is None else Curve(curve.t, sign * curve.y[:, axis])


def altitude(ax: "Axes", view: View) -> None:
    """Draw the height above the origin."""
    s = view.series
    ink.setpoint(ax, component(view.steered(s.position_sp), 2, -1.0))
    ink.estimate(ax, component(s.position, 2, -1.0))
    ink.truth(ax, component(s.true_position, 2, -1.0))


def climb(ax: "Axes", view: View) -> None:
    """Draw the vertical speed, up positive."""
    s = view.series
    ink.setpoint(ax, component(view.steered(s.velocity_sp), 2, -1.0))
    ink.estimate(ax, component(s.velocity, 2, -1.0))
    ink.truth(ax, component(s.true_velocity, 2, -1.0))


def speed(ax: "Axes", view: View) -> None:
    """Draw the horizontal speed."""
    s = view.series
    ink.setpoint(ax, horizontal(view.steered(s.velocity_sp)))
    ink.estimate(ax, horizontal(s.velocity))
    ink.truth(ax, horizontal(s.true_velocity))


def horizontal(curve: Curve | None) -> Curve | None:
    """Return the length of the horizontal part."""
    return None if curve is None else Curve(curve.t, np.hypot(curve.y[:, 0], curve.y[:, 1]))


def track(ax: "Axes", view: View) -> None:
    """Draw the way over ground, north up, with the times it took off and landed."""
    s, flown = view.series, view.airborne or view.armed
    for curve, colour, width, style, order in (
        (view.steered(s.position_sp), ink.SETPOINT, 1.8, "-", 2),
        (ink.within(s.position, flown), ink.ESTIMATE, 1.3, "-", 3),
        (ink.within(s.true_position, flown), ink.TRUTH, 0.9, (0, (4, 2)), 4),
    ):
        if curve is not None:
            ax.plot(curve.y[:, 1], curve.y[:, 0], color=colour, lw=width, ls=style, zorder=order)
    path = ink.within(s.position, flown)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.08)
    solid = path.y[~np.isnan(path.y[:, 0])] if path is not None else np.zeros((0, 3))
    if len(solid):
        ax.plot(solid[0, 1], solid[0, 0], "o", color=ink.CALM, ms=7, mec="white", zorder=6, label="take-off")
        ax.plot(
            solid[-1, 1], solid[-1, 0], "s", color=ink.ALARM, ms=7, mec="white", zorder=6, label="landing"
        )
        ax.legend(loc="upper right")
        # Unseen points keep a hover from filling the plot with centimetres.
        north, east = solid[0, 0], solid[0, 1]
        ax.plot([east, east], [north - LEAST_TRACK_M, north + LEAST_TRACK_M], alpha=0.0)
    ax.annotate("east", (1.0, 0.02), xycoords="axes fraction", ha="right", color=ink.QUIET)
    ax.annotate("north", (0.01, 0.98), xycoords="axes fraction", va="top", color=ink.QUIET)


def motors(ax: "Axes", view: View) -> None:
    """Draw every motor's throttle."""
    motors = view.series.motors
    assert motors is not None
    for k in range(motors.y.shape[1]):
        ink.line(ax, motors.column(k), ink.ROTORS[k % len(ink.ROTORS)], f"{k + 1}", linewidth=0.8, alpha=0.85)
    ax.set_ylim(-0.03, 1.03)
    ink.key(ax)


def battery(ax: "Axes", view: View) -> None:
    """Draw voltage, and current on an axis of its own."""
    s = view.series
    ink.line(ax, s.voltage, ink.CALM, "voltage")
    ax.set_ylabel("V", color=ink.CALM)
    if s.current is not None:
        right = ax.twinx()
        ink.line(right, s.current, ink.WARNING, "current", linewidth=0.9, alpha=0.8)
        right.set_ylabel("A", color=ink.WARNING)
        right.grid(False)
        right.set_ylim(bottom=0.0)
        ax.set_zorder(right.get_zorder() + 1)
        ax.patch.set_visible(False)


def errors(get: Callable[[View], Curve | None], names: tuple[str, str, str]) -> Draw:
    """Return how to draw an estimate's error in three components."""

    def draw(ax: "Axes", view: View) -> None:
        curve = ink.within(get(view), view.airborne or view.armed)
        assert curve is not None
        ax.axhline(0.0, color=ink.QUIET, lw=0.8)
        for k, name in enumerate(names):
            with np.errstate(all="ignore"):
                size = np.sqrt(np.nanmean(curve.y[:, k] ** 2)) if np.isfinite(curve.y[:, k]).any() else np.nan
            ink.line(ax, curve.column(k), ink.AXES[k], f"{name} {size:.2g}")
        ink.key(ax)

    return draw


def densities(get: Callable[[View], Spectrum | None]) -> Draw:
    """Return how to draw a spectrum per axis, with the rotors' frequencies marked."""

    def draw(ax: "Axes", view: View) -> None:
        found = get(view)
        assert found is not None
        for k, name in enumerate(("x", "y", "z")):
            ax.semilogy(
                found.hz, np.maximum(found.density[:, k], 1e-12), color=ink.AXES[k], lw=1.0, label=name
            )
        mark_rotors(ax, view, found.hz[-1])
        floor = np.percentile(found.density[found.density > 0.0], 1) if (found.density > 0.0).any() else 1e-6
        ax.set_ylim(bottom=0.5 * floor)
        ax.set_xlim(0.0, found.hz[-1])
        ax.annotate("Hz", (1.032, -0.04), xycoords="axes fraction", ha="left", va="top", color="#495057")
        ink.key(ax)

    return draw


def mark_rotors(ax: "Axes", view: View, highest_hz: float) -> None:
    """Mark where the rotors turn, and twice that: the blades passing."""
    turning = view.series.rotor_hz
    window = longest(view.airborne)
    if turning is None or window is None:
        return
    inside = (turning.t >= window.begin_s) & (turning.t <= window.end_s)
    if not inside.any():
        return
    low, middle, high = np.percentile(turning.y[inside], [5, 50, 95])
    for times, name in ((1, " rotors"), (2, " blades")):
        if times * high < highest_hz:
            ax.axvspan(times * low, times * high, color=ink.WARNING, alpha=0.15, lw=0, zorder=0)
            ax.axvline(times * middle, color=ink.WARNING, lw=0.9, ls=(0, (3, 2)), zorder=1)
            place = (times * middle, 0.97)
            ax.annotate(
                name, place, xycoords=("data", "axes fraction"), va="top", fontsize=8, color=ink.WARNING
            )
