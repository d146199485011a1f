"""A log is the flight: flown again it says the same to the bit, and says where when it does not."""

import os
import subprocess
import sys

import numpy as np
import pytest

from flight import airframe, autopilot
from flight.command import COMMAND
from flight.errors import ConfigError, LogError
from flight.inputs import Demand
from flight.record import rows
from logs.again import run_rows
from logs.rebuilding import rebuild
from logs.recorder import FlightLog
from logs.replay import replay
from logs.sink import Sink
from logs.ulog import ULogWriter
from tests.conftest import ROOT
from tests.log_rows import smooth_flight

TICKS = 6000
DT = 0.001
# The estimator is the part that already works hard on the ground.
OTHER = {"EKF_STILL_TAU": 1.0, "EKF_TILT_SD": 0.1}


@pytest.fixture(scope="module")
def quad():
    return airframe.load(airframe.names()[0])


@pytest.fixture(scope="module")
def flown(quad):
    """Return inputs and what the autopilot said to them, from switching on."""
    inputs = smooth_flight(TICKS * DT)[0].view(np.recarray)
    inputs["demand"]["serial"][3000:], inputs["demand"]["kind"][3000:] = 1, Demand.ARM
    inputs["demand"]["fresh"][3000] = 1
    return inputs, fly(quad.params, inputs, rows(autopilot.STATE), rows(COMMAND))


def fly(params, inputs, state, command):
    autopilot.start(state[0], params[0], DT)
    commands = rows(COMMAND, len(inputs))
    run_rows(state, params, inputs, command, commands)
    return commands


def logged(path, quad, inputs, commands, in_full=True):
    with FlightLog(path, quad, dt=DT, seed=3, in_full=in_full) as log:
        log.append(inputs, commands)
    return path


def test_a_log_flown_again_says_the_same(tmp_path, quad, flown):
    result = replay(logged(tmp_path / "a.ulg", quad, *flown))

    assert result.text() == f"{TICKS}/{TICKS} ticks identical"
    assert result.first_difference is None
    assert result.notes == []


@pytest.mark.slow
def test_a_flight_flown_compiled_says_the_same_interpreted(tmp_path, quad, flown):
    path = logged(tmp_path / "a.ulg", quad, flown[0][:3000], flown[1][:3000])
    code = "import sys; from logs.replay import replay; print(replay(sys.argv[1]).text())"

    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout.strip() == "3000/3000 ticks identical", run.stderr[-2000:]


def test_a_flight_comes_whole_out_of_its_log(tmp_path, quad, flown):
    flight = rebuild(logged(tmp_path / "a.ulg", quad, *flown))

    assert flight.inputs.tobytes() == flown[0].tobytes()
    assert flight.commands.tobytes() == flown[1].tobytes()
    assert flight.params.tobytes() == quad.params.tobytes()
    assert (flight.airframe.name, flight.dt, flight.seed) == (quad.name, DT, 3)


def test_the_smallest_difference_is_found_and_named(tmp_path, quad, flown):
    commands = flown[1].copy()
    believed = commands["estimate"]["v_ned"][4321]
    believed[1] = np.nextafter(believed[1], np.inf)

    result = replay(logged(tmp_path / "a.ulg", quad, flown[0], commands))

    assert result.identical == TICKS - 1
    assert result.first_difference == {
        "tick": 4321,
        "field": "estimate.v_ned[1]",
        "logged": commands["estimate"]["v_ned"][4321][1],
        "replayed": flown[1]["estimate"]["v_ned"][4321][1],
    }


def test_what_if_with_other_gains_says_what_changes(tmp_path, quad, flown):
    path = logged(tmp_path / "a.ulg", quad, *flown)

    result = replay(path, OTHER)

    assert 0 < result.first_difference["tick"] < TICKS
    assert result.identical < TICKS
    assert "estimate.sigma_attitude" in result.largest_differences


def test_parameters_changed_in_flight_are_changed_at_the_same_tick_again(tmp_path, quad, flown):
    inputs, other = flown[0], airframe.load(quad.name)
    for name, value in OTHER.items():
        other.set(name, value)
    state, command = rows(autopilot.STATE), rows(COMMAND)
    before = fly(quad.params, inputs[:2500], state, command)
    after = rows(COMMAND, TICKS - 2500)
    autopilot.configure(state[0], other.params[0])
    run_rows(state, other.params, inputs[2500:], command, after)

    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        log.append(inputs[:2500], before)
        log.set_params(other.params)
        log.append(inputs[2500:], after)

    assert replay(tmp_path / "a.ulg").identical == TICKS


def test_a_wrong_setting_is_refused(tmp_path, quad, flown):
    path = logged(tmp_path / "a.ulg", quad, *flown)

    with pytest.raises(ConfigError, match="NO_SUCH_GAIN"):
        replay(path, {"NO_SUCH_GAIN": 1.0})


@pytest.mark.filterwarnings("ignore:.*a.ulg")
def test_a_cut_log_is_replayed_as_far_as_it_goes(tmp_path, quad, flown):
    path = logged(tmp_path / "a.ulg", quad, *flown)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.7 * len(whole))])

    result = replay(path)

    assert 0 < result.ticks < TICKS
    assert result.identical == result.ticks
    assert result.notes


def test_a_log_of_others_cannot_be_replayed_and_says_so(tmp_path):
    sink = Sink(tmp_path / "a.ulg")
    ULogWriter(sink).info("sys_name", "PX4")
    sink.close()

    with pytest.raises(LogError, match="not written by Quadloop"):
        replay(tmp_path / "a.ulg")
