"""The command line: find the command, run it, turn trouble into one line and an exit code."""

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from flight.errors import FlightError
from ground import terminal

# One file per command; they import the rooms only when they run, so that the program starts at once.
COMMANDS = (
    "fly",
    "serve",
    "watch",
    "physics",
    "replay",
    "plot",
    "log",
    "params",
    "airframes",
    "failsafe",
    "firmware",
    "estimate",
    "margins",
    "identify",
    "tune",
    "calibrate",
    "doctor",
    "motors",
    "campaign",
    "bench",
)
SUCCESS, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """End the program with exit code 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}; see `{self.prog} --help`\n")


class Version(argparse.Action):
    """Names release and commit, as logs do; found out only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and end the program."""
        from logs.version import code_version, package_version

        terminal.tell(f"quadloop {package_version()} ({code_version()})")
        parser.exit(SUCCESS)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    top = Parser(
        "quadloop",
        description="Fly a quadcopter: in the simulator, on the airframe, and again from the log.",
        epilog="`quadloop COMMAND --help` shows a command's options and an example.",
    )
    top.add_argument("--version", action=Version, nargs=0, help="show release and commit, and exit")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for name in COMMANDS:
        module = import_module(f"ground.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.ABOUT.replace("%", "%%"),
            description=f"{module.ABOUT[0].upper()}{module.ABOUT[1:]}.",
            epilog=f"example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 on success, 1 on a failed flight or check, 2 on bad input, 130 on Ctrl-C."""
    chosen = parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = show_warning  # type: ignore[assignment]
        return run(chosen)


def run(chosen: argparse.Namespace) -> int:
    """Run the chosen command; turn what goes wrong into a line and an exit code."""
    try:
        return int(chosen.run(chosen))
    except FlightError as error:
        return complain(str(error))
    except BrokenPipeError:
        # The reader of a pipe has seen enough; without this Python would complain once more on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        terminal.note("interrupted")
        return INTERRUPTED


def show_warning(message: Warning | str, *_: object) -> None:
    """Show a warning as a line of ours, without the place in the code it comes from."""
    terminal.complain(f"quadloop: {' '.join(str(message).split())}")


def complain(trouble: str) -> int:
    """Say what was wrong with the input in one line."""
    terminal.complain(f"quadloop: {' '.join(trouble.split())}")
    return BAD_INPUT
