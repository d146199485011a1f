"""Text files that survive a power cut at every byte of a write: afterwards there is the old text or the new one.

The text goes into a file beside it and to the disk, then takes the name in one step (`rename(2)`); the file that had it
stays as the previous copy. A checksum in the last line tells a whole file from a torn one.
"""

import logging
import os
import re
import zlib
from pathlib import Path

events = logging.getLogger("quadloop.files")
LAST_LINE = re.compile(rb"# crc32 ([0-9a-f]{8})\n\Z")
LONGEST = 16_000_000


def previous(path: Path) -> Path:
    """Return where the copy before the last is kept."""
    return path.with_name(path.name + ".previous")


def write(path: Path, text: str) -> None:
    """Replace a file's text; raises OSError, and then the old text is still there."""
    body = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    put(beside, body + b"# crc32 %08x\n" % zlib.crc32(body))
    # Only a whole file may take the place of the previous copy, or two torn writes would leave nothing.
    if whole(path) is not None:
        os.replace(path, previous(path))
    os.replace(beside, path)
    settle(path.parent)


def put(path: Path, content: bytes) -> None:
    """Write bytes and wait until the disk has them."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)


def settle(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def whole(path: Path) -> str | None:
    """Return a file's text without its checksum, None when it is absent or torn."""
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST)
    except OSError:
        return None
    end = LAST_LINE.search(content)
    body = content[: end.start()] if end else b""
    if end is None or int(end[1], 16) != zlib.crc32(body):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def read(path: Path) -> str | None:
    """Return the newest whole text, None when there is none; a torn file is told in the event log."""
    text = whole(path)
    if text is None and path.exists():
        events.error("%s: is damaged or was edited by hand; the copy before it is used", path)
    return whole(previous(path)) if text is None else text
