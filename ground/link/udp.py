"""A UDP port: clients that are told unasked, those that come by themselves, and everybody on the network."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from flight.errors import LinkError
from ground.link.channel import Channel
from ground.link.clients import AT_ONCE, CHUNK, MISSED_S, MOST_CLIENTS, SILENCE_S, Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

# PX4's simulator sends to these ports from those: programs that speak first expect them.
USUAL_SOURCE = {14550: 18570, 14540: 14580}
# What a flood sends is read, not looked at: the buffer has room for what others send and for what comes after it.
READ_AT_ONCE = 2048
# Of all who have sent too much so many datagrams are read in a round, to find the newest: each takes some 3 us.
DRAINED_AT_ONCE = 256
# Of each client so many datagrams are looked at in a round, and the system keeps so many bytes of what it sends.
EACH_AT_ONCE, EACH_WAITING = 32, 1 << 18
# Those who have not said anything sensible yet, and how many of them are remembered.
MOST_STRANGERS = 64


class Udp(Clients):
    """A UDP port; with a target it speaks without having been spoken to.

    Every client has a connected socket of its own on the same port, which the system prefers for what that client
    sends: a flood fills its own sender's buffer and nobody else's, and each has its turn in every round.
    """

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        kind, host, port = parts_of(text)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        # Room for what a flood sends while this process waits for the processor; the system may give less.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.target: tuple[str, int] | None = None
        self.lines: dict[Any, socket.socket] = {}
        self.strangers: dict[Any, Channel] = {}
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
        try:
            self.socket.bind(("0.0.0.0", USUAL_SOURCE.get(port, 0)))
        except OSError:
            self.socket.bind(("0.0.0.0", 0))

    def files(self) -> Iterator[tuple[Any, Callable[[], Iterable[Received]]]]:
        """Yield what to watch, and what to do when it has something; who has sent too much wakes nobody."""
        yield self.socket, self.receive
        now_s = time.monotonic()
        for address, line in list(self.lines.items()):
            if not self.channels[address].is_over(now_s):
                yield line, partial(self.hear, line)

    def overdue(self) -> Iterator[Callable[[], Iterable[Received]]]:
        """Yield what to do for who may be heard again; read what the others send, so that the newest of it is kept."""
        now_s = time.monotonic()
        floods = [address for address in self.lines if self.channels[address].is_over(now_s)]
        for address in floods:
            self.drain(self.lines[address], self.channels[address], DRAINED_AT_ONCE // len(floods))
        for address, channel in [*self.channels.items(), *self.strangers.items()]:
            if channel.waiting and not channel.is_over(now_s):
                yield partial(self.look, address, channel)

    def drain(self, line: socket.socket, channel: Channel, most: int) -> None:
        """Read what a client sends that has sent too much."""
        with suppress(OSError):
            for _ in range(most):
                channel.put_off(line.recv(CHUNK))

    def receive(self) -> Iterator[Received]:
        """Yield what those have sent who have no line of their own yet, a bounded part of it at a time."""
        looks = reads = 0
        while looks < AT_ONCE and reads < READ_AT_ONCE:
            try:
                data, address = self.socket.recvfrom(CHUNK)
            except OSError:
                break
            reads += 1
            channel = self.known(address)
            channel.put_off(data)
            looks += not channel.is_over(time.monotonic())
            yield from self.look(address, channel)

    def hear(self, line: socket.socket) -> Iterator[Received]:
        """Yield what a client has sent, a bounded part of it at a time."""
        for _ in range(EACH_AT_ONCE):
            try:
                data, address = line.recvfrom(CHUNK)
            except ConnectionRefusedError:
                # Nobody listens there any more; the system would say so for every datagram that is sent.
                self.disconnect(line)
                break
            except OSError:
                break
            channel = self.known(address)
            channel.put_off(data)
            yield from self.look(address, channel)
            if channel.waiting:
                break

    def known(self, address: Any) -> Channel:
        """Return the channel of a client or of a stranger."""
        channel = self.channels.get(address) or self.strangers.get(address)
        if channel is None:
            channel = self.made(self, address, f"{self.name} {address[0]}:{address[1]}")
            self.strangers[address] = channel
            if len(self.strangers) > MOST_STRANGERS:
                del self.strangers[next(iter(self.strangers))]
        return channel

    def look(self, address: Any, channel: Channel) -> Iterator[Received]:
        """Yield the good frames of what waits to be looked at, if their sender may stay."""
        while (data := channel.next_due(time.monotonic())) is not None:
            frames = channel.sort(data)
            if frames and self.admits(address, channel):
                yield channel, frames

    def admits(self, address: Any, channel: Channel) -> bool:
        """Tell whether a client may stay; a new one takes the place of one gone silent, if there is none left."""
        if address not in self.channels:
            if len(self.channels) >= MOST_CLIENTS:
                self.forget(time.monotonic(), MISSED_S)
            if len(self.channels) >= MOST_CLIENTS:
                self.refused += 1
                return False
            self.strangers.pop(address, None)
            self.channels[address] = channel
        if address not in self.lines:
            self.connect(address)
        return True

    def connect(self, address: Any) -> None:
        """Give a client a line of its own; where the system does not, it shares one with all."""
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.setblocking(False)
        try:
            # Set after binding: a second vehicle on this port is refused as before.
            for each in (self.socket, line):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, EACH_WAITING)
            line.bind(self.socket.getsockname())
            line.connect(address)
        except OSError:
            line.close()
        else:
            self.lines[address] = line

    def disconnect(self, line: socket.socket) -> None:
        """Take a client's line back: should it speak again, it gets another."""
        self.lines = {address: each for address, each in self.lines.items() if each is not line}
        line.close()

    def tidy(self, now_s: float) -> None:
        """Forget clients gone silent."""
        self.forget(now_s, SILENCE_S)

    def forget(self, now_s: float, silence_s: float) -> None:
        """Forget clients that have said nothing for so long."""
        for address, channel in list(self.channels.items()):
            if address != self.target and now_s - channel.heard_s > silence_s:
                del self.channels[address]
                if address in self.lines:
                    self.disconnect(self.lines[address])

    def transmit(self, data: bytes, address: Any) -> None:
        """Send a datagram; what finds no way is lost, as datagrams are."""
        with suppress(OSError):
            self.socket.sendto(data, address)

    def close(self) -> None:
        """Close the port."""
        for each in (self.socket, *self.lines.values()):
            each.close()


def resolved(text: str, host: str) -> str:
    """Return a host's address; raise LinkError."""
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise LinkError(f"--mavlink {text}: {host} is not known: {error}") from None
