"""What a quadcopter without shell, buzzer or RTK receiver still answers, so that nobody waits in vain."""

import math

from ground.link.dialect import mavlink
from ground.link.service import INFO, Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

SHELL = 10
# 70 bytes fit into a message.
NO_SHELL = b"Quadloop has no shell; use parameters, logs and MAVLink FTP.\n"
PAUSE_S = 1.0
REPLY = 1


class Courtesies(Microservice):
    """Answers what cannot be done."""

    messages = ("SERIAL_CONTROL", "PLAY_TUNE", "PLAY_TUNE_V2")

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.now_s, self.said_s = 0.0, -math.inf

    def tick(self, now: float) -> None:
        """Know the time."""
        self.now_s = now

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Say that there is none."""
        if message.get_type() == "SERIAL_CONTROL":
            self.answer_shell(message, sender)
        elif self.now_s - self.said_s > PAUSE_S:
            self.said_s = self.now_s
            link.say("No buzzer here: tune not played", INFO, sender)

    def answer_shell(self, message: Message, sender: Sender) -> None:
        """Answer a line typed into a shell."""
        if message.device == SHELL and message.count:
            data = list(NO_SHELL.ljust(70, b"\0"))
            self.link.send(
                mavlink.MAVLink_serial_control_message(SHELL, REPLY, 0, 0, len(NO_SHELL), data), sender
            )
