"""`quadloop replay`: fly a log again and compare every tick; with other gains, on what was measured or on a model."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.whatif.prediction import Prediction
    from logs.comparison import Replay

ABOUT = "run the whole autopilot again on a log and compare every tick; try other gains on it"
EXAMPLE = "quadloop replay flight.ulg --what-if closed --set ATT_ROLL_P=8"
SHOWN_FIELDS = 10
OPEN, CLOSED = "open", "closed"


def add_arguments(parser: ArgumentParser) -> None:
    """Take a log and parameters to try on it."""
    parser.add_argument("log", metavar="LOG", help="a log written by `quadloop fly`")
    options.add_set(parser)
    parser.add_argument(
        "--what-if",
        choices=(OPEN, CLOSED),
        help="open: what the autopilot would have said to the same sensors (as --set alone does); closed: how a model "
        "of the vehicle, fitted to the log, would have flown: a PREDICTION with its validity",
    )
    parser.add_argument(
        "--mass", type=float, metavar="KG", help="closed: what the scale says (default: the log)"
    )
    parser.add_argument(
        "--picture", type=Path, metavar="PNG", help="closed: draw flown, model and predicted motion"
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Replay; return 1 when a tick differs that should not: with --set a difference is the answer to a question."""
    settings = options.overrides(arguments)
    check(arguments, settings)
    if arguments.what_if == CLOSED:
        return predict(arguments, settings)
    with compiling.shown(), terminal.Progress("replaying") as progress:
        from logs.replay import replay

        result = replay(arguments.log, dict(settings), progress.share)
    if arguments.json:
        terminal.tell_json(figures(result) | ({"what_if": OPEN, "settings": settings} if settings else {}))
    else:
        terminal.tell(text(result, settings))
    return 1 if result.first_difference and not settings else 0


def check(arguments: Namespace, settings: dict[str, float]) -> None:
    """Raise ConfigError for a question that is none."""
    from flight.errors import ConfigError

    if arguments.what_if and not settings:
        raise ConfigError(
            f"--what-if {arguments.what_if}: what if what? give the other gains, as --set RATE_ROLL_KP=20"
        )
    if arguments.what_if != CLOSED and (arguments.mass is not None or arguments.picture):
        raise ConfigError("--mass and --picture belong to --what-if closed")
    if arguments.mass is not None and not 0.01 <= arguments.mass <= 100.0:
        raise ConfigError(f"--mass {arguments.mass:g}: out of range; allowed 0.01 to 100 kg")


def predict(arguments: Namespace, settings: dict[str, float]) -> int:
    """Fly the log again on a model of its vehicle; return 1 when that is worth nothing."""
    with compiling.shown(), terminal.Progress("predicting") as progress:
        from ground.whatif import page, prediction
        from logs.reader import Log

        result = prediction.predict(Log(arguments.log), settings, arguments.mass, progress.share)
        if arguments.picture:
            page.draw(result, arguments.picture, Path(arguments.log).name)
    if arguments.json:
        terminal.tell_json(predicted_figures(result, arguments.picture))
    else:
        terminal.tell(page.text(result))
    if result.validity.verdict != "good":
        terminal.complain(f"quadloop: {page.title(result).splitlines()[1]}")
    return 1 if result.predicted is None else 0


def predicted_figures(result: "Prediction", picture: Path | None) -> dict[str, object]:
    """Return a prediction under the names of the command line's contract."""
    ticks = len(result.flown.t_s)
    same = {"ticks": ticks, "identical": None, "first_difference": None, "real_time_factor": None}
    return same | result.told() | {"picture": None if picture is None else str(picture)}


def figures(result: "Replay") -> dict[str, object]:
    """Return the figures under the names of the command line's contract."""
    return {
        "ticks": result.ticks,
        "identical": result.identical,
        "first_difference": result.first_difference,
        "largest_differences": result.largest_differences,
        "real_time_factor": result.real_time_factor,
        "notes": result.notes,
    }


def text(result: "Replay", settings: dict[str, float]) -> str:
    """Return how the replay went, for a person."""
    asked = ", ".join(f"{name}={value:g}" for name, value in settings.items())
    what_if = [f"open loop, the sensors as they were flown, with {asked}:"] if settings else []
    lines = [*what_if, result.text(), *(f"note: {note}" for note in result.notes)]
    moved = list(result.largest_differences.items())
    lines += [f"  {path} moved by up to {distance:g}" for path, distance in moved[:SHOWN_FIELDS]]
    if len(moved) > SHOWN_FIELDS:
        lines.append(f"  ... and {len(moved) - SHOWN_FIELDS} more fields")
    return "\n".join(lines)
