"""What happens in the loop, told to the ground as text."""

from flight.modes import Event
from ground.link.dialect import mavlink
from ground.link.service import INFO, Microservice

# Said once is enough: modes show in the heartbeat, items in their own messages, parameters in PARAM_VALUE.
QUIET = tuple(Event.__members__[n] for n in ("ITEM_REACHED", "PARAM_CHANGED") if n in Event.__members__)


class Events(Microservice):
    """Shows every event of the loop as STATUSTEXT."""

    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_FLIGHT_TERMINATION

    def tick(self, now: float) -> None:
        """Tell what was said since the last pass."""
        for happening in self.vehicle.happenings:
            if happening.code not in QUIET:
                self.link.say(happening.text, min(happening.severity, INFO))
