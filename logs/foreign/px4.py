"""A ULog, ours or PX4's, in the common form of the logs of all autopilots."""

import os
import re
from collections.abc import Iterator

import numpy as np

from flight.errors import LogError
from logs.foreign.recording import Recording
from logs.reader import Log
from logs.ulog import MAGIC

# The format states no units; PX4 writes them into the names of fields, or means these.
SUFFIXES = (
    (r"(^|_)time_utc_usec$|(^|_)timestamp\w*$|_us$", "us"),
    (r"_m_s2$", "m/s/s"),
    (r"_m_s$|^v[xyz]$", "m/s"),
    (r"_rad_s$|^(roll|pitch|yaw)speed$|^gyro_rad$", "rad/s"),
    (r"_rad$", "rad"),
    (r"_deg$", "deg"),
    (r"_mah$", "mAh"),
    (r"_ma$", "mA"),
    (r"_pa$", "Pa"),
    (r"_cel[cs]ius$|_degc$", "degC"),
    (r"_ga$", "gauss"),
    (r"_hz$", "Hz"),
    (r"_rpm$", "rpm"),
    (r"(?<!_per)_ms$", "ms"),
    (r"_s$", "s"),
    (r"_v$", "V"),
    (r"_a$", "A"),
    (r"_w$", "W"),
    (r"_m$", "m"),
    (r"_g$", "g"),
)
MEANT = {
    "vehicle_local_position": {"x": "m", "y": "m", "z": "m"},
    "vehicle_angular_velocity": {"xyz": "rad/s"},
}
# A topic may hold another time under our name for the time stamp.
CLASHES = {"t_us": "t_us_inside"}
KNOWN = [(re.compile(pattern), unit) for pattern, unit in SUFFIXES]


class ULogRecording(Recording):
    """A ULog whose topics are gathered when they are first asked for; `log` is the reader with all it states.

    PX4's `timestamp` is `t_us` here. Topics without a row or a time are left out.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, "ULog")
        self.log = Log(path)
        self.info = {**self.log.multi_info, **self.log.info}
        self.parameters = self.log.parameters
        self.messages = self.log.messages
        self.damage = self.log.damage
        self.names = [name for name in self.log if self._is_usable(name)]
        self.units = {name: stated_units(name, self.log.dtypes[name]) for name in self.names}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.topics:
            if name not in self.units:
                raise KeyError(name)
            self.topics[name] = timed(self.log[name])
        return self.topics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def _is_usable(self, name: str) -> bool:
        dtype = self.log.dtypes[name]
        names = dtype.names or ()
        return len(self.log.places[name]) > 0 and "timestamp" in names and dtype["timestamp"].kind == "u"


def is_ulog(data: np.ndarray) -> bool:
    """Return whether bytes begin as a ULog does."""
    return bytes(data[: len(MAGIC)]) == MAGIC


def read_ulog(path: str | os.PathLike[str]) -> ULogRecording:
    """Read a ULog; a damaged one as far as its messages are whole. Raises LogError."""
    recording = ULogRecording(path)
    if not recording:
        reason = f": {recording.damage[0]}" if recording.damage else ""
        raise LogError(f"{path}: holds no row of any topic{reason}")
    return recording


def timed(rows: np.ndarray) -> np.ndarray:
    """Return rows with their time stamp in front, named t_us; without a copy where it is there already."""
    names = rows.dtype.names or ()
    kept = [name for name in names if name != "timestamp"]
    kinds = [(CLASHES.get(name, name), rows.dtype[name]) for name in kept]
    dtype = np.dtype([("t_us", "<i8"), *kinds])
    if names[:1] == ("timestamp",) and rows.dtype["timestamp"] == np.dtype("<u8"):
        return rows.view(dtype)
    out = np.empty(len(rows), dtype)
    out["t_us"] = rows["timestamp"]
    for name in kept:
        out[CLASHES.get(name, name)] = rows[name]
    return out


def stated_units(topic: str, dtype: np.dtype) -> dict[str, str]:
    """Return the units a topic's field names state."""
    meant = MEANT.get(topic.partition(":")[0].removesuffix("_groundtruth"), {})
    units = {"t_us": "us"}
    for name in dtype.names or ():
        unit = meant.get(name) or next((unit for pattern, unit in KNOWN if pattern.search(name)), "")
        if unit and name != "timestamp":
            units[CLASHES.get(name, name)] = unit
    return units
