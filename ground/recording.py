"""The recorder as a process: it takes every tick out of a ring and writes the flight log."""

import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.inputs import LogState
from ground.rings import Reader
from ground.seats import Seats
from logs import timing
from logs.recorder import FlightLog
from logs.ulog import NOTICE, WARNING

events = logging.getLogger("quadloop.recording")
LOOK_S = 0.05
MOST_TICKS = 2000


class Recording:
    """A log fed from a ring; what the ring lost is named in the log and in the event log."""

    def __init__(self, seats: Seats, log: FlightLog, from_start: bool, has_truth: bool = True) -> None:
        self.reader = Reader(seats.ticks, from_start=from_start)
        self.log, self.has_truth = log, has_truth
        self.known_missed = 0
        self.done = seats.recorded
        self.timings = Reader(seats.timings, from_start=from_start)
        self.is_told = False

    def take(self) -> int:
        """Write some waiting ticks; return how many there were."""
        ticks = self.reader.drain(MOST_TICKS)
        if self.reader.missed > self.known_missed and len(ticks):
            self.complain(self.reader.missed - self.known_missed, int(ticks.inputs.t_us[0]))
        if len(ticks):
            truth = ticks.truth if self.has_truth else None
            self.log.append(
                ticks.inputs.copy(), ticks.command.copy(), None if truth is None else truth.copy()
            )
        for row in self.timings.drain():
            self.tell(row)
        self.done.push(self.reader.seen, LogState.STOPPED if self.log.trouble else LogState.RUNNING)
        return len(ticks)

    def tell(self, row: np.record) -> None:
        """Log how punctual the loop is; say once when a vehicle's loop has to do without priority."""
        self.log.add(timing.TOPIC, int(row.t_us), row)
        if row.is_real and not self.is_told:
            self.is_told = True
            severity = NOTICE if row.is_prior and row.is_locked else WARNING
            held = timing.standing(timing.facts(row))
            self.log.say(int(row.t_us), f"the loop runs with {held}, core {int(row.core)}", severity)

    def complain(self, count: int, t_us: int) -> None:
        """Say that ticks are missing."""
        self.known_missed = self.reader.missed
        events.error("%s: %d ticks were lost before %.3f s", self.log.path, count, 1e-6 * t_us)
        self.log.say(t_us, f"{count} ticks were lost: the recorder was too slow", WARNING)


def record(seats: Seats, path: Path, airframe: Airframe, dt: float, seed: int, **options: Any) -> None:
    """Write a log until SIGTERM or the end of the parent; `options` are Recording's."""
    is_over = False

    def end(*_: object) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, end)
    parent = os.getppid()
    with FlightLog(path, airframe=airframe, seed=seed, dt=dt, extras={timing.TOPIC: timing.TIMING}) as log:
        recording = Recording(seats, log, **options)
        while not is_over and os.getppid() == parent:
            if recording.take() < MOST_TICKS:
                time.sleep(LOOK_S)
        while recording.take():
            pass
