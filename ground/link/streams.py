"""Telemetry at the pace each client asks for: MESSAGE_INTERVAL, REQUEST_MESSAGE, REQUEST_DATA_STREAM.

Any message may be asked for at up to 200 Hz; the loop tells the link of itself a little more often
(ground.loop.SNAPSHOT_S). What changes less often, a receiver's fix or the battery, comes as often as it was asked for
and says what is newest.
"""

import heapq
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from ground.link import high_latency
from ground.link.channel import Channel
from ground.link.dialect import mavlink
from ground.link.identity import Identity
from ground.link.missions import Missions
from ground.link.progress import Progress
from ground.link.service import ACCEPTED, DENIED, Link, Message, Microservice, Order, Sender
from ground.link.telemetry import Telemetry
from ground.link.vehicle import Vehicle

MICRO = 1e-6
HEARTBEAT, HEARTBEAT_US = 0, 1_000_000
MESSAGE_INTERVAL, ORIGIN = 244, 49
# Of the loop's snapshots at 250 Hz a busy computer sees fewer; this many it sees for sure.
SHORTEST_S = 0.005
# MESSAGE_INTERVAL can tell no longer one: 32 bits of microseconds.
LONGEST_S = 2000.0
# A message so many intervals late is not sent once more for each of them.
CATCH_UP = 5.0
UNKNOWN_US, DISABLED_US = 0, -1
# Messages per second until a client asks for something else, by message id; about what PX4 sends over UDP.
DEFAULT_HZ = {
    1: 2, 2: 1, 24: 5, 29: 2, 42: 1, 30: 20, 31: 20, 32: 20, 33: 10, 36: 2, 65: 5, 74: 10, 83: 5, 85: 5, 87: 2, 105: 20,
    132: 5, 141: 10, 147: 1, 193: 1, 230: 1, 231: 1, 241: 1, 242: 0.5, 245: 5, 331: 10, 360: 2, 375: 2, 436: 0.5,
}  # fmt: skip
# The groups of old ground stations (MAV_DATA_STREAM).
GROUPS = {
    1: (105, 29, 26, 27),
    2: (1, 24, 42, 245),
    3: (65, 36),
    4: (83, 85, 87),
    6: (32, 33, 331),
    10: (30, 31),
    11: (74, 141),
    12: (147, 193, 230, 231, 241),
}

# Packed messages by number, None for what there is nothing to tell of.
Made = dict[int, tuple[bytearray, int] | None]


class Schedule:
    """What one client gets, and when next."""

    def __init__(self, now_s: float) -> None:
        self.interval_s = {number: 1.0 / rate for number, rate in DEFAULT_HZ.items()}
        # Spread over the first tenth of a second, so that not everything falls due at once.
        self.due = [(now_s + 0.1 * k / len(DEFAULT_HZ), n) for k, n in enumerate(DEFAULT_HZ)]
        heapq.heapify(self.due)
        # The snapshot that each message last told of.
        self.told: dict[int, int] = {}

    def set(self, number: int, interval_s: float | None, now_s: float) -> None:
        """Send a message every so often, None for never."""
        self.due = [(due_s, n) for due_s, n in self.due if n != number]
        self.interval_s.pop(number, None)
        if interval_s is not None:
            self.interval_s[number] = interval_s
            self.due.append((now_s + interval_s, number))
        heapq.heapify(self.due)

    def turn(self, now_s: float, newest: int, send: Callable[[int], bool]) -> None:
        """Let what is due be sent, each message once, and plan its next time: a short delay is caught up with.

        Who waits longest comes first, and when `send` has no room, or the loop has said nothing new for it, all wait
        for it: on a slow line the fast messages come less often, and the rare ones on time.
        """
        done = []
        while self.due and self.due[0][0] <= now_s:
            number = self.due[0][1]
            if self.told.get(number) == newest or not send(number):
                break
            self.told[number] = newest
            done.append(heapq.heappop(self.due))
        for due_s, number in done:
            interval_s = self.interval_s[number]
            is_long = now_s - due_s > CATCH_UP * interval_s
            heapq.heappush(self.due, ((now_s if is_long else due_s) + interval_s, number))


