"""A serial line to one client, opened whenever it is there."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from ground.link.clients import Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

REOPEN_S = 1.0


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
