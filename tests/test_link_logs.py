"""Flight logs over MAVLink: listed, sent whole, gaps filled, and erased."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from flight.modes import Arming
from ground.link.dialect import mavlink
from ground.link.log_download import LogDownload
from tests.link_rig import CLIENT, Line, PretendedVehicle, board


@pytest.fixture
def vehicle(tmp_path):
    made = PretendedVehicle(tmp_path / "logs")
    made.log_folder.mkdir(parents=True)
    return made


@pytest.fixture
def logs(vehicle):
    random = np.random.default_rng(2)
    sizes = {"2026-01-01_a.ulg": 1234, "2026-01-02_b.ulg": 900, "2026-01-03_c.ulg": 0}
    for name, size in sizes.items():
        (vehicle.log_folder / name).write_bytes(random.bytes(size))
    return [vehicle.log_folder / name for name in sizes]


def downloaded(service, line, number, offset, count):
    """Return the pieces of a log."""
    service.handle(mavlink.MAVLink_log_request_data_message(1, 1, number, offset, count), CLIENT, line)
    for _ in range(50):
        service.tick(service.now + 0.002)
    return line.taken()


def listed(service, line):
    service.handle(mavlink.MAVLink_log_request_list_message(1, 1, 0, 0xFFFF), CLIENT, line)
    service.tick(service.now + 0.01)
    return line.taken()


def test_logs_are_told_and_sent_with_their_exact_sizes(vehicle, logs):
    line = Line()
    service = LogDownload(vehicle, line)

    entries = listed(service, line)

    assert [(m.id, m.size, m.num_logs, m.last_log_num) for m in entries] == [
        (0, 1234, 3, 2),
        (1, 900, 3, 2),
        (2, 0, 3, 2),
    ]
    for entry, path in zip(entries, logs, strict=True):
        pieces = downloaded(service, line, entry.id, 0, 0xFFFFFFFF)
        content = b"".join(bytes(m.data[: m.count]) for m in pieces)
        assert content == path.read_bytes()
        assert pieces[-1].count < 90, "a client knows the end by a piece that is not full"
    gap = downloaded(service, line, 0, 180, 180)
    assert [(m.ofs, m.count) for m in gap] == [(180, 90), (270, 90)]


def test_every_gap_that_is_asked_for_at_once_is_filled_and_each_once(vehicle, logs):
    line = Line()
    service = LogDownload(vehicle, line)
    listed(service, line)
    for offset in (90, 450, 90, 720):
        service.handle(mavlink.MAVLink_log_request_data_message(1, 1, 0, offset, 180), CLIENT, line)

    pieces = downloaded(service, line, 0, 990, 90)

    assert [m.ofs for m in pieces] == [90, 180, 450, 540, 720, 810, 990]
    assert service.sending == {}


def test_a_log_that_grows_keeps_the_size_it_was_told_with(vehicle, logs):
    line = Line()
    service = LogDownload(vehicle, line)
    size = listed(service, line)[0].size
    with logs[0].open("ab") as file:
        file.write(b"more")

    pieces = downloaded(service, line, 0, 0, 0xFFFFFFFF)

    assert sum(m.count for m in pieces) == size
    assert listed(service, line)[0].size == size + 4


def test_erasing_spares_the_log_being_written_and_a_vehicle_without_logs_says_so(vehicle, logs):
    line = Line()
    service = LogDownload(vehicle, line)
    old = time.time() - 100.0
    for path in logs[:2]:
        os.utime(path, (old, old))

    service.handle(mavlink.MAVLink_log_erase_message(1, 1), CLIENT, line)

    assert os.listdir(vehicle.log_folder) == [logs[2].name]
    logs[2].unlink()
    assert [(m.num_logs, m.size) for m in listed(service, line)] == [(0, 0)]
    assert downloaded(service, line, 5, 0, 90) == []


@pytest.mark.parametrize("is_armed", [False, True])
def test_a_log_erased_while_its_end_is_written_is_gone_at_once_and_removed_at_its_end_unless_it_goes_on(
    vehicle, logs, is_armed
):
    line = Line()
    service = LogDownload(vehicle, line)

    service.handle(mavlink.MAVLink_log_erase_message(1, 1), CLIENT, line)
    seen = listed(service, line)
    vehicle.said.arming = int(Arming.ARMED if is_armed else Arming.DISARMED)
    service.tick(service.now + 1.0)
    for path in logs:
        os.utime(path, (0.0, 0.0))
    service.tick(service.now + 1.0)

    assert [m.num_logs for m in seen] == [0]
    assert len(os.listdir(vehicle.log_folder)) == (3 if is_armed else 0)
    assert listed(service, line)[0].num_logs == (3 if is_armed else 0)


class Bundles:
    """A channel that counts in how many bundles it is asked to send."""

    def __init__(self):
        self.begun, self.is_open = 0, False

    @contextmanager
    def together(self):
        self.begun, self.is_open = self.begun + 1, True
        yield
        self.is_open = False


def test_pieces_go_together_so_that_a_slow_readers_buffer_holds_more_of_them(vehicle, logs):
    line, channel = Line(), Bundles()
    service, was_open = LogDownload(vehicle, line), []
    line.send = lambda message, to: was_open.append(channel.is_open)

    asking = mavlink.MAVLink_log_request_data_message(1, 1, 0, 0, 1234)
    service.handle(asking, CLIENT._replace(channel=channel), line)
    for _ in range(3):
        service.tick(service.now + 0.02)

    assert was_open == [True] * 14
    assert channel.begun < 4


@pytest.mark.slow
def test_a_log_comes_over_a_socket_as_fast_as_a_ground_station_takes_it(vehicle, record_property):
    content = np.random.default_rng(7).bytes(600_000)
    Path(vehicle.log_folder / "flight.ulg").write_bytes(content)
    got = bytearray(len(content))
    have: set[int] = set()
    with board(lambda line: [LogDownload(vehicle, line)]) as client:
        client.mav.log_request_list_send(1, 1, 0, 0xFFFF)
        entry = client.recv_match(type="LOG_ENTRY", blocking=True, timeout=5)
        began_s = time.monotonic()
        client.mav.log_request_data_send(1, 1, entry.id, 0, 0xFFFFFFFF)
        while len(have) * 90 < entry.size and time.monotonic() - began_s < 30.0:
            piece = client.recv_match(type="LOG_DATA", blocking=True, timeout=0.2)
            if piece is None:
                lost = next(start for start in range(0, entry.size, 90) if start not in have)
                client.mav.log_request_data_send(1, 1, entry.id, lost, 0xFFFFFFFF)
            elif piece.count:
                have.add(piece.ofs)
                got[piece.ofs : piece.ofs + piece.count] = bytes(piece.data[: piece.count])
        record_property("log download over loopback, MB/s", len(content) / 1e6 / (time.monotonic() - began_s))

    assert bytes(got) == content
