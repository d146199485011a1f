"""A vehicle's link without the vehicle: microservices on a loopback socket, a loop that only keeps its demands."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from pymavlink import mavutil

from flight import params
from flight.airframe import load
from flight.inputs import Demand
from flight.modes import Arming
from flight.parameter import store
from ground.link.dialect import mavlink
from ground.link.service import DENIED, UNSUPPORTED, Microservice, Order, Sender
from ground.link.settings import Settings
from ground.link.vehicle import Answer, Facts, Place, Vehicle

CLIENT = Sender(255, 190, "test")
ORIGIN = Place(47.397742, 8.545594, 488.0)


class PretendedVehicle(Vehicle):
    """A vehicle that accepts every demand at once unless `refuse` has a reason."""

    def __init__(self, folder: Path) -> None:
        self.facts = Facts("pi450", folder / "flights", folder / "parameters.toml")
        self.settings = Settings()
        self.table = params.TABLE
        self._chosen = load("pi450").params.copy()
        self.demands: list[tuple[int, list, int]] = []
        self.happenings: list = []
        self.refuse: Callable[[int, list, int], str] = lambda kind, arguments, index: ""
        self.replies: dict[int, Answer] = {}
        self.is_silent = self.is_following = self.is_returning = self.is_calibrating = False
        self.place_of_origin: Place | None = ORIGIN
        self.place_of_home: Place | None = ORIGIN
        self.clock_us = 1_000_000
        self.said = SimpleNamespace(
            mode=5, arming=int(Arming.DISARMED), is_landed=1, mission_index=0, mission_count=0, is_done=0
        )

    command = property(lambda self: SimpleNamespace(status=self.said))
    is_flying = property(lambda self: True)
    t_us = property(lambda self: self.clock_us)
    origin = property(lambda self: self.place_of_origin)
    home = property(lambda self: self.place_of_home)
    boot_unix_s = 0.0

    def look(self) -> None:
        self.happenings = []

    def ask(self, kind, arguments=(), index=0):
        serial = len(self.demands) + 1
        self.demands.append((int(kind), list(arguments), index))
        reason = self.refuse(kind, arguments, index)
        if not self.is_silent:
            self.replies[serial] = Answer(not reason, reason)
            if kind == Demand.PARAM and not reason:
                store(self._chosen[0], params.TABLE[index], arguments[0])
        return serial

    def answer(self, serial):
        return self.replies.get(serial)


class Line:
    """What a microservice sends, kept in lists."""

    system, component = 1, 1

    def __init__(self) -> None:
        self.sent: list = []
        self.texts: list[str] = []
        self.results: list[int] = []

    def send(self, message, to):
        self.sent.append(through_the_wire(message))

    def broadcast(self, message):
        self.sent.append(through_the_wire(message))

    def say(self, text, severity=6, to=None):
        self.texts.append(text)

    def acknowledge(self, order, to, result, progress=255, result_param2=0):
        self.results.append(result)

    def settle(self, order, to, serial):
        self.results.append(0)

    def taken(self) -> list:
        """Return what was sent since the last time."""
        sent, self.sent = self.sent, []
        return sent


coder = mavlink.MAVLink(None, 255, 190)
coder.robust_parsing = True


def through_the_wire(message):
    """Return a message as it is decoded at the other end."""
    return coder.parse_buffer(message.pack(coder))[0]


def order(command: int, *numbers: float) -> Order:
    """Return a command with the given parameters, the others zero."""
    return Order(command, *(list(numbers) + [0.0] * (7 - len(numbers))))


class Board(Line):
    """Microservices behind a UDP socket of the loopback, run by a thread."""

    def __init__(self, make: Callable[[Line], list[Microservice]], loss: float = 0.0, seed: int = 1) -> None:
        super().__init__()
        self.random, self.loss = np.random.default_rng(seed), loss
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.002)
        self.coder = mavlink.MAVLink(None, 1, 1)
        self.coder.robust_parsing = True
        self.services = make(self)
        self.heard: set = set()
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def send(self, message, to):
        frame = message.pack(self.coder)
        self.coder.seq = (self.coder.seq + 1) % 256
        if self.random.random() >= self.loss:
            self.socket.sendto(frame, to.channel)

    def broadcast(self, message):
        for channel in self.heard:
            self.send(message, Sender(0, 0, channel))

    def say(self, text, severity=6, to=None):
        self.broadcast(mavlink.MAVLink_statustext_message(severity, text.encode()[:50]))

    def acknowledge(self, order, to, result, progress=255, result_param2=0):
        message = mavlink.MAVLink_command_ack_message(
            order.command, result, progress, result_param2, to.system, to.component
        )
        self.send(message, to)

    def run(self) -> None:
        beat_s = 0.0
        while not self.is_over:
            now = time.monotonic()
            if now - beat_s > 0.5:
                beat_s = now
                self.broadcast(mavlink.MAVLink_heartbeat_message(2, 12, 81, 0, 3, 3))
            self.listen()
            for service in self.services:
                service.tick(time.monotonic())

    def listen(self) -> None:
        try:
            data, channel = self.socket.recvfrom(2048)
        except TimeoutError:
            return
        self.heard.add(channel)
        for message in self.coder.parse_buffer(data) or []:
            if self.random.random() >= self.loss:
                self.obey(message, Sender(message.get_srcSystem(), message.get_srcComponent(), channel))

    def obey(self, message, sender) -> None:
        if message.get_type() == "COMMAND_LONG":
            numbers = [getattr(message, f"param{i}") for i in range(1, 8)]
            self.answer(Order(message.command, *numbers), sender)
        for service in self.services:
            if message.get_type() in service.messages:
                service.handle(message, sender, self)

    def answer(self, order, sender) -> None:
        if order.command == mavlink.MAV_CMD_REQUEST_MESSAGE:
            makers = [s.requestable[int(order.p1)] for s in self.services if int(order.p1) in s.requestable]
        else:
            makers = [s.commands[order.command] for s in self.services if order.command in s.commands]
        result = makers[0](order, sender) if makers else UNSUPPORTED
        if result is not None:
            self.acknowledge(order, sender, result)
        assert DENIED != UNSUPPORTED


@contextmanager
def board(make: Callable[[Line], list[Microservice]], loss: float = 0.0) -> Iterator:
    """Run microservices on the loopback; yield pymavlink's connection to them."""
    there = Board(make, loss)
    there.thread.start()
    port = there.socket.getsockname()[1]
    client = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=255, dialect="common")
    client.mav.heartbeat_send(6, 8, 0, 0, 0)
    try:
        assert client.wait_heartbeat(timeout=5)
        yield client
    finally:
        client.close()
        there.is_over = True
        there.thread.join()
        there.socket.close()
