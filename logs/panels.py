"""The panels of the page: each draws one thing a pilot wants to see, and says whether the log can show it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from logs import ink, phases
from logs.series import Curve, Series
from logs.spectrum import Spectrum, longest, spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANGLES = ("Roll", "Pitch", "Yaw")
LEAST_TRACK_M = 1.0


class View:
    """A log with everything the panels need worked out once."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.modes = phases.modes(series)
        self.armed = phases.armed(series)
        self.airborne = phases.airborne(series)
        self.failsafes = phases.failsafes(series)
        self.happenings = phases.happenings(series)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Return the time to show: the armed part with a little before and after, else everything."""
        end = self.series.duration_s
        if not self.armed:
            return 0.0, end
        first, last = self.armed[0].begin_s, self.armed[-1].end_s
        margin = max(1.0, 0.03 * (last - first))
        return max(0.0, first - margin), min(end, last + margin)

    def steered(self, curve: Curve | None) -> Curve | None:
        """Return a setpoint where it had an effect: while armed."""
        return ink.within(curve, self.armed)

    @cached_property
    def accel_spectrum(self) -> Spectrum | None:
        """Return the spectrum of the accelerometer in the air."""
        return spectrum(self.series.accel, longest(self.airborne))

    @cached_property
    def gyro_spectrum(self) -> Spectrum | None:
        """Return the spectrum of the gyro in the air, in deg/s."""
        gyro = self.series.gyro
        return spectrum(gyro and Curve(gyro.t, np.degrees(gyro.y)), longest(self.airborne))

    @cached_property
    def position_error(self) -> Curve | None:
        """Return estimate minus truth in metres north, east, down."""
        return difference(self.series.position, self.series.true_position)

    @cached_property
    def velocity_error(self) -> Curve | None:
        """Return estimate minus truth in m/s north, east, down."""
        return difference(self.series.velocity, self.series.true_velocity)

    @cached_property
    def attitude_error(self) -> Curve | None:
        """Return estimate minus truth as a rotation in degrees about body x, y, z."""
        q, true = self.series.q, self.series.true_q
        if q is None or true is None:
            return None
        return Curve(q.t, rotation_between_deg(true.at(q.t), q.y))


def difference(a: Curve | None, b: Curve | None) -> Curve | None:
    """Return a minus b at the times of a."""
    return None if a is None or b is None else Curve(a.t, a.y - b.at(a.t))


def rotation_between_deg(q_from: np.ndarray, q_to: np.ndarray) -> np.ndarray:
    """Return the small rotation from one attitude to another about body axes in degrees."""
    # The first quaternion is interpolated, and may have been across its change of sign.
    a = q_from / np.linalg.norm(q_from, axis=1, keepdims=True)
    w, x, y, z = a[:, 0], -a[:, 1], -a[:, 2], -a[:, 3]
    tw, tx, ty, tz = q_to.T
    scalar = w * tw - x * tx - y * ty - z * tz
    vector = np.stack(
        (
            w * tx + x * tw + y * tz - z * ty,
            w * ty - x * tz + y * tw + z * tx,
            w * tz + x * ty - y * tx + z * tw,
        ),
        -1,
    )
    return np.degrees(2.0 * np.where(scalar < 0.0, -1.0, 1.0)[:, None] * vector)


@dataclass(frozen=True)
class Panel:
    """One plot of the page.

    `height` is in rows of the page, `is_over_time` when it shares the page's time axis, `least_span` what it shows at
    least from bottom to top, so that noise does not look like flying.
    """

    title: str
    draw: Callable[["Axes", View], None]
    is_available: Callable[[View], bool]
    is_over_time: bool = True
    height: int = 1
    least_span: float = 0.0


def attitude(axis: int) -> Panel:
    """Return the panel of one attitude angle."""

    def draw(ax: "Axes", view: View) -> None:
        s = view.series
        clean = ink.jumps_removed if axis != 1 else lambda c: c
        ink.setpoint(ax, clean(component(view.steered(s.attitude_sp), axis)))
        ink.estimate(ax, clean(component(s.attitude, axis)))
        ink.truth(ax, clean(component(s.true_attitude, axis)))

    return Panel(f"{ANGLES[axis]}  [°]", draw, lambda v: v.series.attitude is not None, least_span=4.0)


def rate(axis: int) -> Panel:
    """Return the panel of one body rate."""

    def draw(ax: "Axes", view: View) -> None:
        s = view.series
        ink.setpoint(ax, component(view.steered(s.rates_sp), axis), over=True)
        ink.line(ax, component(s.rates, axis), ink.ESTIMATE, "measured", linewidth=0.8, alpha=0.75)

    return Panel(f"{ANGLES[axis]} rate  [°/s]", draw, lambda v: v.series.rates is not None, least_span=10.0)


def component(curve: Curve | None, axis: int, sign: float = 1.0) -> Curve | None:
    """Return one component of a curve that may be missing."""
    return None if curve is None else Curve(curve.t, sign * curve.y[:, axis])


def draw_altitude(ax: "Axes", view: View) -> None:
    """Draw the height above the origin."""
    s = view.series
    ink.setpoint(ax, component(view.steered(s.position_sp), 2, -1.0))
    ink.estimate(ax, component(s.position, 2, -1.0))
    ink.truth(ax, component(s.true_position, 2, -1.0))


def draw_climb(ax: "Axes", view: View) -> None:
    """Draw the vertical speed, up positive."""
    s = view.series
    ink.setpoint(ax, component(view.steered(s.velocity_sp), 2, -1.0))
    ink.estimate(ax, component(s.velocity, 2, -1.0))
    ink.truth(ax, component(s.true_velocity, 2, -1.0))


def draw_speed(ax: "Axes", view: View) -> None:
    """Draw the horizontal speed."""
    s = view.series
    ink.setpoint(ax, horizontal(view.steered(s.velocity_sp)))
    ink.estimate(ax, horizontal(s.velocity))
    ink.truth(ax, horizontal(s.true_velocity))


def horizontal(curve: Curve | None) -> Curve | None:
    """Return the length of the horizontal part."""
    return None if curve is None else Curve(curve.t, np.hypot(curve.y[:, 0], curve.y[:, 1]))


def draw_track(ax: "Axes", view: View) -> None:
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


def draw_motors(ax: "Axes", view: View) -> None:
    """Draw every motor's throttle."""
    motors = view.series.motors
    assert motors is not None
    for k in range(motors.y.shape[1]):
        ink.line(ax, motors.column(k), ink.ROTORS[k % len(ink.ROTORS)], f"{k + 1}", linewidth=0.8, alpha=0.85)
    ax.set_ylim(-0.03, 1.03)
    ink.key(ax)


