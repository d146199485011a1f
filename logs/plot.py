"""Draw the page of plots a pilot reads after a flight: one picture, and one web page that needs no network."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from flight.errors import LogError
from logs import ink
from logs.figures import figures
from logs.page import write_page
from logs.panels import LEFT, RIGHT, Panel
from logs.phases import Happening, has_arming
from logs.reader import Log
from logs.series import Series
from logs.ulog import WARNING
from logs.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, ROW_IN, HEAD_IN, BAND_IN = 15.0, 1.75, 1.35, 1.0
DPI = 110
LONGEST_LABEL = 60
# PX4 puts the module before its messages: "[commander] Takeoff detected".
SOURCE = re.compile(r"^\[(\w+)\]\s*")


def plot(
    source: Log | str | os.PathLike[str], out: str | os.PathLike[str] | None = None
) -> tuple[Path, Path]:
    """Write a flight's picture (PNG) and report (HTML); return their paths.

    `out` is a folder, or the picture's name with the report beside it; by default both lie beside the log. Raises
    LogError when the log cannot be read, holds nothing to draw, or the files cannot be written.
    """
    log = source if isinstance(source, Log) else Log(source)
    picture, report = places(log.path, None if out is None else Path(out))
    view = View(Series(log))
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        draw(view, picture)
        write_page(view, figures(view), picture, report)
    except OSError as error:
        raise LogError(f"{picture}: cannot be written: {error.strerror}") from None
    return picture, report


def places(log: Path, out: Path | None) -> tuple[Path, Path]:
    """Return where picture and report go."""
    if out is None:
        return log.with_suffix(".png"), log.with_suffix(".html")
    if out.suffix.lower() == ".png":
        return out, out.with_suffix(".html")
    return out / f"{log.stem}.png", out / f"{log.stem}.html"


def draw(view: View, picture: Path) -> None:
    """Draw the page into a PNG file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    left, right = columns(view)
    with matplotlib.rc_context(ink.LOOK):
        count = max(rows_of(left), rows_of(right))
        height = HEAD_IN + BAND_IN + ROW_IN * count
        figure = Figure((WIDTH_IN, height), layout=None, facecolor="white")
        FigureCanvasAgg(figure)
        head(figure, view, height)
        grid = figure.add_gridspec(
            count, 2, left=0.045, right=0.965, bottom=0.55 / height, top=1.0 - (HEAD_IN + BAND_IN) / height,
            hspace=0.42, wspace=0.11,
        )  # fmt: skip
        band(figure.add_axes((0.045, 1.0 - (HEAD_IN + 0.42) / height, 0.92, 0.42 / height)), view)
        for side, panels in enumerate((left, right)):
            fill(figure, grid, side, panels, view)
        figure.savefig(picture, dpi=DPI, metadata={"Software": "Quadloop"})


def rows_of(panels: list[Panel]) -> int:
    """Return how many rows of the page a column takes."""
    return sum(p.height for p in panels)


def columns(view: View) -> tuple[list[Panel], list[Panel]]:
    """Return the panels of both columns that the log can fill, the columns about equally long."""
    left, right = ([p for p in column if p.is_available(view)] for column in (LEFT, RIGHT))
    if not left and not right:
        raise LogError(
            f"{view.series.log.path}: holds nothing this page could draw: no attitude, position or motors"
        )
    for short, long in ((left, right), (right, left)):
        while long and rows_of(long) - rows_of(short) > long[-1].height:
            short.append(long.pop())
    return left, right


def fill(figure: "Figure", grid: object, side: int, panels: list[Panel], view: View) -> None:
    """Draw one column of panels."""
    row = 0
    for panel in panels:
        ax = figure.add_subplot(grid[row : row + panel.height, side])  # type: ignore[index]
        ax.set_title(panel.title)
        panel.draw(ax, view)
        row += panel.height
        widen(ax, panel.least_span)
        if panel.is_over_time:
            ink.shade(ax, view.modes, view.failsafes)
            mark_alarms(ax, view)
            ax.set_xlim(*view.window)
            ax.annotate("s", (1.012, -0.04), xycoords="axes fraction", ha="left", va="top", color="#495057")


def widen(ax: "Axes", least_span: float) -> None:
    """Show at least this much from bottom to top."""
    low, high = ax.get_ylim()
    if high - low < least_span:
        middle = 0.5 * (low + high)
        ax.set_ylim(middle - 0.5 * least_span, middle + 0.5 * least_span)


def mark_alarms(ax: "Axes", view: View) -> None:
    """Mark the moments of warnings on a plot over time."""
    for happening in notable(view.happenings):
        ax.axvline(happening.t_s, color=ink.ALARM, lw=0.7, ls=(0, (2, 2)), alpha=0.6, zorder=1)


def notable(happenings: list[Happening]) -> list[Happening]:
    """Return what went wrong."""
    return [h for h in happenings if h.severity <= WARNING]


