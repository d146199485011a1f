"""What a MAVLink microservice is, and what the link does for it.

A microservice is a class in a file of its own that names the messages and commands it answers; `SERVICES` in
`ground/link/services.py` lists them all. None of its methods may wait: what takes longer goes on in `tick`.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from ground.link.dialect import mavlink
from ground.link.vehicle import Vehicle

# An instance of one of pymavlink's message classes.
Message = Any
EMERGENCY, CRITICAL, WARNING, NOTICE, INFO = 0, 2, 4, 5, 6
ACCEPTED = mavlink.MAV_RESULT_ACCEPTED
REJECTED = mavlink.MAV_RESULT_TEMPORARILY_REJECTED
DENIED = mavlink.MAV_RESULT_DENIED
UNSUPPORTED = mavlink.MAV_RESULT_UNSUPPORTED
FAILED = mavlink.MAV_RESULT_FAILED
IN_PROGRESS = mavlink.MAV_RESULT_IN_PROGRESS


class Sender(NamedTuple):
    """Who sent a message: MAVLink system and component, and the channel (transport and address) it came by."""

    system: int
    component: int
    channel: Any = None


class Order(NamedTuple):
    """A command, whichever message brought it. `p1` to `p4` as sent; NaN where the sender leaves it open.

    x and y are latitude and longitude in degrees in a global frame, metres in a local one, and param5 and param6
    of a COMMAND_LONG as they are; `frame` is None for COMMAND_LONG; `is_int` tells them apart.
    """

    command: int
    p1: float
    p2: float
    p3: float
    p4: float
    x: float
    y: float
    z: float
    frame: int | None = None
    is_int: bool = False


class Link(Protocol):
    """What the link does for a microservice."""

    system: int
    component: int

    def send(self, message: Message, to: Sender) -> None:
        """Send a message by the channel that `to` was heard on; address its target fields yourself."""

    def broadcast(self, message: Message) -> None:
        """Send a message to everyone."""

    def say(self, text: str, severity: int = INFO, to: Sender | None = None) -> None:
        """Show a text of any length on the ground (STATUSTEXT), to one or to all."""

    def acknowledge(
        self, order: Order, to: Sender, result: int, progress: int = 255, result_param2: int = 0
    ) -> None:
        """Answer a command later than at once; `progress` in percent with IN_PROGRESS."""

    def settle(self, order: Order, to: Sender, serial: int) -> None:
        """Acknowledge a command with the core's answer to the demand `serial` once it is there."""


class Microservice:
    """One microservice.

    `messages`: names it is given, if they are meant for this system; `commands`: MAV_CMD number to a method
    (order, sender) that returns a MAV_RESULT, or None when it acknowledges later; `requestable`: message id to a
    method (order, sender) that sends it when REQUEST_MESSAGE asks, returning a MAV_RESULT; `capabilities`:
    MAV_PROTOCOL_CAPABILITY bits it stands for; `stands_for`: other components of this system whose messages of these
    names it answers, too; `wakes_s`: when it wants its next tick, if that is sooner than the usual one.
    """

    messages: tuple[str, ...] = ()
    capabilities: int = 0
    stands_for: tuple[int, ...] = ()
    wakes_s = math.inf

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        self.vehicle, self.link = vehicle, link
        self.commands: dict[int, Callable[[Order, Sender], int | None]] = {}
        self.requestable: dict[int, Callable[[Order, Sender], int | None]] = {}

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer one message."""

    def tick(self, now: float) -> None:
        """Do what is due; called some hundred times a second with time.monotonic()."""


def result_of(is_done: bool) -> int:
    """Return ACCEPTED or FAILED."""
    return ACCEPTED if is_done else FAILED
