"""Streams of which the vehicle follows one at a time: two at once would fight."""

import math
import time

from ground.link.service import WARNING, Link, Sender

COMPLAIN_S, MOST_COMPLAINTS = 5.0, 8


class OneAtATime:
    """Who streams has the vehicle for itself as long as no gap is longer than `gap_s`."""

    def __init__(self, link: Link, name: str, gap_s: float) -> None:
        self.link, self.name, self.gap_s = link, name, gap_s
        self.owner: Sender | None = None
        self.owned_s = -math.inf
        # What was complained of, and when.
        self.complained: dict[str, float] = {}

    def admits(self, sender: Sender) -> bool:
        """Tell whether this one may stream now."""
        now = time.monotonic()
        if self.owner not in (None, sender) and now - self.owned_s < self.gap_s:
            self.complain(f"{self.name} of {sender.system}/{sender.component} ignored: another one streams")
            return False
        self.owner, self.owned_s = sender, now
        return True

    def complain(self, text: str, sender: Sender | None = None) -> None:
        """Say so, not too often: one reason does not keep another from being told."""
        now = time.monotonic()
        self.complained = {said: s for said, s in self.complained.items() if now - s <= COMPLAIN_S}
        if text not in self.complained and len(self.complained) < MOST_COMPLAINTS:
            self.complained[text] = now
            self.link.say(text, WARNING, sender)
