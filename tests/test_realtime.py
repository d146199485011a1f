"""The loop's standing with the operating system, its deadlines, and what it tells of its punctuality."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from flight.airframe import load
from flight.autopilot import Autopilot
from ground import realtime
from ground.log_mode import LogMode
from ground.loop import FlightLoop, Paced, plain
from ground.recording import Plan, Recording
from ground.seats import Seats
from logs import timing
from logs.info import info, text
from sim.world import Simulator


def test_percentiles_of_the_histograms_are_those_of_the_times():
    rng, stopwatch = np.random.default_rng(1), realtime.Stopwatch()
    work, age = rng.lognormal(4.0, 0.7, 20_000), rng.lognormal(7.0, 0.5, 20_000)
    for w, a in zip(work, age, strict=True):
        stopwatch.note(1e9, 1e9 + w - a, 1e9 + w)

    told = timing.facts(stopwatch.tell(5, 3)[0])

    # A bin is a third of an octave wide.
    for name, times in (("work_us", work), ("sample_to_motor_us", age)):
        for key, share in (("median", 50.0), ("p99", 99.0), ("p999", 99.9)):
            assert 1.0 <= told[name][key] / np.percentile(times, share) < 2.0 ** (1.0 / 3.0) + 0.01
        assert told[name]["max"] == pytest.approx(times.max(), abs=0.5)
    assert (told["ticks"], told["overruns"]) == (20_000, 3)
    assert stopwatch.row["worked_us"][0] == pytest.approx(work.sum(), abs=0.5 + 1e-6 * work.sum())


def test_a_tick_without_sample_is_late_for_nothing():
    stopwatch = realtime.Stopwatch()

    stopwatch.note(1e9, 0, 1e9 + 50.0)

    assert sum(stopwatch.work) == 1
    assert sum(stopwatch.latency) == 0


def test_what_is_refused_is_told_and_the_loop_goes_on(monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    for name in ("sched_setscheduler", "sched_setaffinity"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(realtime, "lock_memory", refuse)

    standing = realtime.claim()

    assert not standing.is_prior
    assert not standing.is_locked
    assert "LimitRTPRIO" in standing.missing[0]
    assert "LimitMEMLOCK" in standing.missing[1]
    assert "an ordinary process" in timing.text(timing.facts(realtime.Stopwatch(standing).tell(0, 0)[0]))


def test_asking_what_would_be_granted_changes_nothing():
    before = os.sched_getaffinity(0), os.sched_getscheduler(0)

    realtime.missing()

    assert (os.sched_getaffinity(0), os.sched_getscheduler(0)) == before


def test_the_core_kept_free_at_boot_is_the_loops(monkeypatch, tmp_path):
    kept_free = tmp_path / "isolated"
    kept_free.write_text("2-3\n")
    monkeypatch.setattr(realtime, "ISOLATED", kept_free)

    assert realtime.choose_core() == 2


def test_a_sleep_that_is_interrupted_still_ends_when_it_is_due():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda *_: rings.append(time.monotonic_ns()))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    try:
        due_ns = time.monotonic_ns() + 60_000_000
        realtime.sleep_until(due_ns)
        woke_ns = time.monotonic_ns()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)

    assert woke_ns >= due_ns
    assert rings


class Nothing:
    """A world in which nothing happens."""

    dt = 0.001

    def read(self, inputs: object) -> bool:
        return True

    def write(self, command: object) -> None:
        return


def test_a_late_tick_moves_no_other_tick():
    world, due_s = Paced(Nothing(), 1.0), []
    for tick in range(60):
        world.read(None)
        due_s.append(world.due_s)
        if tick in (10, 30):
            time.sleep(0.02)

    assert np.diff(due_s) == pytest.approx(0.001, abs=1e-9)
    assert world.overruns == 0


def calls() -> tuple[int, int]:
    """Return how often this thread has read from and written to files, sockets and terminals."""
    told = dict(line.split(": ") for line in Path("/proc/thread-self/io").read_text().splitlines())
    return int(told["syscr"]), int(told["syscw"])


def test_a_tick_reads_and_writes_nothing_but_shared_memory():
    airframe, seats, opened = load("pi450"), Seats(), []
    is_watched = False

    def watch(event: str, _: object) -> None:
        if is_watched and event.partition(".")[0] in ("open", "socket", "subprocess", "shutil", "logging"):
            opened.append(event)

    sys.addaudithook(watch)
    world = Simulator(airframe, 1)
    loop = FlightLoop(Autopilot(airframe.params, world.dt), world, seats, plain(world.vehicles)["truth"])
    for _ in range(100):
        loop.tick()
    before = calls()
    is_watched = True
    for _ in range(7000):
        loop.tick()
    is_watched = False
    after = calls()
    seats.close()

    # Looking costs reads of its own: as many as between two looks with nothing between them.
    looks = calls()[0] - after[0]
    assert opened == []
    assert after[1] - before[1] == 0
    assert after[0] - before[0] == looks


def test_a_log_tells_how_punctual_the_loop_was(tmp_path):
    airframe, seats = load("pi450"), Seats()
    world = Simulator(airframe, 1)
    standing = realtime.Standing(missing=("real-time priority",))
    loop = FlightLoop(
        Autopilot(airframe.params, world.dt), world, seats, plain(world.vehicles)["truth"], standing=standing
    )
    plan = Plan(airframe, world.dt, 1, LogMode.BOOT, lambda _: tmp_path / "a.ulg")
    recording = Recording(seats, plan, from_start=True)
    for _ in range(5):
        for _ in range(200):
            loop.tick()
        recording.take()
    loop.stopwatch.told_us = 0.0
    loop.tick()
    recording.take()
    recording.log.close()
    seats.close()

    facts = info(tmp_path / "a.ulg")

    assert facts["loop"]["ticks"] == 1001
    assert 0.0 < facts["loop"]["work_us"]["median"] <= facts["loop"]["work_us"]["max"]
    assert "an ordinary process" in text(facts)
    assert facts["is_replayable"]
