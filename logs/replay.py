"""Fly a log again: the whole autopilot on what it was told then, compared with what it said then."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight import autopilot
from flight.airframe import Airframe, from_tables
from flight.command import COMMAND
from flight.errors import ConfigError, LogError
from flight.inputs import INPUTS, Demand
from flight.kernel import kernel
from flight.parameter import store
from flight.params import PARAMS, TABLE, find
from flight.record import leaves, rows
from logs.exact import COMMAND_WORDS, command_path
from logs.reader import Log
from logs.stored_params import flown_params
from logs.ticks import Ticks
from logs.version import fingerprint

CHUNK = 5000
Share = Callable[[float, str], None]


@dataclass
class Flight:
    """A flight out of a log: inputs and commands of every tick, parameters, airframe (None when unknown), seed."""

    inputs: np.recarray
    commands: np.recarray
    params: np.recarray
    airframe: Airframe | None
    dt: float
    seed: int


@dataclass
class Replay:
    """How a replay went. `first_difference` is None or tick, field, logged and replayed value.

    `largest_differences` names the fields that moved, with how far, largest share of the logged spread first. `notes`
    tells what makes the comparison weaker than "to the bit".
    """

    ticks: int = 0
    identical: int = 0
    first_difference: dict[str, Any] | None = None
    largest_differences: dict[str, float] = field(default_factory=dict)
    real_time_factor: float = 0.0
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Say in one line how it went."""
        line = f"{self.identical}/{self.ticks} ticks identical"
        if self.first_difference is None:
            return line
        first = self.first_difference
        return (
            f"{line}; tick {first['tick']}: {first['field']} was {first['logged']}, now {first['replayed']}"
        )


def rebuild(source: Log | str | os.PathLike[str]) -> Flight:
    """Return a whole flight from its log; raise LogError when the log does not hold one."""
    log = source if isinstance(source, Log) else Log(source)
    inputs, commands = Ticks(log).rows()
    return Flight(inputs, commands, flown_params(log)[0][1], flown_airframe(log), dt_of(log), seed_of(log))


def dt_of(log: Log) -> float:
    """Return the nominal period of the loop in seconds."""
    dt = log.info.get("quadloop_dt_s")
    if not isinstance(dt, float) or not dt > 0.0:
        raise LogError(f"{log.path}: does not say how often the loop ran")
    return dt


def seed_of(log: Log) -> int:
    """Return the seed of the flight's random numbers, 0 for a real one."""
    return int(log.info.get("quadloop_seed", 0))


def flown_airframe(log: Log) -> Airframe | None:
    """Return the airframe as it was flown; None where today's code no longer takes its file."""
    import tomllib

    try:
        tables = tomllib.loads(log.info.get("quadloop_airframe_toml", ""))
        return from_tables(tables, str(log.path), log.info.get("quadloop_airframe", ""))
    except (tomllib.TOMLDecodeError, ConfigError):
        return None


@kernel
def run_rows(
    states: np.ndarray, params: np.ndarray, inputs: np.ndarray, command: np.ndarray, commands: np.ndarray
) -> None:
    """Run the autopilot over rows of inputs and note what it says in every tick."""
    for i in range(len(inputs)):
        autopilot.step(states[0], params[0], inputs[i], command[0])
        commands[i] = command[0]


def replay(
    source: Log | str | os.PathLike[str],
    settings: dict[str, object] | None = None,
    share: Share | None = None,
) -> Replay:
    """Run the autopilot of today over a log and compare every tick with what was said in flight.

    `settings` override parameters by id: an open-loop "what if", as the sensors still tell the flight that was flown.
    Raises LogError for a log without inputs and ConfigError for a setting that is wrong.
    """
    log = source if isinstance(source, Log) else Log(source)
    ticks = Ticks(log)
    result = Replay(ticks=len(ticks), notes=notes_on(log, ticks))
    began_s = time.perf_counter()
    spread = Spread()
    for begin, logged, replayed in replayed_chunks(log, ticks, settings or {}):
        compare(result, spread, begin, logged, replayed)
        if share:
            share((begin + len(logged)) / len(ticks), f"{result.identical} ticks identical")
    wall_s = time.perf_counter() - began_s
    result.real_time_factor = len(ticks) * dt_of(log) / wall_s if wall_s > 0.0 else 0.0
    result.largest_differences = spread.largest()
    return result


