"""The clients of one transport, and how many, how long and how much of each."""

from collections.abc import Callable, Iterable
from typing import Any

from ground.link.channel import Channel
from ground.link.frames import Frame
from ground.link.signing import Keys, Signing

MOST_CLIENTS = 32
# A client that came by itself and is silent for so long is gone.
SILENCE_S = 30.0
# Where there is no room for another, so does one that missed a few heartbeats.
MISSED_S = 5.0
# How many newcomers or datagrams are looked at before others have their turn.
AT_ONCE = 128
CHUNK = 65536
Received = tuple[Channel, list[Frame]]


class Clients:
    """The channels of one transport, by address."""

    def __init__(self, name: str, keys: Keys | None) -> None:
        self.name, self.keys = name, keys
        self.channels: dict[Any, Channel] = {}
        self.refused = 0

    def made(self, carrier: Any, address: object, name: str, **options: Any) -> Channel:
        """Return a new channel."""
        return Channel(carrier, address, name, Signing(self.keys, len(self.channels)), **options)

    def overdue(self) -> Iterable[Callable[[], Iterable[Received]]]:
        """Do what had to wait; yield what to do for clients that had sent too much and may be heard again."""
        return ()

    def close(self) -> None:
        """Let everything go."""
