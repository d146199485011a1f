"""Uploads of lists under way: what has come, what is asked for next, when to ask again and when to give up.

https://mavlink.io/en/services/mission.html; the times are that page's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ground.link.dialect import mavlink
from ground.link.service import Message, Sender
from ground.link.wire_items import WireItem

RETRY_S = 0.25
GIVE_UP_S = 5.0
# After so many unanswered requests the older float form is asked for too: some clients know only that.
TRIES_BEFORE_FLOAT = 3


@dataclass
class Upload:
    """A list on its way here; `places` are the numbers still to come, in order."""

    partner: Sender
    kind: int
    places: list[int]
    now: float
    is_part: bool = False
    got: dict[int, WireItem] = field(default_factory=dict)
    is_float: bool = False
    tries: int = 0
    # The item marked as the current one.
    start: int = 0

    def __post_init__(self) -> None:
        self.asked_s = self.heard_s = self.now

    @property
    def expected(self) -> int | None:
        """Return the number of the item that must come next, None when all are there."""
        return next((place for place in self.places if place not in self.got), None)

    def take(self, place: int, item: WireItem, is_float: bool, now: float) -> bool:
        """Take the expected item; another one, late or too early, is left."""
        if place != self.expected:
            return False
        self.got[place] = item
        self.is_float, self.tries, self.heard_s = is_float, 0, now
        return True

    def requests(self, now: float) -> Iterable[Message]:
        """Return what to send to get the next item."""
        place, to = self.expected, self.partner
        if place is None:
            return []
        self.asked_s = now
        self.tries += 1
        whole = mavlink.MAVLink_mission_request_int_message(to.system, to.component, place, self.kind)
        older = mavlink.MAVLink_mission_request_message(to.system, to.component, place, self.kind)
        if self.is_float:
            return [older]
        return [whole, older] if self.tries > TRIES_BEFORE_FLOAT else [whole]

    def is_due(self, now: float) -> bool:
        """Tell whether it is time to ask again."""
        return now - self.asked_s >= RETRY_S

    def is_stale(self, now: float) -> bool:
        """Tell whether the partner has gone."""
        return now - self.heard_s >= GIVE_UP_S


class Ended(NamedTuple):
    """How an upload ended and with which item, `result` None while the core thinks about it."""

    partner: Sender
    place: int
    result: int | None = None


@dataclass
class Telling:
    """A list being told to the core: done when each of its demands is answered."""

    serials: list[int]
    done: Callable[[str], None]
    deadline_s: float
