"""What happens in the loop, told to the ground as text."""

import math

from flight.modes import Action, Event, Failsafe
from flight.params import TABLE
from ground.link.dialect import mavlink
from ground.link.service import INFO, NOTICE, WARNING, Link, Microservice
from ground.link.vehicle import Happening, Vehicle
from logs.events import counsel

# Said once is enough: modes show in the heartbeat, items in their own messages, parameters in PARAM_VALUE.
QUIET = tuple(Event.__members__[n] for n in ("ITEM_REACHED", "PARAM_CHANGED") if n in Event.__members__)
# Each failsafe's parameter that says what is done about it, by the failsafe's place among the bits.
ACTIONS = {row.index: row.id for row in TABLE if row.path == "supervisor.action"}
# The same advice is given again after this time, however often it is asked for, s.
AGAIN_S = 10.0


class Events(Microservice):
    """Shows every event of the loop as STATUSTEXT: what happened, then for each of its reasons what to do about it."""

    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_FLIGHT_TERMINATION

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.advised_s: dict[str, float] = {}

    def tick(self, now: float) -> None:
        """Tell what was said since the last pass."""
        for happening in self.vehicle.happenings:
            if happening.code not in QUIET:
                self.link.say(happening.text, self.severity(happening))
                self.advise(happening, now)

    def severity(self, happening: Happening) -> int:
        """Return how severe an event is; a failsafe that only warns is a warning."""
        is_warning = happening.code == Event.FAILSAFE_RAISED and self.only_warns(happening.value)
        return WARNING if is_warning else min(happening.severity, INFO)

    def only_warns(self, value: float) -> bool:
        """Tell whether nothing is done about any of some failsafes."""
        raised = [bit for bit in Failsafe if math.isfinite(value) and int(value) & bit]
        return bool(raised) and all(
            self.vehicle.parameter(ACTIONS[bit.bit_length() - 1]) == Action.WARN for bit in raised
        )

    def advise(self, happening: Happening, now: float) -> None:
        """Say what to do, unless it was said not long ago."""
        for text in counsel(happening.code, happening.value):
            if now - self.advised_s.get(text, -math.inf) >= AGAIN_S:
                self.advised_s[text] = now
                self.link.say(text, NOTICE)
