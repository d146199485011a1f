"""The switchboard: frames from every channel to the microservices they concern, and on to other systems' channels."""

import logging
import math
import selectors
import struct
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from ground.link.channel import Channel
from ground.link.clients import Received
from ground.link.dialect import mavlink
from ground.link.frames import Frame, Stamp, decoded
from ground.link.service import (
    CRITICAL,
    DENIED,
    FAILED,
    INFO,
    REJECTED,
    UNSUPPORTED,
    Message,
    Microservice,
    Order,
    Sender,
)
from ground.link.transports import Transport
from ground.link.vehicle import Vehicle

events = logging.getLogger("quadloop.link")
# How long the loop may take to answer a demand.
ANSWER_S = 1.0
TIDY_S = 1.0
# A pass lasts no longer than this, so that streams keep their rates.
PASS_S = 0.002
# The core obeys one demand a tick, whoever asked: so much of a client's time a frame costs that asks it for something.
ASKING_S = 0.002
TEXT_LENGTH = 50
COMMAND_INT, COMMAND_LONG = 75, 76
GLOBAL_FRAMES = (0, 3, 5, 6, 10, 11)
NOT_GIVEN = 2**31 - 1
SAID_AT_MOST = 200


class Switchboard:
    """Implements ground.link.service.Link."""

    def __init__(
        self, vehicle: Vehicle, transports: Iterable[Transport], system: int = 1, component: int = 1
    ) -> None:
        self.vehicle, self.transports = vehicle, list(transports)
        self.system, self.component = system, component
        self.stamp = Stamp(system, component)
        self.services: list[Microservice] = []
        self.by_message: dict[int, list[Microservice]] = defaultdict(list)
        # Messages by number that are answered for another component of this system.
        self.stood_for: set[tuple[int, int]] = set()
        self.commands: dict[int, Any] = {}
        self.requestable: dict[int, Any] = {}
        self.unsettled: list[tuple[Order, Sender, int, float]] = []
        self.tidied_s = 0.0
        self.first = 0
        self.text_id = 0
        self.complained: set[str] = set()

    def install(self, kinds: Iterable[type[Microservice]]) -> None:
        """Make the microservices and learn what each of them answers."""
        numbers = {kind.msgname: number for number, kind in mavlink.mavlink_map.items()}
        self.by_message[COMMAND_INT], self.by_message[COMMAND_LONG] = [], []
        for kind in kinds:
            service = kind(self.vehicle, self)
            self.services.append(service)
            for name in service.messages:
                self.by_message[numbers[name]].append(service)
                self.stood_for |= {(numbers[name], component) for component in service.stands_for}
            self.commands |= service.commands
            self.requestable |= service.requestable

    @property
    def channels(self) -> list[Channel]:
        """Return every channel."""
        return [channel for transport in self.transports for channel in list(transport.channels.values())]

    @property
    def capabilities(self) -> int:
        """Return what all microservices together can do, as MAV_PROTOCOL_CAPABILITY bits."""
        total = 0
        for service in self.services:
            total |= service.capabilities
        return total

    def service(self, kind: type[Microservice]) -> Any:
        """Return the microservice of a class."""
        return next(service for service in self.services if isinstance(service, kind))

    def pack(self, message: Message) -> tuple[bytearray, int] | None:
        """Return a frame; None, and one line in the event log, for a message that does not fit its own fields."""
        try:
            return self.stamp.packed(message)
        except (struct.error, TypeError, ValueError, AttributeError) as error:
            self.complain(f"{message.get_type()} cannot be sent: {error}")
            return None

    def send(self, message: Message, to: Sender) -> None:
        """Send a message by the channel that `to` was heard on."""
        packed = self.pack(message)
        if packed and to.channel is not None:
            to.channel.send(*packed)

    def broadcast(self, message: Message) -> None:
        """Send a message to everyone."""
        packed = self.pack(message)
        for channel in self.channels if packed else ():
            channel.send(*packed)  # type: ignore[misc]

    def say(self, text: str, severity: int = INFO, to: Sender | None = None) -> None:
        """Show a text on the ground; a long one goes in pieces that belong together."""
        data = text.encode("ascii", "replace")[:SAID_AT_MOST]
        self.text_id = self.text_id % 65535 + 1 if len(data) > TEXT_LENGTH else self.text_id
        for number, begin in enumerate(range(0, max(len(data), 1), TEXT_LENGTH)):
            identity = self.text_id if len(data) > TEXT_LENGTH else 0
            piece = data[begin : begin + TEXT_LENGTH]
            message = mavlink.MAVLink_statustext_message(severity, piece, identity, number)
            if to is None:
                self.broadcast(message)
            else:
                self.send(message, to)

    def acknowledge(
        self, order: Order, to: Sender, result: int, progress: int = 255, result_param2: int = 0
    ) -> None:
        """Answer a command."""
        message = mavlink.MAVLink_command_ack_message(
            order.command, result, progress, result_param2, to.system, to.component
        )
        self.send(message, to)

    def settle(self, order: Order, to: Sender, serial: int) -> None:
        """Acknowledge a command once the core has answered the demand."""
        self.unsettled.append((order, to, serial, time.monotonic() + ANSWER_S))

    def complain(self, text: str) -> None:
        """Tell the event log, once."""
        if text not in self.complained and len(self.complained) < 100:
            self.complained.add(text)
            events.error("%s", text, exc_info=True)

    def pass_once(self, patience_s: float) -> None:
        """Wait for frames at most so long, deal with them, let every microservice do what is due."""
        wakes_s = min((service.wakes_s for service in self.services), default=math.inf)
        ready = self.wait(min(patience_s, max(0.0, wakes_s - time.monotonic())))
        self.vehicle.look()
        self.hear(ready)
        now_s = time.monotonic()
        self.answer(now_s)
        # Streams and long answers share a line that is full: now these, now those come first.
        for service in self.services[:: 1 if self.first % 2 else -1]:
            self.guarded(service.tick, now_s)
        if now_s - self.tidied_s > TIDY_S:
            self.tidied_s = now_s
            for transport in self.transports:
                transport.tidy(now_s)

    def hear(self, ready: list[Any]) -> None:
        """Deal with what arrived, until the pass's time is over; another is first each time, so all have their turn."""
        self.first += 1
        turn = self.first % max(1, len(ready))
        until_s = time.monotonic() + PASS_S
        for receive in ready[turn:] + ready[:turn]:
            for received in receive():
                self.take(received)
                if time.monotonic() > until_s:
                    return

    def wait(self, patience_s: float) -> list[Any]:
        """Return what to call for everything that has something."""
        # The one kind that waits for less than a millisecond.
        with selectors.SelectSelector() as selector:
            for transport in self.transports:
                for file, receive in transport.files():
                    with suppress(ValueError, OSError):
                        selector.register(file, selectors.EVENT_READ, receive)
            if not selector.get_map():
                time.sleep(patience_s)
                return []
            ready = [key.data for key, _ in selector.select(patience_s)]
        return ready + [look for transport in self.transports for look in transport.overdue()]

    def take(self, received: Received) -> None:
        """Deal with the frames of one channel."""
        channel, frames = received
        for frame in frames:
            if channel.is_spent:
                channel.dropped += 1
                continue
            begun_s, asked = time.monotonic(), self.vehicle.asked
            self.place(frame, channel)
            channel.charge(time.monotonic() - begun_s + ASKING_S * (self.vehicle.asked != asked))

    def place(self, frame: Frame, channel: Channel) -> None:
        """Deal with one frame: it is ours, somebody else's, or everybody's."""
        source, (system, component) = frame.source, frame.target
        if source == (self.system, self.component):
            return
        is_ours = system in (0, self.system) and component in (0, self.component)
        is_answered = is_ours or (system == self.system and (frame.number, component) in self.stood_for)
        if is_answered and frame.number in self.by_message:
            self.deliver(frame, Sender(*source, channel))
        if not is_ours or system == 0:
            self.route(frame, channel, system, component)

    def deliver(self, frame: Frame, sender: Sender) -> None:
        """Give a message to the microservices that want it."""
        message = decoded(frame)
        if message is None:
            return
        if frame.number in (COMMAND_INT, COMMAND_LONG):
            self.guarded(self.obey, order_of(message), sender)
        for service in self.by_message[frame.number]:
            self.guarded(service.handle, message, sender, self)

    def guarded(self, work: Any, *arguments: Any) -> None:
        """Do something whose failure must not end the link."""
        try:
            work(*arguments)
        except Exception as error:
            owner = type(getattr(work, "__self__", work)).__name__
            self.complain(f"{owner}.{work.__name__}: {type(error).__name__}: {error}")

    def route(self, frame: Frame, origin: Channel, system: int, component: int) -> None:
        """Pass a frame on to where its target was heard; one for all to every other client."""
        for channel in self.channels:
            is_aim = channel.reaches(system, component) if system else bool(channel.systems)
            if channel is not origin and is_aim:
                channel.forward(frame.data)

    def obey(self, order: Order, sender: Sender) -> None:
        """Carry a command to whoever answers it, and its result back."""
        answer = self.commands.get(order.command)
        if answer is None:
            self.acknowledge(order, sender, UNSUPPORTED)
            return
        try:
            result = answer(order, sender)
        except (ValueError, OverflowError) as error:
            self.say(f"Command {order.command} denied: {error}", CRITICAL, sender)
            result = DENIED
        except Exception:
            self.acknowledge(order, sender, FAILED)
            raise
        if result is not None:
            self.acknowledge(order, sender, result)

    def answer(self, now_s: float) -> None:
        """Acknowledge the commands whose demands the core has answered."""
        left = []
        for order, sender, serial, until_s in self.unsettled:
            answer = self.vehicle.answer(serial)
            if answer is None and now_s < until_s:
                left.append((order, sender, serial, until_s))
            elif answer is None:
                self.say("The flight loop does not answer", CRITICAL, sender)
                self.acknowledge(order, sender, FAILED)
            else:
                self.acknowledge(order, sender, 0 if answer.is_accepted else REJECTED)
        self.unsettled = left[-1000:]

    def close(self) -> None:
        """Close every transport."""
        for transport in self.transports:
            transport.close()


def order_of(message: Any) -> Order:
    """Return a command, whichever message brought it; what an integer field cannot say becomes NaN."""
    p = (message.param1, message.param2, message.param3, message.param4)
    if message.get_type() == "COMMAND_LONG":
        return Order(message.command, *p, message.param5, message.param6, message.param7)
    scale = 1e-7 if message.frame in GLOBAL_FRAMES else 1e-4
    x, y = (math.nan if v in (NOT_GIVEN, -NOT_GIVEN - 1) else v * scale for v in (message.x, message.y))
    return Order(message.command, *p, x, y, message.z, message.frame, True)
