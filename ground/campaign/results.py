"""A file of results that grows line by line and survives the death of whoever writes it.

The first line says what the results are of; each further line is a key and a result in JSON. A line that was cut off by
a crash or a full disk counts as never written.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from flight.errors import ConfigError


class Results:
    """Results by key, on disk as soon as they are kept; opened again with the same `about`, it goes on.

    Raises ConfigError when the file holds results of something else.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path = path
        self.found: dict[str, Any] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = self.read(about) if path.exists() else 0
        self.file = path.open("ab")
        self.file.truncate(whole)
        if not whole:
            self.write(about)

    def read(self, about: dict[str, Any]) -> int:
        """Take up the lines that are whole; return how many bytes they are."""
        whole = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True)):
            told = opened(line)
            if told is None:
                break
            whole += len(line)
            if number > 0:
                self.found[told["key"]] = told["result"]
            elif told != about:
                self.refuse(told, about)
        return whole

    def refuse(self, told: dict[str, Any], about: dict[str, Any]) -> None:
        """Raise ConfigError naming what differs."""
        differs = [key for key in {**told, **about} if told.get(key) != about.get(key)]
        raise ConfigError(
            f"{self.path}: holds results of another {', '.join(sorted(differs))}; move it away or choose another folder"
        )

    def keep(self, key: str, result: Any) -> None:
        """Write a result down for good."""
        self.found[key] = result
        self.write({"key": key, "result": result})

    def write(self, line: dict[str, Any]) -> None:
        """Append a line and see it on the disk."""
        self.file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def has(self, key: str) -> bool:
        """Tell whether a result is there."""
        return key in self.found

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def __enter__(self) -> "Results":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def opened(line: bytes) -> dict[str, Any] | None:
    """Return what a line holds, None when it is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
