"""The log while it is written: what arrives is a ULog that other programs read, from the middle of a flight on."""

import io

import numpy as np
import pytest
from pyulog import ULog

from ground.link.dialect import mavlink
from ground.link.log_stream import MOST_TRIES, QUIET_S, RETRY_S, LogStreams
from ground.link.service import ACCEPTED, REJECTED, UNSUPPORTED
from logs.sink import Sink
from logs.ulog import ULogWriter
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

START, STOP = 2510, 2511
ROW = np.dtype([("timestamp", "<u8"), ("height", "<f4"), ("filler", "<f4", (20,))])


class Writing:
    """A log that grows."""

    def __init__(self, folder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "2026-01-01_a.ulg"
        self.writer = ULogWriter(Sink(self.path))
        self.writer.define("flight", ROW)
        self.writer.info("sys_name", "Quadloop")
        self.writer.subscribe("flight")
        self.count = 0

    def grow(self, rows: int) -> None:
        """Log so many rows more."""
        made = np.zeros(rows, ROW)
        made["timestamp"] = 1000 * np.arange(self.count, self.count + rows)
        made["height"] = np.arange(self.count, self.count + rows)
        self.count += rows
        self.writer.append("flight", made)
        self.writer.sync()


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def service(tmp_path, line):
    vehicle = PretendedVehicle(tmp_path)
    made = LogStreams(vehicle, line)
    made.log = Writing(vehicle.log_folder)
    made.log.grow(500)
    return made


def asked(service, command, *numbers):
    return service.commands[command](order(command, *numbers), CLIENT)


def heard(service, line, passes, now=0.0, is_deaf=False):
    """Let time pass, acknowledge what is to be; return the pieces."""
    pieces = []
    for k in range(passes):
        service.tick(now + 0.002 * k)
        for message in line.taken():
            if message.get_type() == "LOGGING_DATA_ACKED" and not is_deaf:
                ack = mavlink.MAVLink_logging_ack_message(1, 1, message.sequence)
                service.handle(ack, CLIENT, line)
            pieces += [message] if "LOGGING" in message.get_type() else []
    return pieces


def joined(pieces):
    return b"".join(bytes(m.data[: m.length]) for m in pieces)


def test_what_arrives_from_the_middle_of_a_log_on_reads_as_a_log(service, line):
    assert asked(service, START) == ACCEPTED
    before = heard(service, line, 60)
    service.log.grow(100)
    after = heard(service, line, 60, now=0.2)

    log = ULog(io.BytesIO(joined(before + after)))
    heights = log.get_dataset("flight").data["height"]
    assert log.msg_info_dict["sys_name"] == "Quadloop"
    assert heights[0] >= 500
    assert list(heights) == list(range(int(heights[0]), int(heights[-1]) + 1))
    assert heights[-1] >= 596


def test_pieces_count_up_and_say_where_a_message_begins(service, line):
    asked(service, START)
    heard(service, line, 60)
    service.log.grow(50)

    pieces = heard(service, line, 60, now=0.2)

    assert [m.sequence for m in pieces] == list(range(pieces[0].sequence, pieces[0].sequence + len(pieces)))
    for piece in pieces:
        first = piece.first_message_offset
        assert first == 255 or bytes(piece.data[first + 2 : first + 3]) in b"DSAFIMPQ"


def test_a_client_that_acknowledges_nothing_is_asked_again_and_given_up(service, line):
    asked(service, START)
    pieces = heard(service, line, 5, is_deaf=True)
    for k in range(1, MOST_TRIES + 2):
        service.log.grow(1)
        pieces += heard(service, line, 1, now=1.5 * RETRY_S * k, is_deaf=True)

    assert {m.sequence for m in pieces} == {0}
    assert not service.streams
    assert line.texts == ["The log's stream has ended"]


def test_a_log_that_is_written_no_more_ends_its_stream(service, line):
    asked(service, START)
    heard(service, line, 60)
    heard(service, line, 2, now=QUIET_S + 1.0)

    assert not service.streams


def test_it_is_stopped_and_what_cannot_be_streamed_is_refused(service, line):
    asked(service, START)
    assert asked(service, STOP) == ACCEPTED
    assert not heard(service, line, 5)

    assert asked(service, START, 1.0) == UNSUPPORTED
    service.log.path.unlink()
    assert asked(service, START) == REJECTED
    assert "SDLOG_MODE" in line.texts[-1]
