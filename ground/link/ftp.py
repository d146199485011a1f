"""MAVLink FTP: files of the vehicle, listed, read, written and removed over the link.

https://mavlink.io/en/services/ftp.html. Every reply counts its request's number up by one; a request that comes twice,
because its reply was lost, gets the same reply again.
"""

import errno
import os
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ground.link.dialect import mavlink
from ground.link.offered_files import LARGEST, OfferedFiles
from ground.link.pace import has_room
from ground.link.parameter_wire import crc32
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

HEADER = struct.Struct("<HBBBBBxI")
MOST_DATA = 239
FRAME_BYTES = 266
ACK, NAK = mavlink.MAV_FTP_OPCODE_ACK, mavlink.MAV_FTP_OPCODE_NAK
BURST = mavlink.MAV_FTP_OPCODE_BURSTREADFILE
FAIL = mavlink.MAV_FTP_ERR_FAIL
FAIL_ERRNO = mavlink.MAV_FTP_ERR_FAILERRNO
EOF = mavlink.MAV_FTP_ERR_EOF
ERRORS = {
    errno.ENOENT: mavlink.MAV_FTP_ERR_FILENOTFOUND,
    errno.ENOTDIR: mavlink.MAV_FTP_ERR_FILENOTFOUND,
    errno.ELOOP: mavlink.MAV_FTP_ERR_FILENOTFOUND,
    errno.EEXIST: mavlink.MAV_FTP_ERR_FILEEXISTS,
    errno.EACCES: mavlink.MAV_FTP_ERR_FILEPROTECTED,
    errno.EPERM: mavlink.MAV_FTP_ERR_FILEPROTECTED,
}
MOST_SESSIONS = 16
IDLE_S = 30.0
MOST_CLIENTS = 64
SESSION_AT = 2
# A burst ends after this many packets and the client asks for the next: so it sets the pace, and few are lost.
BURST_PACKETS = 128
PACKETS_PER_PASS = 32


class Refused(Exception):  # noqa: N818
    """A request that is answered with an error of the protocol."""

    def __init__(self, *error: int) -> None:
        super().__init__(error)
        self.reply = bytes(error)


class Request(NamedTuple):
    """A request or a reply, without its data."""

    seq: int
    session: int
    opcode: int
    size: int
    about: int
    is_last: int
    offset: int


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


@dataclass
class Burst:
    """A file on its way in one piece after the other."""

    client: Sender
    session: int
    seq: int
    offset: int
    size: int
    left: int = BURST_PACKETS


