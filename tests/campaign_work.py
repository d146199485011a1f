"""Work for crews to do in tests: it must be importable where a cluster's workers are."""

import os
import signal
from pathlib import Path
from typing import Any


def squared(task: dict[str, Any]) -> dict[str, Any]:
    """Return the square of a number."""
    return {"square": task["number"] ** 2}


def squared_once_dead(task: dict[str, Any]) -> dict[str, Any]:
    """Take the worker down with us the first time a certain number comes; square it the second time."""
    if "grave" in task and not Path(task["grave"]).exists():
        Path(task["grave"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squared(task)


def deadly(task: dict[str, Any]) -> None:
    """Take every worker down."""
    os.kill(os.getpid(), signal.SIGKILL)


def wrong(task: dict[str, Any]) -> None:
    """Fail for a reason of its own."""
    raise ValueError("there is no square of it")
