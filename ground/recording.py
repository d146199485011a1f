"""The recorder as a process: it takes every tick out of a ring and writes one flight log for each flight."""

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flight.airframe import Airframe
from flight.errors import LogError
from flight.inputs import LogState
from ground.log_mode import Wish, runs
from ground.prologue import Prologue
from ground.rings import Reader
from ground.seats import Seats
from logs import timing
from logs.recorder import FlightLog
from logs.space import free_mb, make_room
from logs.ulog import NOTICE, WARNING

events = logging.getLogger("quadloop.recording")
LOOK_S = 0.05
MOST_TICKS = 2000
# A log begins so long before what it is about; a checkpoint is asked for as often.
BEFORE_S = 2.0
# How long the loop may take to answer before it is asked again, and before a log that failed is tried again.
ANSWER_S, AGAIN_S = 0.5, 5.0
# Ticks of the ring that may be overwritten while a recorder that was brought back takes them.
MARGIN = 1000
# With less room the loop is told before the next flight that there will be no log.
LEAST_MB = 10.0


@dataclass
class Plan:
    """What to record: of which vehicle, when (SDLOG_MODE), into which file the k-th log since boot goes."""

    airframe: Airframe
    dt: float
    seed: int
    mode: int
    path: Callable[[int], Path]
    has_truth: bool = True


