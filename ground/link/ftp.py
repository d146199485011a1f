"""MAVLink FTP: files of the vehicle, listed, read, written and removed over the link.

https://mavlink.io/en/services/ftp.html. Every reply counts its request's number up by one; a request that comes twice,
because its reply was lost, gets the same reply again.
"""

from collections import OrderedDict
from pathlib import Path

from ground.link.dialect import mavlink
from ground.link.ftp_answers import Answers
from ground.link.ftp_bursts import BURST, Bursts
from ground.link.ftp_sessions import Sessions
from ground.link.ftp_wire import (
    ACK,
    HEADER,
    MOST_DATA,
    NAK,
    PAYLOAD_BYTES,
    Refused,
    Request,
    error_reply,
    framed,
)
from ground.link.offered_files import OfferedFiles
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

MOST_CLIENTS = 64
SESSION_AT = 2


class Ftp(Microservice):
    """The file server of one vehicle."""

    messages = ("FILE_TRANSFER_PROTOCOL",)
    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_FTP

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        from ground.link.pages import pages

        self.files = OfferedFiles(folder_of(vehicle), vehicle.log_folder, pages(vehicle))
        self.sessions = Sessions()
        self.answers = Answers(self.files, self.sessions).by_opcode
        self.bursts = Bursts(self.sessions, self.post)
        self.last: OrderedDict[tuple[Sender, int], tuple[bytes, bytes]] = OrderedDict()

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

    def begin_burst(self, request: Request, sender: Sender, asked: bytes) -> None:
        """Begin to send a file, or reply why not."""
        try:
            self.bursts.begin(request, sender)
        except Refused as refused:
            self.refuse(request, sender, asked, refused.reply)

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
            0, sender.system, sender.component, frame.ljust(PAYLOAD_BYTES, b"\0")
        )
        self.link.send(message, sender)

    def tick(self, now: float) -> None:
        """Go on with the bursts and close what nobody uses any more."""
        self.sessions.now = now
        self.bursts.go_on()
        self.sessions.tidy()


def folder_of(vehicle: Vehicle) -> Path:
    """Return the folder that clients may write into, beside the flight logs."""
    return vehicle.log_folder.parent / "files"
