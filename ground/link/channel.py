"""One way to one client: numbers what goes out, sorts what comes in, and says no to floods."""

import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ground.link.frames import LARGEST_FRAME, Frame, Scanner, numbered
from ground.link.signing import Signing

# A client may send this many frames a second, and this many at once.
FRAMES_PER_S, FRAMES_AT_ONCE = 2000.0, 2000.0
# What a client sends may take so many of the link's seconds a second to deal with, and so many at once.
EFFORT_SHARE, EFFORT_AT_ONCE_S = 0.5, 1.0
# Of what a client sends beyond that, so many datagrams wait: the newest, which it still wants answered.
NEWEST = 16
BYTES_PER_S = 2e6
MOST_SYSTEMS = 64
# Parameters and items that were asked for go before telemetry, which may fill a slow radio by itself.
RESERVE = 0.25
# However full a radio says it is, this share of what its line carries is sent.
LEAST_SHARE = 0.1


# No way between two machines splits a datagram of so many bytes.
DATAGRAM = 1200


class Carrier(Protocol):
    """What carries a channel's bytes."""

    def transmit(self, data: bytes, address: object) -> None: ...


class Bucket:
    """A budget that fills at a rate and holds so much."""

    def __init__(self, rate: float, most: float) -> None:
        self.usual_rate, self.rate, self.most, self.level = rate, rate, most, most
        self.then_s = time.monotonic()

    def take(self, wanted: float, now_s: float) -> float:
        """Return how much of what is wanted there is."""
        given = min(wanted, self.filled(now_s))
        self.level -= given
        return given

    def spend(self, spent: float) -> None:
        """Take what was spent, whether it was there or not; no more is owed than the whole budget."""
        self.level = max(-self.most, self.level - spent)

    def suit(self, factor: float) -> None:
        """Fill slower or faster, never faster than usual."""
        self.rate = min(self.usual_rate, max(LEAST_SHARE * self.usual_rate, factor * self.rate))

    def filled(self, now_s: float) -> float:
        """Return how much there is."""
        self.level = min(self.most, self.level + self.rate * (now_s - self.then_s))
        self.then_s = now_s
        return self.level


class Channel:
    """A client's address on a transport."""

    def __init__(
        self,
        carrier: Carrier,
        address: object,
        name: str,
        signing: Signing,
        is_stream: bool = False,
        bytes_per_s: float = BYTES_PER_S,
    ) -> None:
        self.carrier, self.address, self.name, self.signing = carrier, address, name, signing
        self.is_stream = is_stream
        self.scanner = Scanner()
        self.sequence = 0
        self.inflow = Bucket(FRAMES_PER_S, FRAMES_AT_ONCE)
        self.effort = Bucket(EFFORT_SHARE, EFFORT_AT_ONCE_S)
        self.outflow = Bucket(bytes_per_s, max(0.5 * bytes_per_s, 2 * LARGEST_FRAME))
        self.waiting: deque[bytes] = deque(maxlen=NEWEST)
        self.systems: OrderedDict[tuple[int, int], float] = OrderedDict()
        # The longest of the frames that found no room since one did.
        self.longest_refused = 0
        # What was sent already has yet to go.
        self.is_full = False
        # What goes together in one datagram; None while every frame has its own.
        self.held: bytearray | None = None
        self.heard_s = 0.0
        self.began_s = time.monotonic()
        self.dropped = 0

    def is_over(self, now_s: float) -> bool:
        """Tell whether a client has sent too much for its next datagram to be looked at."""
        return self.inflow.filled(now_s) < 1.0 or self.effort.filled(now_s) < 0.0

    def put_off(self, data: bytes) -> None:
        """Let a datagram wait to be looked at; the oldest of too many is dropped."""
        self.dropped += len(self.waiting) == NEWEST
        self.waiting.append(data)

    def next_due(self, now_s: float) -> bytes | None:
        """Return the datagram to look at now, None when there is none or its sender has sent too much."""
        return self.waiting.popleft() if self.waiting and not self.is_over(now_s) else None

    def charge(self, seconds: float) -> None:
        """Count what a frame took to deal with: who asks for much may ask less often."""
        self.effort.level -= seconds

    @property
    def is_spent(self) -> bool:
        """Tell whether a client has asked for so much that others have their turn first."""
        return self.effort.level < 0.0

    def sort(self, data: bytes) -> list[Frame]:
        """Return the good frames among what arrived, as many as the client may send; looking is work done for him."""
        now_s = time.monotonic()
        frames = self.scanner.take(data, self.is_stream)
        self.effort.filled(now_s)
        # What holds no frame counts as one: it takes as long to look at.
        allowed = int(self.inflow.take(max(1, len(frames)), now_s))
        self.dropped += max(0, len(frames) - allowed)
        frames = [frame for frame in frames[:allowed] if self.signing.accepts(frame)]
        if frames:
            self.heard_s = now_s
        for frame in frames:
            self.meet(frame.source, now_s)
        self.charge(time.monotonic() - now_s)
        return frames

    def meet(self, source: tuple[int, int], now_s: float) -> None:
        """Remember that a component can be reached this way."""
        self.systems[source] = now_s
        self.systems.move_to_end(source)
        if len(self.systems) > MOST_SYSTEMS:
            self.systems.popitem(last=False)

    def reaches(self, system: int, component: int) -> bool:
        """Tell whether a component was heard this way; component 0 is any."""
        if component:
            return (system, component) in self.systems
        return any(known == system for known, _ in self.systems)

    def send(self, frame: bytearray, extra: int) -> None:
        """Number, sign and send a packed message."""
        data = numbered(frame, extra, self.sequence, self.signing.flags)
        self.sequence = (self.sequence + 1) & 0xFF
        self.forward(self.signing.signed(data))

    def forward(self, data: bytes) -> None:
        """Send a frame as it is; whoever sends it, the streams have less room for it."""
        self.outflow.spend(len(data))
        if self.held is None:
            self.carrier.transmit(data, self.address)
            return
        if len(self.held) + len(data) > DATAGRAM:
            self.let_go()
        self.held += data

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send many frames in few datagrams: a receiver's buffer holds so many of them, however small they are."""
        self.held = None if self.is_stream else bytearray()
        try:
            yield
        finally:
            self.let_go()
            self.held = None

    def let_go(self) -> None:
        """Send what was held together."""
        if self.held:
            self.carrier.transmit(bytes(self.held), self.address)
            self.held.clear()

    def has_room(self, size: int, now_s: float, is_answer: bool = False) -> bool:
        """Tell whether so many bytes may be sent now; streams leave some room for answers.

        Nobody overtakes who waits for more room: on a full line there would never be any for a long frame.
        """
        reserve = 0.0 if is_answer else RESERVE * self.outflow.most
        has_room = (
            not self.is_full and self.outflow.filled(now_s) >= max(size, self.longest_refused) + reserve
        )
        self.longest_refused = 0 if has_room else max(size, self.longest_refused)
        return has_room
