"""Logs other autopilots wrote: every value independent readers found, and damage survived."""

import struct
import zlib

import numpy as np
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from flight.errors import LogError
from logs.foreign.crazyflie import read_crazyflie
from logs.foreign.dataflash import read_dataflash
from logs.foreign.tlog import read_tlog
from tests.foreign_logs import dataflash_format, expected, read_damaged, wrong_values

TIMED = dataflash_format(1, "ACC", "QcL", "TimeUS,A,Lat", 14)
TELEMETRY = b"\0" * 8 + b"\xfe\x09"
DATAFLASHES = ("dronekit_log171.bin", "pymavlink_test.BIN")


def accelerations(count):
    rows = [struct.pack("<Qhi", 1000 * k, -150 - k, 470000001) for k in range(count)]
    return [b"\xa3\x95\x01" + row for row in rows]


def pilot_link(version):
    link = mavlink.MAVLink(None, srcSystem=7, srcComponent=9)
    if version == "signed":
        link.signing.secret_key, link.signing.sign_outgoing = bytes(32), True
    return link


def stamped(packets):
    """Return packets as a telemetry log holds them, 1 ms apart from the first second on."""
    stamps = (struct.pack(">Q", 1_000_000 + 1000 * k) for k in range(10**6))
    return b"".join(stamp + packet for stamp, packet in zip(stamps, packets, strict=False))


def crazyflie_head(version):
    return struct.pack("<BHHH", 0xBC, version, 1, 0) + b"gyro\0" + struct.pack("<H", 1) + b"gyro.x(f)\0"


