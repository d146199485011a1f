"""The mission microservice: missions, fences and rally points up and down the link, and how far a mission has come.

https://mavlink.io/en/services/mission.html. A list takes the place of the old one only when it is whole and the
core has taken it; what was uploaded is kept as it came and reads back equal.
"""

from collections.abc import Callable
from functools import partial

from flight.errors import ConfigError
from flight.inputs import Demand
from ground.link import feasible, mission_file
from ground.link.core_plans import CorePlans
from ground.link.dialect import mavlink
from ground.link.pace import has_room
from ground.link.places import Ned
from ground.link.plans import ALL, FENCE, MISSION, NAMES, RALLY, Plan, most
from ground.link.progress import Progress
from ground.link.saver import Saver
from ground.link.service import DENIED, WARNING, Link, Message, Microservice, Order, Sender
from ground.link.transfers import Ended, Upload
from ground.link.vehicle import Vehicle
from ground.link.wire_items import WireItem, taken, told
from ground.missions.items import COMMAND, FRAME, ItemError

M = mavlink
RESULTS = {COMMAND: M.MAV_MISSION_UNSUPPORTED, FRAME: M.MAV_MISSION_UNSUPPORTED_FRAME}
FIRST_PARAMETER = M.MAV_MISSION_INVALID_PARAM1 - 1
MOST_UPLOADS = 8
ITEM_BYTES = 50
MOST_OWED = 64
# An item whose `current` is 1 is the one to begin with; 2 is ArduPilot's way to say "go there now".
BEGIN_HERE, GO_THERE = 1, 2
Key = tuple[Sender, int]


def result_of(error: ConfigError) -> int:
    """Return the MAV_MISSION_RESULT that says what is wrong with an item."""
    number = error.number if isinstance(error, ItemError) else 1
    return RESULTS.get(number, FIRST_PARAMETER + number)


