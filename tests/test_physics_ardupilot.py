"""Our simulator as ArduPilot's physics: its JSON interface, packet for packet."""

import json
import math
import socket
import struct
from itertools import pairwise

import pytest

from flight import airframe
from flight.errors import ConfigError
from ground.physics.ardupilot import Session, parse, state_of, step_for, throttle, windvane
from ground.physics.hosting import Hosting
from ground.physics.rotors import order_of
from ground.physics.udp import Udp
from sim.hosted import Hosted
from tests.other_autopilots import Arducopter, read_as_ardupilot, serving

pytestmark = pytest.mark.slow

STOPPED, SPINNING = [1000] * 4, [1600] * 4
HERE = ("127.0.0.1", 40000)
OTHER = ("127.0.0.1", 40001)


def session(name="pi450"):
    chosen = airframe.load(name)
    return Session(Hosted(chosen, 1), order_of(chosen))


def packet(count, pulses, rate_hz=400):
    return struct.pack("<HHI16H", 18458, rate_hz, count, *pulses, *[0] * 12)


@pytest.fixture
def server():
    with serving(Udp(session(), Hosting("127.0.0.1", 0, say=lambda text: None))) as running:
        yield running


def fly(copter, seconds, goal, said):
    """Fly towards a place; return what was so on the way."""
    flown = []
    for _ in range(round(seconds * copter.rate_hz)):
        said = copter.exchange(copter.steer(said, goal))
        flown.append(said)
    return flown


def test_a_copter_takes_off_hovers_and_lands_over_the_wire(server, record_property):
    copter = Arducopter(server.port)
    said = copter.exchange(STOPPED)

    flown = fly(copter, 8.0, (1.0, -1.0, -3.0), said)
    landing = fly(copter, 6.0, (1.0, -1.0, 1.0), flown[-1])
    stood = [copter.exchange(STOPPED) for _ in range(400)][-1]

    hover = flown[-400:]
    worst = max(math.dist(s["position"], (1.0, -1.0, -3.0)) for s in hover)
    record_property("ArduPilot's wire: hover, furthest from its place (m)", round(worst, 3))
    assert worst < 0.5
    assert all(abs(s["rng_1"] + s["position"][2]) < 0.25 for s in hover)
    assert all(s["current"] > 5.0 for s in hover)
    assert min(s["position"][2] for s in landing) < -1.0
    assert stood["position"][2] == pytest.approx(0.0, abs=0.05)
    assert stood["accel_body"] == pytest.approx([0.0, 0.0, -9.80665], abs=0.05)
    assert server.session.tally.frames == copter.count
    assert server.session.tally.missed == server.session.tally.repeated == 0


def test_every_field_is_found_by_a_search_for_its_name():
    flight = session()
    for count in range(400):
        answer = flight.take(packet(count, STOPPED), HERE)

    said = read_as_ardupilot(answer)

    wanted = {"timestamp", "gyro", "accel_body", "position", "quaternion", "velocity", "rng_1", "airspeed"}
    assert set(said) == wanted | {"velocity_wind", "voltage", "current", "speed"}
    assert said["timestamp"] == 1.0
    assert said["accel_body"] == pytest.approx([0.0, 0.0, -9.80665], abs=0.02)
    assert said["quaternion"] == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-3)
    assert 16.0 < said["voltage"] < 16.9


def test_the_same_pulses_give_the_same_truth_whatever_happens_between_them():
    straight, disturbed = session(), session()

    plain = [straight.take(packet(k, SPINNING if k > 50 else STOPPED), HERE) for k in range(400)]
    rough = []
    for k in range(400):
        frame = packet(k, SPINNING if k > 50 else STOPPED)
        rough.append(disturbed.take(frame, HERE))
        assert disturbed.take(frame, HERE) == rough[-1]
        assert disturbed.take(b"\x1aH noise", HERE) is None
        assert disturbed.take(packet(k + 1, SPINNING), OTHER) is None

    assert rough == plain
    assert read_as_ardupilot(plain[-1])["position"][2] < -0.2


def test_a_repeated_packet_is_answered_alike_and_costs_no_time(server):
    copter = Arducopter(server.port)
    copter.exchange(STOPPED)
    first = copter.exchange(STOPPED)
    copter.count -= 1

    again = copter.exchange(STOPPED)
    following = copter.exchange(STOPPED)

    assert again == first
    assert following["timestamp"] == pytest.approx(first["timestamp"] + 0.0025)
    assert server.session.tally.repeated == 1


def test_lost_packets_are_counted_and_cost_one_step():
    flight = session()
    flight.take(packet(0, STOPPED), HERE)

    said = read_as_ardupilot(flight.take(packet(7, STOPPED), HERE))

    assert said["timestamp"] == 0.005
    assert flight.tally.missed == 6


def test_a_packet_overtaken_by_a_newer_one_is_dropped():
    flight = session()
    for count in (100, 101, 103):
        flight.take(packet(count, SPINNING), HERE)
    t_us = flight.vehicle.t_us

    assert flight.take(packet(102, STOPPED), HERE) is None

    assert flight.vehicle.t_us == t_us
    assert flight.tally.overtaken == 1


@pytest.mark.parametrize("sender", [HERE, OTHER], ids=["same port", "new port"])
def test_an_autopilot_that_starts_again_finds_the_vehicle_where_it_began(sender):
    flight = session()
    first = flight.take(packet(0, STOPPED), HERE)
    for count in range(1, 300):
        flown = flight.take(packet(count, SPINNING), HERE)

    again = flight.take(packet(0, STOPPED), sender)

    assert read_as_ardupilot(flown)["position"][2] < -0.2
    assert again == first
    assert flight.tally.restarts == 1