def crazyflie_rows(count, version):
    """Return records 1 ms apart."""
    form, tick_us = ("<HIf", 1000) if version == 1 else ("<HQf", 1)
    return b"".join(struct.pack(form, 0, 1000 * k // tick_us, 0.5 * k) for k in range(count))


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


def test_a_second_format_of_a_kind_never_reaches_beyond_the_file(tmp_path):
    short = dataflash_format(1, "BAD", "Q", "A,B", 1)
    (tmp_path / "a.bin").write_bytes(short + TIMED + b"\xa3\x95\x01\x00" * 3)

    with pytest.raises(LogError, match="unreadable format"):
        read_dataflash(tmp_path / "a.bin")


@pytest.mark.parametrize("name", DATAFLASHES)
def test_damaged_dataflash_logs_are_read_in_part(shared_data, tmp_path, name):
    raw = expected(shared_data, name)[0].read_bytes()

    assert read_damaged(read_dataflash, raw[:65536], tmp_path / "a.bin") > 20


def test_every_value_of_a_telemetry_log_is_as_pymavlink_reads_it(shared_data):
    path, known = expected(shared_data, "uavlogviewer_vtol.tlog")

    recording = read_tlog(path)

    times = np.concatenate([rows["t_us"] for rows in recording.values()])
    assert recording.damage == []
    assert {topic: len(rows) for topic, rows in recording.items()} == known["counts"]
    assert (times.min(), times.max()) == (round(1e6 * known["t0"]), round(1e6 * known["t1"]))
    assert not [
        w for topic, fields in known["fields"].items() for w in wrong_values(recording[topic], fields)
    ]
    assert recording.units["ATTITUDE"]["rollspeed"] == "rad/s"
    assert recording.messages[0][2] == "ArduPlane V3.10.0-dev (f2b4e06a)"


@pytest.mark.parametrize("version", [1, 2, "signed"])
def test_packets_of_both_versions_are_read(tmp_path, version):
    link = pilot_link(version)
    attitudes = [mavlink.MAVLink_attitude_message(k, 0.5, -0.25, 1.0, 0.0, 0.0, 0.0) for k in range(3)]
    sent = [*attitudes, mavlink.MAVLink_statustext_message(4, b"gusty")]
    path = tmp_path / "a.tlog"
    path.write_bytes(stamped(message.pack(link, force_mavlink1=version == 1) for message in sent))

    recording = read_tlog(path)

    assert path.read_bytes()[8] == (0xFE if version == 1 else 0xFD)
    assert recording["ATTITUDE"]["t_us"].tolist() == [1_000_000, 1_001_000, 1_002_000]
    assert recording["ATTITUDE"]["pitch"].tolist() == [-0.25] * 3
    assert recording["ATTITUDE"]["yawspeed"].tolist() == [0.0] * 3, "zeros at the end are not sent"
    assert set(recording["ATTITUDE"]["sysid"]) == {7}
    assert set(recording["ATTITUDE"]["compid"]) == {9}
    assert recording.messages == [(1_003_000, 4, "gusty")]
    assert recording.damage == []


@pytest.mark.parametrize(("autopilot", "value"), [(mavlink.MAV_AUTOPILOT_PX4, 3.0), (0, 3.0)])
def test_an_integer_parameter_is_read_as_the_autopilot_sends_it(tmp_path, autopilot, value):
    bits = struct.unpack("<f", struct.pack("<i", 3))[0] if autopilot else 3.0
    sent = [
        mavlink.MAVLink_heartbeat_message(2, autopilot, 0, 0, 0, 3),
        mavlink.MAVLink_param_value_message(b"COM_MODE", bits, mavlink.MAV_PARAM_TYPE_INT32, 1, 0),
    ]
    (tmp_path / "a.tlog").write_bytes(stamped(message.pack(pilot_link(2)) for message in sent))

    assert read_tlog(tmp_path / "a.tlog").parameters == {"COM_MODE": value}


def test_a_torn_telemetry_log_loses_only_what_is_torn(tmp_path):
    link = pilot_link(2)
    packets = [mavlink.MAVLink_mission_current_message(k).pack(link) for k in range(6)]
    raw = bytearray(stamped(packets))
    raw[2 * len(raw) // 6 + 18] ^= 1
    (tmp_path / "a.tlog").write_bytes(raw[:-1])

    with pytest.warns(UserWarning, match="is damaged at byte"):
        recording = read_tlog(tmp_path / "a.tlog")

    assert recording["MISSION_CURRENT"]["seq"].tolist() == [0, 1, 3, 4]
    assert len(recording.damage) == 2


def test_packets_of_unknown_kind_are_passed_over_and_named(tmp_path):
    known = mavlink.MAVLink_mission_current_message(3).pack(pilot_link(2))
    unknown = bytes((0xFD, 4, 0, 0, 0, 7, 9, 0x31, 0xD4, 0)) + b"what??"
    (tmp_path / "a.tlog").write_bytes(stamped([known, unknown, known]))

    with pytest.warns(UserWarning, match="1 packets of unknown kind 54321"):
        recording = read_tlog(tmp_path / "a.tlog")

    assert len(recording["MISSION_CURRENT"]) == 2


@pytest.mark.parametrize("raw", [b"", b"short", b"no telemetry log at all", b"01234567\xfe"])
def test_what_is_no_telemetry_log_is_refused(tmp_path, raw):
    (tmp_path / "a.tlog").write_bytes(raw)

    with pytest.raises(LogError, match=r"a\.tlog: "):
        read_tlog(tmp_path / "a.tlog")


def test_damaged_telemetry_logs_are_read_in_part(shared_data, tmp_path):
    raw = expected(shared_data, "uavlogviewer_vtol.tlog")[0].read_bytes()

    assert read_damaged(read_tlog, raw[:50_000], tmp_path / "a.tlog") > 20


def test_a_file_of_packet_starts_alone_is_refused_in_time(tmp_path):
    (tmp_path / "a.tlog").write_bytes(b"\xfe" * 300_000)

    with pytest.raises(LogError, match="holds no readable message"):
        read_tlog(tmp_path / "a.tlog")


def test_every_value_of_a_crazyflie_log_is_as_its_reader_found_it(shared_data):
    path, known = expected(shared_data, "cf_usd_twr_obs_log1.bin")

    recording = read_crazyflie(path)

    counts = {topic: event["n"] for topic, event in known["events"].items()}
    times = {t: [round(1e6 * event[k]) for k in ("t0", "t1")] for t, event in known["events"].items()}
    assert {topic: len(rows) for topic, rows in recording.items()} == counts
    assert {t: rows["t_us"][[0, -1]].tolist() for t, rows in recording.items()} == times
    assert not [
        w for t, event in known["events"].items() for w in wrong_values(recording[t], event["fields"])
    ]
    assert recording.info["is_intact"] == known["meta"]["crc_ok"]
    assert recording.units["estGyroscope"]["gyro.x"] == "deg/s"


@pytest.mark.parametrize("version", [1, 2])
def test_time_is_in_microseconds_in_both_versions_of_a_crazyflie_log(tmp_path, version):
    raw = crazyflie_head(version) + crazyflie_rows(5, version)
    (tmp_path / "a.bin").write_bytes(raw + struct.pack("<I", zlib.crc32(raw)))

    recording = read_crazyflie(tmp_path / "a.bin")

    assert recording["gyro"]["t_us"].tolist() == [1000 * k for k in range(5)]
    assert recording["gyro"]["gyro.x"].tolist() == [0.5 * k for k in range(5)]
    assert recording.damage == []


def test_a_crazyflie_log_cut_off_is_read_up_to_its_end(tmp_path):
    (tmp_path / "a.bin").write_bytes((crazyflie_head(2) + crazyflie_rows(5, 2))[:-3])

    with pytest.warns(UserWarning, match="does not end with the checksum"):
        recording = read_crazyflie(tmp_path / "a.bin")

    assert len(recording["gyro"]) == 4
    assert recording.damage[1].startswith("ends within a message; the last 11 of")


def test_reading_a_crazyflie_log_goes_on_behind_damage(tmp_path):
    raw = crazyflie_head(2) + crazyflie_rows(10, 2) + b"\xee" * 5
    (tmp_path / "a.bin").write_bytes(raw + crazyflie_rows(20, 2)[14 * 10 :])

    with pytest.warns(UserWarning, match="5 bytes are skipped"):
        recording = read_crazyflie(tmp_path / "a.bin")

    assert recording["gyro"]["t_us"].tolist() == [1000 * k for k in range(20)]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xbc\x02", b"\xbc\x09\0\0\0", b"\xbc\x02\0\x01\0\0\0gyro", b"\xbc\x02\0\x01\0\0\0g\0\1\0x(s)\0"],
)
def test_what_is_no_crazyflie_log_is_refused(tmp_path, raw):
    (tmp_path / "a.bin").write_bytes(raw)

    with pytest.raises(LogError, match=r"a\.bin: "):
        read_crazyflie(tmp_path / "a.bin")


def test_damaged_crazyflie_logs_are_read_in_part(shared_data, tmp_path):
    raw = expected(shared_data, "cf_usd_twr_obs_log1.bin")[0].read_bytes()

    assert read_damaged(read_crazyflie, raw[:50_000], tmp_path / "a.bin") > 20


def test_bytes_at_random_crash_no_reader(tmp_path):
    random = np.random.default_rng(1)
    path = tmp_path / "a.bin"
    flash, fly = (read_dataflash, TIMED), (read_crazyflie, crazyflie_head(2))
    for read, head in (flash, (read_dataflash, b"\xa3\x95"), (read_tlog, TELEMETRY), fly):
        for size in (1, 5, 100, 20_000):
            raw = head + random.integers(0, 256, size, np.uint8).tobytes()
            assert read_damaged(read, raw, path, count=3) >= 0
