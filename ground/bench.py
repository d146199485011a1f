"""Run the benchmarks, each in a process of its own, and set their figures beside the committed ones."""

import json
import os
import platform
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

from flight.errors import ConfigError

FIGURES = "figures.json"


def folder() -> Path:
    """Return the folder of the benchmarks: inside an installed package, beside a checkout's."""
    room = Path(__file__).resolve().parent
    inside = room / "benchmarks"
    return inside if inside.is_dir() else room.parent / "benchmarks"


def names() -> list[str]:
    """Return the names of the benchmarks."""
    return sorted(file.stem for file in folder().glob("*.py"))


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark in a fresh process; raise ConfigError when it fails."""
    here = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "ground.bench", name]
    run = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True, check=False
    )
    if run.returncode:
        raise ConfigError(f"benchmark {name} failed with exit code {run.returncode}, see above")
    return dict(json.loads(run.stdout))


def machine() -> dict[str, Any]:
    """Say on what machine the figures were measured."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def processor() -> str:
    """Return the processor's name where the system tells."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.is_file() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return found[0] if found else platform.processor() or "unknown"


def committed() -> dict[str, Any]:
    """Return the last committed figures."""
    file = folder() / FIGURES
    return dict(json.loads(file.read_text())) if file.is_file() else {}


def save(figures: dict[str, Any]) -> Path:
    """Write figures over the committed ones of the same name; return the file."""
    file = folder() / FIGURES
    file.write_text(json.dumps(committed() | figures, indent=2, sort_keys=True) + "\n")
    return file


if __name__ == "__main__":
    measured = runpy.run_path(str(folder() / f"{sys.argv[1]}.py"))["figures"]()
    sys.stdout.write(json.dumps(measured))
