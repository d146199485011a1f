"""The common form of a log another autopilot wrote, and what reading any of them shares."""

import mmap
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import LogError

BLOCK = 1 << 16
MOST_NOTES = 100
Gaps = list[tuple[int, int]]
# A format's walk(data, at, *tables, offsets) and resume(data, at, *tables), as logs/foreign/dataflash.py explains.
Walk = Callable[..., tuple[int, int]]
Resume = Callable[..., int]


class Recording(Mapping[str, np.ndarray]):
    """A foreign log: `recording["IMU"]["GyrX"]` is a column of the rows in file order.

    The first field of every topic is `t_us`, integer microseconds of the log's own clock. `units[topic][field]` is
    known where the format states it; `info` holds what else the log says of itself, `messages` (t_us, syslog level,
    text), `damage` what was wrong in plain words.
    """

    def __init__(self, path: str | os.PathLike[str], kind: str) -> None:
        self.path = Path(path)
        self.kind = kind
        self.topics: dict[str, np.ndarray] = {}
        self.units: dict[str, dict[str, str]] = {}
        self.info: dict[str, Any] = {}
        self.parameters: dict[str, float] = {}
        self.messages: list[tuple[int, int, str]] = []
        self.damage: list[str] = []

    def __getitem__(self, name: str) -> np.ndarray:
        return self.topics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.topics)

    def __len__(self) -> int:
        return len(self.topics)

    def has(self, name: str, **kinds: str) -> bool:
        """Return whether a topic has fields of the given kinds of numpy scalars, such as Value="fiu"."""
        fields = self.topics[name].dtype.fields or {} if name in self.topics else {}
        return all(key in fields and fields[key][0].kind in kind for key, kind in kinds.items()) and bool(
            fields
        )

    def take(self, name: str, rows: np.ndarray, units: Mapping[str, str]) -> None:
        """Keep a topic."""
        self.topics[name] = rows
        self.units[name] = {"t_us": "us", **units}

    def note(self, text: str) -> None:
        """Note damage; a file of nothing else does not fill the memory with it."""
        if len(self.damage) < MOST_NOTES:
            self.damage.append(text)
        elif len(self.damage) == MOST_NOTES:
            self.damage.append("is damaged in more places than are listed here")

    def note_gaps(self, gaps: Gaps, size: int) -> None:
        """Note the bytes between messages that belong to none."""
        for begin, end in gaps:
            if end < size:
                self.note(f"is damaged at byte {begin}; {end - begin} bytes are skipped")
            else:
                self.note(f"ends within a message; the last {size - begin} of {size} bytes are not used")

    def finished(self) -> "Recording":
        """Warn of damage; raise LogError when nothing is left to read."""
        if not self.topics:
            reason = f": {self.damage[0]}" if self.damage else ""
            raise LogError(f"{self.path}: holds no readable message of a {self.kind} log{reason}")
        if self.damage:
            warnings.warn(f"{self.path}: {'; '.join(self.damage[:3])}", stacklevel=3)
        return self


def file_bytes(path: str | os.PathLike[str]) -> np.ndarray:
    """Return a file's bytes without reading them yet; raise LogError when there are none."""
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise LogError(f"{path}: is empty: it holds no flight")
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from None


def messages(data: np.ndarray, at: int, walk: Walk, resume: Resume, *tables: Any) -> tuple[np.ndarray, Gaps]:
    """Return where every message begins from byte `at` on, and the stretches of bytes that hold none."""
    found, gaps = [], []
    block = np.empty(BLOCK, np.int64)
    while at < len(data):
        count, at = walk(data, at, *tables, block)
        found.append(block[:count].copy())
        if count < BLOCK and at < len(data):
            place = resume(data, at + 1, *tables)
            gaps.append((at, place))
            at = place
    return np.concatenate(found) if found else np.empty(0, np.int64), gaps


def by_kind(kinds: np.ndarray) -> dict[int, np.ndarray]:
    """Return the places of each kind, in order."""
    if not len(kinds):
        return {}
    order = np.argsort(kinds, kind="stable")
    present, first = np.unique(kinds[order], return_index=True)
    return dict(zip(present.tolist(), np.split(order, first[1:]), strict=True))


def text(raw: bytes) -> str:
    """Return a text that ends at its first null byte; what is no UTF-8 is marked."""
    return raw.partition(b"\0")[0].decode(errors="replace")
