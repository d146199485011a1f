"""Which files the link offers: one folder to read and write, the flight logs to read and remove, pages made on demand.

A path from outside is taken apart by hand; whatever leads out of these folders (`..`, a symbolic link) is not there.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

# PX4 boards keep everything under this name; clients written for them ask for it.
CARD = ("fs", "microsd")
LARGEST = 64_000_000
# Flight logs need the disk more than anybody's uploads.
FREE_BYTES = 100_000_000
# A file that changed this recently is still being written.
GROWING_S = 3.0

Page = Callable[[str], bytes]


class OfferedFiles:
    """The tree a client sees; methods raise OSError with the errno of what is wrong."""

    def __init__(self, folder: Path, logs: Path, pages: dict[str, Page]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = Path(os.path.realpath(folder))
        self.mounts = {"log": logs, "@MAV_LOG": logs}
        self.pages = pages

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the names along a path."""
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if ".." in parts or "\\" in name:
            raise gone(name)
        return parts[2:] if parts[:2] == CARD else parts

    def page(self, name: str) -> bytes | None:
        """Return a page made on demand; what follows a question mark is its options."""
        path, _, options = "/".join(self.parts(name)).partition("?")
        return self.pages[path](options) if path in self.pages else None

    def real(self, name: str) -> Path:
        """Return where a path leads on this machine."""
        parts = self.parts(name)
        root = self.folder
        if parts and parts[0] in self.mounts:
            root, parts = Path(os.path.realpath(self.mounts[parts[0]])), parts[1:]
        place = root.joinpath(*parts)
        if os.path.realpath(place) != str(place):
            raise gone(name)
        return place

    def writable(self, name: str) -> Path:
        """Return where a path leads if a client may change what is there."""
        parts = self.parts(name)
        if not parts or parts[0] in self.mounts or "/".join(parts) in self.pages:
            raise PermissionError(errno.EACCES, "not offered for writing", name)
        return self.real(name)

    def open(self, name: str, flags: int) -> int:
        """Open a file and return its descriptor."""
        place = self.real(name) if flags == os.O_RDONLY else self.writable(name)
        if flags != os.O_RDONLY and shutil.disk_usage(self.folder).free < FREE_BYTES:
            raise OSError(errno.ENOSPC, "the disk is full", name)
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder", name)
        return os.open(place, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)

    def listed(self, name: str) -> list[bytes]:
        """Return a folder's entries as MAVLink FTP writes them: kind, name, tab and size."""
        parts = self.parts(name)
        made = set(self._made(parts))
        place = self.real(name)
        if not place.is_dir() and not made:
            raise gone(name)
        return sorted(made | set(entries(place) if place.is_dir() else ()))

    def _made(self, parts: tuple[str, ...]) -> Iterator[bytes]:
        """Yield the entries in a folder that are not on the disk."""
        if not parts:
            yield from (b"D" + name.encode() for name in self.mounts)
        for path in self.pages:
            inside = path.split("/")
            if inside[: len(parts)] == list(parts) and len(inside) > len(parts):
                name = inside[len(parts)].encode()
                is_file = len(inside) == len(parts) + 1
                yield b"F%s\t%d" % (name, len(self.pages[path](""))) if is_file else b"D" + name

    def remove(self, name: str) -> None:
        """Remove a file: one of the folder's, or a log that is not being written."""
        parts = self.parts(name)
        if len(parts) == 2 and parts[0] in self.mounts:
            place = self.real(name)
            if is_growing(place):
                raise PermissionError(errno.EACCES, "is being written", name)
        else:
            place = self.writable(name)
        os.unlink(place)


def entries(place: Path) -> Iterator[bytes]:
    """Yield what is in a folder, symbolic links and odd things left out."""
    with os.scandir(place) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield b"D" + os.fsencode(entry.name)
            elif entry.is_file(follow_symlinks=False):
                yield b"F%s\t%d" % (os.fsencode(entry.name), entry.stat(follow_symlinks=False).st_size)


def is_growing(place: Path) -> bool:
    """Tell whether a file was written to a moment ago."""
    return time.time() - place.stat().st_mtime < GROWING_S


def gone(name: str) -> OSError:
    """Return the error of a path that leads nowhere."""
    return FileNotFoundError(errno.ENOENT, "no such file", name)
