"""Fly a log again: the autopilot of today on what was told then, from the log's beginning or a checkpoint on."""

from collections.abc import Iterator

import numpy as np

from flight import autopilot
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import Demand
from flight.kernel import kernel
from flight.parameter import store
from flight.params import PARAMS, TABLE, find
from flight.record import rows
from logs.checkpoint import checkpoints
from logs.exact import INPUT_WORDS, words_of
from logs.reader import Log
from logs.stored_params import flown_params
from logs.ticks import Ticks

CHUNK = 5000


@kernel
def run_rows(
    states: np.ndarray, params: np.ndarray, inputs: np.ndarray, command: np.ndarray, commands: np.ndarray
) -> None:
    """Run the autopilot over rows of inputs and note what it says in every tick."""
    for i in range(len(inputs)):
        autopilot.step(states[0], params[0], inputs[i], command[0])
        commands[i] = command[0]


def replayed_chunks(
    log: Log, ticks: Ticks, settings: dict[str, object]
) -> Iterator[tuple[int, np.recarray, np.recarray, np.ndarray]]:
    """Yield (first tick, logged commands, replayed commands, words of the inputs) through the whole flight."""
    pilot = Again(log, ticks, settings)
    for begin, end in pilot.pieces(len(ticks)):
        inputs, logged = ticks.rows(begin, end)
        told = words_of(inputs, INPUT_WORDS).copy()
        yield begin, logged, pilot.say(begin, inputs), told


class Again:
    """The autopilot of today on a log, piece by piece: what it remembers, has said and flies with."""

    def __init__(self, log: Log, ticks: Ticks, settings: dict[str, object]) -> None:
        self.states, self.command = rows(autopilot.STATE), rows(COMMAND)
        self.settings, self.places, self.dt = settings, rows_today(log), dt_of(log)
        self.sets, self.points = dict(flown_params(log)), checkpoints(log)
        self.begins = sorted({*self.sets, *self.points})
        self.params = rows(PARAMS)

    def pieces(self, end: int) -> Iterator[tuple[int, int]]:
        """Yield the first tick and the one after the last of each piece before a tick, ready to be flown in turn."""
        for first, last in zip(self.begins, [*self.begins[1:], end], strict=True):
            if first < end:
                self._stand(first)
            for begin in range(first, min(last, end), CHUNK):
                yield begin, min(begin + CHUNK, last, end)

    def say(self, begin: int, inputs: np.recarray) -> np.recarray:
        """Fly one piece; return what is said."""
        renumber(inputs.demand, self.places, self.settings)
        replayed = rows(COMMAND, len(inputs))
        run_rows(self.states, self.params, inputs, self.command, replayed)
        return replayed

    def _stand(self, first: int) -> None:
        if first in self.points:
            point = self.points[first]
            self.states, self.command = point.state.copy(), point.command.copy()
            self.params = point.params.copy()
        else:
            self.params = self.sets[first]
        override(self.params, self.settings)
        if first == 0 and first not in self.points:
            autopilot.start(self.states[0], self.params[0], self.dt)
        elif self.settings or first not in self.points:
            autopilot.configure(self.states[0], self.params[0])


def before(log: Log, ticks: Ticks, tick: int) -> Again:
    """Return the autopilot as it stood before a tick."""
    pilot = Again(log, ticks, {})
    for begin, end in pilot.pieces(tick):
        pilot.say(begin, ticks.rows(begin, end)[0])
    return pilot


def override(params: np.recarray, settings: dict[str, object]) -> None:
    """Store parameters that are tried."""
    for name, value in settings.items():
        row = find(name)
        store(params[0], row, row.checked(value))


def rows_today(log: Log) -> np.ndarray:
    """Return today's row of the parameter table for each row of the log's, -1 for a parameter that is no more."""
    today = {row.id: number for number, row in enumerate(TABLE)}
    return np.array([today.get(name, -1) for name in log.parameters], np.int64)


def renumber(demands: np.ndarray, places: np.ndarray, settings: dict[str, object]) -> None:
    """Let demands for parameters name today's rows; those for overridden ones name none, so that they are refused."""
    found = np.flatnonzero(demands["fresh"] & (demands["kind"] == Demand.PARAM))
    overridden = [TABLE.index(find(name)) for name in settings]
    for tick in found:
        row = int(demands["index"][tick])
        place = int(places[row]) if 0 <= row < len(places) else -1
        demands["index"][tick] = -1 if place in overridden else place


def dt_of(log: Log) -> float:
    """Return the nominal period of the loop in seconds."""
    dt = log.info.get("quadloop_dt_s")
    if not isinstance(dt, float) or not dt > 0.0:
        raise LogError(f"{log.path}: does not say how often the loop ran")
    return dt
