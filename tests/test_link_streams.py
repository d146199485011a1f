"""Streams come as often as they were asked for, and each time with something new."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from ground.link.channel import Channel
from ground.link.dialect import mavlink as m
from ground.link.frames import decoded
from ground.link.identity import Identity
from ground.link.missions import Missions
from ground.link.service import ACCEPTED, DENIED, Sender
from ground.link.signing import Signing
from ground.link.streams import DEFAULT_HZ, Streams
from ground.link.switchboard import Switchboard
from ground.link.vehicle import Facts, Vehicle
from ground.loop import SNAPSHOT_S
from ground.seats import SNAPSHOT, Seats
from tests.link_rig import order

SET, GET = 511, 510
RADIO_BYTES_S = 2880.0
# The link looks again after this long, a little more when it has much to say.
PASS_S, SPREAD_S = 0.0023, 0.0005
FAST = (
    "ATTITUDE",
    "ATTITUDE_QUATERNION",
    "HIGHRES_IMU",
    "LOCAL_POSITION_NED",
    "SERVO_OUTPUT_RAW",
    "ATTITUDE_TARGET",
)


class Flight:
    """A link beside a loop that is only told: its snapshots cross the rings, time is the test's own."""

    def __init__(self, folder, bytes_per_s=2e6) -> None:
        self.seats, self.sent = Seats(), []
        self.row = np.zeros(1, SNAPSHOT)
        command = self.row[0]["command"]
        command["status"]["tick"] = 1
        estimate = command["estimate"]
        estimate["q_ned_frd"][0] = estimate["is_altitude_valid"] = estimate["is_position_valid"] = 1
        estimate["origin_lat_deg"], estimate["origin_lon_deg"] = 47.4, 8.5
        command["status"]["is_home_set"] = 1
        self.channel = Channel(self, None, "", Signing(), bytes_per_s=bytes_per_s)
        self.vehicle = Vehicle(self.seats, Facts(parameter_file=folder / "parameters.toml"))
        self.board = Switchboard(self.vehicle, [SimpleNamespace(channels={0: self.channel})])
        self.board.install((Identity, Missions, Streams))
        self.streams = self.board.service(Streams)
        self.client = Sender(255, 190, self.channel)
        self.begun_s = self.now_s = self.channel.began_s
        self.random = np.random.default_rng(1)
        self.told = -1
        self.bytes = 0
        self.came_s = []

    def transmit(self, data, address):
        self.bytes += len(data)
        self.came_s.append(self.now_s)
        self.sent.append(decoded(SimpleNamespace(data=data)))

    def command(self, number, *parameters):
        return self.streams.commands[number](order(number, *parameters), self.client)

    def only(self, name, hz):
        """Ask for one message alone."""
        self.streams.schedules.clear()
        for number in list(self.streams.schedule(self.channel).interval_s):
            self.command(SET, number, -1)
        assert self.command(SET, getattr(m, f"MAVLINK_MSG_ID_{name}"), 1e6 / hz) == ACCEPTED

    def fly(self, seconds, is_alive=True):
        """Let time pass; return the messages that came."""
        self.sent.clear()
        self.came_s.clear()
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            spread_s = SPREAD_S * self.random.random()
            self.now_s = max(self.now_s, min(self.now_s + PASS_S, self.streams.wakes_s)) + spread_s
            number = int((self.now_s - self.begun_s) / SNAPSHOT_S)
            if is_alive and number != self.told:
                self.told = number
                self.row[0]["inputs"]["t_us"] = round(1e6 * number * SNAPSHOT_S)
                self.seats.snapshots.push(self.row)
            self.vehicle.look()
            self.streams.tick(self.now_s)
        return list(self.sent)


@pytest.fixture
def flight(tmp_path):
    made = Flight(tmp_path)
    yield made
    made.seats.close()


def stamp(message):
    return getattr(message, "time_boot_ms", None) or message.time_usec


@pytest.mark.parametrize("hz", [1, 10, 50, 100, 200])
def test_a_message_comes_as_often_as_it_was_asked_for_and_never_says_the_same_twice(flight, hz):
    for name in FAST:
        flight.only(name, hz)
        flight.fly(0.5)

        heard = flight.fly(4.0)

        assert {message.get_type() for message in heard} == {name}
        assert len(heard) == pytest.approx(4 * hz, rel=0.02, abs=1)
        assert len({stamp(message) for message in heard}) == len(heard)


