"""Region of interest: there is no gimbal, so the vehicle itself turns its nose to the place that is to be looked at."""

import math

from flight.inputs import Demand
from flight.modes import Mode
from ground.link.dialect import mavlink
from ground.link.places import local_place
from ground.link.regions import ENDS, is_look, is_look_away
from ground.link.service import ACCEPTED, DENIED, WARNING, Link, Microservice, Order, Sender
from ground.link.vehicle import Vehicle
from ground.link.wire_items import WireItem
from ground.missions.items import Earth

PERIOD_S = 0.25
# Nearer than this a place has no bearing.
NEAR_M = 1.0
LOOKING = (Mode.HOLD, Mode.GOTO, Mode.MISSION)


class Gaze(Microservice):
    """Looks at one place until it is told not to, or disarmed."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.place: tuple[float, float] | None = None
        self.due_s, self.was_armed = 0.0, False
        self.commands = {
            mavlink.MAV_CMD_DO_SET_ROI_LOCATION: self.look_at,
            mavlink.MAV_CMD_DO_SET_ROI_NONE: self.look_away,
            mavlink.MAV_CMD_DO_SET_ROI_WPNEXT_OFFSET: self.look_away,
            mavlink.MAV_CMD_DO_SET_ROI: self.look,
            mavlink.MAV_CMD_NAV_ROI: self.look,
        }

    def look(self, order: Order, sender: Sender) -> int:
        """Obey the old command, whose p1 says what is meant; dronekit's says none, and names the place."""
        has_place = math.isfinite(order.x + order.y) and (order.x, order.y) != (0.0, 0.0)
        if order.p1 == mavlink.MAV_ROI_NONE and has_place:
            return self.look_at(order, sender)
        if order.p1 in ENDS:
            return self.look_away(order, sender)
        if order.p1 == mavlink.MAV_ROI_LOCATION:
            return self.look_at(order, sender)
        self.link.say(f"Region of interest denied: kind {order.p1:g}; a location or none", WARNING, sender)
        return DENIED

    def look_at(self, order: Order, sender: Sender) -> int:
        """Look at a place; its height makes no difference to the nose."""
        north, east, _ = local_place(self.vehicle, order)
        if north is None or east is None:
            self.link.say("Region of interest denied: latitude and longitude are needed", WARNING, sender)
            return DENIED
        self.place = north, east
        return ACCEPTED

    def look_away(self, *_: object) -> int:
        """Look where the flight leads."""
        if self.place is not None and self.may_turn:
            self.vehicle.ask(Demand.YAW)
        self.place = None
        return ACCEPTED

    def forget(self) -> None:
        """Look at the place no more, since somebody has chosen a heading."""
        self.place = None

    def pass_item(self, item: WireItem, earth: Earth) -> None:
        """Do what an item of the mission says that the vehicle has come past."""
        if is_look_away(item):
            self.look_away()
        elif is_look(item):
            north, east, _ = earth.place(item.as_meant())
            self.place = (north, east) if north is not None and east is not None else self.place

    @property
    def may_turn(self) -> bool:
        """Tell whether the vehicle flies so that its nose may point anywhere."""
        vehicle = self.vehicle
        return vehicle.mode in LOOKING and not (vehicle.is_landed or vehicle.is_following)

    def tick(self, now: float) -> None:
        """Turn while the vehicle holds, goes somewhere or flies its mission; forget the place with the flight."""
        if self.was_armed and not self.vehicle.is_armed:
            self.place = None
        self.was_armed = self.vehicle.is_armed
        if self.place is None or now < self.due_s:
            return
        self.due_s = now + PERIOD_S
        if self.may_turn:
            self.turn(*self.place)

    def turn(self, north: float, east: float) -> None:
        """Ask for the heading to a place."""
        here = self.vehicle.command.estimate.p_ned
        north, east = north - float(here[0]), east - float(here[1])
        if math.hypot(north, east) > NEAR_M:
            self.vehicle.ask(Demand.YAW, (math.atan2(east, north),))