def head(figure: "Figure", view: View, height: float) -> None:
    """Write the title, the flight's first figures and what the colours mean."""
    info, found = view.series.log.info, figures(view)
    name = info.get("quadloop_airframe") or info.get("ver_hw", "")
    figure.text(
        0.045, 1.0 - 0.36 / height, view.series.log.path.name, fontsize=17, weight="bold", color=ink.TRUTH
    )
    about = [f"{info.get('sys_name', '')} {name}".strip(), f"code {str(info.get('ver_sw', 'unknown'))[:12]}"]
    if "quadloop_seed" in info:
        about.append(f"seed {info['quadloop_seed']}")
    figure.text(0.965, 1.0 - 0.34 / height, "   ·   ".join(about), ha="right", fontsize=10, color=ink.QUIET)
    figure.text(0.045, 1.0 - 0.66 / height, "     ".join(first_figures(found)), fontsize=11, color="#343a40")
    legend(figure, view, height)


def first_figures(found: dict[str, float]) -> list[str]:
    """Return the figures of the title line."""
    wanted = (
        ("airborne_s", "{:.1f} s in the air"),
        ("way_m", "{:.0f} m flown"),
        ("height_max_m", "up to {:.1f} m"),
        ("speed_max_m_s", "{:.1f} m/s"),
        ("tilt_max_deg", "tilt {:.0f}°"),
        ("energy_used_wh", "{:.2f} Wh"),
        ("vibration_accel_rms_m_s2", "vibration {:.1f} m/s²"),
    )
    return [text.format(found[name]) for name, text in wanted if name in found]


def legend(figure: "Figure", view: View, height: float) -> None:
    """Say once for all plots what the lines mean."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=ink.SETPOINT, lw=2.2), Line2D([], [], color=ink.ESTIMATE, lw=1.8)]
    names = ["setpoint", "estimate / measured"]
    if view.series.true_q is not None or view.series.true_position is not None:
        lines.append(Line2D([], [], color=ink.TRUTH, lw=1.2, ls=(0, (4, 2))))
        names.append("truth")
    figure.legend(
        lines, names, loc="upper right", bbox_to_anchor=(0.968, 1.0 - 0.48 / height), ncols=3, fontsize=10,
        columnspacing=1.6, handlelength=2.2,
    )  # fmt: skip


def band(ax: "Axes", view: View) -> None:
    """Draw the strip of modes and events over all time plots."""
    ax.set_xlim(*view.window)
    ax.set_ylim(0.0, 1.0)
    ax.grid(False)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    width = view.window[1] - view.window[0]
    if not view.modes:
        ax.axvspan(*view.window, color=ink.GRID, lw=0)
        note = "never armed" if has_arming(view.series) else "modes were not logged"
        ax.text(sum(view.window) / 2.0, 0.5, note, ha="center", va="center", color=ink.QUIET)
    for phase in view.modes:
        ax.axvspan(phase.begin_s, phase.end_s, color=ink.mode_colour(phase.name), lw=0)
        share = (phase.end_s - phase.begin_s) / width
        if share > 0.008 * len(phase.name):
            ax.text(
                0.5 * (phase.begin_s + phase.end_s), 0.5, phase.name, ha="center", va="center", fontsize=10
            )
    for alarm in view.failsafes:
        ax.axvspan(alarm.begin_s, alarm.end_s, ymax=0.16, color=ink.ALARM, lw=0)
    label_events(ax, view)
    ax.annotate("s", (1.006, -0.08), xycoords="axes fraction", ha="left", va="top", color="#495057")


def label_events(ax: "Axes", view: View) -> None:
    """Write events above the strip in two lanes, where there is room; failures first."""
    begin, end = view.window
    lanes: tuple[list[tuple[float, float]], ...] = ([], [])
    for happening in sorted(view.happenings, key=lambda h: h.severity):
        place = (happening.t_s - begin) / (end - begin)
        if not 0.0 <= place <= 1.0 or not is_worth_a_label(happening.text):
            continue
        text = SOURCE.sub("", happening.text)
        colour = ink.ALARM if happening.severity <= WARNING else "#495057"
        length = 0.0053 * len(text) + 0.012
        start = min(place, 1.0 - length)
        for lane, taken in enumerate(lanes):
            if len(text) < LONGEST_LABEL and all(start + length < a or start > b for a, b in taken):
                taken.append((start, start + length))
                top = 1.1 + 0.36 * lane
                ax.plot([place] * 2, [0.0, top], color=colour, lw=0.9, clip_on=False, transform=ax.transAxes)
                ax.text(
                    start, top + 0.06, text, transform=ax.transAxes, fontsize=8.5, color=colour, va="bottom"
                )
                break


def is_worth_a_label(text: str) -> bool:
    """Tell whether an event says more than the strip's colours, and does not come from the log's own housekeeping."""
    source = SOURCE.match(text)
    return not text.startswith("Mode changed") and (not source or source[1] in ("commander", "navigator"))
