"""Compiled kernels are kept until something they can reach is edited, and processes may compile at once."""

import os
import subprocess
import sys

import numba
import pytest

from flight import kernel
from flight.kernel import OverloadFiles, closure_digest, import_closure
from tests.conftest import ROOT

TURN = """
from flight import kernel
from flight.quaternion import from_yaw, rotate
from flight.vector import Vec3
compiled = []
kernel.compile_listeners.append(compiled.append)
assert abs(rotate(from_yaw(0.5), Vec3(1.0, 0.0, 0.0)).x - 0.8775825618903728) < 1e-12
print(*compiled)
"""


def compiled_by(script: str, cache) -> list[str]:
    """Return the kernels a fresh process compiles."""
    environment = os.environ | {"QUADLOOP_CACHE": str(cache)}
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled in this run")
def test_a_second_process_compiles_nothing(tmp_path):
    first, second = compiled_by(TURN, tmp_path), compiled_by(TURN, tmp_path)

    assert "flight.quaternion.rotate" in first
    assert not second


def test_other_types_or_other_sources_never_share_a_file(tmp_path):
    files, edited = OverloadFiles(tmp_path, "turn", "a"), OverloadFiles(tmp_path, "turn", "b")

    paths = {files.path("float64"), files.path("int64"), edited.path("float64")}

    assert len(paths) == 3


def test_what_another_process_has_just_renamed_is_passed_over(tmp_path):
    files, gone = OverloadFiles(tmp_path, "turn", "a"), tmp_path / "turn.gone"
    gone.symlink_to("renamed by another process")

    files.save("float64", ("code", 1))

    assert gone in tmp_path.glob("turn.*")
    assert files.load("float64") == ("code", 1)


def test_what_nobody_compiled_for_a_month_is_forgotten(tmp_path):
    files, before = OverloadFiles(tmp_path, "turn", "a"), OverloadFiles(tmp_path, "turn", "b")
    before.save("float64", ("code", 1))
    os.utime(before.path("float64"), (0.0, 0.0))

    files.save("float64", ("code", 2))

    assert before.load("float64") is None
    assert files.load("float64") == ("code", 2)


def test_what_was_saved_is_found_and_what_is_damaged_is_not(tmp_path):
    files = OverloadFiles(tmp_path, "turn", "a")
    files.save("float64", ("code", 1))

    found = files.load("float64")
    path = files.path("float64")
    path.write_bytes(path.read_bytes()[:5])

    assert found == ("code", 1)
    assert files.load("float64") is None
    assert files.load("int64") is None


def test_versions_of_long_ago_are_forgotten(tmp_path):
    old, new = OverloadFiles(tmp_path, "turn", "a"), OverloadFiles(tmp_path, "turn", "b")
    old.save("float64", "old")
    os.utime(old.path("float64"), (0.0, 0.0))

    new.save("float64", "new")

    assert old.load("float64") is None
    assert new.load("float64") == "new"


def test_the_tick_reaches_every_stage_and_a_vector_reaches_no_other():
    assert {"flight.mixer.mixer", "flight.estimator.gps", "flight.quaternion"} <= import_closure(
        "flight.autopilot"
    )
    assert not any(name.startswith("flight.control") for name in import_closure("flight.quaternion"))


def test_an_edit_in_an_imported_file_is_noticed(monkeypatch):
    before = closure_digest.__wrapped__("flight.quaternion")
    vector = kernel.module_file("flight.vector")
    original = kernel.file_digest

    monkeypatch.setattr(kernel, "file_digest", lambda file: b"edited" if file == vector else original(file))

    assert closure_digest.__wrapped__("flight.quaternion") != before
