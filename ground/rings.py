"""Rings in shared memory: one process writes records, others read them, and nobody ever waits for anybody.

The writer overwrites the oldest record when a reader is slow; the reader counts what it missed. Each slot carries the
number of the record in it, cleared while the slot is written (a sequence lock: Lameter 2005), so a torn record is seen.
"""

from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from threading import Lock

import numpy as np

from flight.record import INTEGER, record

# `written` counts records since the ring was made.
HEAD = record(written=INTEGER)
BUSY = -1
order = Lock()


def fence() -> None:
    """Let other cores see what was written before this before what is written after; x86 alone would not need it."""
    for _ in range(2):
        order.acquire()
        order.release()


def attached(name: str) -> SharedMemory:
    """Return shared memory that another process made and removes; raise FileNotFoundError, PermissionError."""
    memory = SharedMemory(name)
    # Else this process would remove the memory under everyone's feet when it ends.
    with suppress(KeyError, ValueError):
        resource_tracker.unregister(memory._name, "shared_memory")  # type: ignore[attr-defined]
    return memory


class Ring:
    """A ring of `capacity` records of one type; with a `name` the one that another process made."""

    def __init__(self, dtype: np.dtype, capacity: int, name: str | None = None) -> None:
        size = HEAD.itemsize + capacity * (8 + dtype.itemsize)
        self.memory = SharedMemory(create=True, size=size) if name is None else attached(name)
        self.is_owner = name is None
        self.dtype, self.capacity = dtype, capacity
        numbers = np.ndarray(1 + capacity, np.int64, self.memory.buf)
        self.head, self.numbers = numbers[:1], numbers[1:]
        self.slots = np.ndarray(capacity, dtype, self.memory.buf, 8 * (1 + capacity)).view(np.recarray)
        # Copying bytes is several times faster than copying records field by field.
        self.raw = raw = np.ndarray((capacity, dtype.itemsize), np.uint8, self.memory.buf, 8 * (1 + capacity))
        spans = [(dtype[name], dtype.fields[name][1]) for name in dtype.names or ()]
        self.columns = [
            raw[:, at : at + kind.itemsize] if kind.names else self.slots[name]
            for name, (kind, at) in zip(dtype.names or (), spans, strict=True)
        ]
        if name is None:
            self.numbers[:] = BUSY

    @property
    def name(self) -> str:
        """Return the name by which another process finds this ring."""
        return self.memory.name

    @property
    def written(self) -> int:
        """Return how many records were ever written."""
        return int(self.head[0])

    def push(self, *parts: np.void | np.ndarray | float) -> None:
        """Write one record over the oldest: whole, or its first fields one by one, records as arrays of one row."""
        number = self.written
        place = number % self.capacity
        self.numbers[place] = BUSY
        fence()
        first = parts[0]
        if len(parts) == 1 and isinstance(first, np.ndarray):
            self.raw[place] = first.view(np.uint8)
        elif len(parts) == 1:
            self.slots[place] = first
        else:
            for column, part in zip(self.columns, parts, strict=False):
                if isinstance(part, np.ndarray) and part.dtype.names:
                    part = part.view(np.uint8)
                column[place] = part
        fence()
        self.numbers[place] = number
        self.head[0] = number + 1

    def close(self) -> None:
        """Let go of the memory; who made the ring also removes it."""
        # A view elsewhere keeps the mapping until the process ends.
        del self.head, self.numbers, self.slots, self.columns, self.raw
        with suppress(BufferError):
            self.memory.close()
        if self.is_owner:
            self.memory.unlink()


class Reader:
    """One reader's place in a ring: what it has seen and how many records it `missed`."""

    def __init__(self, ring: Ring, from_start: bool = False) -> None:
        self.ring = ring
        self.seen = 0 if from_start else ring.written
        self.missed = 0

    @property
    def waiting(self) -> int:
        """Return how many records have been written since the last look."""
        return self.ring.written - self.seen

    def newest(self) -> np.recarray | None:
        """Return the newest record as one row, None before the first."""
        found = self.newest_bytes()
        return None if found is None else found.view(self.ring.dtype).view(np.recarray)

    def newest_bytes(self) -> np.ndarray | None:
        """Return the newest record's bytes, None before the first; a torn one is read again."""
        for _ in range(8):
            number = self.ring.written - 1
            if number < 0:
                return None
            place = number % self.ring.capacity
            fence()
            found = self.ring.raw[place].copy()
            fence()
            if self.ring.numbers[place] == number:
                self.seen = number + 1
                return found
        return None

    def drain(self, most: int = 1 << 30) -> np.recarray:
        """Return the records not yet seen, oldest first, at most `most` of them."""
        written = self.ring.written
        oldest = max(self.seen, written - self.ring.capacity)
        count = min(written - oldest, most)
        found = self._copy(oldest, count)
        self.missed += oldest - self.seen + count - len(found)
        self.seen = oldest + count
        return found

    def _copy(self, first: int, count: int) -> np.recarray:
        """Return the longest run of these records that ends with the last one and that nobody wrote meanwhile."""
        numbers = np.arange(first, first + count)
        places = numbers % self.ring.capacity
        fence()
        found = self.ring.raw[places]
        fence()
        is_whole = self.ring.numbers[places] == numbers
        broken = np.flatnonzero(~is_whole)
        whole = found.view(self.ring.dtype)[:, 0].view(np.recarray)
        return whole[broken[-1] + 1 :] if len(broken) else whole
