"""The house keeps its own rules: who may import whom, how long a function may be, what must be documented."""

import ast
import re
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from flight import params
from ground.parameter_page import page
from tests.conftest import ROOT

ROOMS = ("flight", "sim", "firmware_bridge", "logs", "ground")
SOURCES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
VAGUE_NAMES = re.compile(r"manager|handler|util|helper", re.IGNORECASE)
NAMES = ast.ClassDef | ast.FunctionDef


@cache
def code_of(file: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(file.read_text())


def functions(file: Path) -> list[ast.FunctionDef]:
    """Return every function in a file."""
    return [node for node in ast.walk(code_of(file)) if isinstance(node, ast.FunctionDef)]


def body_lines(function: ast.FunctionDef) -> int:
    """Return how many lines a function's body has, its docstring apart."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def imported(file: Path) -> set[str]:
    """Return the top-level packages a file imports."""
    found: set[str] = set()
    for node in ast.walk(code_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_only_ground_puts_rooms_together():
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    # In a process of its own: it silences every logger there is.
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"

    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr


def test_the_loop_imports_numpy_numba_and_the_standard_library_alone():
    allowed = {"flight", "numpy", "numba", *sys.stdlib_module_names}

    guests = {str(file): imported(file) - allowed for file in (ROOT / "flight").rglob("*.py")}

    assert not {file: names for file, names in guests.items() if names}


def test_functions_are_short():
    lengths = {
        f"{file.relative_to(ROOT)}:{f.name}": body_lines(f) for file in SOURCES for f in functions(file)
    }

    assert statistics.median(lengths.values()) <= 8
    assert np.percentile(list(lengths.values()), 90) <= 25
    assert not {name: lines for name, lines in lengths.items() if lines > 40}


def test_names_say_what_a_thing_is():
    named = [
        (file, node.name) for file in SOURCES for node in ast.walk(code_of(file)) if isinstance(node, NAMES)
    ]

    vague = [f"{file.relative_to(ROOT)}: {name}" for file, name in named if VAGUE_NAMES.search(name)]

    assert not vague
    assert not [file for file in SOURCES if VAGUE_NAMES.search(file.stem)]


def test_every_module_says_what_it_is_for():
    silent = [file for file in SOURCES if code_of(file).body and not ast.get_docstring(code_of(file))]

    assert not silent


def test_every_parameter_is_documented():
    undocumented = [row.id for row in params.TABLE if len(row.about) < 8]
    misnamed = [row.id for row in params.TABLE if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,15}", row.id)]
    unbounded = [row.id for row in params.TABLE if not -np.inf < row.low <= row.default <= row.high < np.inf]

    assert not undocumented
    assert not misnamed, "a MAVLink id has at most 16 characters"
    assert not unbounded


def test_parameter_ids_and_places_are_unique():
    places = [(row.path, row.index) for row in params.TABLE]

    assert len(params.BY_ID) == len(params.TABLE)
    assert len(set(places)) == len(places)


def test_a_parameter_survives_the_wire():
    # MAVLink carries REAL32: a default that float32 cannot hold would change when a ground station reads it back.
    for row in params.TABLE:
        assert np.float32(row.default) == pytest.approx(row.default, rel=1e-6)


def test_the_parameter_page_is_current():
    assert (ROOT / "docs" / "parameters.md").read_text() == page(), (
        "run: quadloop params doc > docs/parameters.md"
    )
