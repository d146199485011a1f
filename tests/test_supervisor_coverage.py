"""Every line and every branch of the supervisor is tested by the tests that call one kernel at a time."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.conftest import ROOT

MEASURE = ROOT / "tools" / "coverage"
LONGEST_S = 300.0


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("coverage"), reason="not installed: coverage")
def test_no_line_and_no_branch_of_the_supervisor_is_untested(tmp_path):
    elsewhere = os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")}

    run = subprocess.run(
        [sys.executable, MEASURE],
        cwd=ROOT,
        env=elsewhere,
        timeout=LONGEST_S,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "100.00%" in run.stdout
