"""A log that leaves out what a replay says again: every tick of it is proven all the same, from wherever it begins."""

import numpy as np
import pytest
from pyulog import ULog

from flight import airframe, autopilot
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import Demand
from flight.record import rows
from logs import checkpoint
from logs.again import run_rows
from logs.reader import Log
from logs.rebuilding import rebuild
from logs.recorder import FlightLog
from logs.replay import replay
from logs.sources import open_log
from logs.ticks import Ticks
from logs.trimming import trim
from tests.log_rows import smooth_flight, wild_flight

TICKS, DT, LATER = 4000, 0.001, 2500


@pytest.fixture(scope="module")
def quad():
    return airframe.load(airframe.names()[0])


@pytest.fixture(scope="module")
def flown(quad):
    """Return inputs, commands, and state and command as they stood before tick LATER."""
    inputs = smooth_flight(9.0)[0][:TICKS].view(np.recarray)
    inputs["demand"]["serial"][2000:], inputs["demand"]["kind"][2000:] = 1, Demand.ARM
    inputs["demand"]["fresh"][2000] = 1
    state, command, commands = rows(autopilot.STATE), rows(COMMAND), rows(COMMAND, TICKS)
    autopilot.start(state[0], quad.params[0], DT)
    run_rows(state, quad.params, inputs[:LATER], command, commands[:LATER])
    point = state.copy(), command.copy()
    run_rows(state, quad.params, inputs[LATER:], command, commands[LATER:])
    return inputs, commands, point


def logged(path, quad, inputs, commands, pieces=100, **options):
    with FlightLog(path, quad, dt=DT, **options) as log:
        for begin in range(0, len(inputs), pieces):
            log.append(inputs[begin : begin + pieces], commands[begin : begin + pieces])
    return path


@pytest.fixture(scope="module")
def whole(flown, quad, tmp_path_factory):
    return logged(tmp_path_factory.mktemp("sampled") / "a.ulg", quad, *flown[:2])


@pytest.mark.slow
def test_every_tick_is_proven_although_few_commands_are_written(
    whole, tmp_path, quad, flown, record_property
):
    log, result = Log(whole), replay(whole)
    full = Log(logged(tmp_path / "full.ulg", quad, *flown[:2], in_full=True))

    record_property("sampled log: bytes per tick without PX4's topics", round(exact_bytes(log) / TICKS, 1))
    assert result.text() == f"{TICKS}/{TICKS} ticks identical"
    assert result.notes == []
    assert len(log["quadloop_estimate"]) <= 1 + 10 * TICKS * DT
    assert exact_bytes(log) < 0.25 * exact_bytes(full)


def exact_bytes(log: Log) -> int:
    return sum(len(log[n]) * (5 + log.dtypes[n].itemsize) for n in log if n.startswith("quadloop"))


@pytest.mark.parametrize("change", [0.001, 0.05, 1.0])
def test_inputs_and_status_of_any_bits_come_back_although_commands_do_not(tmp_path, quad, change):
    inputs, commands = wild_flight(300, change=change)

    ticks = Ticks(Log(logged(tmp_path / "a.ulg", quad, inputs, commands, 37)))
    told, said = ticks.rows()
    is_said = ticks.is_said(0, 300)

    assert told.tobytes() == inputs.tobytes()
    status, flown = (np.array(c["status"], copy=True) for c in (said, commands))
    for name in ("tick", "dt_s"):
        status[name], flown[name] = 0, 0
    assert status.tobytes() == flown.tobytes()
    assert said[is_said].tobytes() == commands[is_said].tobytes()
    assert 2 <= is_said.sum() <= 5


