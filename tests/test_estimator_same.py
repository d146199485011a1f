"""The same samples give the same estimate: resumed from a saved state, and without compilation."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from flight.command import COMMAND, ESTIMATE
from flight.estimator import estimator
from flight.inputs import INPUTS
from flight.record import rows
from tests.conftest import ROOT
from tests.pretended_flight import Flight, Sensors, begin, parameters, pretend, run

LEVER = (0.02, 0.01, -0.02)
SENSORS = Sensors(lever=LEVER, range=0.02, flow=0.02)
TAKE_OFF_US = 7_800_000


def flown(state, command, inputs, last, first=0):
    """Return the estimates of some ticks; `state` and `command` move on."""
    said = rows(ESTIMATE, -(-len(inputs) // 10))
    run(state, parameters(SENSORS), inputs, command, said, first, last, TAKE_OFF_US)
    return said


@pytest.fixture(scope="module")
def record():
    return pretend(Flight(seconds=14.0), SENSORS, seed=9)


def test_a_saved_state_resumes_to_the_bit(record):
    whole = begin(parameters(SENSORS))
    flown(*whole, record.inputs, 14000)
    half = begin(parameters(SENSORS))
    flown(*half, record.inputs, 9777)

    saved = [row.tobytes() for row in half]
    state, command = (
        np.frombuffer(bytearray(b), row.dtype).view(np.recarray) for b, row in zip(saved, half, strict=True)
    )
    flown(state, command, record.inputs, 14000, first=9777)

    assert state.tobytes() == whole[0].tobytes()
    assert command.tobytes() == whole[1].tobytes()


INTERPRETED = """
import sys
from pathlib import Path
import numpy as np
from tests.test_estimator_same import COMMAND, INPUTS, estimator, flown
folder = Path(sys.argv[1])
read = lambda name, dtype: np.frombuffer(bytearray((folder / name).read_bytes()), dtype).view(np.recarray)
state, command = read("state", estimator.STATE), read("command", COMMAND)
flown(state, command, read("inputs", INPUTS), 500, first=1)
(folder / "after").write_bytes(state.tobytes() + command.tobytes())
"""


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares this run with the interpreted one")
@pytest.mark.slow
def test_compiled_and_interpreted_ticks_are_the_same_to_the_bit(record, tmp_path):
    state, command = begin(parameters(SENSORS))
    flown(state, command, record.inputs, 12000)
    inputs = record.inputs[11999:12499]
    for name, row in (("state", state), ("command", command), ("inputs", inputs)):
        (tmp_path / name).write_bytes(row.tobytes())

    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", INTERPRETED, str(tmp_path)], cwd=ROOT, env=plain, check=True)
    flown(state, command, inputs, 500, first=1)

    assert (tmp_path / "after").read_bytes() == state.tobytes() + command.tobytes()
    assert inputs.dtype == INPUTS


@pytest.mark.interpreted
def test_the_first_ticks_hold_without_compilation(record):
    state, command = begin(parameters(SENSORS))

    said = flown(state, command, record.inputs[:1200], 1200)

    assert all(np.isfinite(said[name]).all() for name in said.dtype.names)
    assert state[0].is_aligned
    assert state.dtype == estimator.STATE
    assert command.dtype == COMMAND
