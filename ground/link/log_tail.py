"""A ULog that is still being written: its messages one by one, and cut into the pieces that a message carries."""

import os
from collections import deque
from pathlib import Path

HEADER, HEAD_OF_MESSAGE = 16, 3
PIECE = 249
NO_START = 255
# Rows, texts, marks and gaps; everything else is needed to read what comes later.
PASSING = frozenset(b"DLCSO")


class Tail:
    """Reads whole messages from a place in the file on."""

    def __init__(self, path: Path) -> None:
        self.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.begin = os.pread(self.file, HEADER, 0)
        self.place = HEADER

    @property
    def left(self) -> int:
        """Return how many bytes have not been read."""
        return os.fstat(self.file).st_size - self.place

    def read(self, most: int) -> list[bytes]:
        """Return the next whole messages, of so many bytes at most; none at the end."""
        data, found, begin = os.pread(self.file, most, self.place), [], 0
        while begin + HEAD_OF_MESSAGE <= len(data):
            end = begin + HEAD_OF_MESSAGE + (data[begin] | data[begin + 1] << 8)
            if end > len(data):
                break
            found.append(data[begin:end])
            begin = end
        self.place += begin
        return found

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.file)


class Pieces:
    """Messages as a stream of pieces, each with the place where its first message begins."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.starts: deque[int] = deque()
        self.cut = 0

    def add(self, message: bytes) -> None:
        """Append a message."""
        self.starts.append(self.cut + len(self.data))
        self.data += message

    def take(self, is_last: bool = False) -> tuple[bytes, int] | None:
        """Return the next piece and where in it a message begins; the last one may be short."""
        if not self.data or (len(self.data) < PIECE and not is_last):
            return None
        piece = bytes(self.data[:PIECE])
        del self.data[:PIECE]
        is_here = bool(self.starts) and self.starts[0] < self.cut + len(piece)
        first = self.starts[0] - self.cut if is_here else NO_START
        self.cut += len(piece)
        while self.starts and self.starts[0] < self.cut:
            self.starts.popleft()
        return piece, first