@pytest.mark.parametrize("topic", ["quadloop_tick", "quadloop_in_battery", "quadloop_in_demand"])
@pytest.mark.parametrize("bit", [0, 40, 63])
def test_one_wrong_bit_of_an_input_is_found_and_its_tick_named(whole, tmp_path, topic, bit):
    log, raw = Log(whole), bytearray(whole.read_bytes())
    row = len(log[topic]) // 2
    # The last number of the message: gyro and accelerometer, current, argument.
    last = int(log.places[topic][row]) + 5 + log.dtypes[topic].itemsize - 8
    raw[last + bit // 8] ^= 1 << bit % 8
    (tmp_path / "flipped.ulg").write_bytes(raw)

    result = replay(tmp_path / "flipped.ulg")

    assert result.identical < TICKS
    assert result.first_difference["tick"] == int(log[topic]["row"][row])


def test_one_wrong_bit_of_a_command_that_was_not_written_is_found(tmp_path, quad, flown):
    commands = flown[1].copy()
    believed = commands["estimate"]["v_ned"][3321]
    believed[1] = np.nextafter(believed[1], np.inf)

    result = replay(logged(tmp_path / "a.ulg", quad, flown[0], commands))

    assert result.identical == TICKS - 1
    assert (result.first_difference["tick"], result.first_difference["field"]) == (3321, "check")


def test_a_difference_that_lasts_is_named_by_the_next_command_written(tmp_path, quad, flown):
    commands = flown[1].copy()
    commands["estimate"]["v_ned"][3321:, 1] += 0.5

    result = replay(logged(tmp_path / "a.ulg", quad, flown[0], commands))

    assert result.identical == 3321
    assert (result.first_difference["tick"], result.first_difference["field"]) == (3321, "estimate.v_ned[1]")


def test_a_digest_that_is_not_the_flights_is_a_difference_even_where_every_check_agrees(whole, tmp_path):
    log, raw = Log(whole), bytearray(whole.read_bytes())
    raw[int(log.places["quadloop_proof"][1]) + 5 + 16] ^= 1
    (tmp_path / "a.ulg").write_bytes(raw)

    result = replay(tmp_path / "a.ulg")

    assert result.identical == TICKS
    assert result.first_difference["field"] == "digest"


def test_the_same_log_comes_of_the_same_ticks_however_they_are_handed_over(tmp_path, quad, flown, whole):
    other = Log(logged(tmp_path / "b.ulg", quad, *flown[:2], pieces=333))

    for name, rows_of in Log(whole).items():
        assert rows_of.tobytes() == other[name].tobytes(), name


def test_a_flight_comes_whole_out_of_its_log(whole, flown, quad):
    flight = rebuild(whole)

    assert flight.commands.tobytes() == flown[1].tobytes()
    assert flight.inputs.tobytes() == flown[0].tobytes()
    assert flight.notes == []


def test_commands_that_todays_code_would_not_say_are_not_made_up(tmp_path, quad, flown):
    commands = flown[1].copy()
    commands["motors"]["motor"][3000:] += 0.1

    with pytest.raises(LogError, match=r"does not say again what was flown .*SDLOG_PROFILE=17"):
        rebuild(logged(tmp_path / "a.ulg", quad, flown[0], commands))


def resumed(log, quad, flown):
    """Record the flight from tick LATER on."""
    log.resume(*flown[2], quad.params)
    log.append(flown[0][LATER:], flown[1][LATER:])


def test_a_log_may_begin_in_the_middle_of_a_flight(tmp_path, quad, flown):
    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        resumed(log, quad, flown)

    assert replay(tmp_path / "a.ulg").text() == f"{TICKS - LATER}/{TICKS - LATER} ticks identical"
    assert rebuild(tmp_path / "a.ulg").commands.tobytes() == flown[1][LATER:].tobytes()


def test_a_log_may_go_on_after_a_gap(tmp_path, quad, flown):
    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        log.append(flown[0][:1234], flown[1][:1234])
        resumed(log, quad, flown)

    count = 1234 + TICKS - LATER
    theirs = ULog(str(tmp_path / "a.ulg"))
    assert not theirs.file_corruption
    assert len(theirs.get_dataset("quadloop_tick").data["timestamp"]) == count
    assert replay(tmp_path / "a.ulg").text() == f"{count}/{count} ticks identical"


def test_a_log_that_begins_in_flight_without_its_state_differs_at_once(tmp_path, quad, flown):
    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        log.append(flown[0][LATER:], flown[1][LATER:])

    result = replay(tmp_path / "a.ulg")

    assert result.first_difference["tick"] == 0
    assert result.identical == 0


def test_a_stretch_cut_out_of_a_log_says_that_it_cannot_be_replayed_and_shows_what_it_holds(whole, tmp_path):
    trim(open_log(whole), tmp_path / "part.ulg", 1.0, 2.0)

    with pytest.raises(LogError, match="trimmed at its beginning"):
        replay(tmp_path / "part.ulg")
    assert len(Log(tmp_path / "part.ulg")["quadloop_tick"]) == 1001


def test_what_if_works_from_a_checkpoint_too(tmp_path, quad, flown):
    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        resumed(log, quad, flown)

    result = replay(tmp_path / "a.ulg", {"EKF_TILT_SD": 0.2, "EKF_STILL_TAU": 1.0})

    assert result.first_difference is not None


def test_a_state_of_another_layout_is_refused_by_name(tmp_path, quad, flown, monkeypatch):
    with FlightLog(tmp_path / "a.ulg", quad, dt=DT) as log:
        resumed(log, quad, flown)
    monkeypatch.setattr(checkpoint, "LAYOUT", "0123456789abcdef")

    with pytest.raises(
        LogError, match=r"a.ulg: begins in flight, .*0123456789abcdef: replay it with the version"
    ):
        replay(tmp_path / "a.ulg")
