"""`quadloop replay`: fly a log again and compare every tick."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from logs.replay import Replay

ABOUT = "run the whole autopilot again on a log and compare every tick"
EXAMPLE = "quadloop replay flight.ulg --set ATT_ROLL_P=8"
SHOWN_FIELDS = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Take a log and parameters to try on it."""
    parser.add_argument("log", metavar="LOG", help="a log written by `quadloop fly`")
    options.add_set(parser)
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Replay; return 1 when a tick differs that should not: with --set a difference is the answer to a question."""
    settings = options.overrides(arguments)
    with compiling.shown(), terminal.Progress("replaying") as progress:
        from logs.replay import replay

        result = replay(arguments.log, dict(settings), progress.share)
    if arguments.json:
        terminal.tell_json(figures(result))
    else:
        terminal.tell(text(result))
    return 1 if result.first_difference and not settings else 0


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


def text(result: "Replay") -> str:
    """Return how the replay went, for a person."""
    lines = [result.text(), *(f"note: {note}" for note in result.notes)]
    moved = list(result.largest_differences.items())
    lines += [f"  {path} moved by up to {distance:g}" for path, distance in moved[:SHOWN_FIELDS]]
    if len(moved) > SHOWN_FIELDS:
        lines.append(f"  ... and {len(moved) - SHOWN_FIELDS} more fields")
    return "\n".join(lines)
