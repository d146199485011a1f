"""The autotune on demand: MAV_CMD_DO_AUTOTUNE_ENABLE, its progress in COMMAND_ACK as PX4 tells it, its gains kept.

A ground station asks again and again while it waits; it gets the progress, and at the end ACCEPTED or FAILED.
QGroundControl reads the percentage as 20 roll, 40 pitch, 60 yaw.
"""

import math

import numpy as np

from flight.autotune.autotune import Stage
from flight.autotune.gains import IDS
from flight.autotune.guard import ALL_AXES
from flight.inputs import Demand
from flight.modes import Event
from ground.link.dialect import mavlink
from ground.link.parameters import Parameters
from ground.link.service import (
    ACCEPTED,
    DENIED,
    FAILED,
    IN_PROGRESS,
    REJECTED,
    WARNING,
    Link,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle

PER_AXIS, OF_AXIS = 20, 19
ACK_PERIOD_S = 1.0
# Who asks again within this time after the end wants to know how it ended, not another autotune.
STALE_S = 3.0
GAINS = tuple(str(name) for name in np.ravel(IDS))


class Autotune(Microservice):
    """Starts and ends the core's autotune and tells how far it is."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands[mavlink.MAV_CMD_DO_AUTOTUNE_ENABLE] = self.obey
        self.asked: list[tuple[Order, Sender, int]] = []
        self.told_s = self.ended_s = -math.inf
        self.result = FAILED
        self.now = 0.0

    @property
    def is_running(self) -> bool:
        """Tell whether the vehicle is being tuned."""
        return bool(self.vehicle.command.status.is_tuning)

    def progress(self) -> int:
        """Return how far it is in percent."""
        tuning = self.vehicle.command.tuning
        done = PER_AXIS * int(tuning.axis) + OF_AXIS * (int(tuning.stage) - 1) // int(max(Stage))
        return min(max(done, 0), 99)

    def obey(self, order: Order, sender: Sender) -> int | None:
        """Begin (p1 1) for the axes p2 (1 roll, 2 pitch, 4 yaw, 8 altitude, 0 all), or end (p1 0)."""
        axes = 0 if math.isnan(order.p2) else order.p2
        if order.p1 not in (0.0, 1.0) or axes != int(axes) or not 0 <= axes <= ALL_AXES:
            self.link.say(
                "Autotune denied: 1 begins, 0 ends; axes 1 roll, 2 pitch, 4 yaw, 8 altitude", WARNING, sender
            )
            return DENIED
        if order.p1 == 0.0:
            if self.is_running:
                self.link.settle(order, sender, self.vehicle.ask(Demand.AUTOTUNE, (), 0))
                return None
            return ACCEPTED
        if self.is_running or any(who == sender for _, who, _ in self.asked):
            self.link.acknowledge(order, sender, IN_PROGRESS, self.progress())
            return None
        if self.now - self.ended_s < STALE_S:
            return self.result
        self.asked.append((order, sender, self.vehicle.ask(Demand.AUTOTUNE, (), int(axes) or ALL_AXES)))
        return None

    def tick(self, now: float) -> None:
        """Tell the progress once a second, and the end when it comes."""
        self.now = now
        self.asked = [asked for asked in self.asked if not self.is_refused(*asked)]
        for happening in self.vehicle.happenings:
            if happening.code == Event.AUTOTUNE:
                self.take(happening.value)
        if self.is_running and now - self.told_s >= ACK_PERIOD_S:
            self.told_s = now
            self.tell(IN_PROGRESS, self.progress())

    def is_refused(self, order: Order, sender: Sender, serial: int) -> bool:
        """Acknowledge a beginning that the core refuses; the reason is in its event."""
        answer = self.vehicle.answer(serial)
        if answer is None or answer.is_accepted:
            return False
        self.link.acknowledge(order, sender, REJECTED)
        return True

    def take(self, value: float) -> None:
        """Show the gains that fly now; at the end keep what was verified and tell everyone who asked."""
        parameters = self.link.service(Parameters)  # type: ignore[attr-defined]
        for name in GAINS:
            self.link.broadcast(parameters.value_message(name))
        if value > 0.0:
            return
        if value == 0.0:
            parameters.values.keep(GAINS)
        self.result, self.ended_s = ACCEPTED if value == 0.0 else FAILED, self.now
        self.tell(self.result, 100 if value == 0.0 else 0)
        self.asked.clear()

    def tell(self, result: int, percent: int) -> None:
        """Acknowledge to everyone who asked."""
        for order, sender, _ in self.asked:
            self.link.acknowledge(order, sender, result, percent)
