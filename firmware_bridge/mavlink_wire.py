"""Where a MAVLink autopilot is: UDP in or out, a TCP server, a serial line. What goes away and comes back is data."""

import select
import socket
import time
from contextlib import suppress
from typing import Any

from firmware_bridge.wire import SerialWire, Wire
from flight.errors import ConfigError, LinkError

EXAMPLES = "mavlink:udpin:0.0.0.0:14550, mavlink:tcp:127.0.0.1:5760, mavlink:serial:/dev/ttyACM0:921600"
USUAL_BAUD = 115200
CHUNK = 65536
RETRY_US = 500_000
SILENT_US = 2_000_000


class SocketWire:
    """A UDP socket; without a target it keeps to who spoke first, until that one is silent."""

    def __init__(self, own: tuple[str, int] | None, target: tuple[str, int] | None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.is_open, self.target = own is not None, target
        self.heard_us = -SILENT_US
        self.socket.setblocking(False)
        if own:
            self.socket.bind(own)

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        return time.monotonic_ns() // 1000

    def read(self, until_us: int) -> bytes:
        """Return a datagram, waiting for one until a time."""
        wait_s = max(0.0, 1e-6 * (until_us - self.now_us()))
        if not select.select([self.socket], [], [], wait_s)[0]:
            return b""
        try:
            data, sender = self.socket.recvfrom(CHUNK)
        except OSError:
            return b""
        if self.is_open and self.now_us() - self.heard_us > SILENT_US:
            self.target = sender
        if sender != self.target:
            return b""
        self.heard_us = self.now_us()
        return data

    def write(self, data: bytes) -> bool:
        """Send; tell whether there was somebody to send to."""
        if self.target is None:
            return False
        with suppress(OSError):
            self.socket.sendto(data, self.target)
            return True
        return False

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class TcpWire:
    """A connection to a server; made again when it breaks, without ever waiting for it."""

    def __init__(self, place: tuple[str, int]) -> None:
        self.place = place
        self.socket: socket.socket | None = None
        self.tried_us = -RETRY_US
        self.connect()

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        return time.monotonic_ns() // 1000

    def connect(self) -> None:
        """Begin to connect, unless that was tried a moment ago."""
        if self.now_us() - self.tried_us < RETRY_US:
            return
        self.tried_us = self.now_us()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.connect_ex(self.place)

    def lose(self) -> None:
        """Let a broken connection go."""
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def read(self, until_us: int) -> bytes:
        """Return what has arrived, waiting for something until a time."""
        if self.socket is None:
            self.connect()
        wait_s = max(0.0, 1e-6 * (until_us - self.now_us()))
        if self.socket is None:
            time.sleep(wait_s)
            return b""
        if not select.select([self.socket], [], [], wait_s)[0]:
            return b""
        try:
            data = self.socket.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            self.lose()
        return data

    def write(self, data: bytes) -> bool:
        """Send what the system takes at once."""
        if self.socket is None:
            return False
        try:
            return self.socket.send(data) == len(data)
        except BlockingIOError:
            return False
        except OSError:
            self.lose()
            return False

    def close(self) -> None:
        """Hang up."""
        self.lose()


def checked_url(url: str) -> tuple[str, str, int]:
    """Return kind, host or device, and port or baud rate; raise ConfigError for what cannot be read."""
    kind, _, rest = url.partition(":")
    where, _, number = rest.rpartition(":")
    if kind == "serial" and not where:
        where, number = rest, str(USUAL_BAUD)
    if kind not in ("udpin", "udpout", "tcp", "serial") or not where or not number.isdigit():
        raise ConfigError(f"--world mavlink:{url}: cannot be read; write it as {EXAMPLES}")
    return kind, where, int(number)


def opened_wire(url: str) -> Wire:
    """Return the wire to a place; raise LinkError when it cannot be had."""
    kind, where, number = checked_url(url)
    if kind == "serial":
        return SerialWire(where, number)
    try:
        place: Any = (socket.gethostbyname(where), number)
        if kind == "tcp":
            return TcpWire(place)
        return SocketWire(place, None) if kind == "udpin" else SocketWire(None, place)
    except OSError as error:
        raise LinkError(f"--world mavlink:{url}: cannot be opened: {error.strerror or error}") from None