def notes_on(log: Log, ticks: Ticks) -> list[str]:
    """Return why a replay may differ although nothing is wrong."""
    notes = list(log.damage)
    if log.info.get("quadloop_layout") != fingerprint(INPUTS, COMMAND, PARAMS):
        notes.append(
            f"recorded with another version ({log.info.get('ver_sw', 'unknown')}) whose records differ"
        )
    if ticks.missing:
        notes.append(f"does not hold {', '.join(ticks.missing[:5])}")
    return notes


def replayed_chunks(
    log: Log, ticks: Ticks, settings: dict[str, object]
) -> Iterator[tuple[int, np.recarray, np.recarray]]:
    """Yield (first tick, logged commands, replayed commands) through the whole flight."""
    states, command = rows(autopilot.STATE), rows(COMMAND)
    sets, places = flown_params(log), rows_today(log)
    for number, (first, params) in enumerate(sets):
        for name, value in settings.items():
            row = find(name)
            store(params[0], row, row.checked(value))
        if number == 0:
            autopilot.start(states[0], params[0], dt_of(log))
        else:
            autopilot.configure(states[0], params[0])
        last = sets[number + 1][0] if number + 1 < len(sets) else len(ticks)
        for begin in range(first, min(last, len(ticks)), CHUNK):
            inputs, logged = ticks.rows(begin, min(begin + CHUNK, last))
            renumber(inputs.demand, places, settings)
            replayed = rows(COMMAND, len(logged))
            run_rows(states, params, inputs, command, replayed)
            yield begin, logged, replayed


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


def words_of(commands: np.ndarray) -> np.ndarray:
    """Return commands as rows of 64-bit words."""
    return commands.view(np.ndarray).view(np.uint64).reshape(-1, COMMAND_WORDS)


def compare(result: Replay, spread: "Spread", begin: int, logged: np.ndarray, replayed: np.ndarray) -> None:
    """Count identical ticks and note the first that is not."""
    differs = words_of(logged) != words_of(replayed)
    wrong = differs.any(axis=1)
    result.identical += int(len(wrong) - wrong.sum())
    if not wrong.any():
        return
    spread.take(logged, replayed)
    if result.first_difference is None:
        tick = int(np.argmax(wrong))
        word = int(np.argmax(differs[tick]))
        path = command_path(word)
        result.first_difference = {
            "tick": begin + tick,
            "field": path,
            "logged": value_at(logged[tick], path),
            "replayed": value_at(replayed[tick], path),
        }


def value_at(row: Any, path: str) -> float | int:
    """Return the number at a path such as "estimate.p_ned[2]" of one command."""
    path, _, place = path.partition("[")
    for name in path.split("."):
        row = row[name]
    return np.asarray(row).reshape(-1)[int(place.rstrip("]") or 0)].item()


class Spread:
    """How far each number of the command moved, as a share of how much it varied in flight."""

    def __init__(self) -> None:
        self.moved: dict[str, float] = {}
        self.varied: dict[str, float] = {}

    def take(self, logged: np.ndarray, replayed: np.ndarray) -> None:
        """Look at some ticks."""
        for path in leaves(COMMAND):
            before, after = logged, replayed
            for name in path.split("."):
                before, after = before[name], after[name]
            with np.errstate(all="ignore"):
                moved = float(np.nanmax(np.abs(after - before), initial=0.0))
                varied = float(np.nanmax(np.abs(before), initial=0.0))
            self.moved[path] = max(self.moved.get(path, 0.0), moved)
            self.varied[path] = max(self.varied.get(path, 0.0), varied)

    def largest(self) -> dict[str, float]:
        """Return the fields that moved and by how much, the relatively largest first."""
        share = {p: m / max(self.varied[p], 1e-9) for p, m in self.moved.items() if m > 0.0}
        return {path: self.moved[path] for path in sorted(share, key=lambda p: -share[p])}
