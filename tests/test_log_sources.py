"""One door for the logs of every autopilot, told apart by what is in them."""

import numpy as np
import pytest

from flight.errors import LogError
from logs.sources import open_log
from tests.foreign_logs import expected, wrong_values

KINDS = {
    "pyulog_sample.ulg": "ULog",
    "dronekit_log171.bin": "DataFlash",
    "uavlogviewer_vtol.tlog": "telemetry",
    "bblog_btfl_002.bbl": "blackbox",
    "cf_usd_twr_obs_log1.bin": "Crazyflie",
}
ULOGS = (
    "pyulog_sample.ulg",
    "pyulog_sample_appended_multiple.ulg",
    "pyulog_sample_log_small.ulg",
    "pyulog_sample_logging_tagged_and_default_params.ulg",
    "pyulog_sample_px4_events.ulg",
)


@pytest.mark.filterwarnings("ignore:.*cannot be trusted")
@pytest.mark.parametrize("name", KINDS)
def test_a_log_is_told_by_its_content_and_not_by_its_name(shared_data, tmp_path, name):
    path = tmp_path / "flight.txt"
    path.symlink_to(expected(shared_data, name)[0].resolve())

    recording = open_log(path)

    assert recording.kind == KINDS[name]
    assert all(rows.dtype.names[0] == "t_us" and len(rows) for rows in recording.values())
    assert all(recording.units[topic]["t_us"] == "us" for topic in recording)
    assert all(set(recording.units[topic]) <= set(recording[topic].dtype.names) for topic in recording)


@pytest.mark.parametrize("name", ULOGS)
def test_every_value_of_a_ulog_is_as_pyulog_reads_it(shared_data, name):
    path, known = expected(shared_data, name)

    recording = open_log(path)

    topics = {topic.replace("#0", "").replace("#", ":"): facts for topic, facts in known["topics"].items()}
    assert {topic: len(rows) for topic, rows in recording.items()} == {t: f["n"] for t, f in topics.items()}
    assert not [w for t, facts in topics.items() for w in wrong_values(recording[t], facts.get("fields", {}))]


@pytest.mark.parametrize("raw", [b"", b"no log", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(8) + b"\xfe" * 90])
def test_what_is_no_flight_log_is_refused_with_what_is_known(tmp_path, raw):
    (tmp_path / "a.bin").write_bytes(raw)

    with pytest.raises(LogError, match=r"a\.bin: "):
        open_log(tmp_path / "a.bin")


def test_a_ulog_states_units_where_its_names_do(shared_data):
    recording = open_log(expected(shared_data, "pyulog_sample.ulg")[0])

    assert recording.units["sensor_combined"]["gyro_rad"] == "rad/s"
    assert recording.units["sensor_combined"]["accelerometer_m_s2"] == "m/s/s"
    assert (np.diff(recording["sensor_combined"]["t_us"]) > 0).all()
