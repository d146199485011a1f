"""A TCP server: clients come by themselves, and a slow one is waited for up to a limit."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from flight.errors import LinkError
from ground.link.clients import AT_ONCE, MOST_CLIENTS, SILENCE_S, Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

# What may wait for a slow reader before streams and long answers wait for it too, and before frames are dropped.
MUCH_WAITING, MOST_WAITING = 1 << 16, 1 << 18
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
        # When a client last took something.
        self.taken_s: dict[socket.socket, float] = {}

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
            self.taken_s[connection] = time.monotonic()
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
        """Forget a client; what somebody still sends it goes nowhere."""
        channel = self.channels.pop(connection, None)
        if channel:
            channel.is_full = False
        self.waiting.pop(connection, None)
        self.taken_s.pop(connection, None)
        connection.close()

    def overdue(self) -> Iterable[Callable[[], Iterable[Received]]]:
        """Send what waited."""
        for connection, waiting in list(self.waiting.items()):
            if waiting:
                self.transmit(b"", connection)
        return ()

    def tidy(self, now_s: float) -> None:
        """Hang up on those who have not taken what waits for them for so long that they are gone."""
        for connection, taken_s in list(self.taken_s.items()):
            if self.waiting[connection] and now_s - taken_s > SILENCE_S:
                self.drop(connection)

    def transmit(self, data: bytes, address: Any) -> None:
        """Send to a client; what a slow one does not take waits, up to a limit."""
        waiting = self.waiting.get(address)
        if waiting is None or len(waiting) + len(data) > MOST_WAITING:
            return
        waiting += data
        try:
            del waiting[: address.send(waiting)]
            self.taken_s[address] = time.monotonic()
        except BlockingIOError:
            pass
        except OSError:
            self.drop(address)
            return
        self.channels[address].is_full = len(waiting) > MUCH_WAITING

    def close(self) -> None:
        """Hang up."""
        for connection in list(self.channels):
            self.drop(connection)
        self.socket.close()
