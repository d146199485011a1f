"""What is done for each FTP request on files and folders, and what is answered.

An answer is the number of a session and data. What cannot be done is raised: Refused, or OSError as the operating
system has it; ValueError is a path that is not text.
"""

import errno
import os
import struct
from collections.abc import Callable

from ground.link.dialect import mavlink
from ground.link.ftp_sessions import Sessions
from ground.link.ftp_wire import EOF, MOST_DATA, Refused, Request, text
from ground.link.offered_files import LARGEST, OfferedFiles
from ground.link.parameter_wire import crc32
from ground.link.service import Sender

Answer = tuple[int, bytes]


class Answers:
    """The requests on offered files that are understood, `by_opcode`."""

    def __init__(self, files: OfferedFiles, sessions: Sessions) -> None:
        self.files, self.sessions = files, sessions
        self.by_opcode: dict[int, Callable[[Request, bytes, Sender], Answer]] = {
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

    def terminate(self, request: Request, _: bytes, sender: Sender) -> Answer:
        """Close the session named."""
        self.sessions.of(request.session, sender)
        self.sessions.end(request.session)
        return request.session, b""

    def reset(self, _: Request, __: bytes, sender: Sender) -> Answer:
        """Close every session of this client."""
        self.sessions.end_all_of(sender)
        return 0, b""

    def list_folder(self, request: Request, data: bytes, _: Sender) -> Answer:
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

    def open_to_read(self, request: Request, data: bytes, sender: Sender) -> Answer:
        """Open a file; return its session and size."""
        name = text(data)
        page = self.files.page(name)
        file = self.files.open(name, os.O_RDONLY) if page is None else -1
        number = self.sessions.begin(request.session, sender, file, page)
        return number, struct.pack("<I", min(self.sessions.by_number[number].size, 0xFFFFFFFF))

    def create(self, request: Request, data: bytes, sender: Sender) -> Answer:
        """Create a file, or empty the one that is there, and open it for writing."""
        file = self.files.open(text(data), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        return self.sessions.begin(request.session, sender, file), b""

    def open_to_write(self, request: Request, data: bytes, sender: Sender) -> Answer:
        """Open a file for writing, as it is."""
        file = self.files.open(text(data), os.O_WRONLY | os.O_CREAT)
        number = self.sessions.begin(request.session, sender, file)
        return number, struct.pack("<I", self.sessions.by_number[number].size)

    def read(self, request: Request, _: bytes, sender: Sender) -> Answer:
        """Return bytes of an open file."""
        data = self.sessions.of(request.session, sender).read(request.offset, min(request.size, MOST_DATA))
        if not data:
            raise Refused(EOF)
        return request.session, data

    def write(self, request: Request, data: bytes, sender: Sender) -> Answer:
        """Write bytes into an open file; return how many."""
        written = self.sessions.of(request.session, sender).write(request.offset, data)
        return request.session, struct.pack("<I", written)

    def remove(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Remove a file."""
        self.files.remove(text(data))
        return request.session, b""

    def make_folder(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Create a folder."""
        os.mkdir(self.files.writable(text(data)))
        return request.session, b""

    def remove_folder(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Remove an empty folder."""
        os.rmdir(self.files.writable(text(data)))
        return request.session, b""

    def truncate(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Cut a file to the length given as offset."""
        if request.offset > LARGEST:
            raise OSError(errno.EFBIG, "too large")
        os.truncate(self.files.writable(text(data)), request.offset)
        return request.session, b""

    def rename(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Give a file or folder another name, never one that is taken."""
        old, _sep, new = data.partition(b"\0")
        source, target = self.files.writable(text(old)), self.files.writable(text(new))
        if target.exists():
            raise FileExistsError(errno.EEXIST, "is there already", str(target))
        os.rename(source, target)
        return request.session, b""

    def checksum(self, request: Request, data: bytes, _: Sender) -> Answer:
        """Return the CRC-32 of a file."""
        name = text(data)
        page = self.files.page(name)
        crc = crc_of(self.files.open(name, os.O_RDONLY)) if page is None else crc32(page)
        return request.session, struct.pack("<I", crc)


def crc_of(file: int) -> int:
    """Return the CRC-32 of an open file and close it."""
    crc = 0
    with os.fdopen(file, "rb") as opened:
        while data := opened.read(1 << 20):
            crc = crc32(data, crc)
    return crc
