"""A serial line to one client, opened whenever it is there."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from ground.link.clients import Clients, Received
from ground.link.endpoints import parts_of
from ground.link.signing import Keys

REOPEN_S = 1.0
# Of the line's bytes a second; with all of them what once waits in its buffer would wait for ever.
SHARE = 0.8
# What may wait for the line's buffer before frames are dropped.
MOST_WAITING = 4096


class SerialLine(Clients):
    """A radio or a cable; opened again when it was pulled out."""

    def __init__(self, text: str, keys: Keys | None) -> None:
        super().__init__(text, keys)
        _, self.device, self.baud = parts_of(text)
        self.port: Any = None
        self.waiting = bytearray()
        self.tried_s = -REOPEN_S
        self.channel = self.made(self, None, text, is_stream=True, bytes_per_s=SHARE * 0.1 * self.baud)
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
        self.waiting.clear()
        self.channel.is_full = False

    def overdue(self) -> Iterable[Callable[[], Iterable[Received]]]:
        """Send what waited."""
        if self.waiting:
            self.transmit(b"", None)
        return ()

    def transmit(self, data: bytes, address: Any) -> None:
        """Send a frame whole or not at all; what the line's buffer does not take waits, up to a limit."""
        if self.port is None or len(self.waiting) + len(data) > MOST_WAITING:
            return
        self.waiting += data
        try:
            # Not pyserial's own write: on a full buffer that one tries again for ever.
            del self.waiting[: os.write(self.port.fileno(), self.waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self.lose()
        self.channel.is_full = bool(self.waiting)

    def close(self) -> None:
        """Close the line."""
        if self.port is not None:
            self.lose()
