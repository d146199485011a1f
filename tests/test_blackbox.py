"""Betaflight's blackbox logs: every value its own decoder finds, every encoding, no row that was not flown."""

import numpy as np
import pytest

from flight.errors import LogError
from logs.foreign.blackbox import read_blackbox
from tests import blackbox_log as bb
from tests.foreign_logs import expected, read_damaged, wrong_values

LOGS = ("bblog_btfl_002.bbl", "pidanalyzer_better_tune.BBL")
STEP_US = 1000


def flight(count, begin=0, begin_us=5000):
    """Return frames `STEP_US` apart, every fourth a full one."""
    frames = []
    for k in range(count):
        # Behind a full frame the straight line is flat.
        error = STEP_US if k % 4 == 1 else 0
        is_full = k % 4 == 0
        frames.append(bb.intra(begin + k, begin_us + STEP_US * k) if is_full else bb.inter(error))
    return frames


def plain(**lines):
    """Return the header of a log of nothing but count and time."""
    return bb.header([], ((), ()), ((), ()), **lines)


def read(tmp_path, raw):
    (tmp_path / "a.bbl").write_bytes(raw)
    return read_blackbox(tmp_path / "a.bbl")


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.slow
def test_every_value_of_a_blackbox_log_is_as_the_official_decoder_finds_it(shared_data, name):
    path, known = expected(shared_data, name)

    recording = read_blackbox(path)

    assert recording.damage == []
    assert [{k: n for k, n in found.items() if n} for found in recording.info["frames"]] == [
        known["frames"][str(k + 1)] for k in range(len(known["frames"]))
    ]
    for k, facts in enumerate(known["logs"].values()):
        suffix = f":{k}" if k else ""
        assert len(recording[f"main{suffix}"]) == facts["rows"]
        assert len(recording.get(f"gps{suffix}", ())) == facts.get("gps_rows", 0)
        assert not wrong_values(recording[f"main{suffix}"], facts["fields"], {"time (us)": "time"})


def test_a_log_of_betaflight_3_1_5_lasts_as_long_as_the_flight(shared_data, record_property):
    rows = read_blackbox(expected(shared_data, LOGS[1])[0])["main"]

    record_property("blackbox 3.1.5 duration s", (rows["t_us"][-1] - rows["t_us"][0]) * 1e-6)
    assert rows["t_us"][-1] - rows["t_us"][0] == 129_488_827
    assert (np.diff(rows["t_us"]) > 0).all()


def test_units_follow_the_firmware_that_wrote_the_log(shared_data):
    new, old = (read_blackbox(expected(shared_data, name)[0]) for name in LOGS)

    assert new.units["main"]["gyroADC[0]"] == old.units["main"]["gyroADC[0]"] == "deg/s"
    assert new.units["main"]["accSmooth[2]"] == "1/2048 g"
    assert (new.units["main"]["vbatLatest"], old.units["main"]["vbatLatest"]) == ("0.01 V", "0.1 V")
    at_rest = new["main"]["accSmooth[2]"][:100].mean() / 2048
    assert at_rest == pytest.approx(1.0, abs=0.05)


@pytest.mark.interpreted
@pytest.mark.parametrize("encoding", bb.WRITERS)
def test_every_encoding_gives_back_what_was_written(tmp_path, encoding):
    size, write = bb.WRITERS[encoding]
    random = np.random.default_rng(encoding)
    bits = random.integers(1, {bb.GROUP_4: 16, bb.NEGATIVE_14: 13}.get(encoding, 31), (200, size))
    values = random.integers(-(2 ** (bits - 1)), 2 ** (bits - 1)) * random.integers(0, 2, (200, size))
    values = abs(values) if encoding == bb.UNSIGNED else values
    names = [f"f[{k}]" for k in range(size)]
    laid_out = (0,) * size, (encoding,) * size
    frames = [bb.intra(k, STEP_US * k, write(row.tolist())) for k, row in enumerate(values)]

    rows = read(tmp_path, bb.header(names, laid_out, laid_out) + b"".join(frames) + bb.end())["main"]

    assert np.stack([rows[name] for name in names], -1).tolist() == values.tolist()


@pytest.mark.interpreted
def test_a_frame_is_added_to_what_those_before_predict(tmp_path):
    # Predictors: none, the last value, a straight line, the mean of two, 1500, minthrottle, motor[0].
    names = ["a", "b", "c", "d", "e", "f", "motor[0]", "motor[1]"]
    full, partly = ((0,) * 8, (0,) * 8), ((0, 1, 2, 3, 8, 4, 0, 5), (0,) * 8)
    lines = [b"".join(map(bb.signed, row)) for row in ([10] * 8, [1] * 8, [1] * 8)]
    raw = bb.header(names, full, partly, minthrottle=1070)
    raw += bb.intra(0, 0, lines[0]) + bb.inter(STEP_US, lines[1]) + bb.inter(0, lines[2])

    rows = read(tmp_path, raw)["main"]

    assert rows["time"].tolist() == [0, 1000, 2000]
    assert rows["loopIteration"].tolist() == [0, 1, 2]
    assert [rows[name].tolist()[1:] for name in "abcd"] == [[1, 1], [11, 12], [11, 13], [11, 11]]
    assert [rows[name].tolist()[1:] for name in "ef"] == [[1501, 1501], [1071, 1071]]
    assert rows["motor[1]"].tolist()[1:] == [2, 2]


