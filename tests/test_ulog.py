"""The flight log's format: what we write, others read; what others wrote, we read as they do."""

import re

import numpy as np
import pytest
from pyulog import ULog

from flight.errors import LogError
from logs.reader import Log
from logs.sink import Sink
from logs.ulog import WARNING, ULogWriter

ROW = np.dtype(
    [("timestamp", "<u8"), ("gyro_frd", "<f8", 3), ("mode", "<i8"), ("is_on", "?"), ("count", "<u2")]
)


def write_small(path, rows, damage=None):
    sink = Sink(path)
    writer = ULogWriter(sink, start_us=7)
    writer.info("sys_name", "Quadloop")
    writer.info("seed", np.int64(-3))
    writer.info("raw", b"\x00\xff")
    writer.multi_info("story", "once ")
    writer.multi_info("story", "upon", is_continued=True)
    writer.multi_info("story", "again")
    writer.parameter("RATE_ROLL_KP", 0.15)
    writer.parameter("COM_MODE", 3, is_integer=True)
    writer.default_parameter("RATE_ROLL_KP", 0.25)
    writer.define("thing", ROW)
    writer.subscribe("thing")
    writer.append("thing", rows)
    writer.sync()
    writer.say(99, "gusty", WARNING)
    writer.dropout(12)
    writer.parameter("RATE_ROLL_KP", 0.5)
    writer.append("thing", rows[:1])
    sink.close()


def small_rows(count=5):
    rows = np.zeros(count, ROW)
    rows["timestamp"] = 1000 * np.arange(1, count + 1)
    rows["gyro_frd"] = np.arange(3 * count).reshape(count, 3) / 3.0
    rows["mode"] = -np.arange(count)
    rows["is_on"] = np.arange(count) % 2
    return rows


def column(rows, name):
    """Return the values pyulog calls by a flattened name such as "esc[2].esc_rpm"."""
    for part in name.split("."):
        vector, place = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", part).groups()
        rows = rows[vector] if place is None else rows[vector][:, int(place)]
    return rows


def test_pyulog_reads_what_we_write(tmp_path):
    rows = small_rows()
    write_small(tmp_path / "a.ulg", rows)

    theirs = ULog(str(tmp_path / "a.ulg"))

    data = theirs.get_dataset("thing").data
    assert not theirs.file_corruption
    assert theirs.start_timestamp == 7
    assert theirs.msg_info_dict == {"sys_name": "Quadloop", "seed": -3, "raw": b"\x00\xff"}
    assert theirs.msg_info_multiple_dict == {"story": [["once ", "upon"], ["again"]]}
    assert theirs.initial_parameters == {"RATE_ROLL_KP": np.float32(0.15), "COM_MODE": 3}
    assert theirs.get_default_parameters(0) == {"RATE_ROLL_KP": 0.25}
    assert data["gyro_frd[2]"][:5].tobytes() == rows["gyro_frd"][:, 2].tobytes()
    assert (data["mode"][:5] == rows["mode"]).all()
    assert [(m.timestamp, m.message, m.log_level_str()) for m in theirs.logged_messages] == [
        (99, "gusty", "WARNING")
    ]
    assert [d.duration for d in theirs.dropouts] == [12]
    assert theirs.changed_parameters == [(5000, "RATE_ROLL_KP", 0.5)]


def test_we_read_what_we_write(tmp_path):
    rows = small_rows()
    write_small(tmp_path / "a.ulg", rows)

    log = Log(tmp_path / "a.ulg")

    assert log["thing"].tobytes() == np.concatenate((rows, rows[:1])).tobytes()
    assert log.info == {"sys_name": "Quadloop", "seed": -3, "raw": b"\x00\xff"}
    assert log.multi_info == {"story": ["once upon", "again"]}
    assert log.parameters == {"RATE_ROLL_KP": np.float32(0.15), "COM_MODE": 3}
    assert log.default_parameters == {"RATE_ROLL_KP": 0.25}
    assert log.changed_parameters == [(5000, "RATE_ROLL_KP", 0.5)]
    assert log.messages == [(99, WARNING, "gusty")]
    assert log.dropouts == [(5000, 12)]
    assert log.damage == []


def test_a_topic_without_a_time_stamp_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must begin with a uint64 timestamp"):
        ULogWriter(Sink(tmp_path / "a.ulg")).define("thing", np.dtype([("x", "<f8")]))


@pytest.mark.filterwarnings("ignore:.*a.ulg")
def test_a_log_cut_at_any_byte_is_read_up_to_there(tmp_path):
    rows = small_rows()
    write_small(tmp_path / "whole.ulg", rows)
    whole = (tmp_path / "whole.ulg").read_bytes()
    path = tmp_path / "a.ulg"

    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        if end < 16:
            with pytest.raises(LogError, match=r"header|instead of"):
                Log(path)
            continue
        log = Log(path)
        got = log["thing"] if "thing" in log else rows[:0]
        assert got[:5].tobytes() == rows[: min(len(got), 5)].tobytes()


@pytest.mark.filterwarnings("ignore:.*a.ulg")
def test_a_log_with_any_byte_wrong_neither_crashes_nor_hangs(tmp_path):
    write_small(tmp_path / "whole.ulg", small_rows())
    whole = (tmp_path / "whole.ulg").read_bytes()
    random = np.random.default_rng(5)
    path = tmp_path / "a.ulg"

    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= int(random.integers(1, 256))
        path.write_bytes(data)
        try:
            log = Log(path)
        except LogError:
            assert place < 40
            continue
        for name in log:
            assert len(log[name]) <= 6


def test_damage_is_skipped_to_the_next_sync_mark_and_named(tmp_path):
    write_small(tmp_path / "a.ulg", small_rows(50))
    data = bytearray((tmp_path / "a.ulg").read_bytes())
    place = data.find(b"D", len(data) // 2)
    data[place : place + 60] = b"\xff" * 60
    (tmp_path / "a.ulg").write_bytes(data)

    with pytest.warns(UserWarning, match="a.ulg: is damaged at byte"):
        log = Log(tmp_path / "a.ulg")

    assert 20 < len(log["thing"]) < 51
    assert len(log.intact("thing")) < len(log["thing"])
    assert log.messages == [(99, WARNING, "gusty")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is not a ULog flight log"),
        (b"\xa3\x95\x80\x80\x59FMT", "is not a ULog flight log"),
        (b"ULog\x01\x12\x35\x01", "is cut off within its header"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line(tmp_path, content, complaint):
    path = tmp_path / "a.ulg"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(LogError, match=complaint) as refusal:
        Log(path)

    assert "\n" not in str(refusal.value)
    assert "a.ulg" in str(refusal.value)


def test_we_read_px4_logs_as_pyulog_does(shared_data):
    for path in sorted(shared_data.rglob("*.ulg")):
        theirs = ULog(str(path))

        log = Log(path)

        assert len(log) == len(theirs.data_list)
        assert log.parameters == theirs.initial_parameters
        assert log.changed_parameters == theirs.changed_parameters
        for data in theirs.data_list:
            rows = log[f"{data.name}:{data.multi_id}" if data.multi_id else data.name]
            for name, values in data.data.items():
                if f"{name.split('[')[0]}" in (
                    n for n, (k, *_) in rows.dtype.fields.items() if k.kind == "S"
                ):
                    continue
                assert column(rows, name).tobytes() == values.tobytes(), (path.name, data.name, name)
