"""MAV_CMD_DO_FENCE_ENABLE: the uploaded fence switched off and on; switched off it is kept and still reads back."""

from ground.link.dialect import mavlink
from ground.link.missions import Missions
from ground.link.plans import FENCE
from ground.link.service import (
    ACCEPTED,
    DENIED,
    NOTICE,
    REJECTED,
    WARNING,
    Link,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle

STATES = {0.0: "off until it is switched on, loaded anew or the link restarts", 1.0: "on"}


class FenceSwitch(Microservice):
    """Tells the core the fence, or none."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands[mavlink.MAV_CMD_DO_FENCE_ENABLE] = self.switch

    def switch(self, order: Order, sender: Sender) -> int | None:
        """Switch the fence on (p1 1) or off (p1 0)."""
        if order.p1 not in STATES:
            self.link.say(f"Fence denied: {order.p1:g}; 1 is on, 0 off", WARNING, sender)
            return DENIED
        core = self.link.service(Missions).core  # type: ignore[attr-defined]
        core.is_fence_on = order.p1 == 1.0
        core.tell(FENCE, lambda reason: self.settle(order, sender, reason))
        return None

    def settle(self, order: Order, sender: Sender, reason: str) -> None:
        """Answer the command as the core did."""
        self.link.acknowledge(order, sender, REJECTED if reason else ACCEPTED)
        self.link.say(reason or f"Fence {STATES[order.p1]}", WARNING if reason else NOTICE)
