"""`quadloop watch`: look at a vehicle that flies on this computer, from a process that its loop does not know of."""

import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ground import options, terminal

if TYPE_CHECKING:
    from ground.watching import Watch

ABOUT = "look at a vehicle that flies on this computer: state, battery, how punctual its loop is"
EXAMPLE = "quadloop watch --json"
USUAL_S, LEAST_S = 0.5, 0.01


def add_arguments(parser: ArgumentParser) -> None:
    """Take which vehicle and how often."""
    add = parser.add_argument
    add("--pid", type=int, metavar="N", help="the process that flies it, where several fly here")
    add(
        "--every",
        type=float,
        metavar="S",
        help=f"look again and again, until it has ended (default on a terminal: every {USUAL_S:g} s; elsewhere once)",
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Show the vehicle until it has ended, or once; return 0, also where nothing flies."""
    from flight.errors import ConfigError
    from ground import nameplate
    from ground.watching import Watch, page

    if arguments.every is not None and not arguments.every >= LEAST_S:
        raise ConfigError(f"--every {arguments.every:g}: out of range; allowed {LEAST_S:g} s and more")
    plates = [p for p in nameplate.flying() if arguments.pid in (None, p["pid"])]
    if arguments.json:
        terminal.tell_json({"vehicles": [look_once(Watch(plate)) for plate in plates]})
    elif not plates:
        terminal.tell(
            "nothing flies here; quadloop serve and quadloop fly --world serial:PORT can be watched"
        )
    elif len(plates) > 1:
        terminal.tell(
            "\n".join([*(page(look_once(Watch(p))) for p in plates), "--pid N watches one of them"])
        )
    else:
        follow(Watch(plates[0]), arguments.every)
    return 0


def look_once(watch: "Watch") -> dict[str, object]:
    """Return how a vehicle is now."""
    told = watch.look()
    watch.close()
    return told


def follow(watch: "Watch", every_s: float | None) -> None:
    """Show a vehicle again and again while the process lives that flies it; just once where nobody looks on."""
    from ground.nameplate import is_hung
    from ground.watching import page

    is_seen = sys.stdout.isatty()
    screen = terminal.Screen()
    screen.show(page(watch.look()))
    while (is_seen or every_s is not None) and is_hung(watch.name):
        time.sleep(every_s or USUAL_S)
        screen.show(page(watch.look()))
    watch.close()