class Missions(Microservice):
    """Keeps the three lists of one vehicle."""

    messages = (
        "MISSION_COUNT",
        "MISSION_ITEM",
        "MISSION_ITEM_INT",
        "MISSION_ACK",
        "MISSION_REQUEST_LIST",
        "MISSION_REQUEST",
        "MISSION_REQUEST_INT",
        "MISSION_REQUEST_PARTIAL_LIST",
        "MISSION_WRITE_PARTIAL_LIST",
        "MISSION_CLEAR_ALL",
        "MISSION_SET_CURRENT",
    )
    capabilities = (
        M.MAV_PROTOCOL_CAPABILITY_MISSION_INT
        | M.MAV_PROTOCOL_CAPABILITY_MISSION_FLOAT
        | M.MAV_PROTOCOL_CAPABILITY_MISSION_FENCE
        | M.MAV_PROTOCOL_CAPABILITY_MISSION_RALLY
    )
    # Older ground stations address the mission to the planner on board, and PX4 answers.
    stands_for = (M.MAV_COMP_ID_MISSIONPLANNER,)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        path = vehicle.parameter_file.with_suffix(".missions")
        self.plans = mission_file.read(path)
        self.saver = Saver("missions", lambda: mission_file.write(path, list(self.plans.values())))
        self.core = CorePlans(vehicle, self.plans)
        self.progress = Progress(vehicle, link, self.plans)
        self.uploads: dict[Key, Upload] = {}
        # How the newest upload of each list ended.
        self.ended: dict[int, Ended] = {}
        # Items asked for that a busy channel has no room for yet, and whether in whole numbers.
        self.owed: dict[tuple[Sender, int, int], bool] = {}
        self.told_astray: list[int] = []
        # Not known before the first look: a link that is restarted leaves a mission that is flown alone.
        self.was_flown: bool | None = None
        self.now = 0.0
        self.commands[M.MAV_CMD_DO_SET_MISSION_CURRENT] = self.progress.set_current
        self.commands[M.MAV_CMD_MISSION_START] = self.start
        self.requestable[M.MAVLINK_MSG_ID_MISSION_CURRENT] = self.progress.answer
        self.answers: dict[str, Callable[[Message, Sender], None]] = {
            "MISSION_COUNT": self.begin,
            "MISSION_ITEM": self.take,
            "MISSION_ITEM_INT": self.take,
            "MISSION_ACK": self.hear_end,
            "MISSION_REQUEST_LIST": self.tell_count,
            "MISSION_REQUEST": partial(self.tell_item, is_int=False),
            "MISSION_REQUEST_INT": partial(self.tell_item, is_int=True),
            "MISSION_REQUEST_PARTIAL_LIST": self.tell_part,
            "MISSION_WRITE_PARTIAL_LIST": self.begin_part,
            "MISSION_CLEAR_ALL": self.clear,
            "MISSION_SET_CURRENT": self.progress.hear_current,
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer a message of the protocol."""
        kind = getattr(message, "mission_type", MISSION)
        if kind in NAMES or (kind == ALL and message.get_type() == "MISSION_CLEAR_ALL"):
            self.answers[message.get_type()](message, sender)
        elif message.get_type() != "MISSION_ACK":
            self.acknowledge(sender, kind, M.MAV_MISSION_UNSUPPORTED)

    def tick(self, now: float) -> None:
        """Ask again for what got lost, give up what was left, tell how far the mission has come."""
        self.now = now
        self.core.tick(now)
        self.saver.tick()
        self.pay()
        for key, upload in list(self.uploads.items()):
            if upload.is_stale(now):
                self.end(key, M.MAV_MISSION_OPERATION_CANCELLED)
            elif upload.is_due(now):
                self.request(upload)
        self.progress.tick()
        self.watch()
        self.tell_astray()

    def acknowledge(self, sender: Sender, kind: int, result: int) -> None:
        """Send MISSION_ACK."""
        is_new = result == M.MAV_MISSION_ACCEPTED and kind in self.plans
        identity = self.plans[kind].identity if is_new else 0
        address = sender.system, sender.component
        self.link.send(M.MAVLink_mission_ack_message(*address, result, kind, identity), sender)

    def refuse(self, sender: Sender, kind: int, result: int, reason: str) -> None:
        """Send MISSION_ACK with an error, and the reason as text."""
        self.link.say(f"{NAMES.get(kind, 'list').capitalize()} refused: {reason}", WARNING, sender)
        self.acknowledge(sender, kind, result)

    def begin(self, message: Message, sender: Sender) -> None:
        """Begin an upload, or empty a list when none of its items are to come."""
        kind, count = message.mission_type, message.count
        if count > most(kind):
            reason = f"{count} items; at most {most(kind)} fit"
            self.forget(sender, kind)
            self.refuse(sender, kind, M.MAV_MISSION_NO_SPACE, reason)
        elif count == 0:
            self.ended.pop(kind, None)
            self.replace(sender, kind, Plan(kind))
        else:
            self.open(sender, kind, list(range(count)))

    def begin_part(self, message: Message, sender: Sender) -> None:
        """Begin to replace some items of a list."""
        kind, start, end = message.mission_type, message.start_index, message.end_index
        if not 0 <= start <= end < len(self.plans[kind].items):
            self.refuse(sender, kind, M.MAV_MISSION_INVALID_SEQUENCE, f"there are no items {start} to {end}")
        else:
            self.open(sender, kind, list(range(start, end + 1)), is_part=True)

    def open(self, sender: Sender, kind: int, places: list[int], is_part: bool = False) -> None:
        """Begin an upload of these items, unless somebody else is at the same list."""
        self.forget(sender, kind)
        others = [key for key in self.uploads if key[1] == kind]
        if others or len(self.uploads) >= MOST_UPLOADS:
            self.refuse(sender, kind, M.MAV_MISSION_DENIED, "somebody else is uploading it")
            return
        upload = self.uploads[sender, kind] = Upload(sender, kind, places, self.now, is_part)
        self.request(upload)

    def forget(self, sender: Sender, kind: int) -> None:
        """Drop what a client began before, even by another way: one that was restarted comes from another port."""
        for other, which in list(self.uploads):
            if which == kind and other[:2] == sender[:2]:
                del self.uploads[other, which]

    def request(self, upload: Upload) -> None:
        """Ask for the item that must come next."""
        for message in upload.requests(self.now):
            self.link.send(message, upload.partner)

    def take(self, message: Message, sender: Sender) -> None:
        """Take an item that was asked for; ask again when it is another."""
        key = sender, message.mission_type
        is_float = message.get_type() == "MISSION_ITEM"
        upload = self.uploads.get(key)
        if upload is None:
            self.take_stray(message, sender)
            return
        item = taken(message)
        try:
            if message.seq == upload.expected:
                self.plans[upload.kind].check(item)
        except ConfigError as error:
            self.uploads.pop(key)
            self.refuse(sender, upload.kind, result_of(error), f"item {message.seq}: {error}")
            return
        is_taken = upload.take(message.seq, item, is_float, self.now)
        if is_taken and message.current == BEGIN_HERE:
            upload.start = message.seq
        if upload.expected is None:
            self.finish(key, upload)
        elif is_taken or message.seq > (upload.expected or 0):
            self.request(upload)

    def take_stray(self, message: Message, sender: Sender) -> None:
        """Answer an item nobody asked for: the last one again, whose ACK was lost, or "go there now"."""
        kind, ended = message.mission_type, self.ended.get(message.mission_type)
        if message.current == GO_THERE and kind == MISSION:
            self.go_there(taken(message), sender)
        elif ended is None or (sender, message.seq) != (ended.partner, ended.place):
            self.refuse(sender, kind, M.MAV_MISSION_ERROR, f"nobody asked for item {message.seq}")
        elif ended.result is not None:
            self.acknowledge(sender, kind, ended.result)

    def go_there(self, item: WireItem, sender: Sender) -> None:
        """Send the vehicle to an item's place; whoever is followed is so no more."""
        try:
            way = self.progress.way_to(item)
        except ItemError as error:
            self.refuse(
                sender, MISSION, M.MAV_MISSION_INVALID if error.number else M.MAV_MISSION_ERROR, str(error)
            )
            return
        reason = self.outside(way[1][:3])  # type: ignore[arg-type]
        if reason:
            self.refuse(sender, MISSION, M.MAV_MISSION_DENIED, reason)
            return
        self.vehicle.is_following = False
        self.core.ask([way], lambda reason: self.arrive(sender, reason))

    def arrive(self, sender: Sender, reason: str) -> None:
        """Tell whether the vehicle goes there."""
        if reason:
            self.refuse(sender, MISSION, M.MAV_MISSION_ERROR, reason)
        else:
            self.acknowledge(sender, MISSION, M.MAV_MISSION_ACCEPTED)

    def finish(self, key: Key, upload: Upload) -> None:
        """Put the whole list together and let the core have it."""
        sender, kind = key
        items: dict[int, WireItem] = dict(enumerate(self.plans[kind].items)) if upload.is_part else {}
        items |= upload.got
        plan = Plan(kind, [items[place] for place in sorted(items)], upload.start)
        del self.uploads[key]
        self.ended[kind] = Ended(sender, upload.places[-1])
        try:
            plan.check_whole()
        except ConfigError as error:
            self.remember(kind, result_of(error))
            self.refuse(sender, kind, result_of(error), str(error))
        else:
            self.replace(sender, kind, plan)

    def objection(self, first: int | None = None) -> str:
        """Return why the mission may not be flown, from now on beginning with the `first` item; nothing when it may."""
        earth = self.core.present_earth()
        mission, fence = self.plans[MISSION], self.core.fence
        return feasible.objection(self.vehicle, mission, fence, earth, first) if earth else ""

    def outside(self, place: Ned, radius_m: float = 0.0, margin_m: float = 0.0) -> str:
        """Return how a place, a circle around it or the way there lies outside the fence; nothing when none does."""
        earth = self.core.present_earth()
        bounds = feasible.bounds_of(self.vehicle, self.core.fence, earth) if earth else None
        if bounds is None:
            return ""
        words = feasible.meant(bounds._replace(margin_m=margin_m), place, radius_m)
        return f"the place {words}" if words else feasible.barred(self.vehicle, bounds, place, radius_m)

    def tell_astray(self) -> None:
        """Say which rally points are not flown to."""
        if self.core.astray != self.told_astray:
            self.told_astray = self.core.astray
            numbers = ", ".join(str(place) for place in self.told_astray)
            if numbers:
                self.link.say(f"Rally points outside the fence are ignored: {numbers}", WARNING)

    def warn(self) -> None:
        """Say why the mission cannot be flown, or where the fence will stop it."""
        earth, wrong = self.core.present_earth(), self.objection()
        if wrong:
            self.link.say(f"The mission cannot be flown: {wrong}", WARNING)
        elif earth and self.core.is_fence_on:
            near = feasible.nearness(self.vehicle, self.plans[MISSION], self.plans[FENCE], earth)
            if near:
                self.link.say(f"Mission: {near}", WARNING)

    def may_fly(self, sender: Sender, first: float = -1.0) -> bool:
        """Tell whether the mission may be flown from an item on, -1 from the next one; say why when it may not."""
        reason = self.objection(int(first) if first >= 0.0 else self.progress.next)
        if reason:
            self.link.say(f"Mission denied: {reason}", WARNING, sender)
        return not reason

    def start(self, order: Order, sender: Sender) -> int | None:
        """Obey MAV_CMD_MISSION_START."""
        return self.progress.start(order, sender) if self.may_fly(sender, order.p1) else DENIED

    def watch(self) -> None:
        """Hold where a pilot's switch began a mission that may not be flown: nobody asked the link before."""
        was_flown, self.was_flown = self.was_flown, self.progress.is_flown
        reason = self.objection(self.progress.next) if self.was_flown and was_flown is False else ""
        if reason:
            self.link.say(f"Mission ended: {reason}", WARNING)
            self.vehicle.ask(Demand.HOLD)

    def replace(self, sender: Sender, kind: int, plan: Plan) -> None:
        """Let a list take the place of the old one, if the core takes it; one that is flown must be one to fly."""
        old, self.plans[kind] = self.plans[kind], plan
        self.core.is_fence_on = self.core.is_fence_on or kind == FENCE
        is_flown = kind == MISSION and self.progress.is_flown
        reason = self.objection() if is_flown else ""
        if reason:
            self.plans[kind] = old
            self.remember(kind, M.MAV_MISSION_ERROR)
            self.refuse(sender, kind, M.MAV_MISSION_ERROR, reason)
            return
        self.core.tell(kind, lambda reason: self.settle(sender, plan, old, reason), is_flown)

    def settle(self, sender: Sender, plan: Plan, old: Plan, reason: str) -> None:
        """Tell how an upload ended; what the core refused gives way to the old list, unless yet another has come."""
        kind = plan.kind
        if reason:
            if self.plans[kind] is plan:
                self.plans[kind] = old
                self.core.tell(kind)
            self.remember(kind, M.MAV_MISSION_ERROR)
            self.refuse(sender, kind, M.MAV_MISSION_ERROR, reason)
            return
        self.saver.is_due = True
        self.progress.renew(kind)
        self.remember(kind, M.MAV_MISSION_ACCEPTED)
        self.acknowledge(sender, kind, M.MAV_MISSION_ACCEPTED)
        if self.plans[MISSION].items and kind in (MISSION, FENCE):
            self.warn()

    def remember(self, kind: int, result: int) -> None:
        """Keep how an upload ended, should its ACK get lost."""
        if kind in self.ended:
            self.ended[kind] = self.ended[kind]._replace(result=result)

    def end(self, key: Key, result: int) -> None:
        """Give an upload up; the old list stays."""
        del self.uploads[key]
        self.acknowledge(*key, result)

    def hear_end(self, message: Message, sender: Sender) -> None:
        """Give up an upload that its sender cancels."""
        if message.type != M.MAV_MISSION_ACCEPTED:
            self.uploads.pop((sender, message.mission_type), None)

    def tell_count(self, message: Message, sender: Sender) -> None:
        """Say how many items a list has."""
        self.send_count(message.mission_type, sender, len(self.plans[message.mission_type].items))

    def send_count(self, kind: int, sender: Sender, count: int) -> None:
        """Send MISSION_COUNT."""
        address = sender.system, sender.component
        identity = self.plans[kind].identity
        self.link.send(M.MAVLink_mission_count_message(*address, count, kind, identity), sender)

    def tell_part(self, message: Message, sender: Sender) -> None:
        """Say how many items of a part there are; an end of -1 is the last item."""
        kind, start = message.mission_type, message.start_index
        last = len(self.plans[kind].items) - 1
        end = last if message.end_index == -1 else message.end_index
        if not 0 <= start <= end <= last:
            self.refuse(sender, kind, M.MAV_MISSION_INVALID_SEQUENCE, f"there are no items {start} to {end}")
        else:
            self.send_count(kind, sender, end - start + 1)

    def tell_item(self, message: Message, sender: Sender, is_int: bool) -> None:
        """Send one item, with whole numbers or in the float form, as soon as there is room for it."""
        if message.seq >= len(self.plans[message.mission_type].items):
            self.acknowledge(sender, message.mission_type, M.MAV_MISSION_INVALID_SEQUENCE)
        else:
            self.owed[sender, message.mission_type, message.seq] = is_int
            self.pay()

    def pay(self) -> None:
        """Send the items that were asked for and for which there is room; of too many the oldest are let go."""
        for key, is_int in list(self.owed.items()):
            sender, kind, place = key
            items = self.plans[kind].items
            if place >= len(items):
                del self.owed[key]
            elif has_room(sender, ITEM_BYTES, self.now, is_answer=True):
                del self.owed[key]
                is_current = kind == MISSION and place == self.progress.current
                self.link.send(told(items[place], place, kind, is_current, is_int, sender), sender)
        while len(self.owed) > MOST_OWED:
            del self.owed[next(iter(self.owed))]

    def clear(self, message: Message, sender: Sender) -> None:
        """Empty a list, or all of them."""
        kinds = (MISSION, FENCE, RALLY) if message.mission_type == ALL else (message.mission_type,)
        for kind in kinds:
            for key in [key for key in self.uploads if key[1] == kind]:
                del self.uploads[key]
            self.ended.pop(kind, None)
            self.plans[kind] = Plan(kind)
            self.core.tell(kind)
            self.progress.renew(kind)
        self.saver.is_due = True
        self.acknowledge(sender, message.mission_type, M.MAV_MISSION_ACCEPTED)
