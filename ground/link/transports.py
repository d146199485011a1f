"""Where clients are: UDP out, in and broadcast, a TCP server, a serial line. Nothing here ever waits."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from flight.errors import ConfigError, LinkError
from ground.link.channel import Channel
from ground.link.frames import Frame
from ground.link.signing import Keys, Signing

KINDS = ("udpout", "udpin", "udpbcast", "tcpin", "serial")
EXAMPLES = "udpout:127.0.0.1:14550, udpin:0.0.0.0:14560, tcpin:0.0.0.0:5760, serial:/dev/ttyUSB0:57600"
# PX4's simulator sends to these ports from those: programs that speak first expect them.
USUAL_SOURCE = {14550: 18570, 14540: 14580}
MOST_CLIENTS = 32
# A client that came by itself and is silent for so long is gone.
SILENCE_S = 30.0
AT_ONCE = 128
# What a flood sends is read, not looked at, so that the buffer has room for what others send.
READ_AT_ONCE = 2048
CHUNK = 65536
# What may wait for a slow reader before frames are dropped.
MOST_WAITING = 1 << 18
DEFAULT_BAUD = 57600
REOPEN_S = 1.0
Received = tuple[Channel, list[Frame]]


def parts_of(text: str) -> tuple[str, str, int]:
    """Return an endpoint's kind, host or device, and port or baud rate; raise ConfigError."""
    kind, _, rest = text.partition(":")
    where, _, number = rest.rpartition(":")
    if kind == "serial" and not where:
        where, number = rest, str(DEFAULT_BAUD)
    if kind not in KINDS or not where or not number.isdigit():
        raise ConfigError(f"--mavlink {text}: cannot be read; write it as {EXAMPLES}")
    if kind != "serial" and int(number) > 65535:
        raise ConfigError(f"--mavlink {text}: port {number} is out of range; allowed 0 to 65535")
    return kind, where, int(number)


def checked_endpoint(text: str) -> str:
    """Return the endpoint; raise ConfigError when it is none."""
    parts_of(text)
    return text


class Clients:
    """The channels of one transport, by address."""

    def __init__(self, name: str, keys: Keys | None) -> None:
        self.name, self.keys = name, keys
        self.channels: dict[Any, Channel] = {}
        self.refused = 0

    def made(self, carrier: Any, address: object, name: str, **options: Any) -> Channel:
        """Return a new channel."""
        return Channel(carrier, address, name, Signing(self.keys, len(self.channels)), **options)

    def close(self) -> None:
        """Let everything go."""


class Udp(Clients):
    """A UDP port; with a target it speaks without having been spoken to."""

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        kind, host, port = parts_of(text)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.target: tuple[str, int] | None = None
        if kind == "udpin":
            self._bind(text, (host, port))
            return
        if kind == "udpbcast":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._bind_source(port)
        self.target = (resolved(text, host), port)
        self.channels[self.target] = self.made(self, self.target, f"{text}")

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
        """Yield what to watch, and what to do when it has something."""
        yield self.socket, self.accept
        for connection in list(self.channels):
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
            data = connection.recv(CHUNK)
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


class SerialLine(Clients):
    """A radio or a cable; opened again when it was pulled out."""

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        _, self.device, self.baud = parts_of(text)
        self.port: Any = None
        self.tried_s = -REOPEN_S
        self.channel = self.made(self, None, text, is_stream=True, bytes_per_s=0.1 * self.baud)
        self.channels[text] = self.channel
        self.tidy(time.monotonic())

    def files(self) -> Iterator[tuple[Any, Callable[[], list[Received]]]]:
        """Yield what to watch, and what to do when it has something."""
        if self.port is not None:
            yield self.port, self.receive

    def receive(self) -> list[Received]:
        """Return what has arrived."""
        try:
            data = self.port.read(4096)
        except OSError:
            self.lose()
            return []
        return [(self.channel, self.channel.sort(data))]

    def tidy(self, now_s: float) -> None:
        """Open the line when it is not."""
        if self.port is not None or now_s - self.tried_s < REOPEN_S:
            return
        import serial

        self.tried_s = now_s
        with suppress(OSError, ValueError):
            self.port = serial.Serial(self.device, self.baud, timeout=0, write_timeout=0)

    def lose(self) -> None:
        """Close a line that is gone."""
        with suppress(OSError):
            self.port.close()
        self.port = None

    def transmit(self, data: bytes, address: Any) -> None:
        """Send what fits into the line's buffer."""
        if self.port is None:
            return
        try:
            # Not pyserial's own write: on a full buffer that one tries again for ever.
            os.write(self.port.fileno(), data)
        except BlockingIOError:
            return
        except OSError:
            self.lose()

    def close(self) -> None:
        """Close the line."""
        if self.port is not None:
            self.lose()


def resolved(text: str, host: str) -> str:
    """Return a host's address; raise LinkError."""
    try:
        return socket.gethostbyname(host)
    except OSError as error:
        raise LinkError(f"--mavlink {text}: {host} is not known: {error}") from None


Transport = Udp | Tcp | SerialLine


def opened(text: str, keys: Keys | None) -> Transport:
    """Return an open transport; raise LinkError or ConfigError."""
    kind = parts_of(text)[0]
    if kind == "serial":
        return SerialLine(text, keys)
    return Tcp(text, keys) if kind == "tcpin" else Udp(text, keys)
