"""The ticks of a log of ours: inputs and commands again, exact to the bit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from logs.exact import (
    IMU_CLOCK_WORD,
    INPUT_WORDS,
    MARK,
    MOVES,
    ROW_WORDS,
    RULES,
    TOPICS,
    WORD,
    ZERO,
    field_name,
    word_of,
)
from logs.reader import Log
from logs.scan import hold

# Where logs had these before a tick carried a check.
MOVED = {
    "inputs.imu.gyro_frd": "quadloop_in_imu",
    "inputs.imu.accel_frd": "quadloop_in_imu",
    "command.t_us": MARK,
    "command.status.tick": MARK,
    "command.status.dt_s": MARK,
}
CHUNK = 20_000


@dataclass
class Part:
    """What one topic holds: in which ticks it was written, and the values of some words of a tick's row.

    `places` are words that hold until the next row, `brief` those that are zero again in the next tick; `values` and
    `brief_values` have a column for each.
    """

    numbers: np.ndarray
    places: np.ndarray
    values: np.ndarray
    brief: np.ndarray
    brief_values: np.ndarray


class Ticks:
    """What was told and said in every tick, rebuilt range by range: a long flight need not fit into memory.

    A field of today's records that the log does not know stays zero and is named in `missing`. `are_all_said` tells
    whether every command of every tick was written; if not, `is_said` tells in which ticks; checks
    prove the rest.
    Raises LogError when the log holds no ticks of ours.
    """

    def __init__(self, log: Log) -> None:
        if MARK not in log:
            raise LogError(
                f"{log.path}: holds no inputs to replay: it ends before the first tick or was not written by Quadloop"
            )
        if not is_whole(log):
            raise LogError(f"{log.path}: cannot be replayed: it was trimmed at its beginning")
        self.log = log
        self.missing: list[str] = []
        marks = log.intact(MARK)
        self.has_checks = "check" in (marks.dtype.names or ())
        self.all_checks = marks["check"].copy() if self.has_checks else np.zeros(len(marks), np.uint32)
        self.parts = [part for name, fields in self._fields().items() if (part := self._part(name, fields))]
        self.count = len(marks)
        self.are_all_said = log.info.get("quadloop_commands") != "sampled"
        said = [] if self.are_all_said or "quadloop_clock" not in log else log.intact("quadloop_clock")["row"]
        self.said = np.array(said, np.int64)

    def __len__(self) -> int:
        return self.count

    def rows(self, begin: int = 0, end: int | None = None) -> tuple[np.recarray, np.recarray]:
        """Return inputs and commands of the ticks from `begin` to before `end`, what was not written as it was last."""
        end = self.count if end is None else min(end, self.count)
        words = np.zeros((max(end - begin, 0), ROW_WORDS), np.uint64)
        for part in self.parts:
            latest = int(np.searchsorted(part.numbers, begin, side="right")) - 1
            columns = np.arange(len(part.places))
            hold(words, begin, part.numbers, part.values, columns, part.places, latest)
            some = slice(*np.searchsorted(part.numbers, (begin, end)).tolist())
            words[np.ix_(part.numbers[some] - begin, part.brief)] = part.brief_values[some]
        if self.has_checks:
            words[:, IMU_CLOCK_WORD] += words[:, 1]
        inputs = np.ascontiguousarray(words[:, 1 : 1 + INPUT_WORDS])
        commands = np.ascontiguousarray(words[:, 1 + INPUT_WORDS :])
        return _records(inputs, INPUTS), _records(commands, COMMAND)

    def is_said(self, begin: int, end: int) -> np.ndarray:
        """Tell in which ticks from `begin` to before `end` the whole command was written."""
        found = np.full(end - begin, self.are_all_said)
        some = slice(*np.searchsorted(self.said, (begin, end)).tolist())
        found[self.said[some] - begin] = True
        return found

    def samples(self, sensor: str) -> np.ndarray:
        """Return what a sensor said in the ticks in which it did (rows of its record in flight.inputs)."""
        found = []
        for begin in range(0, self.count, CHUNK):
            told = self.rows(begin, begin + CHUNK)[0].view(np.ndarray)[sensor]
            found.append(told[told["fresh"] != 0])
        return np.concatenate(found) if found else np.zeros(0, INPUTS[sensor])

    def _fields(self) -> dict[str, list[tuple[str, np.dtype, int]]]:
        """Return by topic which fields to read: name, kind and first word."""
        found: dict[str, list[tuple[str, np.dtype, int]]] = {"": []}
        for topic, path in ((t.name, path) for t in TOPICS for path in t.paths):
            name = topic if self.has_checks else MOVED.get(path, topic)
            first, kind = word_of(path)
            base, shape = kind.subdtype or (kind, ())
            flat = np.dtype((base, (int(np.prod(shape)),))) if shape else kind
            stored = self.log.dtypes[name].fields if name in self.log else None
            if stored and field_name(path) in stored and stored[field_name(path)][0] == flat:
                found.setdefault(name, []).append((field_name(path), flat, first))
            else:
                self.missing.append(f"{name}.{field_name(path)}")
        return found

    def _part(self, name: str, fields: list[tuple[str, np.dtype, int]]) -> Part | None:
        """Return a topic's values; the time stamp goes with the tick itself."""
        if not name:
            return None
        rows = self.log.intact(name)
        stamps = np.ascontiguousarray(rows["timestamp"])
        places: list[int] = []
        columns: list[np.ndarray] = []
        for field, kind, first in fields:
            size = kind.itemsize // WORD
            places += range(first, first + size)
            columns.append(np.ascontiguousarray(rows[field]).view(np.uint64).reshape(len(rows), size))
        if name == MARK:
            places, columns = [1, *places], [stamps[:, None], *columns]
        where, values = np.array(places, np.int64), np.concatenate(columns, axis=1)
        rules = RULES[where] if self.has_checks else np.zeros(len(where), np.int64)
        values[:, rules == MOVES] -= stamps[:, None]
        is_brief = rules == ZERO
        return Part(
            rows["row"].astype(np.int64),
            where[~is_brief],
            np.ascontiguousarray(values[:, ~is_brief]),
            where[is_brief],
            values[:, is_brief],
        )


def is_whole(log: Mapping[str, np.ndarray]) -> bool:
    """Tell whether a log holds ticks of ours from its first on."""
    return MARK in log and len(log[MARK]) > 0 and int(log[MARK]["row"][0]) == 0


def _records(words: np.ndarray, dtype: np.dtype) -> np.recarray:
    return words.view(dtype).reshape(-1).view(np.recarray)
