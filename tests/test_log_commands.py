"""What a person does with a log of any autopilot: look inside, export, import, trim, draw."""

import csv
import json
import sys

import numpy as np
import pytest
from pyulog import ULog

from ground.main import main
from logs.foreign.px4_terms import px4_terms
from logs.sources import open_log
from tests.foreign_logs import expected

FILES = ("pyulog_sample.ulg", "dronekit_log171.bin", "uavlogviewer_vtol.tlog", "bblog_btfl_002.bbl")


def result(capsys, *command):
    """Run a command that succeeds; return its JSON."""
    capsys.readouterr()
    assert main([*map(str, command), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", FILES)
def test_what_is_imported_is_what_pyulog_opens(shared_data, tmp_path, capsys, name):
    path, out = expected(shared_data, name)[0], tmp_path / "a.ulg"
    recording = open_log(path)

    told = result(capsys, "log", "import", path, "--out", out)

    log = ULog(str(out))
    rows = {
        d.name + (f":{d.multi_id}" if d.multi_id else ""): len(d.data["timestamp"]) for d in log.data_list
    }
    assert not log.file_corruption
    assert rows == told["rows"]
    assert sum(rows.values()) >= sum(map(len, recording.values()))
    assert len(log.initial_parameters) == len(recording.parameters)
    assert len(log.logged_messages) == len(recording.messages)


def test_numbered_fields_come_back_as_one_array(shared_data, tmp_path, capsys):
    path, out = expected(shared_data, "bblog_btfl_002.bbl")[0], tmp_path / "a.ulg"

    result(capsys, "log", "import", path, "--out", out)

    before, after = open_log(path)["main:2"], open_log(out)["main:2"]
    assert (after["gyroADC"][:, 1] == before["gyroADC[1]"]).all()
    assert (after["t_us"] == before["t_us"]).all()


@pytest.mark.parametrize("name", FILES)
def test_a_trimmed_log_holds_the_stretch_and_nothing_else(shared_data, tmp_path, capsys, name):
    path, out = expected(shared_data, name)[0], tmp_path / "a.ulg"
    duration_s = result(capsys, "log", "info", path)["duration_s"]
    begin_s, end_s = 0.02 * duration_s, 0.03 * duration_s

    told = result(capsys, "log", "trim", path, "--from", begin_s, "--to", end_s, "--out", out)

    log = ULog(str(out))
    times = np.concatenate([d.data["timestamp"] for d in log.data_list])
    assert not log.file_corruption
    assert sum(told["rows"].values()) == len(times)
    assert np.ptp(times.astype(np.int64)) <= 1e6 * (end_s - begin_s)
    assert len(log.initial_parameters) == len(open_log(path).parameters)


def test_every_number_is_in_the_exported_tables(shared_data, tmp_path, capsys):
    path = expected(shared_data, "dronekit_log171.bin")[0]
    rows = open_log(path)["IMU"]

    told = result(capsys, "log", "export", path, "--out", tmp_path / "t")

    with (tmp_path / "t" / "IMU.csv").open() as file:
        table = list(csv.DictReader(file))
    assert str(tmp_path / "t" / "IMU.csv") in told["files"]
    assert [int(r["t_us"]) for r in table] == rows["t_us"].tolist()
    assert np.array([r["GyrX"] for r in table], "<f4").tolist() == rows["GyrX"].tolist()
    assert "GPS,Lat,deg" in (tmp_path / "t" / "units.csv").read_text()


def test_parquet_tables_hold_the_same_and_the_units(shared_data, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = expected(shared_data, "cf_usd_twr_obs_log1.bin")[0]

    result(capsys, "log", "export", path, "--format", "parquet", "--out", tmp_path)

    table = parquet.read_table(tmp_path / "estGyroscope.parquet")
    assert (table["gyro.x"].to_numpy() == open_log(path)["estGyroscope"]["gyro.x"]).all()
    assert table.schema.field("gyro.x").metadata[b"unit"] == b"deg/s"


def test_a_missing_pyarrow_is_told_in_one_line(shared_data, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = str(expected(shared_data, "pymavlink_test.BIN")[0])

    code = main(["log", "export", path, "--format", "parquet", "--out", str(tmp_path)])

    assert code == 2
    assert "pip install 'quadloop[parquet]'" in capsys.readouterr().err


def test_a_log_is_never_written_over_itself(shared_data, tmp_path, capsys):
    path = tmp_path / "a.ulg"
    path.write_bytes(expected(shared_data, "pyulog_sample.ulg")[0].read_bytes())
    size = path.stat().st_size

    assert main(["log", "import", str(path)]) == 2
    assert main(["log", "trim", str(path), "--from", "9", "--to", "3"]) == 2
    assert main(["log", "trim", str(path), "--from", "9000"]) == 2
    assert path.stat().st_size == size


def test_gravity_points_up_in_every_autopilots_accelerometer(shared_data):
    # At rest or in a hover, the specific force of a body is upward: z of forward-right-down is negative.
    for name in FILES[1:]:
        force = px4_terms(open_log(expected(shared_data, name)[0]))["sensor_combined"]["accelerometer_m_s2"]
        assert np.median(force[:, 2]) == pytest.approx(-9.8, abs=5.0), name


def test_a_foreign_log_is_drawn(shared_data, tmp_path, capsys):
    told = result(capsys, "plot", expected(shared_data, "pymavlink_test.BIN")[0], "--out", tmp_path)

    assert told["picture"] == str(tmp_path / "pymavlink_test.png")
    assert (tmp_path / "pymavlink_test.html").stat().st_size > 10_000
