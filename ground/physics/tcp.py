"""The socket PX4 connects to: one PX4 at a time, one answer to every HIL_SENSOR."""

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flight.errors import LinkError
from ground.link.frames import Scanner, decoded
from ground.physics.hosting import LOOK_S, Hosting, Pace
from ground.physics.px4 import STEP_US, Session

CHUNK = 65536
SEND_S = 5.0
STEP_S = 1e-6 * STEP_US


def listening(host: str, port: int) -> socket.socket:
    """Return a TCP socket listening there; raise LinkError when that cannot be."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1)
    except OSError as error:
        listener.close()
        raise LinkError(f"--listen {host}:{port}: cannot listen there: {error.strerror or error}") from None
    return listener


class GoneError(Exception):
    """The other side has hung up."""


class Line:
    """The connection to one PX4."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.scanner = connection, Scanner()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(SEND_S)

    def send(self, data: bytes) -> None:
        """Send everything; raise GoneError when nobody takes it."""
        try:
            self.connection.sendall(data)
        except OSError:
            raise GoneError from None

    def receive(self, wait_s: float) -> list[Any]:
        """Return the messages that arrive within some time; raise GoneError when nobody is there any more."""
        if not select.select([self.connection], [], [], max(wait_s, 0.0))[0]:
            return []
        try:
            data = self.connection.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            raise GoneError
        messages = [decoded(frame) for frame in self.scanner.take(data, is_stream=True)]
        return [message for message in messages if message is not None]


class Tcp:
    """Serves one PX4 after the other; each begins with the vehicle on the ground."""

    def __init__(self, begin: Callable[[], Session], hosting: Hosting, speed: float = 1.0) -> None:
        self.begin, self.hosting, self.speed = begin, hosting, speed
        self.listener = listening(hosting.host, hosting.port)
        self.session: Session | None = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        """Serve until it is over."""
        with self.listener:
            while not self.hosting.is_over():
                if select.select([self.listener], [], [], LOOK_S)[0]:
                    connection, address = self.listener.accept()
                    with connection:
                        self.host(connection, f"PX4 at {address[0]}:{address[1]}")

    def host(self, connection: socket.socket, who: str) -> None:
        """Serve one PX4 until it leaves."""
        self.hosting.arrived(who)
        self.session, pace = self.begin(), Pace(self.speed)
        line = Line(connection)
        with suppress(GoneError):
            while not self.hosting.is_over():
                line.send(self.session.advance())
                self.await_answer(line, self.session, pace.wait_s(STEP_US))
        if not self.hosting.is_over():
            self.hosting.left(who)

    def await_answer(self, line: Line, session: Session, due_in_s: float) -> None:
        """Wait until the step is answered and due; one that does not answer yet, or no longer, goes by real time."""
        now_s = time.monotonic()
        due_s, is_awaited = now_s + due_in_s, session.is_awaited
        last_s = now_s + session.patience_s if is_awaited else max(due_s, now_s + STEP_S)
        is_answered = False
        while not is_answered and (now_s := time.monotonic()) < last_s:
            for message in line.receive(last_s - now_s):
                is_answered |= session.take(message)
        if is_awaited and not is_answered:
            session.give_up()
        time.sleep(max(due_s - time.monotonic(), 0.0))
