"""How far the mission has come: MISSION_CURRENT, MISSION_ITEM_REACHED in order, and choosing where it goes on."""

from typing import Any

from flight.inputs import Demand
from flight.modes import Event, Mode
from ground.link.dialect import mavlink
from ground.link.gaze import Gaze
from ground.link.plans import ASK, FENCE, HERE, MISSION, RALLY, SET_HOME, Plan, earth_of
from ground.link.regions import ROIS
from ground.link.service import ACCEPTED, DENIED, WARNING, Link, Message, Order, Sender
from ground.link.vehicle import Vehicle
from ground.link.wire_items import WireItem
from ground.missions.items import JUMP, Earth, ItemError, leg_of

IN_MISSION, NOT_IN_MISSION = 1, 2
M = mavlink
# Longer than the loop takes to answer and to show what it flies then.
SHOWN_US = 100_000


class Progress:
    """Follows the core through the mission's items."""

    def __init__(self, vehicle: Vehicle, link: Link, plans: dict[int, Plan]) -> None:
        self.vehicle, self.link, self.plans = vehicle, link, plans
        self.told: tuple[int, ...] = ()
        self.is_due = True
        # The first item not yet told as reached; awaited while the core has yet to hear that it goes on there.
        self.place, self.is_awaited = 0, False
        self.is_begun = False
        self.is_complete = False
        # The demand by which an item was chosen, the item, and since when that is not seen as the present one.
        self.chosen: tuple[int, int, int] | None = None

    @property
    def status(self) -> Any:
        """Return what the core says."""
        return self.vehicle.command.status

    @property
    def count(self) -> int:
        """Return how many items the mission has."""
        return len(self.plans[MISSION].items)

    @property
    def current(self) -> int:
        """Return the number of the item that is flown, or would be."""
        return max(0, min(int(self.status.mission_index), self.count - 1))

    @property
    def next(self) -> int:
        """Return the item with which the mission goes on; one that is over begins anew."""
        return self.current if int(self.status.mission_index) < self.count else 0

    @property
    def command(self) -> int:
        """Return the MAV_CMD of the item that is flown, 0 without a mission."""
        return self.plans[MISSION].items[self.current].command if self.count else 0

    @property
    def is_flown(self) -> bool:
        """Tell whether the vehicle is on its mission."""
        return self.vehicle.is_armed and self.vehicle.mode == Mode.MISSION

    @property
    def state(self) -> int:
        """Return the MISSION_STATE."""
        if self.count == 0:
            return M.MISSION_STATE_NO_MISSION
        if self.is_complete:
            return M.MISSION_STATE_COMPLETE
        if self.is_flown:
            return M.MISSION_STATE_ACTIVE
        return M.MISSION_STATE_PAUSED if self.is_begun else M.MISSION_STATE_NOT_STARTED

    @property
    def identities(self) -> tuple[int, ...]:
        """Return by what a client knows each list again."""
        return tuple(self.plans[kind].identity for kind in (MISSION, FENCE, RALLY))

    def message(self, place: int | None = None) -> Message:
        """Return MISSION_CURRENT, of the present item or another one."""
        mode = IN_MISSION if self.vehicle.mode == Mode.MISSION else NOT_IN_MISSION
        place = self.current if place is None else place
        return M.MAVLink_mission_current_message(place, self.count, self.state, mode, *self.identities)

    def answer(self, _: Order, sender: Sender) -> int:
        """Send MISSION_CURRENT to who asks for it."""
        self.link.send(self.message(), sender)
        return ACCEPTED

    def tick(self) -> None:
        """Tell what has been reached, and the present item when it changes; once a second it comes as a stream."""
        for happening in self.vehicle.happenings:
            if happening.code == Event.ITEM_REACHED:
                self.reach(int(happening.value))
            elif happening.code == Event.MISSION_DONE:
                self.is_complete = True
        self.follow()
        # PX4 leaves its mission mode there, and clients wait for the other.
        self.vehicle.is_returning = self.is_flown and self.command == M.MAV_CMD_NAV_RETURN_TO_LAUNCH
        self.pass_orders()
        self.tell_chosen()
        present = (self.current, self.count, self.state, *self.identities)
        if present != self.told or self.is_due:
            self.told, self.is_due = present, False
            self.link.broadcast(self.message())

    def follow(self) -> None:
        """Notice that the mission has begun, or begun anew."""
        if self.is_flown:
            if self.is_complete and int(self.status.mission_index) < self.count:
                self.is_complete = False
            self.is_begun = True
            self.hear_heading()
        index = int(self.status.mission_index)
        if index >= self.place:
            self.is_awaited = False
        elif not self.is_awaited:
            self.place = self.landed_on(index)

    def hear_heading(self) -> None:
        """Let an item that names a heading end a region of interest."""
        if self.command == M.MAV_CMD_CONDITION_YAW:
            self.link.service(Gaze).forget()  # type: ignore[attr-defined]

    def landed_on(self, index: int) -> int:
        """Return the item that a jump named which led back to this one: orders in between were obeyed again."""
        orders = self.plans[MISSION].orders()
        targets = sorted(int(item.p1) for item in self.plans[MISSION].items if item.command == JUMP)
        return next((place for place in targets if place <= index and all(orders[place:index])), index)

    def expect(self, place: int) -> None:
        """Count from an item that the core is told to go on with."""
        self.place, self.is_awaited, self.is_complete = place, True, False

    def reach(self, place: int) -> None:
        """Tell that an item is reached, those obeyed on the way to it before."""
        while self.place < place and self.is_order(self.place):
            self.pass_by(self.place)
        self.link.broadcast(M.MAVLink_mission_item_reached_message(place))
        self.place = place + 1

    def is_order(self, place: int) -> bool:
        """Tell whether an item is obeyed in passing."""
        orders = self.plans[MISSION].orders()
        return place < len(orders) and orders[place]

    def pass_orders(self) -> None:
        """Tell of the items that the core has obeyed in passing."""
        while self.place < int(self.status.mission_index) and self.is_order(self.place):
            self.pass_by(self.place)
        if not self.is_order(self.place):
            self.place = max(self.place, min(int(self.status.mission_index), self.count))

    def pass_by(self, place: int) -> None:
        """Tell that an item was obeyed; one that sets home does so now."""
        item, earth = self.plans[MISSION].items[place], self.earth
        if item.command == SET_HOME:
            self.set_home(item, earth)
        elif item.command in ROIS and earth:
            self.link.service(Gaze).pass_item(item, earth)  # type: ignore[attr-defined]
        self.link.broadcast(M.MAVLink_mission_item_reached_message(place))
        self.place = place + 1

    @property
    def earth(self) -> Earth | None:
        """Return where metres are counted from, None while it is not known."""
        origin, home = self.vehicle.origin, self.vehicle.home
        return earth_of(origin, home.alt_amsl_m) if origin and home else None

    def set_home(self, item: WireItem, earth: Earth | None) -> None:
        """Set home where an item says: here, or at its place."""
        if item.p1 == HERE or earth is None:
            self.vehicle.ask(Demand.SET_HOME)
            return
        north, east, height = earth.place(item.as_meant())
        self.vehicle.ask(Demand.SET_HOME, (north, east, None if height is None else -height))

    def renew(self, kind: int) -> None:
        """Begin to count anew with another mission."""
        if kind == MISSION:
            self.expect(self.plans[MISSION].start)
            self.is_begun, self.is_due = False, True

    def hear_current(self, message: Message, sender: Sender) -> None:
        """Obey MISSION_SET_CURRENT: go on with another item."""
        if self.has(message.seq, sender):
            self.go_on_with(message.seq)
            self.is_due = True

    def has(self, place: float, sender: Sender) -> bool:
        """Tell whether there is such an item; say so when there is not."""
        if 0 <= place < self.count and place == int(place):
            return True
        self.link.say(f"Mission item {place:g} denied: the mission has {self.count}", WARNING, sender)
        return False

    def go_on_with(self, place: int) -> int:
        """Ask the core to go on with an item."""
        self.expect(place)
        serial = self.vehicle.ask(Demand.MISSION_SET, (), place)
        self.chosen = serial, place, self.vehicle.t_us
        return serial

    def tell_chosen(self) -> None:
        """Tell of an item that was chosen where the vehicle is already: it is past it before it is seen."""
        if self.chosen is None:
            return
        serial, place, since_us = self.chosen
        if self.current == place:
            self.chosen, self.is_due = None, True
        elif not 0 <= self.vehicle.t_us - since_us < SHOWN_US:
            self.chosen = None
            answer = self.vehicle.answer(serial)
            if answer and answer.is_accepted and place < self.count:
                self.link.broadcast(self.message(place))
                self.is_due = True

    def set_current(self, order: Order, sender: Sender) -> int | None:
        """Obey MAV_CMD_DO_SET_MISSION_CURRENT; an item of -1 is the present one."""
        place = float(self.current) if order.p1 == -1.0 else order.p1
        if not self.has(place, sender):
            return DENIED
        self.link.settle(order, sender, self.go_on_with(int(place)))
        self.is_due = True
        return None

    def start(self, order: Order, sender: Sender) -> int | None:
        """Obey MAV_CMD_MISSION_START: fly from the first item named on."""
        place = order.p1 if order.p1 >= 0.0 else float(self.current)
        if not self.has(place, sender):
            return DENIED
        self.expect(int(place))
        self.link.settle(order, sender, self.vehicle.ask(Demand.MISSION_START, (), int(place)))
        return None

    def way_to(self, item: WireItem) -> ASK:
        """Return what sends the vehicle to an item's place now, as ArduPilot's clients ask; raise ItemError."""
        earth = self.earth
        if earth is None:
            raise ItemError("the position is not known yet", 0)
        leg = leg_of(item.as_meant()._replace(p1=None, p4=None), earth)
        return Demand.GOTO, (leg.north_m, leg.east_m, None if leg.height_m is None else -leg.height_m), 0
