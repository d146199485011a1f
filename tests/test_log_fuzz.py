"""Whatever is in a file that calls itself a log, reading it ends, in memory of the file's measure."""

import contextlib
import struct
import tracemalloc
import warnings

import numpy as np
import pytest

from flight.errors import LogError
from logs.sources import open_log
from logs.ulog import MAGIC
from tests import blackbox_log as bb
from tests.foreign_logs import damaged, dataflash_format, expected

SAMPLES = {
    "pyulog_sample_log_small.ulg": 120_000,
    "pymavlink_test.BIN": 65_536,
    "uavlogviewer_vtol.tlog": 30_000,
    "bblog_btfl_002.bbl": 30_000,
    "cf_usd_twr_obs_log1.bin": 30_000,
}
ROUNDS = 40
# A blackbox frame of one byte may hold ten numbers, of which a copy is made.
MOST_PER_BYTE, MOST_BYTES = 200, 20_000_000
ODD = (0x00, 0x01, 0x7F, 0x80, 0xFF, ord("9"), ord(","), ord("-"))


def message(kind, body):
    return struct.pack("<HB", len(body), ord(kind)) + body


def numbered(first, *rest):
    return first + b"".join(rest)


ULOG = MAGIC + bytes(9)
TOPIC = message("F", b"a:uint64_t timestamp;")
SUBSCRIBED = message("A", b"\0\0\0a")
NESTED = b"".join(message("F", f"t{k}:t{k + 1}[60000] a;".encode()) for k in range(6))
CRAZYFLIE = b"\xbc\x02\0\x01\0\0\0g\0"
WIDE = ([f"f{k}" for k in range(126)], ((0,) * 126, (9,) * 126), ((0,) * 126, (9,) * 126))
ADVERSARIES = {
    "ulog of formats within formats": ULOG
    + NESTED
    + message("F", b"t6:float a;")
    + message("A", b"\0\0\0t0"),
    "ulog of a format within itself": ULOG + message("F", b"a:a x;") + SUBSCRIBED,
    "ulog of an endless array": ULOG
    + message("F", b"a:uint64_t timestamp;float[4000000000] x;")
    + SUBSCRIBED,
    "ulog of one name twice": ULOG + message("F", b"a:uint64_t timestamp;float x;float x;") + SUBSCRIBED,
    "ulog of nothing": ULOG + bytes(200_000),
    "ulog of unreadable formats": ULOG + message("F", b"garbage") * 20_000,
    "ulog of data without a topic": ULOG + message("D", b"\0\0") * 20_000,
    "ulog of parameters": numbered(
        ULOG + TOPIC + SUBSCRIBED,
        message("D", b"\0\0" + bytes(8)) * 200,
        message("P", b"\x07float p" + bytes(4)) * 20_000,
    ),
    "ulog of pieces": ULOG + TOPIC + SUBSCRIBED + message("M", b"\x01\x09char[1] kx") * 50_000,
    "ulog of damages": ULOG + TOPIC + SUBSCRIBED + (message("D", bytes(10)) * 9 + bytes(4)) * 3000,
    "ulog appended nowhere": ULOG + message("B", bytes(8) + b"\x01" + bytes(7) + b"\xff" * 24) + bytes(1000),
    "dataflash of heads": b"\xa3\x95" * 100_000,
    "dataflash of formats": dataflash_format(1, "A", "Q", "A", 8) * 5000,
    "dataflash of second formats": b"".join(dataflash_format(1, f"A{k}", "Q", "A", 8) for k in range(1000)),
    "dataflash of one name twice": dataflash_format(1, "A", "QQ", "A,A", 16) + b"\xa3\x95\x01" + bytes(16),
    "telemetry of starts": (bytes(8) + b"\xfe") * 20_000,
    "telemetry of largest packets": (bytes(8) + b"\xfd" + b"\xff" * 12) * 10_000,
    "crazyflie of endless events": b"\xbc\x02\0\xff\xff" + bytes(200_000),
    "crazyflie of endless names": CRAZYFLIE + b"\xff\xff" + b"x" * 200_000,
    "crazyflie of one name twice": CRAZYFLIE + b"\x02\0a(d)\0a(d)\0" + bytes(100),
    "crazyflie of many variables": CRAZYFLIE + b"\xff\xff" + b"".join(b"a%d(d)\0" % k for k in range(65535)),
    "blackbox of starts": f"H {bb.START}\n".encode() * 2000,
    "blackbox of letters": bb.header([], ((), ()), ((), ())) + b"IPGHSE" * 30_000,
    "blackbox of frames of nothing": bb.header(*WIDE) + bb.intra(0, 0) + bb.inter(0) * 50_000,
    "blackbox of growing numbers": numbered(
        bb.header(["a"], ((0,), (0,)), ((2,), (0,))),
        bb.intra(0, 0, b"\0"),
        bb.inter(0, b"\xfe\xff\xff\xff\x0f") * 9999,
    ),
    "blackbox of long numbers": bb.header(
        [], ((), ()), ((), ()), minthrottle="9" * 5000, **{"P interval": "9" * 5000}
    ),
}


def read_whole(path, raw):
    """Read every topic; return how many rows there are, and the most memory it took at once."""
    path.write_bytes(raw)
    tracemalloc.start()
    rows = 0
    with contextlib.suppress(LogError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = open_log(path)
        rows = sum(len(recording[topic]) for topic in recording)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return rows, peak


def odd(raw, random):
    """Return a copy with lengths and counts at the beginning made as large, small or strange as they can be."""
    data = bytearray(raw)
    for _ in range(int(random.integers(1, 6))):
        data[int(random.integers(0, min(len(data), 4000)))] = int(random.choice(ODD))
    return bytes(data)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.slow
def test_a_log_with_strange_bytes_is_read_in_part_or_refused(shared_data, tmp_path, name):
    raw = expected(shared_data, name)[0].read_bytes()[: SAMPLES[name]]
    read_whole(tmp_path / "a", raw)

    for seed in range(ROUNDS):
        random = np.random.default_rng(seed)
        _, peak = read_whole(tmp_path / "a", (odd if seed % 2 else damaged)(raw, random))
        assert peak < MOST_BYTES + MOST_PER_BYTE * len(raw)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.slow
def test_a_log_cut_off_anywhere_is_read_as_far_as_it_goes(shared_data, tmp_path, name):
    raw = expected(shared_data, name)[0].read_bytes()[: SAMPLES[name]]
    random = np.random.default_rng(1)
    sizes = sorted({*range(20), *random.integers(20, len(raw), ROUNDS).tolist(), len(raw)})

    counts = [read_whole(tmp_path / "a", raw[:size])[0] for size in sizes]

    assert counts == sorted(counts), "what comes later takes nothing away"
    assert counts[0] == 0
    assert counts[-1] > 0


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_file_made_to_do_harm_does_none(tmp_path, name):
    raw = ADVERSARIES[name]

    _, peak = read_whole(tmp_path / "a", raw)

    assert peak < MOST_BYTES + MOST_PER_BYTE * len(raw)


def test_a_ulog_without_sync_marks_is_read_on_behind_damage(shared_data, tmp_path):
    raw = bytearray(expected(shared_data, "pyulog_sample.ulg")[0].read_bytes())
    whole, _ = read_whole(tmp_path / "a", raw)
    raw[len(raw) // 2 : len(raw) // 2 + 100] = b"\xee" * 100

    rows, _ = read_whole(tmp_path / "a", raw)

    assert whole - 20 < rows < whole