class Streams(Microservice):
    """Sends every client its messages."""

    messages = ("REQUEST_DATA_STREAM", "SET_GPS_GLOBAL_ORIGIN")

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.telemetry = Telemetry(vehicle)
        self.telemetry.builders[436] = lambda: link.service(Identity).current_mode()  # type: ignore[attr-defined]
        self.telemetry.builders[42] = self.mission_current
        self.telemetry.flown = lambda: self.progress.command
        self.schedules: WeakKeyDictionary[Channel, Schedule] = WeakKeyDictionary()
        # How many snapshots of the loop have been seen.
        self.newest = 0
        self.requestable[MESSAGE_INTERVAL] = lambda order, sender: self.get_interval(
            order._replace(p1=order.p2), sender
        )
        self.commands = {
            mavlink.MAV_CMD_SET_MESSAGE_INTERVAL: self.set_interval,
            mavlink.MAV_CMD_GET_MESSAGE_INTERVAL: self.get_interval,
            mavlink.MAV_CMD_REQUEST_MESSAGE: self.request,
            mavlink.MAV_CMD_CONTROL_HIGH_LATENCY: self.summarise,
            mavlink.MAV_CMD_GET_HOME_POSITION: lambda order, sender: self.send_one(242, sender),
        }

    @property
    def progress(self) -> Progress:
        """Return how far the mission has come."""
        return self.link.service(Missions).progress  # type: ignore[attr-defined]

    def mission_current(self) -> Message:
        """Return MISSION_CURRENT, which also comes by itself when it changes."""
        return self.progress.message()

    @property
    def known(self) -> dict[int, Callable[[], Message | None]]:
        """Return what can be streamed."""
        return self.telemetry.builders

    def schedule(self, channel: Channel) -> Schedule:
        """Return a client's schedule."""
        if channel not in self.schedules:
            self.schedules[channel] = Schedule(time.monotonic())
        return self.schedules[channel]

    def tick(self, now: float) -> None:
        """Send what is due; each message is made once for all, and not before the loop has said something new."""
        self.telemetry.update()
        self.newest += self.vehicle.is_new
        self.wakes_s = math.inf
        if not self.vehicle.is_flying:
            return
        made: Made = {}
        for channel in self.link.channels:  # type: ignore[attr-defined]
            schedule = self.schedule(channel)
            schedule.turn(now, self.newest, partial(self.send, made, channel, now))
            # What is overdue waits for room or news, which no time is known of.
            if schedule.due and schedule.due[0][0] > now:
                self.wakes_s = min(self.wakes_s, schedule.due[0][0])

    def made(self, number: int) -> tuple[bytearray, int] | None:
        """Return a packed message, None when there is nothing to tell; one that fails must not stop the others."""
        board: Any = self.link
        try:
            message = self.known[number]()
        except Exception as error:
            board.complain(f"message {number} cannot be made: {type(error).__name__}: {error}")
            return None
        return board.pack(message) if message else None

    def send(self, made: Made, channel: Channel, now: float, number: int) -> bool:
        """Send a message, made but once for all, if there is room; tell whether there was, or nothing to send."""
        if number not in made:
            made[number] = self.made(number)
        packed = made[number]
        if packed and not channel.has_room(len(packed[0]), now):
            return False
        if packed:
            channel.send(*packed)
        return True

    def set_interval(self, order: Order, sender: Sender) -> int:
        """Honour SET_MESSAGE_INTERVAL: p1 message, p2 microseconds, -1 never, 0 as usual."""
        number, interval_us = order.p1, order.p2
        if number == HEARTBEAT and interval_us in (0.0, HEARTBEAT_US):
            return ACCEPTED
        if not (math.isfinite(number) and math.isfinite(interval_us)):
            raise ValueError(f"message {number:g} at {interval_us:g} us cannot be streamed")
        # Clients ask for whatever they might use: the answer says enough.
        if int(number) not in self.known:
            return DENIED
        if interval_us < DISABLED_US:
            raise ValueError(f"interval {interval_us:g} us; -1 is never, 0 as usual, else microseconds")
        self.pace(int(number), interval_us, sender.channel)
        return ACCEPTED

    def pace(self, number: int, interval_us: float, channel: Channel) -> None:
        """Set a message's interval."""
        usual_hz = DEFAULT_HZ.get(number)
        interval_s: float | None = MICRO * interval_us
        if interval_us == DISABLED_US or (interval_us == 0 and usual_hz is None):
            interval_s = None
        elif interval_us == 0 and usual_hz is not None:
            interval_s = 1.0 / usual_hz
        if interval_s is not None:
            interval_s = min(max(interval_s, SHORTEST_S), LONGEST_S)
        self.schedule(channel).set(number, interval_s, time.monotonic())

    def summarise(self, order: Order, sender: Sender) -> int:
        """Send a client nothing but a summary every few seconds (p1 1), or everything again (p1 0)."""
        if order.p1 not in (0.0, 1.0):
            raise ValueError(f"{order.p1:g}; 1 sends a summary alone, 0 everything")
        schedule = self.schedules[sender.channel] = Schedule(time.monotonic())
        if order.p1 == 1.0:
            schedule.interval_s, schedule.due = {}, []
            schedule.set(high_latency.NUMBER, high_latency.PERIOD_S, time.monotonic())
        return ACCEPTED

    def get_interval(self, order: Order, sender: Sender) -> int:
        """Tell a message's interval."""
        if not math.isfinite(order.p1) or not 0 <= order.p1 < 65536:
            raise ValueError(f"message {order.p1:g} is no message")
        return self.tell_interval(int(order.p1), sender)

    def tell_interval(self, number: int, sender: Sender) -> int:
        """Send MESSAGE_INTERVAL: 0 for a message that is not known, -1 for one that is not sent."""
        interval_s = self.schedule(sender.channel).interval_s.get(number)
        otherwise = DISABLED_US if number in self.known else UNKNOWN_US
        interval_us = otherwise if interval_s is None else round(1e6 * interval_s)
        interval_us = HEARTBEAT_US if number == HEARTBEAT else interval_us
        self.link.send(mavlink.MAVLink_message_interval_message(number, interval_us), sender)
        return ACCEPTED

    def request(self, order: Order, sender: Sender) -> int | None:
        """Send one message now."""
        if not math.isfinite(order.p1) or order.p1 != int(order.p1):
            raise ValueError(f"message {order.p1:g} is no message")
        number = int(order.p1)
        owner = self.link.requestable.get(number)  # type: ignore[attr-defined]
        return owner(order, sender) if owner else self.send_one(number, sender)

    def send_one(self, number: int, sender: Sender) -> int:
        """Send a message of the telemetry once."""
        build = self.known.get(number)
        message = build() if build else None
        if message is None:
            return DENIED
        self.link.send(message, sender)
        return ACCEPTED

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Honour REQUEST_DATA_STREAM; tell who would move the origin where it is and stays."""
        if message.get_type() == "SET_GPS_GLOBAL_ORIGIN":
            self.send_one(ORIGIN, sender)
            return
        rate_hz, group = message.req_message_rate, message.req_stream_id
        numbers = [n for ids in GROUPS.values() for n in ids] if group == 0 else GROUPS.get(group, ())
        if not message.start_stop or rate_hz == 0:
            interval_us = float(DISABLED_US)
        else:
            interval_us = 1e6 / rate_hz
        for number in numbers:
            if number in self.known:
                self.pace(number, interval_us, sender.channel)
