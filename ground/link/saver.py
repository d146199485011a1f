"""Save a file beside the flight: the disk may take its time, the link goes on."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

events = logging.getLogger("quadloop.files")


class Saver:
    """Runs `write` in a thread of its own, one write after the other; what was asked meanwhile is written last."""

    def __init__(self, what: str, write: Callable[[], None]) -> None:
        self.what, self.write = what, write
        self.thread = ThreadPoolExecutor(1, what)
        self.running: Future | None = None
        self.is_due = False

    @property
    def is_busy(self) -> bool:
        """Tell whether something is not on the disk yet."""
        return self.is_due or self.running is not None

    def tick(self) -> None:
        """Begin what is due, tell what failed."""
        if self.running is not None and self.running.done():
            error = self.running.exception()
            self.running = None
            if error:
                events.error("%s are not saved: %s", self.what, error)
        if self.is_due and self.running is None:
            self.is_due = False
            self.running = self.thread.submit(self.write)
