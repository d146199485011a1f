"""What a client may send that this vehicle has no use for: told, and nothing happens."""

import logging

from ground.link.service import NOTICE, Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

events = logging.getLogger("quadloop.heard")
ANSWERS = {
    "PLAY_TUNE": "There is no buzzer: the tune is not played",
    "PLAY_TUNE_V2": "There is no buzzer: the tune is not played",
    "GPS_RTCM_DATA": "The GPS takes no corrections: RTCM data is not used",
    "SETUP_SIGNING": "Keys are not taken from a link: start with --signing FILE",
}
# Corrections come several times a second for as long as a station runs; a tune is asked for by hand.
PERIODS_S = {"GPS_RTCM_DATA": 10.0}
PERIOD_S = 0.5


class Pastimes(Microservice):
    """Says so, not more often than a person can read; keeps texts in the event log."""

    messages = (*ANSWERS, "STATUSTEXT")

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.due_s: dict[str, float] = {}
        self.now = 0.0

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Tell what will not happen."""
        kind = message.get_type()
        if self.now < self.due_s.get(kind, 0.0):
            return
        if kind in ANSWERS:
            self.due_s[kind] = self.now + PERIODS_S.get(kind, PERIOD_S)
            link.say(ANSWERS[kind], NOTICE, sender)
        else:
            self.due_s[kind] = self.now + 0.1
            events.info("%d/%d: %s", sender.system, sender.component, message.text)

    def tick(self, now: float) -> None:
        """Let time pass."""
        self.now = now
