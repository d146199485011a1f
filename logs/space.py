"""Room for the next flight: on a disk that is nearly full the oldest logs go, never one that is written or newest."""

import logging
import re
import shutil
from contextlib import suppress
from pathlib import Path

events = logging.getLogger("quadloop.logs")
# Only logs a vehicle named by itself: what a person named is the person's.
NAMED_BY_US = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_.+\.ulg")
MEGA = 1_000_000


def order(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """Return a key by which logs sort as they were flown: names begin with the date, numbers count."""
    parts = re.findall(r"\d+|\D+", path.stem)
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)


def logs_in(folder: Path) -> list[Path]:
    """Return the flight logs in a folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.glob("*.ulg") if p.is_file() and not p.is_symlink()), key=order)


def free_mb(folder: Path) -> float:
    """Return how much room there is on a folder's disk."""
    return shutil.disk_usage(folder).free / MEGA


def make_room(folder: Path, wanted_mb: float, spared: set[Path]) -> list[Path]:
    """Remove the oldest logs until so much is free; return those removed. The newest and the `spared` stay."""
    removed: list[Path] = []
    if wanted_mb <= 0.0 or not folder.is_dir():
        return removed
    ours = [path for path in logs_in(folder) if NAMED_BY_US.fullmatch(path.name)]
    for path in ours[:-1]:
        if path in spared:
            continue
        if free_mb(folder) >= wanted_mb:
            break
        with suppress(OSError):
            path.unlink()
            removed.append(path)
            events.warning("%s: removed, since less than %.0f MB were free", path, wanted_mb)
    return removed
