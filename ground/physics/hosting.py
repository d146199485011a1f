"""What serving another autopilot has in common: when it is over, what is said meanwhile, at whose pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flight.errors import ConfigError

LOOK_S = 0.2
# Behind by more than this, real time is taken up again from now on.
MOST_BEHIND_S = 0.1


@dataclass
class Hosting:
    """`wait_s` is how long one that has left is waited for; `longest_s` ends it in any case."""

    host: str
    port: int
    wait_s: float = 30.0
    longest_s: float | None = None
    say: Callable[[str], None] = print
    began_s: float = field(default_factory=time.monotonic)
    left_s: float | None = None
    is_ended: bool = False

    def is_over(self) -> bool:
        """Tell whether to end: asked to, time up, or nobody came back."""
        now_s = time.monotonic()
        is_late = self.longest_s is not None and now_s - self.began_s > self.longest_s
        is_alone = self.left_s is not None and now_s - self.left_s > self.wait_s
        return self.is_ended or is_late or is_alone

    def arrived(self, who: str) -> None:
        """Note that somebody flies."""
        self.left_s = None
        self.say(f"{who} flies")

    def left(self, who: str) -> None:
        """Note that nobody flies any more."""
        self.left_s = time.monotonic()
        self.say(f"{who} has left; waiting {self.wait_s:g} s for it to come back")


class Pace:
    """Real time, or so many times that; 0 is as fast as can be."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self.due_s = time.monotonic()

    def wait_s(self, step_us: int) -> float:
        """Move on by a step and return how long to wait until it is due."""
        if self.speed <= 0.0:
            return 0.0
        now_s = time.monotonic()
        self.due_s = max(self.due_s + 1e-6 * step_us / self.speed, now_s - MOST_BEHIND_S)
        return max(self.due_s - now_s, 0.0)


def place_of(text: str, usual_port: int, option: str = "--listen") -> tuple[str, int]:
    """Return host and port of HOST:PORT or HOST; raise ConfigError when it is neither."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, usual_port
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{option} {text}: must read HOST:PORT, for example 127.0.0.1:{usual_port}")
    return host, int(port)
