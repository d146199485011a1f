"""Record a flight: everything needed to fly it again to the bit, and everything PX4's tools expect to find."""

import hashlib
import os
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from flight.modes import Event
from logs import exact, px4_topics
from logs.checkpoint import write_checkpoint
from logs.events import advice, event_text, happened, level
from logs.header import write_change, write_facts, write_parameters, write_tuned
from logs.sink import Sink
from logs.ulog import NOTICE, WARNING, ULogWriter

# Ticks wait for their neighbours at most this long: encoding many at once is what makes it cheap.
PATIENCE_US = 100_000
CAPACITY = 2000
# How often the command is written whole where a replay says it again; the check proves the ticks between.
SAMPLE_RATE_HZ = 10
TRUTH_RATE_HZ, TRUTH_RATE_IN_FULL_HZ = 50, 250
# Bits of SDLOG_PROFILE with which PX4 logs motors and rates in full: system identification and high rate.
IN_FULL = 8 | 16
PROOF_TOPIC = "quadloop_proof"
# `digest` is of all ticks before `row`.
PROOF = np.dtype([("timestamp", "<u8"), ("row", "<u8"), ("digest", "<u8")])
SYNC_PERIOD_US = 500_000
TRUTH_TOPIC = "quadloop_truth"


class Pace:
    """Choose ticks so that at most `rate_hz` a second remain, however they are cut into pieces."""

    def __init__(self, rate_hz: int) -> None:
        self.period_us = 1_000_000 // rate_hz
        self.last = -1

    def chosen(self, t_us: np.ndarray) -> np.ndarray:
        """Return which of these ticks, in their order, to keep."""
        if len(t_us) == 0:
            return np.zeros(0, np.int64)
        slots = t_us // self.period_us
        is_new = np.empty(len(slots), bool)
        is_new[0] = slots[0] != self.last
        np.not_equal(slots[1:], slots[:-1], out=is_new[1:])
        self.last = slots[-1]
        return np.flatnonzero(is_new)


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
        self.words = np.zeros((1 + CAPACITY, exact.ROW_WORDS), np.uint64)
        self.truth_dtype: np.dtype | None = None
        self.truth = np.zeros((CAPACITY, 0), np.uint64)
        self.samples, self.proofs = Pace(SAMPLE_RATE_HZ), Pace(1)
        self.proof = hashlib.blake2b(digest_size=8)
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
        told, said = _words(inputs, exact.INPUT_WORDS), _words(commands, exact.COMMAND_WORDS)
        if not self.has_begun:
            self._begin(None if truth is None else truth.dtype, int(told[0, 0]))
        is_known = truth is not None and self.truth_dtype is not None
        real = _words(truth, self.truth.shape[1]) if is_known else None
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
        inputs = np.ascontiguousarray(ticks[1:, 1 : 1 + exact.INPUT_WORDS]).view(INPUTS).reshape(-1)
        commands = np.ascontiguousarray(ticks[1:, 1 + exact.INPUT_WORDS :]).view(COMMAND).reshape(-1)
        truth = None
        if self.truth_dtype is not None:
            truth = self.truth[: self.waiting].view(self.truth_dtype).reshape(-1)
        self._write_ticks(ticks)
        self._write_truth(inputs["t_us"], truth)
        # A NaN in flight must end up in the log, not in a warning.
        with np.errstate(all="ignore"):
            self._write_px4(inputs["t_us"], px4_topics.Flown(inputs, commands, truth, self.airframe))
        for t_us, code, value in happened(inputs["t_us"], commands["status"]):
            self.writer.say(t_us, event_text(code, value), level(code))
            if advised := advice(code, value):
                self.writer.say(t_us, advised, level(code))
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
        self._prove(self.count, int(self.words[0, 1]))
        self.sink.close()

    def __enter__(self) -> "FlightLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, truth: np.dtype | None, start_us: int) -> None:
        """Define and announce the topics, now that it is known whether there is truth."""
        self.has_begun = True
        self.writer.start_at(start_us)
        self.topics = [t for t in px4_topics.TOPICS if truth is not None or not t.needs_truth]
        formats = {t.name: t.dtype for t in exact.TOPICS} | {t.name: t.dtype for t in self.topics}
        if truth is not None:
            self.truth_dtype = truth
            self.truth = np.zeros((CAPACITY, truth.itemsize // exact.WORD), np.uint64)
            formats[TRUTH_TOPIC] = np.dtype([("timestamp", "<u8"), *truth.descr])
        formats[PROOF_TOPIC] = PROOF
        formats |= {n: np.dtype([("timestamp", "<u8"), *dtype.descr]) for n, dtype in self.extras.items()}
        for name, dtype in formats.items():
            self.writer.define(name, dtype)
        numbers = {name: self.writer.subscribe(name) for name in formats}
        self.ids = np.array([numbers[t.name] for t in exact.TOPICS], np.int64)
        truth_rate_hz = TRUTH_RATE_IN_FULL_HZ if self.in_full else TRUTH_RATE_HZ
        self.paces = {t.name: Pace(t.rate_hz) for t in self.topics} | {TRUTH_TOPIC: Pace(truth_rate_hz)}

    def _keep(self, told: np.ndarray, said: np.ndarray, truth: np.ndarray | None) -> None:
        place = slice(1 + self.waiting, 1 + self.waiting + len(told))
        self.words[place, 0] = np.arange(self.count, self.count + len(told))
        self.words[place, 1 : 1 + exact.INPUT_WORDS] = told
        self.words[place, 1 + exact.INPUT_WORDS :] = said
        if truth is not None:
            self.truth[self.waiting : self.waiting + len(told)] = truth
        self.waiting += len(told)
        self.count += len(told)

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

    def _write_ticks(self, ticks: np.ndarray) -> None:
        out = np.empty(exact.LARGEST_TICK * (len(ticks) - 1), np.uint8)
        digested = exact.digests(ticks)
        check = exact.checks(digested).view(np.uint8).reshape(-1, 4)
        size = exact.encode(
            ticks, ticks.view(np.uint8), imu_clock(ticks), check, self._wants(ticks),
            exact.SPANS, exact.BEGINS, exact.IS_SAMPLED, exact.RULES, self.ids, out,
        )  # fmt: skip
        self.sink.write(out[:size].data)
        self._write_proofs(ticks[1:], digested[1:])

    def _wants(self, ticks: np.ndarray) -> np.ndarray:
        """Return what of the sampled topics to write in each tick."""
        wants = np.full(len(ticks), exact.FOLLOW if self.in_full else exact.LEAVE, np.int64)
        chosen = self.samples.chosen(ticks[1:, 1].astype(np.int64))
        if not self.in_full:
            wants[1 + chosen] = exact.SAMPLE
        if int(ticks[1, 0]) == 0:
            wants[1] = exact.EVERYTHING
        return wants

    def _write_proofs(self, ticks: np.ndarray, digested: np.ndarray) -> None:
        """Go on with the digest over all ticks; write it once a second."""
        done = 0
        for place in self.proofs.chosen(ticks[:, 1].astype(np.int64)).tolist():
            self.proof.update(digested[done:place].tobytes())
            done = place
            self._prove(int(ticks[place, 0]), int(ticks[place, 1]))
        self.proof.update(digested[done:].tobytes())

    def _prove(self, row: int, t_us: int) -> None:
        rows = np.array([(t_us, row, int.from_bytes(self.proof.digest(), "little"))], PROOF)
        if row > 0:
            self.writer.append(PROOF_TOPIC, rows)

    def _write_truth(self, t_us: np.ndarray, truth: np.ndarray | None) -> None:
        if truth is None:
            return
        chosen = self.paces[TRUTH_TOPIC].chosen(t_us)
        rows = np.zeros(len(chosen), self.writer.formats[TRUTH_TOPIC])
        rows["timestamp"] = t_us[chosen]
        for name in truth.dtype.names or ():
            rows[name] = truth[name][chosen]
        self.writer.append(TRUTH_TOPIC, rows)

    def _write_px4(self, t_us: np.ndarray, flown: px4_topics.Flown) -> None:
        fresh: dict[str, np.ndarray] = {"": np.arange(len(t_us))}
        for topic in self.topics:
            if topic.sensor not in fresh:
                fresh[topic.sensor] = np.flatnonzero(flown.i[topic.sensor]["fresh"])
            ticks = fresh[topic.sensor]
            chosen = ticks[self.paces[topic.name].chosen(t_us[ticks])]
            if len(chosen):
                self.writer.append(topic.name, topic.rows(flown.at(chosen)))

    def _write_sync(self, t_us: int) -> None:
        if not 0 <= t_us - self.last_sync_us < SYNC_PERIOD_US:
            self.last_sync_us = t_us
            self.writer.sync()


def imu_clock(ticks: np.ndarray) -> np.ndarray:
    """Return the IMU's time stamp in each tick if it has moved on with the loop's."""
    expected = ticks[:, exact.IMU_CLOCK_WORD].copy()
    expected[1:] = ticks[:-1, exact.IMU_CLOCK_WORD] + (ticks[1:, 1] - ticks[:-1, 1])
    return expected


def _words(rows: np.ndarray, size: int) -> np.ndarray:
    """Return records as rows of 64-bit words."""
    plain = rows if rows.flags.c_contiguous else np.ascontiguousarray(rows)
    if plain.dtype.itemsize != size * exact.WORD:
        raise TypeError(f"rows of {plain.dtype.itemsize} bytes are not the loop's records")
    return np.ndarray.view(plain, np.uint64, np.ndarray).reshape(-1, size)
