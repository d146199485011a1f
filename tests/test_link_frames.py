"""Frames are found in whatever arrives, by pymavlink's own packing as the outside truth."""

import contextlib
import os
import random
import socket
import time
import tty

import pytest
from pymavlink.dialects.v20 import common

from flight.errors import ConfigError, LinkError
from ground.link.channel import Channel
from ground.link.clients import AT_ONCE, MISSED_S, MOST_CLIENTS, SILENCE_S
from ground.link.dialect import mavlink
from ground.link.endpoints import parts_of
from ground.link.frames import Scanner, Stamp, decoded, numbered
from ground.link.serial_line import SerialLine
from ground.link.signing import Keys, Signing
from ground.link.streams import Schedule
from ground.link.tcp import Tcp
from ground.link.udp import EACH_AT_ONCE, MOST_STRANGERS, Udp

sender = mavlink.MAVLink(None, srcSystem=255, srcComponent=190)


def frame(number: int = 0) -> bytes:
    """Return a good frame."""
    message = mavlink.MAVLink_command_long_message(1, 1, 400, 0, 1, number, 0, 0, 0, 0, 0)
    sender.seq = number & 0xFF
    return message.pack(sender)


def test_the_messages_added_here_carry_the_checksums_of_the_specification():
    # From MAVLink's own C headers.
    known = {300: 217, 397: 182, 400: 110, 80: 14, 410: 160, 411: 106, 412: 33, 413: 77, 193: 71}

    assert {number: mavlink.mavlink_map[number].crc_extra for number in known} == known


def test_fields_added_to_the_end_of_a_message_leave_it_readable_to_who_does_not_know_them():
    coder = mavlink.MAVLink(None, 1, 1)
    frame = mavlink.MAVLink_mission_current_message(3, 7, 2, 1, 0x01020304, 5, 0x0A0B0C0D).pack(coder)

    (ours,) = mavlink.MAVLink(None).parse_buffer(frame)
    (older,) = common.MAVLink(None).parse_buffer(frame)
    (bare,) = mavlink.MAVLink(None).parse_buffer(common.MAVLink_mission_current_message(3).pack(coder))

    assert (ours.mission_id, ours.fence_id, ours.rally_points_id) == (0x01020304, 5, 0x0A0B0C0D)
    assert (older.seq, older.total, older.mission_state, older.mission_mode) == (3, 7, 2, 1)
    assert (bare.seq, bare.mission_id, bare.rally_points_id) == (3, 0, 0)


def test_good_frames_are_found_between_garbage_however_they_are_cut():
    chance = random.Random(1)
    stream = b"".join(chance.randbytes(chance.randrange(60)) + frame(k) for k in range(200))
    scanner, found = Scanner(), []

    while stream:
        size = chance.randrange(1, 50)
        found += scanner.take(stream[:size], is_stream=True)
        stream = stream[size:]
    found += scanner.take(bytes(300), is_stream=True)

    assert [decoded(f).param2 for f in found if f.number == 76] == list(range(200))


def test_a_datagram_that_ends_in_an_unfinished_frame_hides_none():
    found = Scanner().take(frame(1)[:20] + frame(2) + b"\xfd\x30", is_stream=False)

    assert [decoded(f).param2 for f in found] == [2]


def test_wrong_checksums_flags_and_lengths_are_not_obeyed():
    good = frame(3)
    spoiled = [good[:k] + bytes([good[k] ^ 0x41]) + good[k + 1 :] for k in range(len(good))]

    assert not [f for data in spoiled for f in Scanner().take(data, is_stream=False)]


def test_a_frame_of_ours_is_read_by_pymavlink_and_mavlink_1_is_understood():
    packed, extra = Stamp(1, 1).packed(mavlink.MAVLink_ping_message(5, 6, 7, 8))
    ours = numbered(packed, extra, 77)
    first = mavlink.MAVLink_ping_message(5, 6, 7, 8).pack(sender, force_mavlink1=True)

    message = mavlink.MAVLink(None).decode(bytearray(ours))
    old = Scanner().take(first, is_stream=False)

    assert (message.seq, message.get_seq(), message.get_srcSystem()) == (6, 77, 1)
    assert old[0].source == (255, 190)
    assert old[0].target == (7, 8)


