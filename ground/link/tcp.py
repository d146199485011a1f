"""A TCP server: clients come by themselves, and a slow one is waited for up to a limit."""

import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from flight.errors import LinkError
from ground.link.clients import AT_ONCE, MOST_CLIENTS, SILENCE_S, Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

# What may wait for a slow reader before frames are dropped.
MOST_WAITING = 1 << 18
# Of each client so much is read in a round.
EACH_AT_ONCE = 4096


class Tcp(Clients):
    """A TCP server."""

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        _, host, port = parts_of(text)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setblocking(False)
        try:
            self.socket.bind((host, port))
            self.socket.listen(16)
        except OSError as error:
            raise LinkError(f"--mavlink {text}: cannot listen there: {error.strerror or error}") from None
        self.waiting: dict[socket.socket, bytearray] = {}

    def files(self) -> Iterator[tuple[Any, Callable[[], list[Received]]]]:
        """Yield what to watch, and what to do when it has something; who has sent too much waits."""
        yield self.socket, self.accept
        now_s = time.monotonic()
        for connection, channel in list(self.channels.items()):
            if not channel.is_over(now_s):
                yield connection, partial(self.receive, connection)

    def accept(self) -> list[Received]:
        """Let clients in, as many as there is room for."""
        for _ in range(AT_ONCE):
            try:
                connection, address = self.socket.accept()
            except OSError:
                break
            if not self.makes_room():
                self.refused += 1
                connection.close()
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            name = f"{self.name} {address[0]}:{address[1]}"
            self.channels[connection] = self.made(self, connection, name, is_stream=True)
            self.waiting[connection] = bytearray()
        return []

    def makes_room(self) -> bool:
        """Tell whether one more may come; the one longest silent goes, those who never said anything first."""
        if len(self.channels) >= MOST_CLIENTS:
            silent = min(self.channels, key=lambda connection: self.channels[connection].heard_s)
            if time.monotonic() - self.channels[silent].heard_s > SILENCE_S:
                self.drop(silent)
        return len(self.channels) < MOST_CLIENTS

    def receive(self, connection: socket.socket) -> list[Received]:
        """Return what a client sent; forget one that has hung up."""
        try:
            data = connection.recv(EACH_AT_ONCE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
            return []
        channel = self.channels[connection]
        return [(channel, channel.sort(data))]

    def drop(self, connection: socket.socket) -> None:
        """Forget a client."""
        self.channels.pop(connection, None)
        self.waiting.pop(connection, None)
        connection.close()

    def tidy(self, now_s: float) -> None:
        """Send what waited."""
        for connection in list(self.waiting):
            self.transmit(b"", connection)

    def transmit(self, data: bytes, address: Any) -> None:
        """Send to a client; what a slow one does not take waits, up to a limit."""
        waiting = self.waiting.get(address)
        if waiting is None or len(waiting) + len(data) > MOST_WAITING:
            return
        waiting += data
        if not waiting:
            return
        try:
            del waiting[: address.send(waiting)]
        except BlockingIOError:
            return
        except OSError:
            self.drop(address)

    def close(self) -> None:
        """Hang up."""
        for connection in list(self.channels):
            self.drop(connection)
        self.socket.close()
