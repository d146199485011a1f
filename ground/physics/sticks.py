"""A pilot's sticks for another autopilot: channels in microseconds by UDP, as ArduPilot's own simulation takes them."""

import socket
import struct
import time
from contextlib import suppress

from flight.errors import LinkError

# Where ArduPilot's own simulation takes them.
PORT = 5501
LEAST, MOST = 4, 18
SHORTEST_US, LONGEST_US = 800, 2200
# A receiver that has said nothing for so long has lost its transmitter.
SILENT_S = 0.5
LARGEST, AT_ONCE = 64, 100


class Sticks:
    """Listens for datagrams of 4 to 18 numbers (16 bits, little-endian); keeps the newest."""

    def __init__(self, host: str, port: int) -> None:
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.listener.setblocking(False)
        self.widths: list[int] = []
        self.heard_s = 0.0
        try:
            self.listener.bind((host, port))
        except OSError as error:
            self.listener.close()
            raise LinkError(f"--rc {host}:{port}: cannot listen there: {error.strerror or error}") from None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.listener.getsockname()[1])

    def __call__(self) -> list[int]:
        """Return the newest channels, none when they are old."""
        with suppress(OSError):
            for _ in range(AT_ONCE):
                self.take(self.listener.recv(LARGEST))
        return self.widths if time.monotonic() - self.heard_s < SILENT_S else []

    def take(self, datagram: bytes) -> None:
        """Keep the channels of a datagram, unless it is none."""
        count, odd = divmod(len(datagram), 2)
        if odd or not LEAST <= count <= MOST:
            return
        widths = list(struct.unpack(f"<{count}H", datagram))
        if all(SHORTEST_US <= width <= LONGEST_US for width in widths):
            self.widths, self.heard_s = widths, time.monotonic()

    def close(self) -> None:
        """Listen no longer."""
        self.listener.close()
