"""What a client sends to others reaches them by the way they were heard on; what is for us is answered."""

import time
from types import SimpleNamespace

import pytest

from ground.link.channel import Channel
from ground.link.dialect import mavlink as m
from ground.link.missions import Missions
from ground.link.service import Microservice
from ground.link.signing import Signing
from ground.link.switchboard import Switchboard
from ground.loop import MOST_DEMANDS
from tests.link_rig import PretendedVehicle

GROUND, OTHER_GROUND, CAMERA, VEHICLE = (255, 190), (252, 190), (1, 100), (1, 1)


class Slow(Microservice):
    """Takes a fifth of a second for each ping, by a clock of its own."""

    messages = ("PING",)

    def __init__(self, vehicle, link) -> None:
        super().__init__(vehicle, link)
        self.now_s, self.heard = time.monotonic(), []

    def handle(self, message, sender, link):
        self.now_s += 0.2
        self.heard.append(sender.system)


class Asking(Microservice):
    """Asks the core for something for each ping."""

    messages = ("PING",)

    def __init__(self, vehicle, link) -> None:
        super().__init__(vehicle, link)
        self.heard: list[int] = []

    def handle(self, message, sender, link):
        self.vehicle.asked += 1
        self.heard.append(sender.system)


class Wire:
    """Carries nothing; keeps what was to be carried."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.channel = Channel(self, None, "", Signing())

    def transmit(self, data: bytes, address: object) -> None:
        self.sent.append(data)


@pytest.fixture
def board():
    """A switchboard with three clients, each heard once."""
    wires = {who: Wire() for who in (GROUND, OTHER_GROUND, CAMERA)}
    transport = SimpleNamespace(channels={who: wire.channel for who, wire in wires.items()})
    made = Switchboard(SimpleNamespace(asked=0), [transport])
    made.wires = wires
    for who in wires:
        send(made, who, m.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))
    for wire in wires.values():
        wire.sent.clear()
    return made


def send(board, who, message, by=None):
    """Let a client send a message."""
    channel = board.wires[by or who].channel
    coder = m.MAVLink(None, *who)
    board.take((channel, channel.sort(message.pack(coder))))


def reached(board):
    """Return who was reached."""
    return {who for who, wire in board.wires.items() if wire.sent}


@pytest.mark.parametrize("who", [GROUND, CAMERA])
def test_what_is_for_all_reaches_all_but_its_sender(board, who):
    send(board, who, m.MAVLink_heartbeat_message(6, 8, 0, 0, 0, 3))

    assert reached(board) == {GROUND, OTHER_GROUND, CAMERA} - {who}


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (OTHER_GROUND, {OTHER_GROUND}),
        ((252, 0), {OTHER_GROUND}),
        (CAMERA, {CAMERA}),
        (VEHICLE, set()),
        ((77, 1), set()),
    ],
)
def test_what_is_for_one_reaches_that_one_alone(board, target, found):
    send(board, GROUND, m.MAVLink_command_long_message(*target, 521, 0, 0, 0, 0, 0, 0, 0, 0))

    assert reached(board) == found


def test_nobody_speaks_for_the_vehicle(board):
    send(board, VEHICLE, m.MAVLink_heartbeat_message(2, 12, 0, 0, 0, 3), by=GROUND)

    assert reached(board) == set()


AUTOPILOT, PLANNER, ELSEWHERE = 1, 190, 7


@pytest.mark.parametrize(
    ("system", "component", "is_answered"),
    [(1, 0, True), (1, AUTOPILOT, True), (1, PLANNER, True), (1, ELSEWHERE, False), (2, PLANNER, False)],
)
def test_a_mission_is_asked_of_the_autopilot_or_of_its_planner(
    board, tmp_path, system, component, is_answered
):
    board.vehicle = PretendedVehicle(tmp_path)
    board.install([Missions])

    send(board, GROUND, m.MAVLink_mission_request_list_message(system, component))

    assert reached(board) == ({GROUND} if is_answered else set())


def test_a_command_for_the_planner_is_nobodys(board, tmp_path):
    board.vehicle = PretendedVehicle(tmp_path)
    board.install([Missions])

    send(board, GROUND, m.MAVLink_command_long_message(1, PLANNER, 300, 0, 0, 0, 0, 0, 0, 0, 0))

    assert reached(board) == set()


def test_who_asks_for_much_leaves_time_for_others(board, monkeypatch):
    board.install([Slow])
    slow = board.service(Slow)
    monkeypatch.setattr(time, "monotonic", lambda: slow.now_s)
    ping = m.MAVLink_ping_message(0, 0, 1, 1)

    for _ in range(50):
        send(board, GROUND, ping)
    send(board, OTHER_GROUND, ping)
    at_once = list(slow.heard)
    slow.now_s += 10.0
    send(board, GROUND, ping)

    # A second's worth at once, and while that was dealt with half of its time again.
    assert at_once.count(GROUND[0]) == pytest.approx(10, abs=1)
    assert at_once[-1] == OTHER_GROUND[0]
    assert slow.heard[-1] == GROUND[0], "who was turned away is heard again later"


def test_who_asks_the_core_for_much_leaves_demands_for_others(board, monkeypatch):
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    board.install([Asking])
    ping = m.MAVLink_ping_message(0, 0, 1, 1)

    for _ in range(1500):
        send(board, GROUND, ping)
    send(board, OTHER_GROUND, ping)

    heard = board.service(Asking).heard
    # The core keeps 1024 demands waiting and obeys one a tick.
    assert 400 < heard.count(GROUND[0]) < MOST_DEMANDS / 2
    assert heard[-1] == OTHER_GROUND[0]


def test_every_client_is_first_in_turn_though_one_takes_all_the_time(board, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    heard = []

    def client(name, takes_s):
        def receive():
            heard.append(name)
            now_s[0] += takes_s
            yield board.wires[GROUND].channel, []

        return receive

    ready = [client("greedy", 1.0), client("quiet", 0.0), client("quieter", 0.0)]
    for _ in range(30):
        board.hear(ready)

    assert heard.count("greedy") == 30
    assert min(heard.count("quiet"), heard.count("quieter")) >= 10


def pouring(size):
    """Return a microservice that always has another frame of this size to send."""

    class Pouring(Microservice):
        sent = 0

        def tick(self, now):
            while self.link.channel.has_room(size, now):
                self.link.channel.forward(bytes(size))
                self.sent += size

    return Pouring


def test_a_file_and_telemetry_share_a_slow_line_and_neither_waits_for_the_other_to_end(monkeypatch):
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    wire = Wire()
    wire.channel = Channel(wire, None, "", Signing(), bytes_per_s=5760.0)
    nothing = SimpleNamespace(channels={0: wire.channel}, files=tuple, overdue=tuple, tidy=lambda now_s: None)
    board = Switchboard(SimpleNamespace(asked=0, look=lambda: None), [nothing])
    telemetry, file = board.services = [pouring(50)(None, wire), pouring(266)(None, wire)]

    for _ in range(5000):
        now_s += 0.002
        board.pass_once(0.0)

    assert telemetry.sent > 0.1 * 57_600.0
    assert file.sent > 0.1 * 57_600.0
    assert telemetry.sent + file.sent < 1.1 * 57_600.0
