"""Fly a log again: the whole autopilot on what it was told then, compared with what it said then."""

import hashlib
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
from logs.checkpoint import checkpoints
from logs.exact import ALWAYS, COMMAND_WORDS, INPUT_WORDS, ROW_WORDS, TOPICS, checks, command_path, digests
from logs.reader import Log
from logs.stored_params import flown_params
from logs.ticks import Ticks
from logs.version import fingerprint

CHUNK = 5000
# Words of a command that are written in every tick in which they change.
KNOWN = np.zeros(COMMAND_WORDS, bool)
KNOWN[[word - 1 - INPUT_WORDS for topic in TOPICS if topic.name in ALWAYS for word in topic.words]] = True
UNSEEN = "check"
# A replayed motor ratio farther off than this is another flight than the one that was flown.
ASTRAY = 0.02
Share = Callable[[float, str], None]


@dataclass
class Flight:
    """A flight out of a log: inputs and commands of every tick, parameters, airframe (None when unknown), seed.

    `notes` say what makes commands that were not written less than proven.
    """

    inputs: np.recarray
    commands: np.recarray
    params: np.recarray
    airframe: Airframe | None
    dt: float
    seed: int
    notes: list[str] = field(default_factory=list)


@dataclass
class Replay:
    """How a replay went. `first_difference` is None or tick, field, logged and replayed value.

    In a tick whose command was not written the field is the first that differs in the next one that was, or "check".

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
    """Return a whole flight from its log; raise LogError when the log does not hold one.

    Commands that were not written are flown again.
    """
    log = source if isinstance(source, Log) else Log(source)
    ticks = Ticks(log)
    inputs, commands = ticks.rows()
    notes = [] if ticks.are_all_said else say_again(log, ticks, commands)
    return Flight(
        inputs, commands, flown_params(log)[0][1], flown_airframe(log), dt_of(log), seed_of(log), notes
    )


def say_again(log: Log, ticks: Ticks, commands: np.recarray) -> list[str]:
    """Fill in the commands that were not written; return why they are less than proven.

    Raises LogError where today's code says something else than was flown.
    """
    result, astray = Replay(notes=notes_on(log, ticks)), 0.0
    proof, spread = Proof(log, ticks), Spread()
    for begin, logged, replayed, told in replayed_chunks(log, ticks, {}):
        is_said = ticks.is_said(begin, begin + len(logged))
        compare(result, spread, proof, begin, logged, replayed, told)
        moved = np.abs(replayed.motors.motor - logged.motors.motor)[is_said]
        astray = max(astray, float(np.nanmax(moved, initial=0.0)))
        commands[begin : begin + len(logged)][~is_said] = replayed[~is_said]
    if astray > ASTRAY:
        raise LogError(
            f"{log.path}: today's code does not say again what was flown (a motor is {astray:.2f} off): "
            f"take the version that recorded it, {log.info.get('ver_sw', 'unknown')}, or record with SDLOG_PROFILE=17"
        )
    if result.identical < len(commands):
        result.notes.append(
            f"only {result.identical} of {len(commands)} commands are proven to be those flown"
        )
    return result.notes


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
    spread, proof = Spread(), Proof(log, ticks)
    for begin, logged, replayed, told in replayed_chunks(log, ticks, settings or {}):
        compare(result, spread, proof, begin, logged, replayed, told)
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


def words_of(records: np.ndarray, size: int = COMMAND_WORDS) -> np.ndarray:
    """Return commands or inputs as rows of 64-bit words."""
    return records.view(np.ndarray).view(np.uint64).reshape(-1, size)


class Proof:
    """What a log proves of commands that it does not hold: a check of each tick, a digest of all once a second."""

    def __init__(self, log: Log, ticks: Ticks) -> None:
        is_comparable = log.info.get("quadloop_layout") == fingerprint(INPUTS, COMMAND, PARAMS)
        self.ticks, self.has_checks = ticks, ticks.has_checks and is_comparable
        rows = log.intact("quadloop_proof") if self.has_checks and "quadloop_proof" in log else ()
        self.digests = {int(row["row"]): int(row["digest"]) for row in rows}
        self.running = hashlib.blake2b(digest_size=8)
        self.is_broken = False

    def differs(self, begin: int, told: np.ndarray, replayed: np.ndarray) -> np.ndarray:
        """Tell which ticks are not those that were flown, by their checks."""
        count = len(told)
        if not self.has_checks:
            return np.zeros(count, bool)
        words = np.zeros((count, ROW_WORDS), np.uint64)
        words[:, 1 : 1 + INPUT_WORDS], words[:, 1 + INPUT_WORDS :] = told, words_of(replayed)
        digested = digests(words)
        self._go_on(begin, digested)
        return checks(digested) != self.ticks.all_checks[begin : begin + count]

    def _go_on(self, begin: int, digested: np.ndarray) -> None:
        done, end = 0, begin + len(digested)
        for row in sorted(row for row in self.digests if begin < row <= end):
            self.running.update(digested[done : row - begin].tobytes())
            done = row - begin
            self.is_broken |= int.from_bytes(self.running.digest(), "little") != self.digests[row]
        self.running.update(digested[done:].tobytes())


def compare(
    result: Replay,
    spread: "Spread",
    proof: Proof,
    begin: int,
    logged: np.ndarray,
    replayed: np.ndarray,
    told: np.ndarray,
) -> None:
    """Count identical ticks and note the first that is not."""
    is_said = proof.ticks.is_said(begin, begin + len(logged))
    differs = words_of(logged) != words_of(replayed)
    differs[~is_said] &= KNOWN
    wrong = differs.any(axis=1) | proof.differs(begin, told, replayed)
    result.identical += int(len(wrong) - wrong.sum())
    if not wrong.any():
        if proof.is_broken and result.first_difference is None:
            result.first_difference = unseen(begin, "digest")
        return
    spread.take(logged[is_said], replayed[is_said])
    if result.first_difference is None:
        result.first_difference = unseen(begin + int(np.argmax(wrong)), UNSEEN)
    if result.first_difference["field"] == UNSEEN and differs.any():
        name_difference(result.first_difference, differs, logged, replayed)


def unseen(tick: int, what: str) -> dict[str, Any]:
    """Return a difference of which only a check tells."""
    return {"tick": tick, "field": what, "logged": "as flown", "replayed": "otherwise"}


def name_difference(
    found: dict[str, Any], differs: np.ndarray, logged: np.ndarray, replayed: np.ndarray
) -> None:
    """Name the first field that is seen to differ."""
    tick = int(np.argmax(differs.any(axis=1)))
    path = command_path(int(np.argmax(differs[tick])))
    found |= {
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
