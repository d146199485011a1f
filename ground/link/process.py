"""The link as a process of its own: it may crash, hang or be killed, and the loop flies on."""

import gc
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from ground.link.services import SERVICES
from ground.link.signing import Keys
from ground.link.switchboard import Switchboard
from ground.link.transports import Transport, opened
from ground.link.vehicle import Facts, Vehicle
from ground.seats import Seats

# Streams keep their rates when a pass begins at least so often.
PASS_S = 0.002


def talk(seats: Seats, facts: Facts, endpoints: Sequence[str]) -> None:
    """Serve every endpoint until SIGTERM or the end of the parent."""
    is_over = False

    def end(*_: object) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, end)
    parent = os.getppid()
    board = connected(seats, facts, endpoints)
    gc.freeze()
    while not is_over and os.getppid() == parent:
        board.pass_once(PASS_S)
    board.close()


def opened_all(endpoints: Sequence[str], signing_file: Path | None) -> list[Transport]:
    """Return open transports; raise LinkError or ConfigError for one that cannot be had."""
    keys = Keys(signing_file) if signing_file else None
    return [opened(text, keys) for text in endpoints]


def connected(seats: Seats, facts: Facts, endpoints: Sequence[str]) -> Switchboard:
    """Return a switchboard with open transports and all microservices."""
    vehicle = Vehicle(seats, facts)
    vehicle.look()
    board = Switchboard(vehicle, opened_all(endpoints, facts.signing_file), facts.system, facts.component)
    board.install(SERVICES)
    return board
