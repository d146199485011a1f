"""`quadloop identify`: what a vehicle is, from a flight."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.identification.findings import Findings

ABOUT = "fit airframe physics from a flight log, with 95 % intervals"
EXAMPLE = "quadloop fly chirp --log chirp.ulg && quadloop identify chirp.ulg --out measured.toml"


def add_arguments(parser: ArgumentParser) -> None:
    """Take a log and where to write the airframe."""
    parser.add_argument(
        "log", metavar="LOG", help="a log written by `quadloop fly chirp`, or of any lively flight"
    )
    parser.add_argument(
        "--out", type=Path, metavar="TOML", help="write the airframe's file with what was found"
    )
    parser.add_argument(
        "--mass", type=float, metavar="KG", help="what the scale says (default: the airframe file)"
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Identify and show."""
    if arguments.mass is not None and not 0.01 <= arguments.mass <= 100.0:
        from flight.errors import ConfigError

        raise ConfigError(f"--mass {arguments.mass:g}: out of range; allowed 0.01 to 100 kg")
    with compiling.shown(), terminal.Progress("identifying"):
        from ground.identification import findings
        from logs.reader import Log

        log = Log(arguments.log)
        found = findings.identify(log, arguments.mass)
    if arguments.out:
        terminal.note(f"written: {findings.write_airframe(log, found, arguments.out)}")
    terminal.tell_json(figures(found)) if arguments.json else terminal.tell(text(found))
    return 0


def figures(found: "Findings") -> dict[str, object]:
    """Return the figures under the names of the command line's contract."""
    numbers: dict[str, object] = {name: asdict(number) for name, number in found.numbers.items()}
    return numbers | {"fit_percent": found.fit_percent}


def text(found: "Findings") -> str:
    """Return a line per number, and how much of the motion they explain."""
    rows = [
        (name, f"{n.value:.4g}", f"{n.low:.4g}", f"{n.high:.4g}", n.unit) for name, n in found.numbers.items()
    ]
    explained = ", ".join(f"{name} {share:.0f} %" for name, share in found.fit_percent.items())
    table = terminal.table(rows, ("number", "value", "low", "high", "unit"))
    return f"{table}\n{found.seconds:.0f} s of free flight; explained: {explained}"
