"""`quadloop margins`: how far each loop of a vehicle is from oscillating, and how fast it is."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ground import compiling, options, terminal

ABOUT = (
    "show gain, phase and delay margin, bandwidth and step response of every loop, of a vehicle or from a log"
)
EXAMPLE = "quadloop margins pi450 --set RATE_ROLL_KP=60 --plots margins"
OURS, OTHERS = ".ulg", (".BIN", ".bin", ".bbl", ".BBL", ".tlog")
HEADS = (
    "loop",
    "phase",
    "gain",
    "delay",
    "Ms",
    "Mt",
    "crossover",
    "bandwidth",
    "rejects to",
    "rise",
    "overshoot",
)
MEASURED = (
    ("phase_margin_deg", 1, "deg"),
    ("gain_margin_db", 1, "dB"),
    ("crossover_hz", 2, "Hz"),
    ("ms", 2, ""),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Take a vehicle and where to draw."""
    parser.add_argument(
        "airframe",
        nargs="?",
        default=options.DEFAULT_AIRFRAME,
        metavar="AIRFRAME or LOG",
        help="a name from `quadloop airframes`, a path to a .toml, or a log of `quadloop fly chirp` "
        f"(default {options.DEFAULT_AIRFRAME})",
    )
    options.add_set(parser)
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw Bode and Nyquist pictures there")
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Analyse every loop; return 1 when one is unstable."""
    if arguments.airframe.endswith(OTHERS):
        from flight.errors import ConfigError

        raise ConfigError(
            f"{arguments.airframe}: margins from a log need an excitation that the log tells; fly `quadloop fly chirp`"
        )
    if arguments.airframe.endswith(OURS):
        return from_log(arguments)
    vehicle = options.chosen_airframe(arguments)
    with compiling.shown(), terminal.Progress("analysing") as progress:
        from ground.tuning import analysis

        found = analysis.analyse(vehicle, progress.share)
    if arguments.plots:
        draw(found, arguments.plots, vehicle.name)
    figures = found.figures()
    terminal.tell_json(figures) if arguments.json else terminal.tell(table(figures))
    return 0 if all(loop["is_stable"] for loop in figures.values()) else 1


def from_log(arguments: Namespace) -> int:
    """Measure the loops that a log's excitations show; return 1 when one would not be stable."""
    settings = options.overrides(arguments)
    with compiling.shown(), terminal.Progress("measuring"):
        from ground.identification import bode, loops
        from logs.rebuilding import rebuild

        found = loops.measured_loops(rebuild(arguments.airframe), settings)
    if arguments.plots:
        name = Path(arguments.airframe)
        terminal.note(f"drawn: {bode.draw(found, arguments.plots / f'{name.stem}_bode.png', name.name)}")
    figures = {name: loop.figures() for name, loop in found.items()}
    terminal.tell_json(figures) if arguments.json else terminal.tell(measured_table(figures))
    return 0 if all(loop["is_stable"] for loop in figures.values()) else 1


def measured_table(figures: dict[str, dict[str, Any]]) -> str:
    """Return a line per loop, each number with its 95 % interval."""
    rows = [
        (
            name,
            *(
                f"{loop[key]:.{digits}f} ({loop['low'][key]:.{digits}f} to {loop['high'][key]:.{digits}f}) {unit}"
                for key, digits, unit in MEASURED
            ),
            f"{loop['coherence']:.2f}",
        )
        for name, loop in figures.items()
    ]
    return terminal.table(rows, ("loop", "phase", "gain", "crossover", "Ms", "coherence"))


def draw(found: Any, folder: Path, name: str) -> None:
    """Draw the loops' pictures."""
    from ground.tuning import plots

    for picture in (plots.bode, plots.nyquist):
        path = picture(found.f_hz, found.loops, folder / f"{name}_{picture.__name__}.png")
        terminal.note(f"drawn: {path}")


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Return a line per loop."""
    return terminal.table([cells(name, loop) for name, loop in figures.items()], HEADS)


def cells(name: str, loop: dict[str, Any]) -> tuple[str, ...]:
    """Return one loop's numbers as a person reads them."""
    if not loop["is_stable"]:
        return (name, "UNSTABLE", *["-"] * (len(HEADS) - 2))
    return (
        name,
        f"{loop['phase_margin_deg']:.0f} deg",
        f"{loop['gain_margin_db']:.1f} dB",
        f"{1e3 * loop['delay_margin_s']:.0f} ms",
        f"{loop['ms']:.2f}",
        f"{loop['mt']:.2f}",
        *(f"{loop[key]:.2f} Hz" for key in ("crossover_hz", "bandwidth_hz", "rejection_hz")),
        f"{1e3 * loop['rise_s']:.0f} ms",
        f"{100.0 * loop['overshoot']:.0f} %",
    )
