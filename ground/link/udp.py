"""A UDP port: clients that are told unasked, those that come by themselves, and everybody on the network."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from flight.errors import LinkError
from ground.link.channel import Channel
from ground.link.clients import AT_ONCE, CHUNK, MOST_CLIENTS, SILENCE_S, Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

# PX4's simulator sends to these ports from those: programs that speak first expect them.
USUAL_SOURCE = {14550: 18570, 14540: 14580}
# What a flood sends is read, not looked at, so that the buffer has room for what others send.
READ_AT_ONCE = 2048


class Udp(Clients):
    """A UDP port; with a target it speaks without having been spoken to."""

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        kind, host, port = parts_of(text)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        # Room for what a flood sends while this process waits for the processor; the system may give less.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.target: tuple[str, int] | None = None
        if kind == "udpin":
            self._bind(text, (host, port))
            return
        if kind == "udpbcast":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._bind_source(port)
        self.target = (resolved(text, host), port)
        self.channels[self.target] = self.made(self, self.target, text)

    def _bind(self, text: str, place: tuple[str, int]) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        try:
            self.socket.bind(place)
        except OSError as error:
            raise LinkError(f"--mavlink {text}: cannot listen there: {error.strerror or error}") from None

    def _bind_source(self, port: int) -> None:
        with suppress(OSError):
            self.socket.bind(("0.0.0.0", USUAL_SOURCE.get(port, 0)))

    def files(self) -> Iterator[tuple[Any, Callable[[], list[Received]]]]:
        """Yield what to watch, and what to do when it has something."""
        yield self.socket, self.receive

    def receive(self) -> list[Received]:
        """Return what has arrived, a bounded part of it at a time."""
        found: list[Received] = []
        looks = reads = 0
        while looks < AT_ONCE and reads < READ_AT_ONCE:
            try:
                data, address = self.socket.recvfrom(CHUNK)
            except OSError:
                break
            reads += 1
            channel = self.channels.get(address)
            if channel and channel.turns_away(time.monotonic()):
                continue
            looks += 1
            channel = channel or self.made(self, address, f"{self.name} {address[0]}:{address[1]}")
            frames = channel.sort(data)
            if frames and self.admits(address, channel):
                found.append((channel, frames))
        return found

    def admits(self, address: Any, channel: Channel) -> bool:
        """Tell whether a client may stay; a new one takes the place of one gone silent, if there is none left."""
        if address in self.channels:
            return True
        if len(self.channels) >= MOST_CLIENTS:
            self.tidy(time.monotonic())
        if len(self.channels) >= MOST_CLIENTS:
            self.refused += 1
            return False
        self.channels[address] = channel
        return True

    def tidy(self, now_s: float) -> None:
        """Forget clients gone silent."""
        for address, channel in list(self.channels.items()):
            if address != self.target and now_s - channel.heard_s > SILENCE_S:
                del self.channels[address]

    def transmit(self, data: bytes, address: Any) -> None:
        """Send a datagram; what finds no way is lost, as datagrams are."""
        with suppress(OSError):
            self.socket.sendto(data, address)

    def close(self) -> None:
        """Close the port."""
        self.socket.close()


def resolved(text: str, host: str) -> str:
    """Return a host's address; raise LinkError."""
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise LinkError(f"--mavlink {text}: {host} is not known: {error}") from None
