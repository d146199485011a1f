"""Two clocks on one wire: the board's microseconds told in the Pi's.

A frame cannot arrive before it was sent, and now and then one arrives with hardly any delay: the lowest arrivals lie
on a line whose slope is the clocks' ratio. The lowest of each half second are kept, and the line through them (least
squares, moved below all of them) turns sample times into the Pi's (cf. the convex hull of Zhang, Liu & Xia 2002).
"""

from collections import deque

WRAP = 1 << 32
WINDOW_US = 500_000
WINDOWS = 20
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


class Alignment:
    """Tell the board's times in the Pi's clock, from pairs of sample time and arrival."""

    def __init__(self, slope_most: float = SLOPE_MOST) -> None:
        self.unwrap, self.slope_most = Unwrapped(), slope_most
        self.lowest: deque[tuple[int, int]] = deque(maxlen=WINDOWS)
        self.began_us = 0
        self.slope, self.zero_us, self.offset_us = 0.0, 0, 0.0

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
        if not self.lowest or board_us - self.began_us >= WINDOW_US or board_us < self.began_us:
            self.began_us = board_us
            self.lowest.append((board_us, delay))
            self.draw()
        elif delay - self.slope * (board_us - self.lowest[-1][0]) < self.lowest[-1][1]:
            self.lowest[-1] = (board_us, delay)
        excess = self.offset_at(board_us) - delay
        # Nothing arrives before it was sent.
        if excess > 0.0:
            self.offset_us -= excess

    def draw(self) -> None:
        """Lay the line along the finished windows' lowest points."""
        points = list(self.lowest)[:-1]
        if not points:
            self.zero_us, self.offset_us = self.lowest[-1][0], float(self.lowest[-1][1])
            return
        at, delay = [float(p[0] - points[-1][0]) for p in points], [float(p[1]) for p in points]
        slope = slope_of(at, delay) if len(points) >= 4 else 0.0
        self.slope = min(max(slope, -self.slope_most), self.slope_most)
        self.zero_us = points[-1][0]
        self.offset_us = min(d - self.slope * a for a, d in zip(at, delay, strict=True))

    def restart(self) -> None:
        """Forget everything: the board has begun anew."""
        self.__init__(self.slope_most)  # type: ignore[misc]


def slope_of(x: list[float], y: list[float]) -> float:
    """Return the slope of the line of least squares; for twenty points, in a tenth of the time numpy takes."""
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((a - middle_x) ** 2 for a in x)
    together = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return together / spread if spread > 0.0 else 0.0
