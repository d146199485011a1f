"""Two clocks on one wire: the board's microseconds told in the Pi's.

A frame cannot arrive before it was sent, and now and then one arrives with hardly any delay: the lowest arrivals lie
on a line whose slope is the clocks' ratio. The lowest of each half second are kept, and the line through them (least
squares, moved below all of them) turns sample times into the Pi's (cf. the convex hull of Zhang, Liu & Xia 2002).
"""

from collections import deque
from collections.abc import Callable

WRAP = 1 << 32
WINDOW_US = 500_000
WINDOWS = 20
# Of fewer windows a slope says nothing.
FEW = 4
# A ceramic resonator is within half a per cent; a slope beyond this is a disturbance, not a clock.
SLOPE_MOST = 0.01


class Unwrapped:
    """The board's 32-bit microseconds (they wrap every 71.6 minutes) as a number that only grows."""

    def __init__(self) -> None:
        self.total: int | None = None

    def __call__(self, t32: int) -> int:
        """Return the time without wraps; a step back by less than half a wrap stays a step back."""
        if self.total is None:
            self.total = t32
        else:
            step = (t32 - self.total) % WRAP
            self.total += step - WRAP if step >= WRAP // 2 else step
        return self.total


class Slope:
    """Least squares through a moving set of points, in whole numbers: exact, whatever was added and taken away."""

    def __init__(self) -> None:
        self.count = self.x = self.y = self.xx = self.xy = 0

    def add(self, x: int, y: int) -> None:
        """Take a point in."""
        self.count += 1
        self.x, self.y, self.xx, self.xy = self.x + x, self.y + y, self.xx + x * x, self.xy + x * y

    def drop(self, x: int, y: int) -> None:
        """Take a point away that was added."""
        self.count -= 1
        self.x, self.y, self.xx, self.xy = self.x - x, self.y - y, self.xx - x * x, self.xy - x * y

    def value(self) -> float:
        """Return the slope, 0 where the points have none."""
        spread = self.count * self.xx - self.x * self.x
        return (self.count * self.xy - self.x * self.y) / spread if spread else 0.0


class Alignment:
    """Tell the board's times in the Pi's clock, from pairs of sample time and arrival."""

    def __init__(self, slope_most: float = SLOPE_MOST) -> None:
        self.unwrap, self.slope_most = Unwrapped(), slope_most
        # The finished windows' lowest points, and that of the window that is not over.
        self.points: deque[tuple[int, int]] = deque()
        self.lowest: tuple[int, int] | None = None
        self.fit = Slope()
        # What is left to do of a line drawn anew, a part with each sample: all at once would make one tick late.
        self.left: list[Callable[[], None]] = []
        self.began_us = 0
        self.slope, self.zero_us, self.offset_us = 0.0, 0, 0.0
        self.next_slope = 0.0

    def align(self, t32: int, arrival_us: int) -> int:
        """Return the Pi's time in microseconds of a sample the board stamped `t32`, arrived at `arrival_us`."""
        board_us = self.unwrap(t32)
        self.note(board_us, arrival_us)
        return min(round(board_us + self.offset_at(board_us)), arrival_us)

    def offset_at(self, board_us: int) -> float:
        """Return how far the Pi's clock is ahead, in microseconds."""
        return self.offset_us + self.slope * (board_us - self.zero_us)

    def note(self, board_us: int, arrival_us: int) -> None:
        """Keep the pair if it is the lowest of its window; draw the line anew when a window is over."""
        delay = arrival_us - board_us
        if self.lowest is None:
            self.began_us = self.zero_us = board_us
            self.lowest, self.offset_us = (board_us, delay), float(delay)
        elif board_us - self.began_us >= WINDOW_US or board_us < self.began_us:
            self.points.append(self.lowest)
            self.left = [self.lay, self.incline, self.fit_points]
            self.began_us = board_us
            self.lowest = board_us, delay
        elif delay - self.slope * (board_us - self.lowest[0]) < self.lowest[1]:
            self.lowest = board_us, delay
        if self.left:
            self.left.pop()()
        excess = self.offset_at(board_us) - delay
        # Nothing arrives before it was sent.
        if excess > 0.0:
            self.offset_us -= excess

    def fit_points(self) -> None:
        """Take the newest point into the fit and the oldest one out of it."""
        self.fit.add(*self.points[-1])
        if len(self.points) >= WINDOWS:
            self.fit.drop(*self.points.popleft())

    def incline(self) -> None:
        """Find the new line's slope."""
        slope = self.fit.value() if len(self.points) >= FEW else 0.0
        self.next_slope = min(max(slope, -self.slope_most), self.slope_most)

    def lay(self) -> None:
        """Lay the line along the finished windows' lowest points."""
        self.slope, self.zero_us = slope, zero_us = self.next_slope, self.points[-1][0]
        self.offset_us = min([delay - slope * (at - zero_us) for at, delay in self.points])

    def restart(self) -> None:
        """Forget everything: the board has begun anew."""
        self.__init__(self.slope_most)  # type: ignore[misc]
