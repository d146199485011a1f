"""Kernels must hold in plain Python too: the tests marked `interpreted` run a second time without compilation."""

import os
import subprocess
import sys

import numba
import pytest

from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="this run is the interpreted one")
def test_what_is_marked_interpreted_holds_without_compilation():
    command = [sys.executable, "-m", "pytest", "-m", "interpreted", "-q", "-p", "no:cacheprovider"]

    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