def draw_battery(ax: "Axes", view: View) -> None:
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


def errors(
    get: Callable[[View], Curve | None], names: tuple[str, str, str]
) -> Callable[["Axes", View], None]:
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


def densities(get: Callable[[View], Spectrum | None]) -> Callable[["Axes", View], None]:
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
        ax.annotate("Hz", (1.012, -0.04), xycoords="axes fraction", ha="left", va="top", color="#495057")
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


NORTH_EAST_DOWN = ("north", "east", "down")
BODY = ("roll", "pitch", "yaw")
LEFT = (
    attitude(0),
    attitude(1),
    attitude(2),
    Panel("Height  [m]", draw_altitude, lambda v: v.series.position is not None, least_span=1.0),
    Panel("Climb rate  [m/s]", draw_climb, lambda v: v.series.velocity is not None, least_span=0.5),
    Panel("Ground speed  [m/s]", draw_speed, lambda v: v.series.velocity is not None, least_span=0.5),
    Panel(
        "Position estimate error, rms  [m]",
        errors(lambda v: v.position_error, NORTH_EAST_DOWN),
        lambda v: v.position_error is not None,
        least_span=0.02,
    ),
    Panel(
        "Velocity estimate error, rms  [m/s]",
        errors(lambda v: v.velocity_error, NORTH_EAST_DOWN),
        lambda v: v.velocity_error is not None,
        least_span=0.02,
    ),
    Panel(
        "Attitude estimate error, rms  [°]",
        errors(lambda v: v.attitude_error, BODY),
        lambda v: v.attitude_error is not None,
        least_span=0.1,
    ),
)
RIGHT = (
    rate(0),
    rate(1),
    rate(2),
    Panel(
        "Ground track  [m]", draw_track, lambda v: v.series.position is not None, is_over_time=False, height=2
    ),
    Panel("Motors  [throttle]", draw_motors, lambda v: v.series.motors is not None),
    Panel("Battery", draw_battery, lambda v: v.series.voltage is not None),
    Panel(
        "Vibration: accelerometer in the air  [m/s² per √Hz]",
        densities(lambda v: v.accel_spectrum),
        lambda v: v.accel_spectrum is not None,
        is_over_time=False,
    ),
    Panel(
        "Vibration: gyro in the air  [°/s per √Hz]",
        densities(lambda v: v.gyro_spectrum),
        lambda v: v.gyro_spectrum is not None,
        is_over_time=False,
    ),
)
