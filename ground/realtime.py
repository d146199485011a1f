"""What the operating system grants a loop that must not wait: priority, a core, memory; absolute sleep; a stopwatch."""

import ctypes
import os
import resource
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flight.record import rows
from logs.timing import EDGES_US, TIMING

# Below 50, where the kernel's threads for interrupts run: the serial line's must come first.
PRIORITY = 40
MCL_CURRENT, MCL_FUTURE = 1, 2
TIMER_ABSTIME = 1
ISOLATED = Path("/sys/devices/system/cpu/isolated")
SECOND_NS = 1_000_000_000
TELL_US = 1_000_000

libc = ctypes.CDLL(None, use_errno=True)


class Timespec(ctypes.Structure):
    """The C library's struct timespec."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


@dataclass(frozen=True)
class Standing:
    """What was granted; `core` -1 is any. `missing` says in words what was not, and what to do."""

    is_prior: bool = False
    is_locked: bool = False
    core: int = -1
    missing: tuple[str, ...] = field(default=(), compare=False)


def claim() -> Standing:
    """Ask for everything; what is refused is told, not raised."""
    missing: list[str] = []
    is_prior = attempt(take_priority, "real-time priority: set LimitRTPRIO=50, or run as root", missing)
    is_locked = attempt(lock_memory, "locked memory: set LimitMEMLOCK=infinity, or run as root", missing)
    core = choose_core()
    if core is None:
        missing.append("a core of its own: this machine has only one")
    else:
        attempt(lambda: os.sched_setaffinity(0, {core}), "a core of its own", missing)
    return Standing(is_prior, is_locked, -1 if core is None else core, tuple(missing))


def attempt(ask: Callable[[], object], what: str, missing: list[str]) -> bool:
    """Try one thing; note it as missing when it is refused."""
    try:
        ask()
    except OSError as error:
        missing.append(f"{what} ({error.strerror})")
        return False
    return True


def take_priority() -> None:
    """Run before every ordinary process; raise OSError when that is not allowed."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))


def lock_memory() -> None:
    """Keep every page in memory; raise OSError when that is not allowed."""
    # With a limit in force the first allocation beyond it would fail in flight.
    if os.geteuid() != 0 and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY:
        raise PermissionError(1, "Operation not permitted")
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def choose_core() -> int | None:
    """Return a core kept free at boot (isolcpus), else the last one; None when there is only one."""
    allowed = os.sched_getaffinity(0)
    kept_free = isolated()
    if kept_free:
        return min(kept_free)
    return max(allowed) if len(allowed) > 1 else None


def isolated() -> set[int]:
    """Return the cores the kernel keeps free of ordinary processes."""
    found: set[int] = set()
    with suppress(OSError, ValueError):
        for part in filter(None, ISOLATED.read_text().strip().split(",")):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def step_aside() -> None:
    """Leave the loop's core to the loop: for the processes beside it."""
    core = choose_core()
    others = os.sched_getaffinity(0) - {core}
    if core is not None and others:
        os.sched_setaffinity(0, others)


def missing() -> tuple[str, ...]:
    """Return what a loop would not be granted here, in words; this process stays what it was."""
    cores, policy, parameter = os.sched_getaffinity(0), os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        return claim().missing
    finally:
        libc.munlockall()
        os.sched_setscheduler(0, policy, parameter)
        os.sched_setaffinity(0, cores)


def sleep_until(due_ns: int) -> None:
    """Sleep until a time of the monotonic clock: what interrupts the call does not move the end."""
    due = Timespec(*divmod(due_ns, SECOND_NS))
    while libc.clock_nanosleep(time.CLOCK_MONOTONIC, TIMER_ABSTIME, ctypes.byref(due), None) != 0:
        if time.monotonic_ns() >= due_ns:
            return


class Stopwatch:
    """Counts how long ticks took and how old their samples were when the motors were told."""

    def __init__(self, standing: Standing | None = None) -> None:
        self.row = rows(TIMING).view(np.ndarray)
        # Counted in place: copying them once a second would make that tick the slowest of all.
        self.work, self.latency = memoryview(self.row["work"][0]), memoryview(self.row["latency"][0])
        names = ("t_us", "ticks", "overruns", "worked_us", "work_max_us", "latency_max_us")
        self.heads = [self.row[name] for name in names]
        self.worked_us = self.work_max_us = self.latency_max_us = 0.0
        self.ticks, self.told_us = 0, 0.0
        self.stand(standing)

    def stand(self, standing: Standing | None) -> None:
        """Note what the operating system granted; None for a loop that is not a vehicle's."""
        granted = standing or Standing()
        row = self.row
        row["is_real"], row["core"] = standing is not None, granted.core
        row["is_prior"], row["is_locked"] = granted.is_prior, granted.is_locked

    def note(self, woke_us: float, sampled_us: float, done_us: float) -> bool:
        """Count a tick, times in the monotonic clock's microseconds (sampled 0: none); say whether to tell now."""
        work = done_us - woke_us
        self.work[bisect_left(EDGES_US, work)] += 1
        self.worked_us += work
        if work > self.work_max_us:
            self.work_max_us = work
        # A tick whose sample did not come has nothing to be late with.
        if sampled_us:
            latency = done_us - sampled_us
            self.latency[bisect_left(EDGES_US, latency)] += 1
            if latency > self.latency_max_us:
                self.latency_max_us = latency
        self.ticks += 1
        return done_us - self.told_us > TELL_US

    def tell(self, t_us: int, overruns: int) -> np.ndarray:
        """Return everything counted so far as an array of one TIMING."""
        self.told_us = 1e-3 * time.monotonic_ns()
        sums = round(self.worked_us), round(self.work_max_us), round(self.latency_max_us)
        told = (t_us, self.ticks, overruns, *sums)
        for head, value in zip(self.heads, told, strict=True):
            head[0] = value
        return self.row