@pytest.mark.parametrize("late_s", [0.0, 0.001, 0.002, 0.003, 0.0039])
def test_messages_come_evenly_however_their_times_lie_to_those_of_the_loop(flight, late_s):
    flight.only("ATTITUDE", 50)
    flight.fly(0.5)
    flight.now_s += late_s

    flight.fly(0.5)
    flight.fly(4.0)

    # The link is late by SPREAD_S at most.
    gaps = np.diff(flight.came_s)
    assert abs(gaps - 0.02).max() < 1.1 * SPREAD_S


def test_what_the_loop_no_longer_says_is_not_told_again(flight):
    flight.only("ATTITUDE", 200)
    flight.fly(0.5)

    # The newest that the loop said may not have been told yet.
    assert len(flight.fly(0.5, is_alive=False)) <= 1
    assert flight.fly(1.0, is_alive=False) == []
    assert 190 <= len(flight.fly(1.0)) <= 210


def interval_us(flight, number):
    """Return what MESSAGE_INTERVAL says."""
    flight.sent.clear()
    assert flight.command(GET, number) == ACCEPTED
    (told,) = flight.sent
    assert (told.get_type(), told.message_id) == ("MESSAGE_INTERVAL", number)
    return told.interval_us


@pytest.mark.parametrize(
    ("asked_us", "told_us"),
    [(20_000, 20_000), (0, 50_000), (-1, -1), (5000, 5000), (4000, 5000), (1, 5000), (1e12, 2_000_000_000)],
)
def test_the_interval_that_is_told_is_the_one_that_is_kept(flight, asked_us, told_us):
    flight.command(SET, m.MAVLINK_MSG_ID_ATTITUDE, asked_us)

    assert interval_us(flight, m.MAVLINK_MSG_ID_ATTITUDE) == told_us


def test_what_cannot_be_streamed_has_no_interval(flight):
    assert interval_us(flight, 31_999) == 0
    assert interval_us(flight, m.MAVLINK_MSG_ID_COMMAND_LONG) == 0
    assert interval_us(flight, m.MAVLINK_MSG_ID_HEARTBEAT) == 1_000_000


def test_what_cannot_be_streamed_is_denied_without_a_word(flight):
    flight.sent.clear()

    assert flight.command(SET, m.MAVLINK_MSG_ID_ACTUATOR_CONTROL_TARGET, 20_000) == DENIED

    assert not flight.sent


def test_the_clock_that_is_told_is_that_of_the_stamps(flight, monkeypatch):
    identity = flight.board.service(Identity)
    flight.row[0]["wall_s"] = 1000.0
    flight.fly(0.5)
    monkeypatch.setattr("time.time", lambda: 1000.003)
    flight.sent.clear()

    for ours in (0, 55):
        identity.handle(m.MAVLink_timesync_message(ours, 12345), flight.client, flight.board)

    (told,) = flight.sent
    assert (told.ts1, told.tc1) == (12345, 1000 * flight.vehicle.t_us + 3_000_000)


def test_on_a_slow_line_nothing_starves_and_what_is_rare_comes_on_time(tmp_path, record_property):
    slow = Flight(tmp_path, bytes_per_s=RADIO_BYTES_S)
    try:
        slow.fly(5.0)
        slow.bytes = 0
        heard = Counter(message.get_msgId() for message in slow.fly(20.0))
        used = slow.bytes / 20.0
        wanted = {n: hz for n, hz in DEFAULT_HZ.items() if slow.streams.known[n]() is not None}
    finally:
        slow.seats.close()

    record_property("telemetry on a line of 2880 bytes/s, share used", f"{used / RADIO_BYTES_S:.2f}")
    assert 0.9 * RADIO_BYTES_S < used < 1.02 * RADIO_BYTES_S
    assert sum(wanted.values()) > 2 * sum(heard.values()) / 20.0
    for number, hz in wanted.items():
        assert heard[number] >= 20 * min(hz, 2.0) - 2, (number, hz, heard[number])


def test_a_message_that_cannot_be_made_does_not_stop_the_others(flight):
    flight.only("ATTITUDE", 50)
    flight.command(SET, m.MAVLINK_MSG_ID_VFR_HUD, 20_000)
    flight.streams.known[m.MAVLINK_MSG_ID_VFR_HUD] = lambda: 1 / 0

    assert 95 <= len(flight.fly(2.0)) <= 105