class Ftp(Microservice):
    """The file server of one vehicle."""

    messages = ("FILE_TRANSFER_PROTOCOL",)
    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_FTP

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        from ground.link.pages import pages

        self.files = OfferedFiles(folder_of(vehicle), vehicle.log_folder, pages(vehicle))
        self.sessions: dict[int, Session] = {}
        self.bursts: dict[int, Burst] = {}
        self.last: OrderedDict[tuple[Sender, int], tuple[bytes, bytes]] = OrderedDict()
        self.now = 0.0
        self.answers: dict[int, Callable[[Request, bytes, Sender], tuple[int, bytes]]] = {
            mavlink.MAV_FTP_OPCODE_NONE: lambda *_: (0, b""),
            mavlink.MAV_FTP_OPCODE_TERMINATESESSION: self.terminate,
            mavlink.MAV_FTP_OPCODE_RESETSESSION: self.reset,
            mavlink.MAV_FTP_OPCODE_LISTDIRECTORY: self.list_folder,
            mavlink.MAV_FTP_OPCODE_OPENFILERO: self.open_to_read,
            mavlink.MAV_FTP_OPCODE_READFILE: self.read,
            mavlink.MAV_FTP_OPCODE_CREATEFILE: self.create,
            mavlink.MAV_FTP_OPCODE_WRITEFILE: self.write,
            mavlink.MAV_FTP_OPCODE_REMOVEFILE: self.remove,
            mavlink.MAV_FTP_OPCODE_CREATEDIRECTORY: self.make_folder,
            mavlink.MAV_FTP_OPCODE_REMOVEDIRECTORY: self.remove_folder,
            mavlink.MAV_FTP_OPCODE_OPENFILEWO: self.open_to_write,
            mavlink.MAV_FTP_OPCODE_TRUNCATEFILE: self.truncate,
            mavlink.MAV_FTP_OPCODE_RENAME: self.rename,
            mavlink.MAV_FTP_OPCODE_CALCFILECRC: self.checksum,
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer one request."""
        payload = bytes(message.payload)
        request = Request(*HEADER.unpack_from(payload))
        data = payload[HEADER.size :][: request.size]
        asked = payload[: HEADER.size + request.size]
        repeated = self.last.get((sender, request.session))
        if request.opcode in (ACK, NAK):
            return
        if request.size > MOST_DATA:
            self.refuse(request, sender, asked, bytes((mavlink.MAV_FTP_ERR_INVALIDDATASIZE,)))
        elif request.opcode == BURST:
            self.begin_burst(request, sender, asked)
        elif repeated and repeated[0] == asked:
            self.post(repeated[1], sender)
        else:
            self.answer(request, data, sender, asked)

    def answer(self, request: Request, data: bytes, sender: Sender, asked: bytes) -> None:
        """Do what is asked and reply, or reply why not."""
        try:
            if request.opcode not in self.answers:
                raise Refused(mavlink.MAV_FTP_ERR_UNKNOWNCOMMAND)
            session, reply = self.answers[request.opcode](request, data, sender)
        except Refused as refused:
            self.refuse(request, sender, asked, refused.reply)
        except OSError as error:
            self.refuse(request, sender, asked, error_reply(error))
        except ValueError:
            self.refuse(request, sender, asked, bytes((mavlink.MAV_FTP_ERR_FILENOTFOUND,)))
        else:
            self.reply(request._replace(session=session), sender, asked, ACK, reply)

    def refuse(self, request: Request, sender: Sender, asked: bytes, error: bytes) -> None:
        """Reply with an error."""
        self.reply(request, sender, asked, NAK, error)

    def reply(self, request: Request, sender: Sender, asked: bytes, opcode: int, data: bytes) -> None:
        """Send a reply and keep it, should it get lost."""
        frame = framed(request.seq + 1, request.session, opcode, request.opcode, request.offset, data)
        # By the session asked for: MAVProxy has several requests under way at once.
        key = sender, asked[SESSION_AT]
        self.last[key] = asked, frame
        self.last.move_to_end(key)
        while len(self.last) > MOST_CLIENTS:
            self.last.popitem(last=False)
        self.post(frame, sender)

    def post(self, frame: bytes, sender: Sender) -> None:
        """Send a payload."""
        message = mavlink.MAVLink_file_transfer_protocol_message(
            0, sender.system, sender.component, frame.ljust(251, b"\0")
        )
        self.link.send(message, sender)

    def session_of(self, number: int, sender: Sender) -> Session:
        """Return a client's open session."""
        session = self.sessions.get(number)
        if session is None or session.owner != sender:
            raise Refused(mavlink.MAV_FTP_ERR_INVALIDSESSION)
        session.used_s = self.now
        return session

    def number_for(self, wanted: int, sender: Sender) -> int | None:
        """Return a session's number, None when there are too many: the client's own choice if it can be had."""
        if wanted in self.sessions and self.sessions[wanted].owner == sender and wanted >= MOST_SESSIONS:
            self.end(wanted)
        if len(self.sessions) >= MOST_SESSIONS:
            return None
        if wanted and wanted not in self.sessions:
            return wanted
        return next(n for n in range(MOST_SESSIONS) if n not in self.sessions)

    def begin(self, request: Request, sender: Sender, file: int, page: bytes | None = None) -> int:
        """Keep an open file as a session; return its number."""
        free = self.number_for(request.session, sender)
        if free is None:
            if page is None:
                os.close(file)
            raise Refused(mavlink.MAV_FTP_ERR_NOSESSIONSAVAILABLE)
        self.sessions[free] = Session(sender, file, page, self.now)
        return free

    def end(self, number: int) -> None:
        """Close a session."""
        self.bursts.pop(number, None)
        self.sessions.pop(number).close()

    def terminate(self, request: Request, _: bytes, sender: Sender) -> tuple[int, bytes]:
        """Close the session named."""
        self.session_of(request.session, sender)
        self.end(request.session)
        return request.session, b""

    def reset(self, _: Request, __: bytes, sender: Sender) -> tuple[int, bytes]:
        """Close every session of this client."""
        for number in [n for n, session in self.sessions.items() if session.owner == sender]:
            self.end(number)
        return 0, b""

    def list_folder(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Return as many entries as fit, from the one with the request's number on."""
        entries = self.files.listed(text(data))[request.offset :]
        reply = b""
        for entry in entries:
            if len(reply) + len(entry) + 1 > MOST_DATA:
                break
            reply += entry + b"\0"
        if not reply:
            raise Refused(EOF)
        return request.session, reply

    def open_to_read(self, request: Request, data: bytes, sender: Sender) -> tuple[int, bytes]:
        """Open a file; return its session and size."""
        name = text(data)
        page = self.files.page(name)
        number = self.begin(
            request, sender, -1 if page is not None else self.files.open(name, os.O_RDONLY), page
        )
        return number, struct.pack("<I", min(self.sessions[number].size, 0xFFFFFFFF))

    def create(self, request: Request, data: bytes, sender: Sender) -> tuple[int, bytes]:
        """Create a file, or empty the one that is there, and open it for writing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return self.begin(request, sender, self.files.open(text(data), flags)), b""

    def open_to_write(self, request: Request, data: bytes, sender: Sender) -> tuple[int, bytes]:
        """Open a file for writing, as it is."""
        number = self.begin(request, sender, self.files.open(text(data), os.O_WRONLY | os.O_CREAT))
        return number, struct.pack("<I", self.sessions[number].size)

    def read(self, request: Request, _: bytes, sender: Sender) -> tuple[int, bytes]:
        """Return bytes of an open file."""
        data = self.session_of(request.session, sender).read(request.offset, min(request.size, MOST_DATA))
        if not data:
            raise Refused(EOF)
        return request.session, data

    def write(self, request: Request, data: bytes, sender: Sender) -> tuple[int, bytes]:
        """Write bytes into an open file; return how many."""
        written = self.session_of(request.session, sender).write(request.offset, data)
        return request.session, struct.pack("<I", written)

    def remove(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Remove a file."""
        self.files.remove(text(data))
        return request.session, b""

    def make_folder(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Create a folder."""
        os.mkdir(self.files.writable(text(data)))
        return request.session, b""

    def remove_folder(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Remove an empty folder."""
        os.rmdir(self.files.writable(text(data)))
        return request.session, b""

    def truncate(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Cut a file to the length given as offset."""
        if request.offset > LARGEST:
            raise OSError(errno.EFBIG, "too large")
        os.truncate(self.files.writable(text(data)), request.offset)
        return request.session, b""

    def rename(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Give a file or folder another name, never one that is taken."""
        old, _sep, new = data.partition(b"\0")
        source, target = self.files.writable(text(old)), self.files.writable(text(new))
        if target.exists():
            raise FileExistsError(errno.EEXIST, "is there already", str(target))
        os.rename(source, target)
        return request.session, b""

    def checksum(self, request: Request, data: bytes, _: Sender) -> tuple[int, bytes]:
        """Return the CRC-32 of a file."""
        name = text(data)
        page = self.files.page(name)
        crc = crc_of(self.files.open(name, os.O_RDONLY)) if page is None else crc32(page)
        return request.session, struct.pack("<I", crc)

    def begin_burst(self, request: Request, sender: Sender, asked: bytes) -> None:
        """Begin to send a file from an offset on; a second request begins anew."""
        try:
            session = self.session_of(request.session, sender)
        except Refused as refused:
            self.refuse(request, sender, asked, refused.reply)
            return
        if request.offset >= session.size:
            self.refuse(request, sender, asked, bytes((EOF,)))
            return
        size = request.size or MOST_DATA
        self.bursts[request.session] = Burst(sender, request.session, request.seq, request.offset, size)

    def tick(self, now: float) -> None:
        """Go on with the bursts and close what nobody uses any more."""
        self.now = now
        for number in list(self.bursts):
            self.go_on(number)
        for number in [n for n, session in self.sessions.items() if now - session.used_s > IDLE_S]:
            self.end(number)

    def go_on(self, number: int) -> None:
        """Send the next pieces of a burst."""
        session = self.sessions[number]
        session.used_s = self.now
        for _ in range(PACKETS_PER_PASS):
            if number not in self.bursts or not has_room(session.owner, FRAME_BYTES, self.now):
                return
            try:
                self.send_piece(self.bursts[number], session)
            except OSError:  # The file went away; the client notices by its own clock.
                del self.bursts[number]

    def send_piece(self, burst: Burst, session: Session) -> None:
        """Send one piece; the last one says so."""
        data = session.read(burst.offset, burst.size)
        burst.seq += 1
        burst.left -= 1
        is_last = burst.left == 0 or burst.offset + len(data) >= session.size
        self.post(framed(burst.seq, burst.session, ACK, BURST, burst.offset, data, is_last), burst.client)
        burst.offset += len(data)
        if is_last:
            del self.bursts[burst.session]


def framed(
    seq: int, session: int, opcode: int, about: int, offset: int, data: bytes, is_last: bool = False
) -> bytes:
    """Return a payload."""
    return HEADER.pack(seq & 0xFFFF, session, opcode, len(data), about, is_last, offset) + data


def text(data: bytes) -> str:
    """Return a path; raise ValueError when it is not text."""
    return data.split(b"\0", 1)[0].decode()


def error_reply(error: OSError) -> bytes:
    """Return the protocol's error for the operating system's."""
    if error.errno in ERRORS:
        return bytes((ERRORS[error.errno],))
    return bytes((FAIL_ERRNO, error.errno)) if error.errno and error.errno < 256 else bytes((FAIL,))


def crc_of(file: int) -> int:
    """Return the CRC-32 of an open file and close it."""
    crc = 0
    with os.fdopen(file, "rb") as opened:
        while data := opened.read(1 << 20):
            crc = crc32(data, crc)
    return crc


def folder_of(vehicle: Vehicle) -> Path:
    """Return the folder that clients may write into, beside the flight logs."""
    return vehicle.log_folder.parent / "files"
