"""Parameters changed in flight: checked, said, in the log, and changed again at the same tick when it is replayed."""

import math

import numpy as np
import pytest

from flight import airframe, autopilot, retuning
from flight.command import COMMAND
from flight.filters import lowpass
from flight.inputs import DEMAND, Demand
from flight.modes import WHY, Arming, Event, Why
from flight.parameter import stored
from flight.params import TABLE, defaults, find
from flight.record import rows
from logs.again import run_rows
from logs.reader import Log
from logs.recorder import FlightLog
from logs.replay import replay
from tests.log_rows import smooth_flight

pytestmark = pytest.mark.interpreted
TICKS = 1500
DT = 0.001


def number(name: str) -> int:
    return TABLE.index(find(name))


def ask(params, row: int, value: float, arming: Arming = Arming.DISARMED):
    demand, command = rows(DEMAND)[0], rows(COMMAND)[0]
    demand.fresh, demand.kind, demand.index, demand.argument[0] = 1, Demand.PARAM, row, value
    command.status.arming = arming
    is_changed = retuning.step(params, demand, command.status)
    return is_changed, command.status.events[0], command.status.event_values[0]


@pytest.mark.slow
def test_every_parameter_can_be_changed_and_none_touches_another():
    params = defaults()
    for row, param in enumerate(TABLE):
        value = param.high if math.isfinite(param.high) else param.default + 1.0
        before = [stored(params[0], other) for other in TABLE]

        changed = ask(params[0], row, value)

        assert changed == (True, Event.PARAM_CHANGED, row)
        after = [stored(params[0], other) for other in TABLE]
        assert after[row] == value
        assert after[:row] + after[row + 1 :] == before[:row] + before[row + 1 :]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("RATE_ROLL_KP", math.nan, Why.NOT_A_NUMBER),
        ("RATE_ROLL_KP", math.inf, Why.NOT_A_NUMBER),
        ("RATE_ROLL_KP", -1e38, Why.OUT_OF_RANGE),
        ("FS_BLOW_ACT", 1.5, Why.OUT_OF_RANGE),
        ("FILT_GYRO_HZ", 50.0, Why.NEEDS_DISARMED),
    ],
)
def test_what_would_do_harm_is_refused_with_its_reason_and_the_old_value_stays(name, value, why):
    params = defaults()

    changed = ask(params[0], number(name), value, Arming.ARMED)

    assert changed == (False, Event.DEMAND_REFUSED, Demand.PARAM + WHY * why)
    assert params.tobytes() == defaults().tobytes()


@pytest.mark.parametrize("row", [-1, len(TABLE), 1 << 40])
def test_a_row_that_does_not_exist_is_refused(row):
    params = defaults()

    assert ask(params[0], row, 1.0) == (False, Event.DEMAND_REFUSED, Demand.PARAM + WHY * Why.UNKNOWN)
    assert params.tobytes() == defaults().tobytes()


def test_on_the_ground_a_filter_may_be_changed_too():
    assert ask(defaults()[0], number("FILT_GYRO_HZ"), 50.0)[0]


def flown(changes):
    """Return inputs with demands at some ticks, and what the autopilot said to them."""
    quad = airframe.load(airframe.names()[0])
    inputs = smooth_flight()[0][:TICKS].view(np.recarray)
    for tick, (row, value) in changes.items():
        demand = inputs["demand"]
        demand["fresh"][tick], demand["kind"][tick], demand["index"][tick] = 1, Demand.PARAM, row
        demand["argument"][tick, 0] = value
    state, command, commands = rows(autopilot.STATE), rows(COMMAND), rows(COMMAND, TICKS)
    params = quad.params.copy()
    autopilot.start(state[0], params[0], DT)
    run_rows(state, params, inputs, command, commands)
    return quad, inputs, commands, params


@pytest.mark.parametrize(("real", "within"), [(0.003, 0.3), (0.001, 0.0), (0.0012, 0.2)])
def test_filters_keep_their_cut_offs_where_every_tick_comes_late(real, within):
    quad = airframe.load(airframe.names()[0])
    pilot = autopilot.Autopilot(quad.params, DT)
    for tick in range(400):
        pilot.inputs[0].t_us = round(1e6 * real * (tick + 1))
        pilot.step()
    state = pilot.states[0]

    assert state.dt_filters_s == pytest.approx(real, rel=within)
    assert list(state.control.gyro.lowpass.coefficient) == list(
        lowpass(quad.params[0].control.filter.gyro_cutoff_hz, float(state.dt_filters_s))
    )


def test_a_log_tells_the_change_and_replays_it(tmp_path):
    row = number("EKF_STILL_TAU")
    quad, inputs, commands, params = flown({700: (row, 1.0), 900: (row, math.nan)})
    assert stored(params[0], TABLE[row]) == 1.0
    assert stored(quad.params[0], TABLE[row]) != 1.0

    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        log.append(inputs, commands)

    told = Log(tmp_path / "a.ulg")
    assert [(name, value) for _, name, value in told.changed_parameters] == [("EKF_STILL_TAU", 1.0)]
    texts = [text for _, _, text in told.messages]
    assert "Param changed: EKF_STILL_TAU" in texts
    assert "Demand refused: param: a number is not a number" in texts
    assert replay(tmp_path / "a.ulg").identical == TICKS
    assert replay(tmp_path / "a.ulg", {"EKF_STILL_TAU": 0.5}).identical < TICKS
