"""The Pi's time, as far as drivers need it."""

import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic microseconds, and waiting for them."""

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        ...

    def sleep_until_us(self, due_us: int) -> None:
        """Return when a time has come, at once when it is over."""
        ...


class SystemClock:
    """The computer's own."""

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        return time.monotonic_ns() // 1000

    def sleep_until_us(self, due_us: int) -> None:
        """Sleep until a time of the monotonic clock."""
        ahead_us = due_us - self.now_us()
        if ahead_us > 0:
            time.sleep(1e-6 * ahead_us)
