"""Logs other autopilots wrote: every value independent readers found, and damage survived."""

import struct

import numpy as np
import pytest

from flight.errors import LogError
from logs.foreign.dataflash import read_dataflash
from tests.foreign_logs import dataflash_format, expected, read_damaged, wrong_values

TIMED = dataflash_format(1, "ACC", "QcL", "TimeUS,A,Lat", 14)
DATAFLASHES = ("dronekit_log171.bin", "pymavlink_test.BIN")


def accelerations(count):
    rows = [struct.pack("<Qhi", 1000 * k, -150 - k, 470000001) for k in range(count)]
    return [b"\xa3\x95\x01" + row for row in rows]


@pytest.mark.filterwarnings("ignore:.*ends within a message")
@pytest.mark.parametrize("name", DATAFLASHES)
def test_every_value_of_a_dataflash_log_is_as_pymavlink_reads_it(shared_data, name):
    path, known = expected(shared_data, name)

    recording = read_dataflash(path)

    assert {topic: len(rows) for topic, rows in recording.items()} == known["counts"]
    assert not [
        w for topic, fields in known["fields"].items() for w in wrong_values(recording[topic], fields)
    ]


def test_a_dataflash_log_states_parameters_messages_and_times(shared_data):
    path, known = expected(shared_data, "dronekit_log171.bin")

    recording = read_dataflash(path)

    assert recording.damage == []
    assert len(recording.parameters) == known["counts"]["PARM"]
    assert recording.messages[0][2] == "APM:Copter V3.3-dev (ae3192b8)"
    assert (recording["IMU"]["t_us"] == 1000 * recording["IMU"]["TimeMS"].astype(int)).all()
    assert (recording["GPS"]["t_us"] == 1000 * recording["GPS"]["T"].astype(int)).all()
    assert recording.units["GPS"]["Lat"] == "deg"


def test_hundredths_and_ten_millionths_become_the_numbers_meant(tmp_path):
    (tmp_path / "a.bin").write_bytes(TIMED + b"".join(accelerations(3)))

    rows = read_dataflash(tmp_path / "a.bin")["ACC"]

    assert rows["A"].tolist() == [-1.5, -1.51, -1.52]
    assert rows["Lat"].tolist() == [47.0000001] * 3
    assert rows["t_us"].tolist() == [0, 1000, 2000]


def test_units_are_those_a_dataflash_log_states(tmp_path):
    head = dataflash_format(2, "UNIT", "QbZ", "TimeUS,Id,Label", 73)
    head += dataflash_format(3, "MULT", "Qbd", "TimeUS,Id,Mult", 17)
    head += dataflash_format(4, "FMTU", "QBNN", "TimeUS,FmtType,UnitIds,MultIds", 41)
    units = [b"\xa3\x95\x02" + struct.pack("<Qb64s", 0, ord(i), n) for i, n in (("s", b"s"), ("o", b"m/s/s"))]
    factors = [b"\xa3\x95\x03" + struct.pack("<Qbd", 0, ord(i), f) for i, f in (("F", 1e-6), ("B", 1e-2))]
    stated = b"\xa3\x95\x04" + struct.pack("<QB16s16s", 0, 1, b"so-", b"FB-")
    path = tmp_path / "a.bin"
    path.write_bytes(head + TIMED + b"".join(units + factors) + stated + accelerations(1)[0])

    units_of_acc = read_dataflash(path).units["ACC"]

    assert units_of_acc == {"t_us": "us", "TimeUS": "us", "A": "m/s/s", "Lat": "deg"}


def test_a_torn_dataflash_log_loses_only_what_is_torn(tmp_path):
    rows = accelerations(10)
    path = tmp_path / "a.bin"
    path.write_bytes(TIMED + b"".join(rows[:4]) + b"\xa3\x95rubbish" + b"".join(rows[4:9]) + rows[9][:-2])

    with pytest.warns(UserWarning, match="is damaged at byte"):
        recording = read_dataflash(path)

    assert recording["ACC"]["t_us"].tolist() == [1000 * k for k in range(9)]
    assert recording.damage[0] == f"is damaged at byte {89 + 4 * 17}; 9 bytes are skipped"
    assert recording.damage[1].startswith("ends within a message; the last 15 of")


def test_the_rest_of_a_flash_page_is_not_damage(tmp_path):
    (tmp_path / "a.bin").write_bytes(TIMED + b"".join(accelerations(3)) + b"\xff" * 100)

    assert read_dataflash(tmp_path / "a.bin").damage == []


@pytest.mark.parametrize("raw", [b"", b"no log", b"\xa3\x95", b"\xa3\x95\x80" + b"\xff" * 50])
def test_what_is_no_dataflash_log_is_refused(tmp_path, raw):
    (tmp_path / "a.bin").write_bytes(raw)

    with pytest.raises(LogError, match=r"a\.bin: "):
        read_dataflash(tmp_path / "a.bin")


@pytest.mark.parametrize("name", DATAFLASHES)
def test_damaged_dataflash_logs_are_read_in_part(shared_data, tmp_path, name):
    raw = expected(shared_data, name)[0].read_bytes()

    assert read_damaged(read_dataflash, raw[:65536], tmp_path / "a.bin") > 20


def test_bytes_at_random_crash_no_reader(tmp_path):
    random = np.random.default_rng(1)
    path = tmp_path / "a.bin"
    for size in (1, 5, 100, 20_000):
        for head in (TIMED, b"\xa3\x95"):
            path.write_bytes(head + random.integers(0, 256, size, np.uint8).tobytes())
            assert read_damaged(read_dataflash, path.read_bytes(), path, count=3) >= 0
