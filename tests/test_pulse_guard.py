"""Motors that the Pi drives itself have a deadman: another process, which outlives the loop and ends the pulses."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from flight.modes import Arming
from ground import pulse_guard
from ground.pulse_guard import DEADMAN_S, Watch, guard
from ground.rings import Ring
from ground.seats import TICK

fork = multiprocessing.get_context("fork")
PATIENCE_S = 45.0


@pytest.fixture
def ticks():
    """Return a ring of ticks."""
    ring = Ring(TICK, 64)
    yield ring
    ring.close()


def said(arming):
    """Return a tick in which the loop says how it is armed."""
    row = np.zeros(1, TICK)
    row["command"]["status"]["arming"] = arming
    return row


def looks(watch, begin_s, seconds, step_s=0.005):
    """Look at it for a while; return when the pulses had to end."""
    times = np.arange(begin_s + step_s, begin_s + seconds, step_s)
    return [float(t) for t in times if watch.must_end(float(t))]


def test_an_armed_loop_that_falls_silent_is_ended_once_after_a_tenth_of_a_second(ticks):
    watch = Watch(ticks)
    watch.must_end(9.995)
    ticks.push(said(Arming.ARMED))
    assert not watch.must_end(10.0)

    ended = looks(watch, 10.0, 2.0)

    assert ended == [pytest.approx(10.0 + DEADMAN_S, abs=0.0051)]
    ticks.push(said(Arming.ARMED))
    assert looks(watch, 12.0, 0.09) == []


@pytest.mark.parametrize("arming", [Arming.DISARMED, Arming.KILLED])
def test_one_that_is_not_armed_may_be_silent(ticks, arming):
    watch = Watch(ticks)
    watch.must_end(9.995)
    ticks.push(said(arming))

    assert looks(watch, 10.0, 2.0) == []


def test_a_loop_that_has_not_begun_is_waited_for(ticks):
    assert looks(Watch(ticks), 1000.0, 3.0) == []


def test_a_machine_that_held_both_up_is_not_the_loops_fault(ticks):
    watch = Watch(ticks)
    watch.must_end(9.995)
    ticks.push(said(Arming.ARMED))
    watch.must_end(10.0)

    held_up = watch.must_end(10.5)
    ticks.push(said(Arming.ARMED))

    assert not held_up
    assert not watch.must_end(10.505)


def fly(ticks):
    """Be a loop that is armed."""
    while True:
        ticks.push(said(Arming.ARMED))
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "is killed"])
def test_a_loop_that_hangs_or_is_killed_leaves_no_pulses_and_does_not_come_back(
    ticks, tmp_path, by, monkeypatch
):
    # A busy machine holds a loop up for a tenth of a second now and then.
    monkeypatch.setattr(pulse_guard, "DEADMAN_S", 1.0)
    looking = fork.Event()

    class Looking(Watch):
        def must_end(self, now_s):
            looking.set()
            return super().must_end(now_s)

    monkeypatch.setattr(pulse_guard, "Watch", Looking)
    place = tmp_path / "silenced"
    loop = fork.Process(target=fly, args=(ticks,), daemon=True)
    loop.start()

    def silence():
        place.write_text(str(ticks.written))

    beside = fork.Process(target=guard, args=(ticks, lambda: loop.pid, silence), daemon=True)
    beside.start()
    try:
        # Locking the memory of a large process takes its time.
        assert looking.wait(PATIENCE_S)
        until_s = time.monotonic() + PATIENCE_S
        seen = ticks.written
        while ticks.written < seen + 100 and loop.is_alive() and time.monotonic() < until_s:
            time.sleep(0.005)
        flown = ticks.written
        os.kill(loop.pid or 0, by)
        while not place.exists() and time.monotonic() < until_s:
            time.sleep(0.005)
        loop.join(PATIENCE_S)
        silenced, exit_code = place.exists(), loop.exitcode
        time.sleep(0.1)
        last = int(place.read_text())
    finally:
        for process in (beside, loop):
            process.kill()
            process.join(10.0)

    assert flown >= 100
    assert silenced
    assert exit_code == -signal.SIGKILL
    # Killed before the pulses ended: no tick came after them.
    assert last == ticks.written


def test_silence_is_tried_again_while_the_bus_is_busy(monkeypatch):
    monkeypatch.setattr(pulse_guard, "AGAIN_S", 0.0)
    tried = []

    pulse_guard.end(0, lambda: tried.append(1))

    assert len(tried) == pulse_guard.ATTEMPTS
