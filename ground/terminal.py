"""What a person sees: results on stdout; progress and remarks on stderr, only when it is a terminal."""

import json
import math
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

BAR_WIDTH = 30
REDRAW_S = 0.1


def tell(text: str) -> None:
    """Write a result."""
    sys.stdout.write(f"{text}\n")


def flush() -> None:
    """Let what was told be seen now, by a reader of a pipe too."""
    sys.stdout.flush()


def tell_json(result: Any) -> None:
    """Write a result as one JSON object; what is not a number becomes null."""
    tell(json.dumps(jsonable(result), indent=2, allow_nan=False))


def jsonable(value: Any) -> Any:
    """Return the value with numpy's types opened up and NaN and infinity as None."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def complain(text: str) -> None:
    """Write a line about trouble, terminal or not."""
    sys.stderr.write(f"{text}\n")


def note(text: str) -> None:
    """Write a remark for the person who is watching."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}\n")


def table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """Lay rows out in columns as wide as their widest cell."""
    lines = [heads, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


class Screen:
    """A page that is drawn over itself on a terminal, and written again elsewhere."""

    def __init__(self) -> None:
        self.lines = 0

    def show(self, page: str) -> None:
        """Draw a page over the last one."""
        if sys.stdout.isatty():
            # A line that wraps would be two, and the next page begin too low.
            width = shutil.get_terminal_size().columns
            over = f"\x1b[{self.lines}F\x1b[J" if self.lines else ""
            page = over + "\n".join(line[:width] for line in page.split("\n"))
        self.lines = page.count("\n") + 1
        tell(page)
        flush()


class Progress:
    """One line on the terminal that is drawn over itself and vanishes at the end."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.is_shown = sys.stderr.isatty()
        self.drawn_s = -math.inf

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *trouble: object) -> None:
        if self.is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def share(self, share: float, text: str = "") -> None:
        """Draw a bar of how much is done, 0 to 1."""
        filled = round(BAR_WIDTH * min(max(share, 0.0), 1.0))
        self.say(f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {100.0 * share:3.0f} % {text}")

    def say(self, text: str) -> None:
        """Draw a text, at most ten times a second."""
        now_s = time.monotonic()
        if self.is_shown and now_s - self.drawn_s > REDRAW_S:
            self.drawn_s = now_s
            sys.stderr.write(f"\r\x1b[K{self.title} {text}"[:200])
            sys.stderr.flush()
