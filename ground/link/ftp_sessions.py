"""The files that FTP clients have open: each belongs to who opened it, and none stays open for ever."""

import errno
import os
from dataclasses import dataclass

from ground.link.dialect import mavlink
from ground.link.ftp_wire import Refused
from ground.link.offered_files import LARGEST
from ground.link.service import Sender

MOST_SESSIONS = 16
IDLE_S = 30.0


@dataclass
class Session:
    """A file somebody has opened: a descriptor, or a page's bytes."""

    owner: Sender
    file: int
    page: bytes | None
    used_s: float

    @property
    def size(self) -> int:
        """Return how long the file is now."""
        return os.fstat(self.file).st_size if self.page is None else len(self.page)

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes of the file, fewer at its end."""
        return os.pread(self.file, size, offset) if self.page is None else self.page[offset : offset + size]

    def write(self, offset: int, data: bytes) -> int:
        """Write bytes into the file."""
        if offset + len(data) > LARGEST:
            raise OSError(errno.EFBIG, "too large")
        return os.pwrite(self.file, data, offset)

    def close(self) -> None:
        """Let go of the file."""
        if self.page is None:
            os.close(self.file)


class Sessions:
    """The open files by the number their clients name them with."""

    def __init__(self) -> None:
        self.by_number: dict[int, Session] = {}
        self.now = 0.0

    def __len__(self) -> int:
        return len(self.by_number)

    def of(self, number: int, sender: Sender) -> Session:
        """Return a client's open session; raise Refused when it has none of this number."""
        session = self.by_number.get(number)
        if session is None or session.owner != sender:
            raise Refused(mavlink.MAV_FTP_ERR_INVALIDSESSION)
        session.used_s = self.now
        return session

    def begin(self, wanted: int, sender: Sender, file: int, page: bytes | None = None) -> int:
        """Keep an open file or a page as a session; return its number, the client's own choice if it can be had."""
        free = self._number_for(wanted, sender)
        session = Session(sender, file, page, self.now)
        if free is None:
            session.close()
            raise Refused(mavlink.MAV_FTP_ERR_NOSESSIONSAVAILABLE)
        self.by_number[free] = session
        return free

    def end(self, number: int) -> None:
        """Close a session."""
        self.by_number.pop(number).close()

    def end_all_of(self, sender: Sender) -> None:
        """Close every session of a client."""
        for number in [n for n, session in self.by_number.items() if session.owner == sender]:
            self.end(number)

    def tidy(self) -> None:
        """Close what nobody uses any more."""
        for number in [n for n, session in self.by_number.items() if self.now - session.used_s > IDLE_S]:
            self.end(number)

    def _number_for(self, wanted: int, sender: Sender) -> int | None:
        known = self.by_number
        if wanted >= MOST_SESSIONS and wanted in known and known[wanted].owner == sender:
            self.end(wanted)
        if len(known) >= MOST_SESSIONS:
            return None
        if wanted and wanted not in known:
            return wanted
        return next(n for n in range(MOST_SESSIONS) if n not in known)
