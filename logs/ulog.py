"""Write ULog, the flight log format of PX4 (docs.px4.io, "ULog File Format", version 1).

A file is a header, definitions (formats, information, parameters) and then a stream of messages, each with its size
and kind in front. Rows of a topic are written many at once.
"""

import struct
from typing import Any

import numpy as np

from flight.record import leaves
from logs.sink import Sink

MAGIC = b"ULog\x01\x12\x35"
VERSION = 1
SYNC = bytes((0x2F, 0x73, 0x13, 0x20, 0x25, 0x0C, 0xBB, 0x12))
LARGEST = 65535
MASK = (1 << 64) - 1
HAS_DEFAULT_PARAMETERS = 1
C_TYPES = {
    "i1": "int8_t",
    "u1": "uint8_t",
    "i2": "int16_t",
    "u2": "uint16_t",
    "i4": "int32_t",
    "u4": "uint32_t",
    "i8": "int64_t",
    "u8": "uint64_t",
    "f4": "float",
    "f8": "double",
    "b1": "bool",
}
EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG = range(8)


def message(kind: str, body: bytes) -> bytes:
    """Return one ULog message; a body longer than the format allows is cut."""
    return struct.pack("<HB", len(body[:LARGEST]), ord(kind)) + body[:LARGEST]


def c_type(dtype: np.dtype) -> str:
    """Return the format's name of a scalar or array field type; an array of any shape becomes a flat one."""
    base, shape = dtype.subdtype or (dtype, ())
    if base.kind == "S":
        return f"char[{base.itemsize}]"
    name = C_TYPES[base.str[1:]]
    return f"{name}[{int(np.prod(shape))}]" if shape else name


def format_text(name: str, dtype: np.dtype) -> str:
    """Return the definition of a topic; nested records are flattened, dots become underscores."""
    fields = "".join(f"{c_type(kind)} {path.replace('.', '_')};" for path, kind in leaves(dtype).items())
    return f"{name}:{fields}"


def stamped(dtype: np.dtype) -> np.dtype:
    """Return a record's fields as a topic has them: behind the time stamp."""
    return np.dtype([("timestamp", "<u8"), *dtype.descr])


def key_value(key: str, value: Any) -> bytes:
    """Return key and value as information messages hold them: text, bytes, or a number of its numpy type."""
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        kind = f"{'char' if isinstance(value, str) else 'uint8_t'}[{len(raw)}]"
    else:
        number = np.asarray(value)
        raw, kind = number.tobytes(), c_type(number.dtype)
    name = f"{kind} {key}".encode()
    return struct.pack("<B", len(name)) + name + raw


class ULogWriter:
    """Write definitions, then topics and messages, each call as one piece handed to the operating system.

    Order matters to readers: `define`, `info`, `parameter` first, then `subscribe`, then `append` and `say`.
    """

    def __init__(self, sink: Sink, start_us: int = 0) -> None:
        self.sink = sink
        self.formats: dict[str, np.dtype] = {}
        self.topics: dict[str, tuple[int, np.dtype]] = {}
        sink.write(MAGIC + struct.pack("<BQ", VERSION, start_us))
        sink.write(message("B", bytes((HAS_DEFAULT_PARAMETERS,)) + bytes(39)))

    def start_at(self, start_us: int) -> None:
        """Correct the time at which the log says it began."""
        self.sink.overwrite(len(MAGIC) + 1, struct.pack("<Q", start_us & MASK))

    def define(self, name: str, dtype: np.dtype) -> None:
        """Define a topic's format; its first field must be the time stamp in microseconds."""
        if not dtype.names or dtype.names[0] != "timestamp" or dtype["timestamp"] != np.dtype("u8"):
            raise ValueError(f"topic {name} must begin with a uint64 timestamp")
        self.formats[name] = dtype
        self.sink.write(message("F", format_text(name, dtype).encode()))

    def info(self, key: str, value: Any) -> None:
        """Write one fact about the flight."""
        self.sink.write(message("I", key_value(key, value)))

    def multi_info(self, key: str, value: Any, is_continued: bool = False) -> None:
        """Write one entry of a list of facts, or the next piece of the last entry."""
        self.sink.write(message("M", bytes((is_continued,)) + key_value(key, value)))

    def parameter(self, name: str, value: float, is_integer: bool = False) -> None:
        """Write a parameter's value as int32 or float32, as every ULog reader knows it."""
        self.sink.write(message("P", key_value(name, np.int32(value) if is_integer else np.float32(value))))

    def default_parameter(self, name: str, value: float, is_integer: bool = False) -> None:
        """Write the default of a parameter that has been changed."""
        number = np.int32(value) if is_integer else np.float32(value)
        self.sink.write(message("Q", b"\x01" + key_value(name, number)))

    def subscribe(self, name: str) -> int:
        """Announce a defined topic, as "topic:1" its second instance; return the number its messages carry."""
        number = len(self.topics)
        topic, _, instance = name.partition(":")
        dtype = np.dtype([("size", "<u2"), ("kind", "u1"), ("id", "<u2"), ("row", self.formats[topic])])
        self.topics[name] = number, dtype
        self.sink.write(message("A", struct.pack("<BH", int(instance or 0), number) + topic.encode()))
        return number

    def append(self, name: str, rows: np.ndarray) -> None:
        """Write many rows of one topic at once; `rows` has the dtype given to `define`."""
        number, dtype = self.topics[name]
        messages = np.empty(len(rows), dtype)
        messages["size"] = dtype.itemsize - 3
        messages["kind"] = ord("D")
        messages["id"] = number
        messages["row"] = rows
        self.sink.write(messages.tobytes())

    def say(self, t_us: int, text: str, level: int = INFO) -> None:
        """Write a line of text, syslog level 0 (emergency) to 7 (debug)."""
        self.sink.write(message("L", struct.pack("<BQ", ord("0") + level, t_us) + text.encode()))

    def dropout(self, duration_ms: int) -> None:
        """Note that rows were lost here."""
        self.sink.write(message("O", struct.pack("<H", min(max(duration_ms, 0), LARGEST))))

    def sync(self) -> None:
        """Write a mark from which a reader can find its way again in a damaged file."""
        self.sink.write(message("S", SYNC))
