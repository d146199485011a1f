"""A pilot at a ground station: MANUAL_CONTROL and RC_CHANNELS_OVERRIDE as sticks."""

import math

import numpy as np

from flight.inputs import PILOT
from flight.record import rows
from ground.link.one_at_a_time import OneAtATime
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

INVALID = 32767
FULL = 1000.0
# Pulse widths: the middle, half a stick's way; 0 and the largest number leave a channel alone.
MIDDLE_US, HALF_US = 1500.0, 500.0
LEFT_ALONE = (0, 65535)
NARROWEST_US, WIDEST_US = 800, 2200
# Who flies has the sticks until they were still for so long, as PX4 waits (COM_RC_LOSS_T).
OWNED_S = 0.5


class Sticks(Microservice):
    """Passes on the sticks of one pilot at a time; that they stop coming is the core's to notice."""

    messages = ("MANUAL_CONTROL", "RC_CHANNELS_OVERRIDE")

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.pilot = rows(PILOT)
        self.stream = OneAtATime(link, "Sticks", OWNED_S)

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Pass on one look at the sticks."""
        read = manual if message.get_type() == "MANUAL_CONTROL" else overridden
        sticks = read(message)
        if sticks is None or not self.stream.admits(sender):
            return
        for name, value in sticks.items():
            setattr(self.pilot[0], name, value)
        self.vehicle.sticks(self.pilot[0])


def limited(value: float, low: float = -1.0) -> float:
    """Return a stick within its ends."""
    return float(np.clip(value, low, 1.0))


def manual(m: Message) -> dict[str, float] | None:
    """Return MANUAL_CONTROL's sticks: x forward, y right, z up from 0, r clockwise; an unused axis is centred."""
    x, y, z, r = (None if v == INVALID else v / FULL for v in (m.x, m.y, m.z, m.r))
    return {
        "roll": limited(y or 0.0),
        # Our stick is positive backwards, where the nose goes up.
        "pitch": limited(-(x or 0.0)),
        "yaw": limited(r or 0.0),
        "throttle": 0.5 if z is None else limited(z, 0.0),
    }


def overridden(m: Message) -> dict[str, float] | None:
    """Return the sticks of the first four channels: roll, pitch (low is forward), throttle, yaw; None when released."""
    widths = (m.chan1_raw, m.chan2_raw, m.chan3_raw, m.chan4_raw)
    if all(width in LEFT_ALONE for width in widths):
        return None
    if any(width not in LEFT_ALONE and not NARROWEST_US <= width <= WIDEST_US for width in widths):
        return None
    sticks = [None if w in LEFT_ALONE else limited((w - MIDDLE_US) / HALF_US) for w in widths]
    names = ("roll", "pitch", "throttle", "yaw")
    found = {name: stick for name, stick in zip(names, sticks, strict=True) if stick is not None}
    if "throttle" in found:
        found["throttle"] = 0.5 * (found["throttle"] + 1.0)
    return found if all(map(math.isfinite, found.values())) else None
