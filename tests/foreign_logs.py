"""What tests of foreign logs share: expected values of independent readers, small files, damaged copies."""

import contextlib
import json
import struct
import warnings

import numpy as np

from flight.errors import LogError

# A file's damaged copies are read within seconds: what hangs fails the suite's own patience.
MUTATIONS = 25


def expected(shared_data, name):
    """Return the path of a recording and what its independent reader found."""
    folder = shared_data / "recordings" / "logs"
    return folder / name, json.loads((folder / "expected.json").read_text())[name]


def element(rows, field):
    """Return a column, or with an index such as q[2] one of an array."""
    if field in rows.dtype.names:
        return rows[field]
    name, _, index = field.rstrip("]").rpartition("[")
    return rows[name][:, int(index)]


def wrong_values(rows, fields, names=None):
    """Return every statistic of a topic's fields that is not as expected."""
    wrong = []
    for field, statistics in fields.items():
        column = np.asarray(element(rows, (names or {}).get(field, field)), np.float64)
        # Their readers left out what was no number.
        column = column[np.isfinite(column)]
        if not len(column):
            wrong += [(field, statistics)] if statistics.get("n", 0) else []
            continue
        found = {"n": len(column), "mean": column.mean(), "min": column.min(), "max": column.max()}
        found |= {"first": column[0], "last": column[-1]}
        for key, value in statistics.items():
            # A mean depends on the order of summation in its last digits; everything else is exact.
            exact = found[key] == value
            if not (np.isclose(found[key], value, rtol=1e-11, atol=1e-11) if key == "mean" else exact):
                wrong.append((field, key, value, found[key]))
    return wrong


def damaged(raw, random):
    """Return a copy of a file with a few of its bytes changed, cut out, doubled or missing at the end."""
    data = bytearray(raw)
    for _ in range(int(random.integers(1, 12))):
        at, size = int(random.integers(0, len(data))), int(random.integers(1, 40))
        match int(random.integers(0, 5)):
            case 0:
                data[at] ^= 1 << int(random.integers(0, 8))
            case 1:
                data[at : at + size] = random.integers(0, 256, size, np.uint8).tobytes()
            case 2:
                del data[at : at + size]
            case 3:
                data[at:at] = data[at : at + size]
            case 4:
                data[at : at + size] = bytes((int(random.integers(0, 256)),)) * size
    keep = int(random.integers(len(data) // 2, len(data))) if random.integers(0, 4) == 0 else len(data)
    return bytes(data[:keep])


def read_damaged(read, raw, path, count=MUTATIONS):
    """Read damaged copies; return how many were readable in part. Anything but LogError is a crash."""
    readable = 0
    for seed in range(count):
        path.write_bytes(damaged(raw, np.random.default_rng(seed)))
        with contextlib.suppress(LogError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            readable += sum(map(len, read(path).values())) > 0
    return readable


def dataflash_format(kind, name, letters, columns, body_size):
    """Return a FMT message."""
    fields = (kind, 3 + body_size, name.encode(), letters.encode(), columns.encode())
    return b"\xa3\x95\x80" + struct.pack("<BB4s16s64s", *fields)
