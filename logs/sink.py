"""The file a flight is written to: refuses before the flight, never raises during it."""

import contextlib
import logging
import os
from pathlib import Path

from flight.errors import LogError

events = logging.getLogger("quadloop.logs")


class Sink:
    """Hand whole messages to the operating system, which keeps them when the program is killed.

    After the first failure (a full disk, a card pulled out) everything further is dropped; `trouble` says why.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.size = 0
        self.trouble = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise LogError(f"{self.path}: the flight log cannot be written: {error.strerror}") from None

    @property
    def is_open(self) -> bool:
        """Tell whether messages still reach the file."""
        return self.file >= 0

    def write(self, messages: bytes | memoryview) -> None:
        """Append whole messages; on failure cut the file after the last whole one and stop."""
        if not self.is_open:
            return
        left = memoryview(messages)
        try:
            while left:
                left = left[os.write(self.file, left) :]
            self.size += len(messages)
        except OSError as error:
            self.give_up(error.strerror or str(error))

    def overwrite(self, position: int, data: bytes) -> None:
        """Correct a few bytes of the header."""
        if self.is_open:
            try:
                os.pwrite(self.file, data, position)
            except OSError as error:
                self.give_up(error.strerror or str(error))

    def give_up(self, reason: str) -> None:
        """End the log where it is still whole and tell the event log."""
        self.trouble = reason
        events.error("%s: logging ended after %d bytes: %s; the flight goes on", self.path, self.size, reason)
        with contextlib.suppress(OSError):
            os.ftruncate(self.file, self.size)
        self.close()

    def close(self) -> None:
        """Close the file; closing twice does no harm."""
        file, self.file = self.file, -1
        if file >= 0:
            try:
                os.close(file)
            except OSError as error:
                self.trouble = self.trouble or error.strerror or str(error)
