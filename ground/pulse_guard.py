"""The deadman of motors that the Pi drives itself: a process that ends their pulses when the loop no longer ticks.

A pulse generator repeats its last pulse for ever. An Arduino stops the motors 100 ms after the last command; so does
this while the Pi's kernel lives: a loop that hangs while armed is killed first, or it would go on where it stopped.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from flight.modes import Arming
from ground import realtime
from ground.rings import Reader, Ring

# As the Arduino's firmware has it.
DEADMAN_S = 0.1
LOOK_S = 0.005
# What the guard itself has slept through is not the loop's silence: a machine that was held up holds both up.
ABSENT_S = 0.02
# Above the loop: one that spins must not keep its guard from running.
PRIORITY = 45
# A bus may be busy at the first attempt.
ATTEMPTS, AGAIN_S = 5, 0.01


class Watch:
    """Tells from the ring of ticks whether the loop has fallen silent while it was armed. Knows no clock."""

    def __init__(self, ticks: Ring) -> None:
        self.reader = Reader(ticks)
        self.is_armed = False
        self.moved_s = self.looked_s = 0.0

    def must_end(self, now_s: float) -> bool:
        """Look at a time; tell, once, when the pulses have to end."""
        absent_s = now_s - self.looked_s
        self.looked_s = now_s
        if self.reader.waiting:
            newest = self.reader.newest()
            self.is_armed = newest is not None and newest[0].command.status.arming == Arming.ARMED
            self.moved_s = now_s
        elif absent_s > ABSENT_S:
            self.moved_s += absent_s
        if not self.is_armed or now_s - self.moved_s < DEADMAN_S:
            return False
        self.is_armed = False
        return True


def guard(ticks: Ring, pid: Callable[[], int], silence: Callable[[], None]) -> None:
    """Watch the loop until somebody ends this process; `pid` names the loop's, `silence` ends all pulses."""
    watch = Watch(ticks)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    with suppress(OSError):
        realtime.lock_memory()
    while True:
        time.sleep(LOOK_S)
        if watch.must_end(time.monotonic()):
            end(pid(), silence)


def end(pid: int, silence: Callable[[], None]) -> None:
    """Kill the loop, then end the pulses."""
    if pid > 0:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(ATTEMPTS):
        silence()
        time.sleep(AGAIN_S)