class Recording:
    """Logs fed from a ring; what the ring lost is named in the log and in the event log.

    The first recorder begins with the first tick, one that was brought back where the newest checkpoint stands.
    """

    def __init__(self, seats: Seats, plan: Plan, from_start: bool) -> None:
        self.seats, self.plan = seats, plan
        self.reader = Reader(seats.ticks, from_start=from_start)
        self.checkpoints = Reader(seats.checkpoints, from_start=True)
        self.timings = Reader(seats.timings, from_start=True)
        known = Reader(seats.recorded, from_start=True).newest()
        self.wish = Wish(
            plan.mode, *(map(bool, (known[0].has_armed, known[0].has_ended)) if known is not None else ())
        )
        self.prologue = Prologue(round(BEFORE_S / plan.dt))
        self.log: FlightLog | None = None
        self.is_continuous = self.is_told = False
        self.rows = 0
        self.trouble, self.tried_s, self.asked_s = "", -AGAIN_S, 0.0
        self.timed: np.record | None = None
        if not from_start:
            self.catch_up()

    def catch_up(self) -> None:
        """Begin with the ticks that have waited since the newest checkpoint, if the ring still has them."""
        self.meet_checkpoints()
        newest = self.prologue.newest
        if newest is not None and newest > self.reader.ring.written - self.reader.ring.capacity + MARGIN:
            self.reader.seen = newest

    def take(self) -> int:
        """Write some waiting ticks; return how many there were."""
        before, missed = self.reader.seen, self.reader.missed
        ticks = self.reader.drain(MOST_TICKS)
        self.meet_checkpoints()
        if self.reader.missed > missed:
            self.lose(self.reader.missed - missed, ticks)
        if len(ticks):
            first = self.reader.seen - len(ticks)
            for begin, end, is_wanted in runs(self.wish.wanted(ticks)):
                self.go_on(first + begin, ticks[begin:end], is_wanted)
        self.ask()
        self.punctuality()
        trouble = self.log.trouble if self.log else self.trouble
        state = LogState.STOPPED if trouble else LogState.RUNNING
        self.seats.recorded.push(self.reader.seen, state, self.wish.has_armed, self.wish.has_ended)
        return self.reader.seen - before

    def go_on(self, first: int, ticks: np.recarray, is_wanted: bool) -> None:
        """Take ticks of one kind: into the log, or to wait for one."""
        if is_wanted and not self.is_continuous and not self.prologue.is_awaited:
            self.prologue.await_from(first)
        if not is_wanted:
            self.end()
        self.prologue.keep(first, ticks)
        if is_wanted and not self.is_continuous:
            self.begin()
        if self.is_continuous:
            self.write(self.prologue.take_all())

    def begin(self) -> None:
        """Open a log where the autopilot's state is known, or go on with the one that has a gap."""
        start = self.prologue.start()
        has_failed = bool(self.trouble) and time.monotonic() - self.tried_s < AGAIN_S
        if start is None or (self.log is None and has_failed):
            return
        point = self.prologue.point(start)
        params = self.plan.airframe.params if point is None else point.params
        if self.log is None:
            self.open(np.asarray(params).reshape(-1)[0])
        if self.log is None:
            return
        if point is not None:
            self.log.resume(point.state, point.command, point.params)
        self.prologue.forget_before(start)
        self.is_continuous = True

    def open(self, params: np.void) -> None:
        """Open the next file; what is in its way is said once."""
        path = self.plan.path(int(self.seats.logged.written))
        self.tried_s, extras = time.monotonic(), {timing.TOPIC: timing.TIMING}
        try:
            self.log = FlightLog(
                path, self.plan.airframe, self.plan.dt, self.plan.seed, params, extras=extras
            )
        except LogError as error:
            if not self.trouble:
                events.error("%s", error)
            self.trouble = str(error)
            return
        self.seats.logged.push(np.array([(os.fsencode(path),)], self.seats.logged.dtype)[0])
        self.trouble, self.is_told = "", False

    def write(self, ticks: list[np.recarray]) -> None:
        """Write ticks into the log."""
        assert self.log is not None
        for some in ticks:
            truth = some.truth.copy() if self.plan.has_truth else None
            self.log.append(some.inputs.copy(), some.command.copy(), truth)
        if self.timed is not None and not self.is_told:
            self.tell(self.timed)

    def end(self) -> None:
        """Close the log: the flight is over."""
        if self.log is None:
            self.prologue.is_awaited = False
            return
        self.log.close()
        self.log, self.is_continuous = None, False
        self.prologue.clear()
        self.tidy()

    def tidy(self) -> None:
        """Make room for the next flight; never while one may be under way."""
        logged = self.seats.logged
        mine = {
            Path(os.fsdecode(path)) for path in logged.slots["path"][: min(logged.written, logged.capacity)]
        }
        wanted_mb = float(self.plan.airframe.params[0].recording.free_mb)
        folder = self.plan.path(int(logged.written)).parent
        make_room(folder, wanted_mb, mine)
        self.trouble = "the disk is full" if folder.is_dir() and free_mb(folder) < LEAST_MB else ""

    def meet_checkpoints(self) -> None:
        """Take in what the loop has left of itself."""
        for point in self.checkpoints.drain() if self.checkpoints.waiting else ():
            self.prologue.meet(point)

    def ask(self) -> None:
        """Ask for a checkpoint when the newest is old, or a log waits for one."""
        newest, now_s = self.prologue.newest, time.monotonic()
        is_old = newest is None or self.reader.seen - newest >= BEFORE_S / self.plan.dt
        if is_old and now_s - self.asked_s > ANSWER_S:
            self.asked_s = now_s
            self.seats.asked.push(self.reader.seen)

    def punctuality(self) -> None:
        """Log how punctual the loop is."""
        for row in self.timings.drain() if self.timings.waiting else ():
            self.timed = row.copy()
            if self.log is not None and self.is_continuous:
                self.tell(row)

    def tell(self, row: np.record) -> None:
        """Log the loop's times; say once when a vehicle's loop has to do without priority."""
        assert self.log is not None
        self.log.add(timing.TOPIC, int(row.t_us), row)
        if row.is_real and not self.is_told:
            severity = NOTICE if row.is_prior and row.is_locked else WARNING
            held = timing.standing(timing.facts(row))
            self.log.say(int(row.t_us), f"the loop runs with {held}, core {int(row.core)}", severity)
        self.is_told = True

    def lose(self, count: int, ticks: np.recarray) -> None:
        """Say that ticks are missing; the log goes on at the next checkpoint."""
        t_us = int(ticks.inputs.t_us[0]) if len(ticks) else 0
        events.error("%d ticks were lost before %.3f s: the recorder was too slow", count, 1e-6 * t_us)
        if self.log is not None and self.is_continuous:
            self.log.lose(count, t_us, count * self.plan.dt)
        self.is_continuous, self.asked_s = False, 0.0
        self.prologue.clear()


def record(seats: Seats, plan: Plan, from_start: bool) -> None:
    """Write logs until SIGTERM or the end of the parent."""
    is_over = False

    def end(*_: object) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, end)
    parent = os.getppid()
    recording = Recording(seats, plan, from_start)
    if from_start:
        recording.tidy()
    while not is_over and os.getppid() == parent:
        if recording.take() < MOST_TICKS:
            time.sleep(LOOK_S)
    while recording.take():
        pass
    if recording.log is not None:
        recording.log.close()
