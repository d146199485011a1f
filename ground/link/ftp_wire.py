"""What MAVLink FTP writes into a message: the header of a request or reply, and the errors a reply may carry."""

import errno
import struct
from typing import NamedTuple

from ground.link.dialect import mavlink

HEADER = struct.Struct("<HBBBBBxI")
MOST_DATA = 239
PAYLOAD_BYTES = 251
ACK, NAK = mavlink.MAV_FTP_OPCODE_ACK, mavlink.MAV_FTP_OPCODE_NAK
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
