"""Record a flight: everything needed to fly it again to the bit, and everything PX4's tools expect to find."""

import os
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from flight.modes import Event
from logs.checkpoint import write_checkpoint
from logs.digests import PROOF, PROOF_TOPIC
from logs.events import advice, event_text, happened, level
from logs.exact import COMMAND_WORDS, INPUT_WORDS, ROW_WORDS, TOPICS, WORD, words_of
from logs.header import write_change, write_facts, write_parameters, write_tuned
from logs.px4.topic import Flown
from logs.sink import Sink
from logs.slow_topics import TRUTH_TOPIC, SlowTopics, px4_topics
from logs.tick_writer import TickWriter
from logs.ulog import NOTICE, WARNING, ULogWriter, stamped

# Ticks wait for their neighbours at most this long: encoding many at once is what makes it cheap.
PATIENCE_US = 100_000
CAPACITY = 2000
# Bits of SDLOG_PROFILE with which PX4 logs motors and rates in full: system identification and high rate.
IN_FULL = 8 | 16
SYNC_PERIOD_US = 500_000


class FlightLog:
    """A flight log being written: `append` takes ticks as they are flown, one or thousands at a time.

    Raises LogError when the file cannot be written before the flight; later trouble ends the log, never the flight, and
    `trouble` says what it was. `params` is the parameter record if it is not the airframe's own; `facts` are further
    lines for the log's header (text or numpy numbers), `extras` further topics, which `add` fills. `in_full`
    writes every command of every tick instead of what proves a replay; else SDLOG_PROFILE decides.
    Data older than 0.1 s is in the operating system's hands.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        airframe: Airframe,
        dt: float,
        seed: int = 0,
        params: np.ndarray | None = None,
        facts: dict[str, Any] | None = None,
        extras: dict[str, np.dtype] | None = None,
        in_full: bool | None = None,
    ) -> None:
        self.sink = Sink(path)
        self.path = self.sink.path
        self.writer = ULogWriter(self.sink)
        chosen = np.array(airframe.params[0] if params is None else np.asarray(params).reshape(-1)[0])
        self.airframe = chosen["airframe"]
        self.in_full = bool(int(chosen["recording"]["profile"]) & IN_FULL) if in_full is None else in_full
        self.extras = extras or {}
        self.count = 0
        self.waiting = 0
        self.has_begun = False
        self.last_sync_us = 0
        self.words = np.zeros((1 + CAPACITY, ROW_WORDS), np.uint64)
        self.truth_dtype: np.dtype | None = None
        self.truth = np.zeros((CAPACITY, 0), np.uint64)
        known = {"quadloop_commands": "every tick" if self.in_full else "sampled"}
        write_facts(self.writer, airframe, dt, seed, known | (facts or {}))
        write_parameters(self.writer, chosen, 0, is_first=True)
        if self.trouble:
            raise LogError(f"{self.path}: the flight log cannot be written: {self.trouble}")

    @property
    def trouble(self) -> str:
        """Say why logging ended early; empty while all is well."""
        return self.sink.trouble

    def append(self, inputs: np.ndarray, commands: np.ndarray, truth: np.ndarray | None = None) -> None:
        """Record consecutive ticks: rows of inputs, of the commands they led to, and of the truth if there is one.

        Whether there is truth is settled by the first call.
        """
        if not self.sink.is_open or len(inputs) == 0:
            return
        told, said = words_of(inputs, INPUT_WORDS), words_of(commands, COMMAND_WORDS)
        if not self.has_begun:
            self._begin(None if truth is None else truth.dtype, int(told[0, 0]))
        is_known = truth is not None and self.truth_dtype is not None
        real = words_of(truth, self.truth.shape[1]) if is_known else None
        done = 0
        while done < len(told):
            some = slice(done, min(len(told), done + CAPACITY - self.waiting))
            self._keep(told[some], said[some], None if real is None else real[some])
            done = some.stop
            if self._is_due():
                self.flush()

    def flush(self) -> None:
        """Hand every waiting tick to the operating system."""
        if self.waiting == 0 or not self.sink.is_open:
            return
        ticks = self.words[: 1 + self.waiting]
        inputs = np.ascontiguousarray(ticks[1:, 1 : 1 + INPUT_WORDS]).view(INPUTS).reshape(-1)
        commands = np.ascontiguousarray(ticks[1:, 1 + INPUT_WORDS :]).view(COMMAND).reshape(-1)
        truth = None
        if self.truth_dtype is not None:
            truth = self.truth[: self.waiting].view(self.truth_dtype).reshape(-1)
        self.tick_writer.write(ticks)
        if truth is not None:
            self.slow_topics.write_truth(inputs["t_us"], truth)
        # A NaN in flight must end up in the log, not in a warning.
        with np.errstate(all="ignore"):
            self.slow_topics.write_px4(inputs["t_us"], Flown(inputs, commands, truth, self.airframe))
        self._write_events(inputs["t_us"], commands["status"])
        self._write_changes(inputs["demand"], commands["status"]["events"], commands["tuning"]["gains"])
        self._write_sync(int(inputs["t_us"][-1]))
        self.words[0] = ticks[-1]
        self.waiting = 0

    def say(self, t_us: int, text: str, severity: int = NOTICE) -> None:
        """Write a line of text into the log."""
        self.flush()
        self.writer.say(t_us, text, severity)

    def add(self, topic: str, t_us: int, row: np.void) -> None:
        """Write a row of a topic that is not the loop's own; before the first tick it is left out."""
        if self.has_begun and self.sink.is_open:
            self.flush()
            stamped = np.zeros(1, self.writer.formats[topic])
            stamped["timestamp"] = t_us
            for name in row.dtype.names or ():
                stamped[name] = row[name]
            self.writer.append(topic, stamped)

    def resume(self, state: np.ndarray, command: np.ndarray, params: np.ndarray) -> None:
        """Record the autopilot as it stands before the next tick, so that a replay can begin or go on there."""
        self.flush()
        write_checkpoint(self.writer, self.count, state, command, params)

    def lose(self, ticks: int, t_us: int, duration_s: float) -> None:
        """Note that ticks before this time are missing; `resume` before going on."""
        self.flush()
        self.writer.dropout(round(1000.0 * duration_s))
        self.writer.say(t_us, f"{ticks} ticks were lost: the recorder was too slow", WARNING)

    def set_params(self, params: np.ndarray) -> None:
        """Record parameters that hold from the next tick on."""
        self.flush()
        write_parameters(self.writer, np.asarray(params).reshape(-1)[0], self.count, is_first=False)

    def close(self) -> None:
        """Write what waits and close the file; closing twice does no harm."""
        if not self.has_begun:
            self._begin(None, 0)
        self.flush()
        self.tick_writer.prove(self.count, int(self.words[0, 1]))
        self.sink.close()

    def __enter__(self) -> "FlightLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, truth: np.dtype | None, start_us: int) -> None:
        """Define and announce the topics, now that it is known whether there is truth."""
        self.has_begun = True
        self.writer.start_at(start_us)
        topics = px4_topics(truth is not None)
        formats = {t.name: t.dtype for t in TOPICS} | {t.name: t.dtype for t in topics}
        if truth is not None:
            self.truth_dtype = truth
            self.truth = np.zeros((CAPACITY, truth.itemsize // WORD), np.uint64)
            formats[TRUTH_TOPIC] = stamped(truth)
        formats[PROOF_TOPIC] = PROOF
        formats |= {name: stamped(dtype) for name, dtype in self.extras.items()}
        for name, dtype in formats.items():
            self.writer.define(name, dtype)
        for name in formats:
            self.writer.subscribe(name)
        self.tick_writer = TickWriter(self.writer, self.in_full)
        self.slow_topics = SlowTopics(self.writer, topics, self.in_full)

    def _keep(self, told: np.ndarray, said: np.ndarray, truth: np.ndarray | None) -> None:
        place = slice(1 + self.waiting, 1 + self.waiting + len(told))
        self.words[place, 0] = np.arange(self.count, self.count + len(told))
        self.words[place, 1 : 1 + INPUT_WORDS] = told
        self.words[place, 1 + INPUT_WORDS :] = said
        if truth is not None:
            self.truth[self.waiting : self.waiting + len(told)] = truth
        self.waiting += len(told)
        self.count += len(told)

    def _write_events(self, t_us: np.ndarray, status: np.ndarray) -> None:
        for then_us, code, value in happened(t_us, status):
            self.writer.say(then_us, event_text(code, value), level(code, value))
            if advised := advice(code, value):
                self.writer.say(then_us, advised, level(code, value))

    def _write_changes(self, demands: np.ndarray, events: np.ndarray, gains: np.ndarray) -> None:
        is_tuned = (events == Event.AUTOTUNE).any(axis=1)
        is_asked = (events == Event.PARAM_CHANGED).any(axis=1)
        for tick in np.flatnonzero(is_tuned | is_asked):
            # An autotune gives way before a change by hand.
            if is_tuned[tick]:
                write_tuned(self.writer, gains[tick])
            if is_asked[tick]:
                write_change(self.writer, demands[tick])

    def _is_due(self) -> bool:
        span = int(self.words[self.waiting, 1]) - int(self.words[1, 1])
        return self.waiting == CAPACITY or not 0 <= span < PATIENCE_US

    def _write_sync(self, t_us: int) -> None:
        if not 0 <= t_us - self.last_sync_us < SYNC_PERIOD_US:
            self.last_sync_us = t_us
            self.writer.sync()