def test_garbage_costs_no_memory():
    scanner, chance = Scanner(), random.Random(2)

    for _ in range(200):
        scanner.take(chance.randbytes(5000) + b"\xfd\xff" * 20, is_stream=True)

    assert len(scanner.rest) <= 280
    assert scanner.bad_bytes > 900_000


class Nowhere:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def transmit(self, data: bytes, address: object) -> None:
        self.sent.append(data)


def test_a_flood_is_cut_to_what_one_client_may_send():
    channel = Channel(Nowhere(), None, "", Signing())

    taken = sum(len(channel.sort(frame(1) * 50)) for _ in range(200))

    assert taken < 5000
    assert channel.dropped == 10_000 - taken


def test_who_floods_is_not_even_looked_at_until_he_stops():
    channel = Channel(Nowhere(), None, "", Signing())
    now_s = time.monotonic()
    assert not channel.is_over(now_s)

    for _ in range(200):
        channel.sort(frame(1) * 50)

    assert channel.is_over(now_s)
    assert not channel.is_over(now_s + 10.0)


def is_sent(channel, now_s, is_answer=False):
    """Send 60 bytes if there is room; tell whether there was."""
    has_room = channel.has_room(60, now_s, is_answer)
    if has_room:
        channel.forward(bytes(60))
    return has_room


@pytest.mark.parametrize("bytes_per_s", [120.0, 5760.0])
def test_a_slow_channel_is_filled_however_often_it_is_asked_for_room(bytes_per_s):
    channel = Channel(Nowhere(), None, "", Signing(), bytes_per_s=bytes_per_s)
    now_s = channel.outflow.then_s
    while is_sent(channel, now_s):
        pass
    answers = [is_sent(channel, now_s, is_answer=True) for _ in range(2)]

    sent = sum(60 * is_sent(channel, now_s + 0.002 * k) for k in range(1, 5001))

    assert answers == [True, True], "telemetry leaves room for what was asked for"
    assert sent + 120 == pytest.approx(10.0 * bytes_per_s, abs=61)


def test_telemetry_gives_way_to_what_is_sent_unasked_and_comes_back_when_that_ends():
    carrier = Nowhere()
    channel = Channel(carrier, None, "", Signing(), bytes_per_s=5760.0)
    now_s = channel.outflow.then_s

    for k in range(1, 5001):
        if k % 10 == 0:
            channel.forward(bytes(60))
        is_sent(channel, now_s + 0.002 * k)
    with_answers = 60 * len(carrier.sent)
    for _ in range(1000):
        channel.forward(bytes(280))
    after = sum(is_sent(channel, now_s + 10.0 + 0.002 * k) for k in range(1, 1001))

    assert with_answers == pytest.approx(10.0 * 5760.0 + 0.75 * 2880.0, abs=121)
    assert after > 50, "a torrent that the line lost in any case is not made good for ever"


