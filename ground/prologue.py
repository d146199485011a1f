"""Ticks that wait for a log: the last seconds before arming, and the checkpoints at which a log of them may begin."""

import numpy as np

# With nowhere to begin, older ticks are let go: 20 s at 1 kHz.
MOST_TICKS = 20_000


class Prologue:
    """Consecutive ticks by their number since boot, from `first` to before `end`.

    The autopilot's state is known before every checkpoint's tick, and before tick 0, as it is then nobody's but the
    parameters'.
    """

    def __init__(self, before: int) -> None:
        self.before = before
        self.pieces: list[np.recarray] = []
        self.first = self.end = 0
        self.points: dict[int, np.record] = {}
        self.newest: int | None = None
        self.is_awaited = False
        self.wanted_from = 0

    def await_from(self, tick: int) -> None:
        """Note that a log of this tick is wanted, and some seconds before it."""
        self.is_awaited, self.wanted_from = True, tick - self.before

    def keep(self, first: int, ticks: np.recarray) -> None:
        """Take ticks that follow those there are."""
        if not self.pieces:
            self.first = first
        self.pieces.append(ticks)
        self.end = first + len(ticks)
        if not self.is_awaited:
            self.trim()
        self.forget_before(self.end - MOST_TICKS)

    def meet(self, point: np.record) -> None:
        """Take a checkpoint."""
        self.newest = int(point.tick)
        self.points[self.newest] = point
        while len(self.points) > 1 + MOST_TICKS // max(self.before, 1):
            del self.points[min(self.points)]

    def start(self) -> int | None:
        """Return where a log may begin: the last place before what is wanted, else the first; None for nowhere."""
        places = sorted(tick for tick in (0, *self.points) if self.first <= tick <= self.end)
        early = [tick for tick in places if tick <= self.wanted_from]
        return early[-1] if early else next(iter(places), None)

    def point(self, tick: int) -> np.record | None:
        """Return the checkpoint before a tick; None before the first of all, where the parameters say everything."""
        return self.points.get(tick)

    def take_all(self) -> list[np.recarray]:
        """Hand over every tick."""
        pieces, self.pieces = self.pieces, []
        self.first, self.is_awaited = self.end, False
        self.points = {tick: point for tick, point in self.points.items() if tick >= self.end}
        return pieces

    def forget_before(self, tick: int) -> None:
        """Let go of the ticks before this one."""
        while self.pieces and self.first + len(self.pieces[0]) <= tick:
            self.first += len(self.pieces.pop(0))
        if self.pieces and self.first < tick:
            self.pieces[0] = self.pieces[0][tick - self.first :]
            self.first = tick

    def trim(self) -> None:
        """Let go of what is older than the place where a log wanted now would begin, or than can be kept."""
        self.wanted_from = self.end - self.before
        place = self.start()
        if place is not None and place <= self.wanted_from:
            self.forget_before(place)
        for tick in [tick for tick in self.points if tick < self.first]:
            del self.points[tick]

    def clear(self) -> None:
        """Let go of everything."""
        self.pieces, self.points, self.newest, self.is_awaited = [], {}, None, False
