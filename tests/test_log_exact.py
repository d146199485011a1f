"""A log is the flight: what was told and said comes back bit for bit."""

import tomllib
import warnings
from itertools import pairwise

import numpy as np
import pytest

from flight import airframe, params
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.record import field, leaves
from logs import exact
from logs.reader import Log
from logs.recorder import FlightLog
from logs.ticks import Ticks
from tests.log_rows import wild_flight


@pytest.fixture(scope="module")
def quad():
    return airframe.load(airframe.names()[0])


def record(path, quad, inputs, commands, pieces):
    with FlightLog(path, quad, dt=0.001, seed=42, in_full=True) as log:
        for begin, end in pairwise(pieces):
            log.append(inputs[begin:end], commands[begin:end])
    return path


def rebuilt(path, **piece):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Ticks(Log(path)).rows(**piece)


@pytest.mark.interpreted
@pytest.mark.parametrize("change", [0.001, 0.05, 1.0])
def test_inputs_and_commands_come_back_to_the_bit(tmp_path, quad, change):
    inputs, commands = wild_flight(300, change=change)

    path = record(tmp_path / "a.ulg", quad, inputs, commands, [0, 300])

    told, said = rebuilt(path)
    assert told.tobytes() == inputs.tobytes()
    assert said.tobytes() == commands.tobytes()


def test_every_time_stamp_comes_back_even_one_that_jumps(tmp_path, quad):
    inputs, commands = wild_flight(200)
    inputs["t_us"] = np.random.default_rng(3).integers(-(2**63), 2**63, 200)

    path = record(tmp_path / "a.ulg", quad, inputs, commands, [0, 17, 200])

    assert rebuilt(path)[0].tobytes() == inputs.tobytes()


def test_the_log_is_the_same_however_the_ticks_are_handed_over(tmp_path, quad):
    inputs, commands = wild_flight(5000, change=0.02)
    random = np.random.default_rng(9)
    cuts = [0, *np.sort(random.integers(0, 5000, 60)).tolist(), 5000]

    whole = record(tmp_path / "a.ulg", quad, inputs, commands, [0, 5000])
    single = record(tmp_path / "b.ulg", quad, inputs, commands, list(range(5001)))
    pieces = record(tmp_path / "c.ulg", quad, inputs, commands, cuts)

    logs = [Log(path) for path in (whole, single, pieces)]
    for log in logs[1:]:
        assert set(log) == set(logs[0])
        for name in log:
            for path in leaves(log[name].dtype):
                ours, theirs = field(log[name], path), field(logs[0][name], path)
                if name.startswith("quadloop"):
                    assert ours.tobytes() == theirs.tobytes(), name
                else:  # The sign of a computed NaN is nobody's.
                    assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"), (name, path)


def test_a_range_of_ticks_is_what_the_whole_flight_holds_there(tmp_path, quad):
    inputs, commands = wild_flight(1000, change=0.01)
    path = record(tmp_path / "a.ulg", quad, inputs, commands, [0, 1000])

    told, said = rebuilt(path, begin=613, end=702)

    assert told.tobytes() == inputs[613:702].tobytes()
    assert said.tobytes() == commands[613:702].tobytes()


def test_a_topic_is_written_only_when_it_changes(tmp_path, quad):
    inputs = np.zeros(1000, INPUTS)
    inputs["t_us"] = 1000 * np.arange(1000)
    inputs["gps"]["lat_deg"][400:] = 47.0
    commands = np.zeros(1000, COMMAND)

    log = Log(record(tmp_path / "a.ulg", quad, inputs, commands, [0, 1000]))

    assert log["quadloop_in_gps"]["row"].tolist() == [0, 400]
    assert log["quadloop_in_mag"]["row"].tolist() == [0]
    assert len(log["quadloop_tick"]) == 1000


def test_every_field_of_inputs_and_commands_is_in_exactly_one_topic():
    words = [1] + [word for topic in exact.TOPICS for word in topic.words]

    assert sorted(words) == list(range(1, exact.ROW_WORDS))


def test_a_word_of_a_command_is_named_after_its_field():
    commands = np.zeros(1, COMMAND)
    words = commands.view(np.uint64)
    for word in range(exact.COMMAND_WORDS):
        words[:] = 0
        words[word] = 1
        path, _, place = exact.command_path(word).rstrip("]").partition("[")
        value = np.asarray(field(commands[0], path)).reshape(-1)
        assert value[int(place or 0)] != 0


@pytest.mark.filterwarnings("ignore:.*cut.ulg")
@pytest.mark.slow
def test_a_log_cut_anywhere_holds_whole_ticks_from_the_first_on(tmp_path, quad):
    inputs, commands = wild_flight(30, change=0.05)
    path = record(tmp_path / "a.ulg", quad, inputs, commands, [0, 10, 20, 30])
    whole = path.read_bytes()
    cut = tmp_path / "cut.ulg"
    first_tick = int(Log(path).places["quadloop_tick"][0])
    counts = []

    for end in range(first_tick + 200, len(whole), 37):
        cut.write_bytes(whole[:end])
        told, said = rebuilt(cut)
        counts.append(len(told))
        assert told.tobytes() == inputs[: len(told)].tobytes()
        assert said.tobytes() == commands[: len(said)].tobytes()

    assert counts == sorted(counts)
    assert counts[-1] == 30


def test_the_header_holds_parameters_airframe_seed_and_version(tmp_path, quad):
    log = Log(record(tmp_path / "a.ulg", quad, *wild_flight(5), [0, 5]))

    again = airframe.from_tables(tomllib.loads(log.info["quadloop_airframe_toml"]), "log", "again")

    assert log.info["quadloop_seed"] == 42
    assert log.info["quadloop_dt_s"] == 0.001
    assert log.info["ver_sw"]
    assert log.multi_info["quadloop_params"][0][8:] == quad.params.tobytes()
    assert again.params.tobytes() == quad.params.tobytes()
    assert again.physics == quad.physics
    assert {row.id for row in params.TABLE} == set(log.parameters)


def test_nested_records_are_flattened_and_nothing_but_words_is_stored():
    for topic in exact.TOPICS:
        assert topic.dtype.names[:2] == ("timestamp", "row")
        stored = {name: kind.base.str for name, kind in leaves(topic.dtype).items()}
        small = {name for name, kind in stored.items() if kind not in ("<i8", "<f8", "<u8")}
        assert small <= {"row", "check"}
