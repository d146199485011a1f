"""Read ULog files, ours and PX4's: a truncated or damaged one as far as it can be trusted.

Topics are numpy structured arrays, gathered from the memory-mapped file when they are first asked for.
"""

import mmap
import os
import struct
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from flight.errors import LogError
from logs.scan import gather, resume, walk
from logs.statements import Statements
from logs.ulog import MAGIC

HEADER_SIZE = 16
KINDS = b"BFIMPQADLCSOR"
BLOCK = 1 << 18
RECENT = 100
MOST_NOTES = 100
DATA = ord("D")


class Log(Statements, Mapping[str, np.ndarray]):
    """A flight log: `log["vehicle_attitude"]["q"]` is an (n, 4) array.

    A second instance of a topic is named "topic:1"; everything that is not data is in the fields of Statements.
    `damage` lists what was wrong in plain words and `intact_end` is the byte before which nothing was; `places` are the
    bytes where each topic's messages begin, `other_places` those of all others.
    Raises LogError when the file cannot be read or is not a ULog.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        super().__init__()
        self._file = _mapped(self.path)
        self.data = np.frombuffer(self._file, np.uint8)
        self.start_us = int(self.data[8:16].view("<u8")[0])
        self.damage: list[str] = []
        self.intact_end = len(self.data)
        self.places: dict[str, np.ndarray] = {}
        self._gathered: dict[str, np.ndarray] = {}
        self._read()

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._gathered:
            self._gathered[name] = self.rows(name, self.places[name])
        return self._gathered[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def intact(self, name: str) -> np.ndarray:
        """Return a topic's rows before the first damage."""
        places = self.places[name]
        return self[name][: np.searchsorted(places, self.intact_end)]

    def rows(self, name: str, places: np.ndarray) -> np.ndarray:
        """Gather the rows of a topic whose messages begin at the given bytes."""
        dtype = self.dtypes[name]
        raw = np.empty((len(places), dtype.itemsize), np.uint8)
        gather(self.data, places + 5, raw)
        return raw.reshape(-1).view(dtype)

    def _read(self) -> None:
        offsets = self._offsets()
        kinds = self.data[offsets + 2]
        is_data = kinds == DATA
        self._data_places, self.other_places = offsets[is_data], offsets[~is_data]
        for place, kind in zip(offsets[~is_data].tolist(), kinds[~is_data].tolist(), strict=True):
            self._take(chr(kind), place)
        self.join_pieces()
        self._sort_data(offsets[is_data])
        if self.damage:
            warnings.warn(f"{self.path}: {'; '.join(self.damage[:3])}", stacklevel=3)

    def _offsets(self) -> np.ndarray:
        """Return where every message begins, skipping over damage."""
        is_known = np.zeros(256, np.uint8)
        is_known[list(KINDS)] = 1
        found = []
        block = np.empty(BLOCK, np.int64)
        for begin, end in self._sections():
            at = begin
            while at < end:
                count, at = walk(self.data, at, end, is_known, block)
                found.append(block[:count].copy())
                if count < BLOCK and at < end:
                    at = self._after_damage(at, end, is_known)
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _sections(self) -> list[tuple[int, int]]:
        """Return the parts of the file: one, or more where data was appended after a crash."""
        size = len(self.data)
        if size < HEADER_SIZE + 43 or self.data[HEADER_SIZE + 2] != ord("B"):
            return [(HEADER_SIZE, size)]
        flags = self.data[HEADER_SIZE + 3 + 8 : HEADER_SIZE + 3 + 16]
        if flags[0] & ~np.uint8(1) or flags[1:].any():
            raise LogError(
                f"{self.path}: is a ULog with features this reader does not know (flags {bytes(flags).hex()})"
            )
        starts = self.data[HEADER_SIZE + 19 : HEADER_SIZE + 43].view("<u8").tolist() if flags[0] else []
        edges = [HEADER_SIZE, *sorted({s for s in starts if HEADER_SIZE < s < size}), size]
        return list(pairwise(edges))

    def _after_damage(self, at: int, end: int, is_known: np.ndarray) -> int:
        """Note the damage and return the next place to read from."""
        place = resume(self.data, at + 1, end, is_known)
        if place < end:
            self._note(at, f"is damaged at byte {at}; {place - at} bytes are skipped")
        elif end == len(self.data):
            self._note(
                at, f"ends in the middle of a message; the last {end - at} of {end} bytes are not used"
            )
        return place

    def _note(self, at: int, text: str) -> None:
        # A file of nothing but damage does not fill the memory with its description.
        if len(self.damage) < MOST_NOTES:
            self.damage.append(text)
        elif len(self.damage) == MOST_NOTES:
            self.damage.append("is damaged in more places than are listed here")
        self.intact_end = min(self.intact_end, at)

    def _take(self, kind: str, place: int) -> None:
        """Read one message that is not data."""
        size = int(self.data[place]) + 256 * int(self.data[place + 1])
        body = self.data[place + 3 : place + 3 + size].tobytes()
        try:
            self.take(kind, body, self.time_at(place) if kind in "PO" else 0)
        except (ValueError, KeyError, IndexError, struct.error) as error:
            self._note(place, f"has an unreadable message of kind {kind} at byte {place} ({error})")

    def time_at(self, place: int) -> int:
        """Return the latest time stamp of the data messages shortly before a place in the file."""
        end = int(np.searchsorted(self._data_places, place))
        return int(self._stamps[max(end - RECENT, 0) : end].max(initial=0)) or self.start_us

    @cached_property
    def _stamps(self) -> np.ndarray:
        """Return the time stamps of all data messages; of those too short to have one 0."""
        size = self.data[self._data_places] + 256 * self.data[self._data_places + 1].astype(np.int64)
        raw = np.zeros((len(self._data_places), 8), np.uint8)
        is_timed = size >= 10
        timed = np.empty((int(is_timed.sum()), 8), np.uint8)
        gather(self.data, self._data_places[is_timed] + 5, timed)
        raw[is_timed] = timed
        return raw.reshape(-1).view("<u8")

    def _sort_data(self, offsets: np.ndarray) -> None:
        """Find each topic's messages; those too short for their topic or of no topic count as damage."""
        sizes = self.data[offsets] + 256 * self.data[offsets + 1].astype(np.int64)
        wrong = [offsets[sizes < 2]]
        offsets, sizes = offsets[sizes >= 2], sizes[sizes >= 2]
        numbers = self.data[offsets + 3] + 256 * self.data[offsets + 4].astype(np.uint16)
        order = np.argsort(numbers, kind="stable")
        present, first = np.unique(numbers[order], return_index=True)
        for number, some in zip(present.tolist(), np.split(order, first[1:]), strict=False):
            key = self.subscriptions.get(number)
            fits = sizes[some] - 2 >= (self.dtypes[key].itemsize if key else LARGEST_ROW)
            wrong.append(offsets[some][~fits])
            if key:
                self.places[key] = offsets[some][fits]
        for place in np.sort(np.concatenate(wrong)).tolist():
            self._note(place, f"has data at byte {place} that fits no topic")


LARGEST_ROW = 1 << 16


def _mapped(path: Path) -> mmap.mmap:
    """Return a file's bytes without reading them yet, or raise LogError."""
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_SIZE)
            if not head or head[: len(MAGIC)] != MAGIC[: len(head)]:
                raise LogError(
                    f"{path}: is not a ULog flight log: it begins with {head[:8]!r} instead of b'ULog'"
                )
            if len(head) < HEADER_SIZE:
                raise LogError(
                    f"{path}: is cut off within its header of {HEADER_SIZE} bytes: it holds no flight"
                )
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from None
