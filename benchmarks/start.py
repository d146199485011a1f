"""From process start to the first half second flown and logged: with an empty kernel cache, and with a full one."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
import sys
from flight import airframe
from ground import compiling, session
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
compiling.ahead()
session.fly(
    airframe.load(DEFAULT_AIRFRAME), load("square"), session.Conditions(longest_s=0.1), sys.argv[1]
)
"""


def start_s(cache: str, folder: str) -> float:
    """Return how long a process takes that flies one chunk."""
    began = time.perf_counter()
    log = str(Path(folder) / "start.ulg")
    subprocess.run(
        [sys.executable, "-c", SCRIPT, log], env=os.environ | {"QUADLOOP_CACHE": cache}, check=True
    )
    return time.perf_counter() - began


def figures() -> dict[str, float]:
    """Return the duration of the first start and the best of three later ones."""
    with tempfile.TemporaryDirectory() as folder:
        cold = start_s(f"{folder}/cache", folder)
        warm = min(start_s(f"{folder}/cache", folder) for _ in range(3))
    return {"cold_start_s": cold, "warm_start_s": warm}
