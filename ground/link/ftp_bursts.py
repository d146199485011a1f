"""FTP bursts: a file sent in one piece after the other, as fast as the client's channel takes it."""

from collections.abc import Callable
from dataclasses import dataclass

from ground.link.dialect import mavlink
from ground.link.ftp_sessions import Session, Sessions
from ground.link.ftp_wire import ACK, EOF, MOST_DATA, Refused, Request, framed
from ground.link.pace import has_room
from ground.link.service import Sender

BURST = mavlink.MAV_FTP_OPCODE_BURSTREADFILE
FRAME_BYTES = 266
# A burst ends after this many packets and the client asks for the next: so it sets the pace, and few are lost.
BURST_PACKETS = 128
PACKETS_PER_PASS = 32


@dataclass
class Burst:
    """A file on its way."""

    session: Session
    seq: int
    offset: int
    size: int
    left: int = BURST_PACKETS


class Bursts:
    """The bursts under way, by the number of their session; `post` sends a payload."""

    def __init__(self, sessions: Sessions, post: Callable[[bytes, Sender], None]) -> None:
        self.sessions, self.post = sessions, post
        self.under_way: dict[int, Burst] = {}

    def begin(self, request: Request, sender: Sender) -> None:
        """Begin to send a file from an offset on; a second request begins anew. Raises Refused."""
        session = self.sessions.of(request.session, sender)
        if request.offset >= session.size:
            raise Refused(EOF)
        size = request.size or MOST_DATA
        self.under_way[request.session] = Burst(session, request.seq, request.offset, size)

    def go_on(self) -> None:
        """Send the next pieces of every burst; one whose session was closed is over."""
        for number, burst in list(self.under_way.items()):
            is_open = self.sessions.by_number.get(number) is burst.session
            if not is_open or not self._send_some(number, burst):
                del self.under_way[number]

    def _send_some(self, number: int, burst: Burst) -> bool:
        """Send as many pieces as there is room for; return whether there are more."""
        session, now = burst.session, self.sessions.now
        session.used_s = now
        for _ in range(PACKETS_PER_PASS):
            if not has_room(session.owner, FRAME_BYTES, now):
                return True
            try:
                is_last = self._send_piece(number, burst)
            except OSError:  # The file went away; the client notices by its own clock.
                return False
            if is_last:
                return False
        return True

    def _send_piece(self, number: int, burst: Burst) -> bool:
        """Send one piece; the last one says so, and so does the return value."""
        start, data = burst.offset, burst.session.read(burst.offset, burst.size)
        burst.seq += 1
        burst.left -= 1
        burst.offset += len(data)
        is_last = burst.left == 0 or burst.offset >= burst.session.size
        self.post(framed(burst.seq, number, ACK, BURST, start, data, is_last), burst.session.owner)
        return is_last