def test_loops_left_out_on_purpose_are_counted(tmp_path):
    frames = [bb.intra(0, 0), bb.inter(8000), bb.inter(0), bb.inter(0), bb.intra(32, 32_000)]

    rows = read(tmp_path, plain(**{"I interval": 32, "P interval": "1/8"}) + b"".join(frames))["main"]

    assert rows["loopIteration"].tolist() == [0, 8, 16, 24, 32]
    assert rows["time"].tolist() == [0, 8000, 16000, 24000, 32000]


def test_time_goes_on_when_its_32_bits_are_full(tmp_path):
    raw = plain() + b"".join(flight(12, begin_us=2**32 - 5500)) + bb.end()

    assert (np.diff(read(tmp_path, raw)["main"]["t_us"]) == STEP_US).all()


def test_a_pause_is_believed_when_it_is_announced(tmp_path):
    later = b"".join(flight(4, begin=80_000, begin_us=10**9))
    before = plain() + b"".join(flight(4))

    announced = read(tmp_path, before + bb.resume(80_000, 10**9) + later)
    assert len(announced["main"]) == 8
    assert announced.messages[0][2] == "logging resumes"
    with pytest.warns(UserWarning, match="4 frames or bytes in flight 1 that cannot be trusted"):
        assert len(read(tmp_path, before + later)["main"]) == 4


@pytest.mark.filterwarnings("ignore:.*ends within a frame")
def test_nothing_is_made_up_where_a_log_is_cut_off(tmp_path):
    frames, head = flight(20), plain()
    ends = len(head) + np.cumsum([len(frame) for frame in frames])
    raw = head + b"".join(frames) + bb.end()

    for size in range(ends[0], len(raw)):
        times = read(tmp_path, raw[:size])["main"]["t_us"]
        assert times.tolist() == [5000 + STEP_US * k for k in range(np.sum(ends <= size))]


def test_reading_goes_on_with_the_next_full_frame_behind_damage(tmp_path):
    frames = flight(16)
    frames[5] = b"\xfe\xfe"

    with pytest.warns(UserWarning, match="cannot be trusted"):
        rows = read(tmp_path, plain() + b"".join(frames) + bb.end())["main"]

    assert rows["loopIteration"].tolist() == [0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15]


def test_a_position_needs_the_home_it_is_relative_to(tmp_path):
    lines = {}
    for letter, name, predictor in (("H", "GPS_home", 0), ("G", "GPS_coord", 7)):
        lines |= {f"Field {letter} name": f"{name}[0],{name}[1]", f"Field {letter} signed": "1,1"}
        lines |= {f"Field {letter} predictor": f"{predictor},{predictor}", f"Field {letter} encoding": "0,0"}
    place = b"G" + bb.signed(3) + bb.signed(-4)
    home = b"H" + bb.signed(470_000_000) + bb.signed(85_000_000)
    raw = plain(**lines) + b"".join(flight(2)) + place + home + place + bb.end()

    with pytest.warns(UserWarning, match="1 frames or bytes"):
        recording = read(tmp_path, raw)

    assert recording["gps"]["GPS_coord[0]"].tolist() == [470_000_003]
    assert recording["gps"]["GPS_coord[1]"].tolist() == [84_999_996]
    assert recording.units["gps"]["GPS_coord[0]"] == "1e-07 deg"


@pytest.mark.filterwarnings("ignore:.*is damaged at byte 0")
def test_several_flights_in_a_file_are_kept_apart(tmp_path):
    flights = [plain(**{"Craft name": n}) + b"".join(flight(c)) + bb.end() for n, c in (("a", 3), ("b", 6))]

    recording = read(tmp_path, b"\xff" * 50 + flights[0] + b"\xff" * 300 + flights[1])

    assert [len(recording["main"]), len(recording["main:1"])] == [3, 6]
    assert [header["Craft name"] for header in recording.info["flights"]] == ["a", "b"]


def test_changes_made_in_flight_are_events(tmp_path):
    raw = plain() + bb.intra(0, 0) + bb.adjusted(3, -40) + bb.adjusted(4, 2.5) + bb.end()

    events = read(tmp_path, raw)["events"]

    assert events["event"].tolist() == [13, 13, 255]
    assert events["value"].tolist() == [3, 0x84, 0]
    assert events["detail"][0] == -40
    assert events["detail"][1].astype("<u4").view("<f4") == 2.5


@pytest.mark.parametrize(
    "raw",
    [
        b"H Product:Blackbox flight data recorder by Nicholas",
        b"H Product:Blackbox flight data recorder by Nicholas Sherlock\n",
        plain(**{"Field I encoding": "1"}),
        plain(**{"Field P encoding": "9,77"}),
        plain(**{"Field I name": "time,loopIteration"}),
        plain(**{"Field I name": "loopIteration,time,time"}),
        plain(**{"P interval": "1/0"}),
        plain(**{"I interval": 10**9}) + bb.intra(0, 0),
        plain(),
        plain() + b"\xff" * 1000,
    ],
)
def test_what_is_no_blackbox_log_is_refused(tmp_path, raw):
    with pytest.raises(LogError, match=r"a\.bbl: "):
        read(tmp_path, raw)


@pytest.mark.parametrize("name", LOGS)
def test_damaged_blackbox_logs_are_read_in_part(shared_data, tmp_path, name):
    raw = expected(shared_data, name)[0].read_bytes()

    assert read_damaged(read_blackbox, raw[:60_000], tmp_path / "a.bbl") > 20