@pytest.fixture
def line():
    """Return a serial line, and the end at which its bytes come out."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    line = SerialLine(f"serial:{os.ttyname(theirs)}:57600", None)
    yield line, ours
    line.close()
    os.close(ours)
    os.close(theirs)


def test_streams_leave_a_serial_line_time_to_empty_its_buffer(line):
    serial, far_end = line
    now_s = serial.channel.outflow.then_s
    while is_sent(serial.channel, now_s):
        pass
    sent = 0

    for k in range(1, 5001):
        sent += 60 * is_sent(serial.channel, now_s + 0.002 * k)
        with contextlib.suppress(BlockingIOError):
            os.read(far_end, 1 << 16)

    assert 0.7 * 57_600.0 < sent < 0.9 * 57_600.0


def test_a_serial_line_that_is_full_tears_no_frame_and_goes_on_when_it_has_room(line):
    serial, far_end = line
    whole, got, scanner = frame(1), [], Scanner()

    for _ in range(3):
        for _ in range(5000):
            serial.channel.forward(whole)
        was_full = not serial.channel.has_room(60, time.monotonic() + 100.0)
        while serial.channel.is_full:
            got += scanner.take(os.read(far_end, 1 << 16), is_stream=True)
            list(serial.overdue())
    with contextlib.suppress(BlockingIOError):
        while True:
            got += scanner.take(os.read(far_end, 1 << 16), is_stream=True)

    assert was_full
    assert len(got) > 100
    assert (scanner.bad_bytes, scanner.rest) == (0, b"")


def test_garbage_is_a_flood_too():
    channel = Channel(Nowhere(), None, "", Signing())

    for _ in range(10_000):
        channel.sort(b"no frame")

    assert channel.is_over(channel.began_s)


def test_numbers_count_up_without_gaps():
    carrier = Nowhere()
    channel = Channel(carrier, None, "", Signing())

    for _ in range(300):
        channel.send(*Stamp(1, 1).packed(mavlink.MAVLink_ping_message(0, 0, 0, 0)))

    assert [data[4] for data in carrier.sent] == [k % 256 for k in range(300)]


@pytest.mark.parametrize("is_stream", [False, True])
def test_what_is_sent_together_goes_in_few_datagrams_whole_and_in_order(is_stream):
    carrier = Nowhere()
    channel = Channel(carrier, None, "", Signing(), is_stream=is_stream)
    piece = mavlink.MAVLink_log_data_message(0, 0, 90, [1] * 90)

    with channel.together():
        for _ in range(50):
            channel.send(*Stamp(1, 1).packed(piece))
    channel.send(*Stamp(1, 1).packed(piece))

    found = [frame.data[4] for data in carrier.sent for frame in Scanner().take(data, is_stream=False)]
    assert found == list(range(51))
    assert len(carrier.sent) == (51 if is_stream else 6)
    assert max(len(data) for data in carrier.sent) <= 1200


@pytest.fixture
def keys(tmp_path):
    """Return keys in a file."""
    (tmp_path / "keys").write_text("# ground\n" + "11" * 32 + "\n")
    return Keys(tmp_path / "keys")


def signed_by_pymavlink(secret: bytes, number: int) -> bytes:
    """Return a frame signed by pymavlink."""
    signer = mavlink.MAVLink(None, srcSystem=255, srcComponent=190)
    signer.signing.secret_key, signer.signing.sign_outgoing = secret, True
    signer.signing.timestamp = int((time.time() - 1_420_070_400) * 1e5) + number
    return mavlink.MAVLink_ping_message(5, number, 0, 0).pack(signer)


def test_only_fresh_messages_with_the_key_are_believed(keys):
    signing, right = Signing(keys), bytes([0x11] * 32)
    scanner = Scanner()

    def accepted(data: bytes) -> bool:
        return signing.accepts(scanner.take(data, is_stream=False)[0])

    first, second = signed_by_pymavlink(right, 1), signed_by_pymavlink(right, 50_000)
    assert [accepted(data) for data in (first, second, first, second)] == [True, True, False, False]
    assert not accepted(signed_by_pymavlink(bytes(32), 60_000))
    assert not accepted(frame(1))
    assert (signing.unsigned, signing.wrong, signing.replayed) == (1, 1, 2)


def test_a_recording_from_before_a_restart_is_not_believed(keys):
    recording = signed_by_pymavlink(bytes([0x11] * 32), 0)
    keys.newest += 70 * 100_000
    keys.stamp()

    again = Signing(Keys(keys.file))

    assert not again.accepts(Scanner().take(recording, is_stream=False)[0])
    assert again.replayed == 1


def test_what_we_sign_pymavlink_believes(keys):
    carrier = Nowhere()
    Channel(carrier, None, "", Signing(keys)).send(
        *Stamp(1, 1).packed(mavlink.MAVLink_ping_message(5, 6, 0, 0))
    )
    reader = mavlink.MAVLink(None)
    reader.signing.secret_key = bytes([0x11] * 32)

    assert reader.decode(bytearray(carrier.sent[0])).seq == 6
    assert reader.signing.goodsig_count == 1


def heard(udp):
    """Return what one round brings: the channel and the second number of each frame."""
    looks = [*(receive for _, receive in udp.files()), *udp.overdue()]
    rounds = [received for look in looks for received in look()]
    return [(channel, decoded(one).param2) for channel, frames in rounds for one in frames]


@pytest.fixture
def udp():
    """Return a port for whoever comes."""
    port = Udp("udpin:127.0.0.1:0", None)
    yield port
    port.close()


@pytest.fixture
def knock(udp):
    """Return how to make a client of that port."""
    with contextlib.ExitStack() as stack:

        def made():
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.connect(udp.socket.getsockname())
            return client

        yield made


def test_one_who_floods_a_port_takes_nothing_from_another_client(udp, knock):
    flooder, client = knock(), knock()
    for each in (flooder, client):
        each.send(frame(0))
    (flooding, _), (quiet, _) = heard(udp)
    for k in range(30_000):
        flooder.send(frame(1))
        if k % 1500 == 0:
            client.send(frame(2 + k // 1500))

    found = heard(udp)

    assert [number for channel, number in found if channel is quiet] == list(range(2, 22))
    assert 0 < len([number for channel, number in found if channel is flooding]) <= EACH_AT_ONCE


def test_one_who_floods_a_tcp_server_takes_nothing_from_another_and_loses_nothing_itself(monkeypatch):
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    server = Tcp("tcpin:127.0.0.1:0", None)
    flooder, client = (socket.create_connection(server.socket.getsockname()) for _ in range(2))
    while len(server.channels) < 2:
        server.accept()
    flooder.sendall(b"".join(frame(2) for _ in range(1500)))
    client.sendall(frame(1))

    first = [number for _, number in heard(server)]
    rest = [number for _ in range(40) for _, number in heard(server)]

    assert first.count(1) == 1
    assert 0 < first.count(2) < 200
    assert first.count(2) + rest.count(2) == 1500
    for each in (flooder, client, server):
        each.close()


@pytest.fixture
def reader():
    """Return a TCP server, its channel and the client at the other end, who takes little at once."""
    server = Tcp("tcpin:127.0.0.1:0", None)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
    with socket.create_connection(server.socket.getsockname()) as client:
        client.setblocking(False)
        while not server.channels:
            server.accept()
        yield server, next(iter(server.channels.values())), client
    server.close()


def test_a_slow_tcp_client_is_waited_for_and_loses_nothing(reader):
    server, channel, client = reader
    packed, extra = Stamp(1, 1).packed(mavlink.MAVLink_log_data_message(0, 0, 90, [7] * 90))
    sent, taken = 0, b""

    while sent < 30_000:
        list(server.overdue())
        while sent < 30_000 and channel.has_room(len(packed), time.monotonic() + 100.0 * sent):
            channel.send(bytearray(packed), extra)
            sent += 1
        with contextlib.suppress(BlockingIOError):
            taken += client.recv(1 << 20)
    until_s = time.monotonic() + 10.0
    while len(taken) < len(packed) * sent and time.monotonic() < until_s:
        list(server.overdue())
        with contextlib.suppress(BlockingIOError):
            taken += client.recv(1 << 20)

    assert len(taken) == len(packed) * sent
    assert {frame.number for frame in Scanner().take(taken[: 50 * len(packed)], True)} == {120}


def test_a_tcp_client_that_takes_nothing_any_more_is_hung_up_on_and_keeps_nobody_waiting(reader):
    server, channel, _ = reader
    now_s = time.monotonic()
    while channel.has_room(280, now_s := now_s + 1.0):
        channel.forward(bytes(280))

    server.tidy(time.monotonic() + SILENCE_S - 5.0)
    assert server.channels
    server.tidy(time.monotonic() + SILENCE_S + 5.0)

    assert not server.channels
    assert channel.has_room(280, now_s + 1.0)


def test_a_flood_of_garbage_is_soon_not_looked_at_and_a_newcomer_behind_it_is_heard(udp, knock, monkeypatch):
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    flooder, newcomer = knock(), knock()
    for _ in range(30):
        for _ in range(100):
            flooder.send(b"garbage")
        heard(udp)

    for _ in range(AT_ONCE + 10):
        flooder.send(b"garbage")
    newcomer.send(frame(7))

    assert [number for _, number in heard(udp)] == [7]


@pytest.mark.parametrize("flood", [frame(1), b"garbage"])
def test_the_first_thing_said_after_a_flood_is_heard(udp, knock, monkeypatch, flood):
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    flooder = knock()
    for _ in range(100):
        for _ in range(150):
            flooder.send(flood)
        heard(udp)

    for _ in range(150):
        flooder.send(flood)
    flooder.send(frame(7))
    assert 7 not in [number for _, number in heard(udp)]
    now_s += 0.02

    assert 7 in [number for _, number in heard(udp)]
    (channel,) = udp.channels.values()
    assert not channel.waiting


def test_a_second_vehicle_on_the_port_of_one_with_clients_is_refused(udp, knock):
    knock().send(frame(1))
    assert len(heard(udp)) == 1
    assert udp.lines

    with pytest.raises(LinkError, match="cannot listen"):
        Udp(f"udpin:127.0.0.1:{udp.socket.getsockname()[1]}", None)


def test_where_nobody_listens_any_more_nothing_wakes_the_link(udp, knock):
    client = knock()
    client.send(frame(1))
    ((channel, _),) = heard(udp)
    place = client.getsockname()
    client.close()

    channel.forward(b"anybody there?")
    assert not heard(udp)

    assert not udp.lines
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(place)
        again.connect(udp.socket.getsockname())
        for number in (2, 3):
            again.send(frame(number))
            assert heard(udp) == [(channel, number)]
    assert udp.lines


def test_who_is_told_unasked_gets_a_line_when_it_answers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ground:
        ground.bind(("127.0.0.1", 0))
        udp = Udp(f"udpout:127.0.0.1:{ground.getsockname()[1]}", None)
        (channel,) = udp.channels.values()
        channel.forward(b"hello")
        _, place = ground.recvfrom(100)
        assert not udp.lines

        for number in (1, 2):
            ground.sendto(frame(number), place)
            assert heard(udp) == [(channel, number)]

        assert list(udp.lines) == [udp.target]
        udp.close()


def test_a_client_gone_silent_is_forgotten_with_its_line_and_may_come_again(udp, knock, monkeypatch):
    client = knock()
    client.send(frame(1))
    assert len(heard(udp)) == 1

    udp.tidy(time.monotonic() + SILENCE_S + 1.0)

    assert not udp.channels
    assert not udp.lines
    client.send(frame(2))
    assert [number for _, number in heard(udp)] == [2]


def test_a_thousand_strangers_do_not_crowd_out_a_client(udp):
    place = udp.socket.getsockname()
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(frame(1), place)
    assert len(heard(udp)) == 1

    for k in range(300):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(frame(k) if k % 2 else b"garbage", place)
            heard(udp)
    client.sendto(frame(2), place)

    assert [number for _, number in heard(udp)] == [2]
    assert len(udp.channels) == len(udp.lines) == MOST_CLIENTS
    assert len(udp.strangers) <= MOST_STRANGERS
    assert udp.refused > 100
    client.close()


def test_a_newcomer_takes_the_place_of_one_that_missed_its_heartbeats_and_of_no_other(udp, knock):
    clients = [knock() for _ in range(MOST_CLIENTS + 1)]
    for client in clients[:-1]:
        client.send(frame(1))
        heard(udp)
    gone = clients[3].getsockname()
    udp.channels[gone].heard_s -= MISSED_S + 0.1

    clients[-1].send(frame(2))

    assert [number for _, number in heard(udp)] == [2]
    assert gone not in udp.channels
    assert len(udp.channels) == len(udp.lines) == MOST_CLIENTS


@pytest.mark.parametrize(
    "text", ["udp", "udpin:1", "udpin:host:99999", "tcpin::5", "carrier:pigeon:1", "serial:"]
)
def test_an_endpoint_that_cannot_be_read_is_named(text):
    with pytest.raises(ConfigError, match=r"udpout:127\.0\.0\.1:14550|out of range"):
        parts_of(text)


def sent_by(schedule, now_s):
    """Return what is sent where there is room for everything and the loop always has something new."""
    numbers = []
    schedule.turn(now_s, round(1e6 * now_s), lambda number: numbers.append(number) is None)
    return numbers


def test_a_stream_keeps_its_rate_when_the_link_is_sometimes_late():
    schedule = Schedule(0.0)
    schedule.set(30, 0.02, 0.0)
    chance, now_s, sent = random.Random(3), 0.0, 0

    while now_s < 20.0:
        now_s += 0.06 if chance.random() < 0.02 else 0.002
        numbers = sent_by(schedule, now_s)
        assert len(numbers) == len(set(numbers))
        sent += numbers.count(30)

    assert sent == pytest.approx(1000, rel=0.02)
    assert sent_by(schedule, now_s + 1000.0).count(30) == 1
    assert 30 not in sent_by(schedule, now_s + 1000.001)
