"""The socket ArduPilot talks to: answers go where the packets came from."""

import select
import socket
import time
from contextlib import suppress
from typing import Any

from flight.errors import LinkError
from ground.physics.ardupilot import Session
from ground.physics.hosting import LOOK_S, Hosting

LARGEST = 2048
AT_ONCE = 64
# ArduPilot repeats itself every second; one silent for longer is paused or gone.
SILENT_S = 3.0


def bound(host: str, port: int) -> socket.socket:
    """Return a UDP socket listening there; raise LinkError when that cannot be."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise LinkError(f"--listen {host}:{port}: cannot listen there: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


def waiting(listener: socket.socket) -> list[tuple[bytes, Any]]:
    """Return the datagrams that have arrived; of repetitions in a row, one.

    Two repetitions that arrive together were both sent before any answer: answering both would leave ArduPilot with an
    answer too many, and from then on every one a step old.
    """
    found: list[tuple[bytes, Any]] = []
    with suppress(OSError):
        while len(found) < AT_ONCE:
            got = listener.recvfrom(LARGEST)
            if not found or got != found[-1]:
                found.append(got)
    return found


class Udp:
    """Serves one ArduPilot after the other."""

    def __init__(self, session: Session, hosting: Hosting) -> None:
        self.session, self.hosting = session, hosting
        self.listener = bound(hosting.host, hosting.port)
        self.heard_s = 0.0
        self.known: Any = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        """Serve until it is over."""
        with self.listener:
            while not self.hosting.is_over():
                if select.select([self.listener], [], [], LOOK_S)[0]:
                    self.answer_all()
                self.note()

    def answer_all(self) -> None:
        """Answer what has arrived."""
        is_silent = time.monotonic() - self.heard_s > SILENT_S
        for datagram, sender in waiting(self.listener):
            answer = self.session.take(datagram, sender, is_silent)
            if answer is not None:
                self.heard_s = time.monotonic()
                # An answer that finds no way is asked for again.
                with suppress(OSError):
                    self.listener.sendto(answer, sender)

    def note(self) -> None:
        """Tell the person when somebody has come or gone."""
        peer = self.session.peer
        if peer is not None and peer != self.known:
            self.hosting.arrived(f"ArduPilot at {peer[0]}:{peer[1]}")
        elif peer is not None and time.monotonic() - self.heard_s > max(SILENT_S, self.hosting.wait_s):
            self.hosting.say(
                f"ArduPilot at {peer[0]}:{peer[1]} has been silent for {self.hosting.wait_s:g} s"
            )
            self.hosting.is_ended = True
        self.known = peer
