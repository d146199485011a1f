"""`quadloop identify`: what a vehicle is, from a flight or from somebody else's recordings."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.identification.crossing import Crossed
    from ground.identification.findings import Findings

ABOUT = "fit airframe physics from a flight log, with 95 % intervals"
EXAMPLE = "quadloop fly chirp --log chirp.ulg && quadloop identify chirp.ulg --out measured.toml"


def add_arguments(parser: ArgumentParser) -> None:
    """Take a log and where to write the airframe."""
    parser.add_argument(
        "log",
        metavar="LOG",
        type=Path,
        nargs="+",
        help="a log written by `quadloop fly chirp`, or of any lively flight; or recorded flights with rotor speeds "
        "(npz, or a folder of them): one model is fitted and each flight predicted by a model of the others",
    )
    parser.add_argument(
        "--check",
        type=Path,
        nargs="+",
        metavar="NPZ",
        help="recorded flights to predict by the model of all LOGs",
    )
    parser.add_argument(
        "--out", type=Path, metavar="TOML", help="write the airframe's file with what was found"
    )
    parser.add_argument(
        "--mass", type=float, metavar="KG", help="what the scale says (default: the airframe file)"
    )
    parser.add_argument(
        "--airframe",
        default="crazyflie21",
        help="what --out fills in for recorded flights (default: crazyflie21)",
    )
    parser.add_argument(
        "--step-response",
        action="store_true",
        help="instead: what rate and attitude loops make of a step, from ordinary flight; of any autopilot's log",
    )
    parser.add_argument("--picture", type=Path, metavar="PNG", help="with --step-response: draw it")
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Identify and show."""
    from ground.identification.recorded import is_recording

    check(arguments, is_recorded := is_recording(arguments.log[0]))
    if is_recorded:
        return run_recorded(arguments)
    if arguments.step_response:
        return step_response(arguments)
    with compiling.shown(), terminal.Progress("identifying"):
        from ground.identification import findings
        from logs.reader import Log

        log = Log(str(arguments.log[0]))
        found = findings.identify(log, arguments.mass)
    if arguments.out:
        terminal.note(f"written: {findings.write_airframe(log, found, arguments.out)}")
    terminal.tell_json(figures(found)) if arguments.json else terminal.tell(text(found))
    return 0


def check(arguments: Namespace, is_recorded: bool) -> None:
    """Raise ConfigError for what does not belong together."""
    from flight.errors import ConfigError

    if arguments.mass is not None and not 0.01 <= arguments.mass <= 100.0:
        raise ConfigError(f"--mass {arguments.mass:g}: out of range; allowed 0.01 to 100 kg")
    if is_recorded and (arguments.mass is None) != (arguments.out is None):
        raise ConfigError(
            f"{arguments.log[0]}: recorded flights tell forces per mass; --out and --mass go together"
        )
    if is_recorded and arguments.step_response:
        raise ConfigError(
            f"{arguments.log[0]}: --step-response needs a log with setpoints, not a recorded flight"
        )
    if not is_recorded and (len(arguments.log) > 1 or arguments.check):
        raise ConfigError(
            f"{arguments.log[0]}: one log at a time, without --check; only npz recordings come in numbers"
        )


def run_recorded(arguments: Namespace) -> int:
    """Fit recorded flights, cross-validate, predict those to be checked, and show."""
    from flight.errors import ConfigError
    from ground.identification import crossed_words, crossing, recorded

    flights = [recorded.read(file) for file in recorded.files_of(arguments.log)]
    checked = [recorded.read(file) for file in recorded.files_of(arguments.check)] if arguments.check else []
    if len(flights) < 2:
        raise ConfigError(
            f"{arguments.log[0]}: one recorded flight cannot be held to others; name two or more"
        )
    with compiling.shown(), terminal.Progress("identifying") as progress:
        found = crossing.crossed(flights, progress.share)
        missed = crossing.predicted(found.model, checked)
    if arguments.out:
        write_airframe(arguments, found)
    if arguments.json:
        terminal.tell_json(crossed_words.figures(found, missed))
    else:
        terminal.tell(crossed_words.text(found, missed))
    return 0


def write_airframe(arguments: Namespace, found: "Crossed") -> None:
    """Write the airframe with what the recorded flights told; raise ConfigError where no such vehicle can be."""
    import tomllib

    from flight.airframe import from_tables, load
    from ground.identification import in_plant
    from logs.header import airframe_toml

    airframe = load(arguments.airframe)
    numbers = {name: number.value for name, number in found.numbers.items()}
    airframe.physics = in_plant.physics_of(numbers, airframe.physics, arguments.mass)
    text = airframe_toml(airframe)
    from_tables(tomllib.loads(text), arguments.out.name, arguments.out.stem)
    arguments.out.write_text(text)
    terminal.note(f"written: {arguments.out}")


def step_response(arguments: Namespace) -> int:
    """Show the step responses that a log's flight tells."""
    log = arguments.log[0]
    with compiling.shown(), terminal.Progress("deconvolving"):
        from ground.identification import step_responses, step_words

        found = step_responses.step_responses(log)
        if arguments.picture:
            step_words.draw(found, arguments.picture, log.name)
    terminal.tell_json(step_words.figures(found)) if arguments.json else terminal.tell(step_words.text(found))
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
