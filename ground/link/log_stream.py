"""The log while it is written: MAV_CMD_LOGGING_START sends what a reader must know, acknowledged, then what is logged.

https://mavlink.io/en/messages/common.html#LOGGING_DATA, as PX4's ULog streaming: definitions and subscriptions come by
LOGGING_DATA_ACKED, rows from now on by LOGGING_DATA.
"""

from pathlib import Path

from ground.link.dialect import mavlink
from ground.link.log_tail import PASSING, PIECE, Pieces, Tail
from ground.link.offered_files import is_growing
from ground.link.pace import has_room
from ground.link.service import (
    ACCEPTED,
    NOTICE,
    REJECTED,
    UNSUPPORTED,
    WARNING,
    Link,
    Message,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle
from logs import space

ULOG = 0.0
MOST_CLIENTS = 4
FRAME_BYTES = 267
CHUNK, PIECES_PER_PASS = 1 << 16, 6
# What a client that is slower than the log may fall behind before a part is left out.
MOST_BEHIND = 1 << 22
RETRY_S, MOST_TRIES = 0.2, 25
QUIET_S = 5.0


class Stream:
    """A log on its way to one client."""

    def __init__(self, path: Path, to: Sender, link: Link) -> None:
        self.tail, self.to, self.link = Tail(path), to, link
        self.head, self.body = Pieces(), Pieces()
        self.head.add(self.tail.begin)
        self.is_behind = self.is_head = True
        self.sequence = self.tries = 0
        self.waiting: Message | None = None
        self.asked_s = self.grown_s = -1.0

    def go_on(self, now: float) -> bool:
        """Send what is due; tell whether there may be more."""
        self.grown_s = now if self.grown_s < 0.0 or self.tail.left > 0 else self.grown_s
        if self.is_behind:
            self.skip()
        elif self.is_head:
            self.send_head(now)
        else:
            self.send_body(now)
        return self.tries < MOST_TRIES and now - self.grown_s < QUIET_S

    def skip(self) -> None:
        """Pass over rows that were logged before, keeping what explains later ones."""
        found = self.tail.read(CHUNK)
        self.is_behind = bool(found)
        for message in found:
            if message[2] not in PASSING:
                (self.head if self.is_head else self.body).add(message)

    def send_head(self, now: float) -> None:
        """Send the next piece once the last one was acknowledged; the last one again when it was not."""
        if self.waiting is not None:
            if now - self.asked_s >= RETRY_S:
                self.tries, self.asked_s = self.tries + 1, now
                self.link.send(self.waiting, self.to)
            return
        piece = self.head.take(is_last=True)
        if piece is None:
            self.is_head = False
            return
        self.waiting = self.packed(mavlink.MAVLink_logging_data_acked_message, *piece)
        self.tries, self.asked_s = 0, now
        self.link.send(self.waiting, self.to)

    def send_body(self, now: float) -> None:
        """Send what was logged since."""
        if self.tail.left > MOST_BEHIND:
            self.is_behind = True
            self.sequence += 1
            return
        if len(self.body.data) < CHUNK:
            for message in self.tail.read(CHUNK):
                self.body.add(message)
        for _ in range(PIECES_PER_PASS):
            piece = self.body.take() if has_room(self.to, FRAME_BYTES, now) else None
            if piece is None:
                return
            self.link.send(self.packed(mavlink.MAVLink_logging_data_message, *piece), self.to)

    def packed(self, make: type, piece: bytes, first: int) -> Message:
        """Return a message with a piece, numbered."""
        number = self.sequence & 0xFFFF
        self.sequence += 1
        padded = list(piece.ljust(PIECE, b"\0"))
        return make(self.to.system, self.to.component, number, len(piece), first, padded)

    def acknowledged(self, sequence: int) -> None:
        """Go on after a piece that arrived."""
        if self.waiting is not None and self.waiting.sequence == sequence:
            self.waiting, self.tries = None, 0


class LogStreams(Microservice):
    """Streams the growing log to those who ask."""

    messages = ("LOGGING_ACK",)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.streams: dict[Sender, Stream] = {}
        self.commands = {
            mavlink.MAV_CMD_LOGGING_START: self.start,
            mavlink.MAV_CMD_LOGGING_STOP: self.stop,
        }

    def start(self, order: Order, sender: Sender) -> int:
        """Begin to stream the log that is being written."""
        if order.p1 != ULOG:
            return UNSUPPORTED
        growing = [path for path in space.logs_in(self.vehicle.log_folder)[-1:] if is_growing(path)]
        if not growing:
            self.link.say("No log is being written: arm, or set SDLOG_MODE", WARNING, sender)
            return REJECTED
        self.end(sender)
        if len(self.streams) >= MOST_CLIENTS:
            self.link.say(f"The log is streamed to {MOST_CLIENTS} already", WARNING, sender)
            return REJECTED
        self.streams[sender] = Stream(growing[0], sender, self.link)
        return ACCEPTED

    def stop(self, _: Order, sender: Sender) -> int:
        """Stop streaming."""
        self.end(sender)
        return ACCEPTED

    def end(self, sender: Sender) -> None:
        """Forget a client's stream, if there is one."""
        gone = self.streams.pop(sender, None)
        if gone:
            gone.tail.close()

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Note that a piece arrived."""
        if sender in self.streams:
            self.streams[sender].acknowledged(message.sequence)

    def tick(self, now: float) -> None:
        """Go on with every stream."""
        for sender, stream in list(self.streams.items()):
            if not stream.go_on(now):
                self.end(sender)
                self.link.say("The log's stream has ended", NOTICE, sender)
