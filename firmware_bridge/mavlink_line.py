"""The line to another autopilot: messages there and back, what it said of itself and what its sensors said."""

from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge.mavlink_far import Far
from firmware_bridge.mavlink_sensors import Sample, Senses
from firmware_bridge.wire import Wire

ASK_US, HEARTBEAT_US = 200_000, 1_000_000
MOST_WAITING = 200
# A computer on board, as MAVLink numbers them.
OUR_COMPONENT, COMPANION = 191, 18


class Line:
    """Sends and sorts messages; `newest` is the inertial sample, with the far side's time, that came last."""

    def __init__(self, wire: Wire, senses: Senses) -> None:
        self.wire, self.senses, self.far = wire, senses, Far()
        self.mav = mavlink.MAVLink(None, 1, OUR_COMPONENT)
        self.mav.robust_parsing = True
        self.newest: tuple[int, Sample] | None = None
        self.heard_us = self.beaten_us = 0
        self.sequence: int | None = None
        self.lost = self.skipped = 0

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        return self.wire.now_us()

    def send(self, message: Any) -> None:
        """Send one message; what the wire does not take is lost."""
        self.wire.write(bytes(message.pack(self.mav)))
        self.mav.seq = (self.mav.seq + 1) & 0xFF

    def beat(self) -> None:
        """Send a sign of life once a second."""
        if self.now_us() - self.beaten_us >= HEARTBEAT_US or not self.beaten_us:
            self.beaten_us = self.now_us()
            self.send(mavlink.MAVLink_heartbeat_message(COMPANION, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 4, 3))

    def insist(self, ask: Callable[[], None], is_done: Callable[[], bool], longest_us: int) -> bool:
        """Ask again and again until it is done or the time is over; tell which."""
        until_us = self.now_us() + longest_us
        while not is_done() and self.now_us() < until_us:
            ask()
            self.listen(self.now_us() + ASK_US, is_done)
        return is_done()

    def listen(self, until_us: int, is_enough: Callable[[], bool]) -> bool:
        """Take in messages until there is enough or the time is over, then what has arrived; tell which it was."""
        while not is_enough():
            if self.now_us() >= until_us:
                return False
            self.take_all(self.wire.read(until_us))
        # A loop that was late must not fly old samples from now on.
        for _ in range(MOST_WAITING):
            data = self.wire.read(self.now_us())
            if not data:
                break
            self.take_all(data)
        return True

    def take_all(self, data: bytes) -> None:
        """Sort the messages in some bytes."""
        for message in self.parsed(data):
            self.take(message)

    def parsed(self, data: bytes) -> list[Any]:
        """Return the good messages in some bytes."""
        try:
            return self.mav.parse_buffer(data) or []
        except (mavlink.MAVError, ValueError, TypeError):
            return []

    def take(self, message: Any) -> None:
        """Sort one message of the autopilot."""
        kind = message.get_type()
        is_its = (message.get_srcSystem(), message.get_srcComponent()) == (
            self.far.system,
            self.far.component,
        )
        if kind == "BAD_DATA" or not (is_its or (kind == "HEARTBEAT" and not self.far.system)):
            return
        self.count(message.get_seq())
        self.heard_us = self.now_us()
        self.far.take(message)
        found = self.senses.take(message, self.heard_us, self.far.autopilot)
        if found is not None:
            self.skipped += self.newest is not None
            self.newest = found

    def count(self, sequence: int) -> None:
        """Count the messages that did not arrive."""
        if self.sequence is not None:
            self.lost += (sequence - self.sequence - 1) & 0xFF
        self.sequence = sequence

    def close(self) -> None:
        """Let the wire go."""
        self.wire.close()
