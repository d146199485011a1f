"""`quadloop watch`: look at a vehicle that flies on this computer, from a process that its loop does not know of."""

import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

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
    from ground.watching import page

    if arguments.every is not None and not arguments.every >= LEAST_S:
        raise ConfigError(f"--every {arguments.every:g}: out of range; allowed {LEAST_S:g} s and more")
    watches = opened([p for p in nameplate.flying() if arguments.pid in (None, p["pid"])])
    if arguments.json:
        terminal.tell_json({"vehicles": [look_once(watch) for watch in watches]})
    elif not watches:
        terminal.tell(
            "nothing flies here; quadloop serve and quadloop fly --world serial:PORT can be watched"
        )
    elif len(watches) > 1:
        terminal.tell("\n".join([*(page(look_once(w)) for w in watches), "--pid N watches one of them"]))
    else:
        follow(watches[0], arguments.every)
    return 0


def opened(plates: "list[dict[str, Any]]") -> "list[Watch]":
    """Return those vehicles that can be watched, and say of the others why not; raise LinkError where that is all."""
    from flight.errors import LinkError
    from ground.watching import Watch

    watches: list[Watch] = []
    refused: list[LinkError] = []
    for plate in plates:
        try:
            watches.append(Watch(plate))
        except LinkError as error:
            refused.append(error)
    if refused and not watches:
        raise refused[0]
    for reason in refused:
        terminal.complain(str(reason))
    return watches


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
