"""A process beside the loop that may die and is brought back."""

import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Children inherit the compiled kernels: a link that was killed is back in milliseconds.
fork = multiprocessing.get_context("fork")
# A child that keeps dying is brought back less and less often.
PATIENCE_S, MOST_PATIENCE_S = 0.02, 2.0
# The last words of recorder and link.
LAST_WORDS_S = 5.0


@dataclass
class Child:
    """A process that may die and is brought back."""

    name: str
    run: Callable[[int], None]
    process: Any = None
    starts: int = 0
    due_s: float = 0.0
    patience_s: float = PATIENCE_S
    began_s: float = 0.0

    def start(self) -> None:
        """Start it, deaf to Ctrl-C, which is the parent's to answer."""
        number, self.starts = self.starts, self.starts + 1
        self.process = fork.Process(target=quietly, args=(self.run, number), name=self.name, daemon=True)
        self.process.start()
        self.began_s = time.monotonic()

    def tend(self) -> None:
        """Bring it back when it is gone."""
        now_s = time.monotonic()
        if self.process is not None and not self.process.is_alive():
            self.process.close()
            self.process = None
            lived_s = now_s - self.began_s
            self.patience_s = PATIENCE_S if lived_s > 1.0 else min(2.0 * self.patience_s, MOST_PATIENCE_S)
            self.due_s = now_s + self.patience_s
        if self.process is None and now_s >= self.due_s:
            self.start()

    def end(self) -> None:
        """Ask it to end, and make it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        self.process.join(LAST_WORDS_S)
        self.process.kill()


def quietly(run: Callable[[int], None], number: int) -> None:
    """Run a child's work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    run(number)
