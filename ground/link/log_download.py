"""Log download: the flight logs, told with their exact sizes and sent in pieces of 90 bytes, also while one grows.

https://mavlink.io/en/messages/common.html#LOG_REQUEST_LIST. Logs are numbered from 0 in the order they were flown, as
PX4 does; numbers and sizes hold until the list is asked for again.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ground.link.dialect import mavlink
from ground.link.offered_files import is_growing
from ground.link.pace import has_room, together
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle
from logs import space

PIECE = 90
FRAME_BYTES = 109
# What a pass that came late makes up for: with fewer a busy machine sends half of what it could.
PIECES_PER_PASS = 96
# A loopback carries more, but a ground station's buffer does not: 1.1 MB/s.
PIECES_HZ = 12_000.0
# Who asks for a whole log at once, as MAVProxy does, cannot say on the way that it falls behind: PX4's pace.
PATIENT_HZ = 10_000.0
MOST_CLIENTS = 8
ENTRIES_PER_PASS = 8
# A request for more is for the log, not for a gap in it.
LARGEST_GAP, MOST_GAPS = 1 << 20, 64
ERASE_ALL = "every log is erased but the one being written"
ERASED = "every log is erased; the one being written will be when it ends"
LOOK_S = 0.5


class Log(NamedTuple):
    """A log as it was told."""

    path: Path
    size: int
    unix_s: int


@dataclass
class Sending:
    """A log on its way to one client."""

    number: int
    file: int
    offset: int
    end: int
    size: int
    due_s: float
    pieces_hz: float = PIECES_HZ
    # Further gaps of the same log: MAVProxy asks for twenty at once and waits.
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def takes(self, number: int, offset: int, count: int) -> bool:
        """Take a request for a further gap; False when it must take the place of this one."""
        end = offset + count
        if number != self.number or self.file < 0 or max(count, self.end - self.offset) > LARGEST_GAP:
            return False
        is_known = (offset, end) in self.gaps or (end == self.end and offset <= self.offset)
        if not is_known and len(self.gaps) < MOST_GAPS:
            self.gaps.append((offset, end))
        return True

    def next_gap(self) -> bool:
        """Go on with the next gap; False when there is none."""
        if not self.gaps:
            return False
        self.offset, self.end = self.gaps.pop(0)
        return True


class LogDownload(Microservice):
    """Tells and sends the logs of one vehicle."""

    messages = ("LOG_REQUEST_LIST", "LOG_REQUEST_DATA", "LOG_REQUEST_END", "LOG_ERASE")

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.logs: list[Log] = []
        self.listing: dict[Sender, range] = {}
        self.sending: dict[Sender, Sending] = {}
        # Erased on the ground while its last seconds were written: not told any more, and removed when it has ended.
        self.doomed: set[Path] = set()
        self.now = self.looked_s = 0.0
        self.answers = {
            "LOG_REQUEST_LIST": self.list_logs,
            "LOG_REQUEST_DATA": self.begin,
            "LOG_REQUEST_END": lambda _, sender: self.stop(sender),
            "LOG_ERASE": self.erase,
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer a request."""
        self.answers[message.get_type()](message, sender)

    def list_logs(self, message: Message, sender: Sender) -> None:
        """Begin to tell the logs from `start` to `end`; without any, tell that."""
        self.logs = self.present()
        if not self.logs:
            self.link.send(mavlink.MAVLink_log_entry_message(0, 0, 0, 0, 0), sender)
        elif len(self.listing) < MOST_CLIENTS:
            self.listing[sender] = range(message.start, min(message.end + 1, len(self.logs)))

    def begin(self, message: Message, sender: Sender) -> None:
        """Begin to send bytes of a log; a new request takes the place of the last, but gaps are filled in turn."""
        under_way = self.sending.get(sender)
        if under_way and under_way.takes(message.id, message.ofs, message.count):
            return
        self.stop(sender)
        if not self.logs:
            self.logs = self.present()
        if message.id >= len(self.logs) or len(self.sending) >= MOST_CLIENTS:
            return
        log = self.logs[message.id]
        try:
            file = os.open(log.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # Erased meanwhile: an empty piece says that there is nothing.
            file = -1
        pace = PIECES_HZ if message.count <= LARGEST_GAP else PATIENT_HZ
        end = message.ofs + message.count if file >= 0 else message.ofs
        self.sending[sender] = Sending(message.id, file, message.ofs, end, log.size, self.now, pace)

    def stop(self, sender: Sender) -> None:
        """Send no more to a client."""
        gone = self.sending.pop(sender, None)
        if gone and gone.file >= 0:
            os.close(gone.file)

    def present(self) -> list[Log]:
        """Return the logs there are to tell of."""
        return [log for log in logs_in(self.vehicle.log_folder) if log.path not in self.doomed]

    def erase(self, _: Message, sender: Sender) -> None:
        """Remove every log, the one being written when it ends; in flight that one stays."""
        self.doomed = {log.path for log in logs_in(self.vehicle.log_folder)}
        self.remove_ended()
        text = ERASE_ALL if self.vehicle.is_armed else ERASED
        self.link.say(text, to=sender)
        self.logs = []

    def remove_ended(self) -> None:
        """Remove the erased logs that are not written any more; who arms keeps the one that goes on."""
        with suppress(OSError):
            ended = {path for path in self.doomed if not path.exists() or not is_growing(path)}
            for path in ended:
                path.unlink(missing_ok=True)
            self.doomed = set() if self.vehicle.is_armed else self.doomed - ended

    def tick(self, now: float) -> None:
        """Go on with what is on its way."""
        self.now = now
        if self.doomed and now - self.looked_s > LOOK_S:
            self.looked_s = now
            self.remove_ended()
        for sender in list(self.listing):
            self.tell_some(sender)
        for sender in list(self.sending):
            with together(sender):
                self.send_some(sender)

    def tell_some(self, sender: Sender) -> None:
        """Tell the next entries of a list."""
        places = self.listing[sender]
        for number in places[:ENTRIES_PER_PASS]:
            if number < len(self.logs):
                self.tell(number, sender)
        self.listing[sender] = places[ENTRIES_PER_PASS:]
        if not self.listing[sender]:
            del self.listing[sender]

    def tell(self, number: int, sender: Sender) -> None:
        """Tell one log."""
        log, count = self.logs[number], len(self.logs)
        self.link.send(
            mavlink.MAVLink_log_entry_message(number, count, count - 1, log.unix_s, log.size), sender
        )

    def send_some(self, sender: Sender) -> None:
        """Send the pieces that are due."""
        sending = self.sending[sender]
        sending.due_s = max(sending.due_s, self.now - PIECES_PER_PASS / sending.pieces_hz)
        while sending.due_s <= self.now and has_room(sender, FRAME_BYTES, self.now):
            sending.due_s += 1.0 / sending.pieces_hz
            if not self.send_piece(sending, sender) and not sending.next_gap():
                self.stop(sender)
                return

    def send_piece(self, sending: Sending, sender: Sender) -> bool:
        """Send one piece; tell whether more follow. A piece that is not full says that the log ends there."""
        wanted = min(PIECE, sending.end - sending.offset)
        there = max(0, min(wanted, sending.size - sending.offset))
        data = os.pread(sending.file, there, sending.offset) if there else b""
        message = mavlink.MAVLink_log_data_message(
            sending.number, sending.offset, len(data), list(data.ljust(PIECE, b"\0"))
        )
        self.link.send(message, sender)
        sending.offset += len(data)
        return len(data) == PIECE and sending.offset < sending.end


def logs_in(folder: Path) -> list[Log]:
    """Return the logs in a folder, oldest first."""
    found = []
    for path in space.logs_in(folder):
        with suppress(OSError):  # Erased meanwhile, or to make room.
            facts = path.stat()
            found.append(Log(path, min(facts.st_size, 0xFFFFFFFF), int(facts.st_mtime)))
    return found[-0xFFFF:]
