"""Trouble with the log never becomes trouble for the flight, and what was written stays readable."""

import logging
import os
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest
from pyulog import ULog

from flight import airframe
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from logs.reader import Log
from logs.recorder import FlightLog
from logs.ticks import Ticks
from tests.conftest import ROOT
from tests.log_rows import wild_flight

READABLE_AFTER_US = 200_000
ENDLESS_FLIGHT = """
import struct, sys, time
import numpy as np
from flight import airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from logs.recorder import FlightLog

inputs, commands = np.zeros(1, INPUTS), np.zeros(1, COMMAND)
log = FlightLog(sys.argv[1], airframe.load(airframe.names()[0]), dt=0.001)
for tick in range(10**9):
    inputs["t_us"] = 1000 * tick
    commands["setpoint"]["thrust_sp"] = 0.001 * tick
    log.append(inputs, commands)
    sys.stdout.buffer.write(struct.pack("<q", 1000 * tick))
    sys.stdout.buffer.flush()
"""
SMALL_DISK = """
import resource, sys
import numpy as np
from flight import airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from logs.recorder import FlightLog

log = FlightLog(sys.argv[1], airframe.load(airframe.names()[0]), dt=0.001)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
inputs, commands = np.zeros(1000, INPUTS), np.zeros(1000, COMMAND)
for k in range(20):
    inputs["t_us"] = 1_000_000 * k + 1000 * np.arange(1000)
    inputs["imu"]["gyro_frd"] = k
    log.append(inputs, commands)
log.close()
assert log.trouble, "the file was allowed to grow"
print(log.trouble)
"""


@pytest.fixture(scope="module")
def quad():
    return airframe.load(airframe.names()[0])


def told_so_far(flight: subprocess.Popen, ticks: int) -> int:
    """Return the time stamp a flight last said it had reached, after at least some ticks."""
    t_us = 0
    for _ in range(ticks):
        t_us = struct.unpack("<q", flight.stdout.read(8))[0]
    return t_us


@pytest.mark.parametrize("ticks", [333, 1050])
@pytest.mark.slow
def test_after_a_kill_everything_older_than_200_ms_is_readable(tmp_path, ticks):
    path = tmp_path / "killed.ulg"
    command = [sys.executable, "-c", ENDLESS_FLIGHT, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as flight:
        reached_us = told_so_far(flight, ticks)
        flight.send_signal(signal.SIGKILL)

    theirs = ULog(str(path))
    ours = Ticks(Log(path))

    assert theirs.get_dataset("quadloop_tick").data["timestamp"][-1] >= reached_us - READABLE_AFTER_US
    assert theirs.get_dataset("vehicle_attitude").data["timestamp"][-1] >= reached_us - READABLE_AFTER_US
    assert ours.rows()[0]["t_us"][-1] >= reached_us - READABLE_AFTER_US
    assert not theirs.file_corruption


@pytest.mark.slow
def test_a_full_disk_ends_the_log_and_not_the_flight(tmp_path):
    path = tmp_path / "full.ulg"

    run = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "File too large" in run.stdout
    assert "logging ended" in run.stderr
    log = Log(path)
    assert log.damage == [], "the log ends with a whole message"
    assert len(Ticks(log)) > 500


def test_no_space_left_is_an_event_and_nothing_raises(tmp_path, quad, monkeypatch, caplog):
    inputs, commands = wild_flight(500)
    log = FlightLog(tmp_path / "a.ulg", quad, dt=0.001)
    log.append(inputs[:250], commands[:250])
    size = (tmp_path / "a.ulg").stat().st_size
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, bytes(data)[:100]) and fail())

    with caplog.at_level(logging.ERROR, "quadloop.logs"):
        log.append(inputs[250:], commands[250:])
        log.say(0, "one more word")
        log.close()

    monkeypatch.undo()
    assert log.trouble == "No space left on device"
    assert "the flight goes on" in caplog.text
    assert (tmp_path / "a.ulg").stat().st_size == size
    assert len(Ticks(Log(tmp_path / "a.ulg"))) == 250


def fail() -> None:
    raise OSError(28, "No space left on device")


def test_an_unwritable_folder_is_refused_before_the_flight(tmp_path, quad):
    (tmp_path / "folder").write_text("a file stands where the folder should be")

    with pytest.raises(LogError, match=r"folder/a.ulg: the flight log cannot be written: ") as refusal:
        FlightLog(tmp_path / "folder" / "a.ulg", quad, dt=0.001)

    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_disk_that_is_full_already_is_refused_before_the_flight(quad):
    with pytest.raises(LogError, match="No space left on device"):
        FlightLog("/dev/full", quad, dt=0.001)


def test_numbers_that_are_none_are_logged_without_a_warning(tmp_path, quad, recwarn):
    inputs, commands = np.zeros(200, INPUTS), np.zeros(200, COMMAND)
    for rows in (inputs, commands):
        words = rows.view("f8").reshape(200, -1)
        words[:] = np.nan
    inputs["t_us"] = 1000 * np.arange(200)

    with FlightLog(tmp_path / "a.ulg", quad, dt=0.001) as log:
        log.append(inputs, commands)

    assert not recwarn.list
    assert len(Ticks(Log(tmp_path / "a.ulg"))) == 200
