"""How another autopilot is found, brought to obey and refused: settings, places, modes, arming."""

import socket

import pytest

from firmware_bridge import mavlink_opening, mavlink_wire
from firmware_bridge.mavlink_far import Far, Handshake
from firmware_bridge.mavlink_settings import settings_from
from firmware_bridge.mavlink_wire import checked_url, opened_wire
from flight.errors import ConfigError
from flight.inputs import INPUTS, OFFBOARD, Demand
from flight.modes import Arming, Level
from flight.record import rows
from ground.board import apart
from ground.loop import Inbox, demanded
from ground.main import main
from ground.seats import Seats, What, request
from tests.mavlink_vehicle import ARDUPILOT, PX4
from tests.served import free_port

pytestmark = pytest.mark.slow


def handshake(autopilot=PX4):
    far = Far()
    far.system, far.component, far.autopilot = 1, 1, autopilot
    return Handshake(far), far


@pytest.mark.parametrize(("autopilot", "mode", "custom"), [(PX4, 6.0, 6 << 16), (ARDUPILOT, 20.0, 20)])
def test_first_the_mode_then_arming_once(autopilot, mode, custom):
    hands, far = handshake(autopilot)

    (first,) = hands.requests(Arming.ARMED, 1_000_000)
    again = hands.requests(Arming.ARMED, 1_010_000)
    far.custom_mode = custom
    (second,) = hands.requests(Arming.ARMED, 1_400_000)
    far.is_armed = True
    after = [hands.requests(Arming.ARMED, 1_500_000 + k * 400_000) for k in range(20)]

    assert (first.command, first.param2) == (176, mode)
    assert again == []
    assert (second.command, second.param1, second.param2) == (400, 1.0, 0.0)
    assert not any(after)
    assert hands.is_flying
    assert not hands.is_lost


def test_it_is_disarmed_with_the_loop_and_by_force_when_killed():
    hands, far = handshake()
    far.custom_mode, far.is_armed = 6 << 16, True
    hands.requests(Arming.ARMED, 1_000_000)

    (gently,) = hands.requests(Arming.DISARMED, 2_000_000)
    (forced,) = hands.requests(Arming.KILLED, 3_000_000)
    far.is_armed = False

    assert (gently.command, gently.param1, gently.param2) == (400, 0.0, 0.0)
    assert forced.param2 == 21196.0
    assert hands.requests(Arming.DISARMED, 4_000_000) == []


def test_one_that_somebody_else_armed_is_left_alone():
    hands, far = handshake()
    far.is_armed = True

    assert hands.requests(Arming.DISARMED, 1_000_000) == []


@pytest.mark.parametrize(
    "url", ["udpin:0.0.0.0:14550", "tcp:127.0.0.1:5760", "serial:/dev/ttyACM0:921600", "serial:/dev/x"]
)
def test_places_are_read(url):
    assert checked_url(url)[0] == url.partition(":")[0]


@pytest.mark.parametrize("url", ["", "udp", "udpin:1", "http://x:1", "tcp:host"])
def test_places_that_are_none_are_refused(url):
    with pytest.raises(ConfigError, match="write it as mavlink:udpin"):
        checked_url(url)


@pytest.mark.parametrize("table", [{"outputs": "motors"}, {"receiver": 1}, {"speed": 2}])
def test_settings_that_make_no_sense_are_refused(table):
    with pytest.raises(ConfigError, match=r"frame: bridge.mavlink"):
        settings_from(table, "frame")


def test_a_demand_is_told_to_the_core_once():
    seats, inputs = Seats(), rows(INPUTS)
    try:
        inbox = Inbox(seats, inputs)
        seats.parent_requests.push(request(What.DEMAND, demand=demanded(Demand.TAKEOFF, 3.0)))
        told = []
        for _ in range(3):
            inbox.fill()
            told.append(int(inputs[0].demand.fresh))
    finally:
        seats.close()

    assert told == [1, 0, 0]


def test_of_setpoints_that_come_in_one_tick_the_newest_is_flown_of_whatever_kind():
    seats, inputs = Seats(), rows(INPUTS)
    wanted = rows(OFFBOARD, 2)
    wanted["level"] = Level.VELOCITY, Level.POSITION
    try:
        inbox = Inbox(seats, inputs)
        told = []
        for turn in ((0, 1), (1, 0), ()):
            for k in turn:
                seats.link_requests.push(request(What.OFFBOARD, offboard=wanted[k]))
            inbox.fill()
            told.append((int(inputs[0].offboard.fresh), int(inputs[0].offboard.level)))
    finally:
        seats.close()

    assert told == [(1, Level.POSITION), (1, Level.VELOCITY), (0, Level.VELOCITY)]


def test_nobody_on_the_far_side_is_one_line_and_exit_code_2(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mavlink_opening, "ANSWER_US", 300_000)

    assert main(["fly", "hover", "--world", f"mavlink:udpin:127.0.0.1:{free_port()}", "--no-picture"]) == 2

    said = [line for line in capsys.readouterr().err.splitlines() if "does without" not in line]
    assert said == ["quadloop: no autopilot is heard: is its MAVLink sent here, and is the baud rate right?"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fly", "hover", "--world", "mavlink:nowhere"], "write it as mavlink:udpin"),
        (["fly", "hover", "--world", "mavlink:udpin:127.0.0.1:1", "--wind", "3"], "simulator"),
        (["motors", "--world", "mavlink:udpin:127.0.0.1:1", "--motor", "1"], "tests its motors itself"),
        (["serve", "--world", "mavlink:tcp:x"], "write it as mavlink:udpin"),
    ],
)
def test_what_makes_no_sense_behind_an_autopilot_is_refused(arguments, complaint, capsys):
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_the_loop_does_not_talk_to_the_port_where_it_listens():
    usual = ("udpout:127.0.0.1:14550", "udpout:127.0.0.1:14540")

    assert apart(usual, "mavlink:udpin:0.0.0.0:14550") == usual[1:]
    assert apart(usual, "mavlink:udpout:10.0.0.2:14550") == usual
    assert apart(usual, "") == usual


def test_a_stranger_on_the_port_is_not_taken_for_the_far_side():
    wire = opened_wire(f"udpin:127.0.0.1:{free_port()}")
    place = wire.socket.getsockname()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        own.sendto(b"own", place)
        first = wire.read(wire.now_us() + 1_000_000)
        other.sendto(b"other", place)
        second = wire.read(wire.now_us() + 300_000)
        own.sendto(b"again", place)
        third = wire.read(wire.now_us() + 1_000_000)
        assert wire.write(b"to you")
        own.settimeout(10.0)
        answer = own.recv(100)
    wire.close()

    assert (first, second, third, answer) == (b"own", b"", b"again", b"to you")


def test_a_server_that_hangs_up_is_connected_to_again(monkeypatch):
    monkeypatch.setattr(mavlink_wire, "RETRY_US", 1000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10.0)
        wire = opened_wire(f"tcp:127.0.0.1:{server.getsockname()[1]}")
        for data in (b"one", b"two"):
            line, _ = server.accept()
            line.sendall(data)
            heard = [wire.read(wire.now_us() + 2_000_000) for _ in range(1)]
            line.close()
            for _ in range(20):
                wire.read(wire.now_us() + 2000)
            assert heard == [data]
        wire.close()
        assert not wire.write(b"x")