def test_a_second_autopilot_waits_until_the_first_is_silent():
    flight = session()
    flight.take(packet(500, STOPPED), HERE)

    assert flight.take(packet(900, STOPPED), OTHER) is None
    assert flight.take(packet(900, STOPPED), OTHER, is_peer_silent=True) is not None

    assert flight.tally.strangers == 1


def test_the_step_follows_the_frame_rate():
    flight = session()
    stamps = [0.0]

    for count, rate_hz in enumerate((400, 1200, 1200, 100, 300)):
        said = read_as_ardupilot(flight.take(packet(count, STOPPED, rate_hz), HERE))
        stamps.append(said["timestamp"])

    steps = [b - a for a, b in pairwise(stamps)]
    assert steps == pytest.approx([0.0025, 0.000833, 0.000833, 0.01, 0.003333], abs=1e-9)
    assert [step_for(rate) for rate in (0, 1, 65535)] == [833, 20_000, 250]


def test_a_copter_flies_at_twelve_hundred_and_at_two_hundred_frames_a_second(server):
    for rate_hz in (1200, 200):
        copter = Arducopter(server.port, rate_hz)
        flown = fly(copter, 5.0, (0.0, 0.0, -1.5), copter.exchange(STOPPED))

        assert flown[-1]["position"] == pytest.approx([0.0, 0.0, -1.5], abs=0.5)
        copter.socket.close()


def test_thirty_two_channels_fly_like_sixteen():
    few, many = session(), session()
    wide = struct.pack("<HHI32H", 29569, 400, 0, *SPINNING, *[0] * 28)

    assert many.take(wide, HERE) == few.take(packet(0, SPINNING), HERE)


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\x1a", packet(0, STOPPED)[:-1], packet(0, STOPPED) + b"x", b"\0" * 40, b'{"timestamp":1}'],
)
def test_what_is_no_servo_packet_is_ignored(datagram):
    assert parse(datagram) is None


def test_pulses_become_throttle():
    assert [throttle(pwm) for pwm in (0, 900, 1000, 1500, 2000, 2200)] == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("name", airframe.names())
def test_each_motor_by_its_number_turns_the_vehicle_the_way_the_other_side_expects(name):
    chosen = airframe.load(name)
    order = order_of(chosen)
    is_plus, is_reversed = order.frame in (0, 6), order.frame in (3, 6)
    # Which motors push the right side up, the nose up, and which turn counter-clockwise.
    left, front = ((2,), (3,)) if is_plus else ((2, 3), (1, 3))
    right, rear = ((1,), (4,)) if is_plus else ((1, 4), (2, 4))
    turning, against = ((3, 4), (1, 2)) if is_reversed else ((1, 2), (3, 4))

    level = pushed(name, (), ())
    for axis, more, less in ((0, left, right), (1, front, rear), (2, turning, against)):
        change = [a - b for a, b in zip(pushed(name, more, less), level, strict=True)]

        assert change[axis] > 0.01
        assert change[axis] > 2.0 * max(abs(change[k]) for k in range(3) if k != axis)


def pushed(name, more, less):
    """Return the rates after a leap in which some motors pulled more than others for a moment."""
    flight = session(name)
    for count in range(225):
        extra = 60 if count >= 200 else 0
        pulses = [1800 + extra * ((k in more) - (k in less)) for k in (1, 2, 3, 4)]
        said = read_as_ardupilot(flight.take(packet(count, pulses, 1000), HERE))
    assert said["position"][2] < -0.01
    return said["gyro"]


def test_an_airframe_the_other_side_has_no_frame_for_is_refused_by_name():
    chosen = airframe.load("pi450")
    chosen.physics["rotor"][0]["spin"] = "cw"

    with pytest.raises(ConfigError, match=r"pi450.*45 deg cw.*known: X, H, plus"):
        order_of(chosen)


def test_two_repetitions_that_waited_together_are_answered_once():
    flight = session()
    server = Udp(flight, Hosting("127.0.0.1", 0, say=lambda text: None))
    copter = Arducopter(server.port)
    for _ in range(3):
        copter.socket.send(copter.packet(STOPPED))

    with serving(server):
        copter.socket.recv(65000)
        copter.count = 1
        said = copter.exchange(STOPPED)

    assert said["timestamp"] == 0.005
    assert flight.tally.frames == 2
    assert flight.tally.repeated == 0


def test_a_port_in_use_is_refused():
    from flight.errors import LinkError

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(LinkError, match="cannot listen there"):
            Udp(session(), Hosting("127.0.0.1", taken.getsockname()[1]))


def test_the_felt_wind_comes_from_ahead_when_flying_forward_and_from_the_right_of_a_northward_nose_in_an_easterly():
    assert windvane(5.0, 0.0, 1.0) == pytest.approx({"direction": 0.0, "speed": 5.0})
    easterly = session().vehicle
    easterly.truth["wind_ned"][0] = (0.0, -3.0, 0.0)

    told = state_of(easterly)["windvane"]

    assert told["direction"] == pytest.approx(math.pi / 2.0, abs=0.3)
    assert told["speed"] == pytest.approx(3.0, abs=0.2)


def test_sticks_are_told_while_there_are_any():
    flight = session()
    for heard in ([1500, 1400, 1000, 1600, *[1100] * 12], []):
        flight.sticks = lambda heard=heard: heard
        said = flight.take(packet(flight.last + 1, STOPPED), HERE)
        rc = json.loads(said).get("rc")

        assert rc == ({f"rc_{k + 1}": width for k, width in enumerate(heard[:12])} or None)
