"""Which code flew: package version, commit and the layout of its records."""

import hashlib
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

RELEASED = 255  # PX4's marker of a release in the last byte of a version number


@cache
def package_version() -> str:
    """Return the installed version of Quadloop."""
    try:
        return version("quadloop")
    except PackageNotFoundError:
        return "0"


@cache
def code_version() -> str:
    """Return the commit the code was started from, the package version where there is no repository."""
    here = Path(__file__).resolve().parent.parent
    if not (here / ".git").exists():
        return package_version()
    command = ("git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5.0, check=True)
    except (OSError, subprocess.SubprocessError):
        return package_version()
    return done.stdout.strip()


def release_number(text: str) -> int:
    """Return a version as PX4 packs it: major, minor, patch and kind in one byte each."""
    parts = [int(p) if p.isdigit() else 0 for p in (*text.split("."), "0", "0")[:3]]
    return int.from_bytes(bytes((*(min(p, 255) for p in parts), RELEASED)), "big")


def fingerprint(*dtypes: np.dtype) -> str:
    """Return a short digest of the fields, types and order of records."""
    return hashlib.sha256(repr([d.descr for d in dtypes]).encode()).hexdigest()[:16]
