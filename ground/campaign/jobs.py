"""Run jobs on the threads of this machine or on a Dask cluster; whoever runs them, results are the same.

A job is a key and a task; the work is a plain function of the task. It must depend on nothing else, live at the top of
a module, and use machine-code threads (`prange`) for its speed: of its jobs a process does one at a time.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from threading import RLock, Thread
from typing import Any, Protocol

from flight.errors import LinkError

Work = Callable[[Any], Any]
# How often a job is given to another worker when the one that had it dies.
RETRIES = 3
# A cluster that has not answered by then is not there.
PATIENCE_S = 15.0
# Jobs in the hands of a cluster, per thread: enough to keep it busy, few enough to be told soon.
AHEAD = 3
# Work may have a crew of its own: its jobs are done in place.
at_work = RLock()


@dataclass(frozen=True)
class Job:
    """Something to be done once: `key` is its name, `task` what the work is told; both travel between machines."""

    key: str
    task: Any


class Crew(Protocol):
    """Who does the jobs."""

    name: str
    threads: int

    def run(self, work: Work, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield each job with its result as it is done, in any order."""
        ...


def threads_here() -> int:
    """Return how many threads this machine has for us."""
    return len(os.sched_getaffinity(0))


def done_with(threads: int, work: Work, task: Any) -> Any:
    """Do one piece of work with that many machine-code threads; one at a time in this process."""
    import numba

    with at_work:
        numba.set_num_threads(max(1, min(threads, numba.config.NUMBA_NUM_THREADS)))
        return work(task)


class Threads:
    """This machine: one job after the other, each spread over the threads."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or threads_here()
        self.name = f"{self.threads} threads"

    def run(self, work: Work, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield each job with its result."""
        for job in jobs:
            yield job, done_with(self.threads, work, job.task)


class Processes:
    """Processes of this machine with one thread each, for work that machine code does not do alone.

    What a process that dies had in hand is done again.
    """

    def __init__(self, count: int | None = None) -> None:
        self.threads = count or threads_here()
        self.name = f"{self.threads} processes"

    def run(self, work: Work, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield each job with its result as it is done; raise LinkError for one that kills its process every time."""
        waiting = list(jobs)
        for _ in range(RETRIES + 1):
            lost: list[Job] = []
            yield from self.run_once(work, waiting, lost)
            if not lost:
                return
            waiting = lost
        raise LinkError(f"{self.name}: job {waiting[0].key} was lost with its process {RETRIES + 1} times")

    def run_once(self, work: Work, jobs: list[Job], lost: list[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield what is done until a process dies; what then is not done is `lost`."""
        pool = ProcessPoolExecutor(min(self.threads, len(jobs)) or 1, get_context("spawn"))
        try:
            given = {pool.submit(done_with, 1, work, job.task): job for job in jobs}
            for future in as_completed(given):
                try:
                    found = future.result()
                except BrokenProcessPool:
                    lost.append(given[future])
                else:
                    yield given[future], found
        finally:
            pool.shutdown(cancel_futures=True)


def stamp_of(module: str) -> str:
    """Return a digest of the sources a module can reach."""
    from flight.kernel import closure_digest

    return closure_digest(module)


def done_there(module: str, name: str, stamp: str, task: Any) -> tuple[bool, Any]:
    """Do one piece of work on a worker; (False, why) when its sources are others than ours."""
    from distributed import get_worker

    if stamp_of(module) != stamp:
        return False, f"{get_worker().address} has other sources of {module}; install the same there"
    work = getattr(import_module(module), name)
    return True, done_with(get_worker().state.nthreads, work, task)


class Cluster:
    """A Dask cluster at an address; the jobs of a worker that dies go to another one."""

    def __init__(self, client: Any, address: str) -> None:
        self.client = client
        self.threads = max(1, sum(client.nthreads().values()))
        self.name = f"cluster {address} with {self.threads} threads"

    def run(self, work: Work, jobs: Sequence[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield each job with its result as it is done; raise LinkError when the cluster is lost."""
        from distributed import as_completed as as_done

        place = work.__module__, work.__qualname__, stamp_of(work.__module__)
        waiting, given = iter(jobs), {}
        futures = as_done(loop=self.client.loop, raise_errors=False)

        def give(count: int) -> None:
            for job in islice(waiting, count):
                future = self.client.submit(done_there, *place, job.task, pure=False, retries=RETRIES)
                given[future.key] = job
                futures.add(future)

        give(AHEAD * self.threads)
        for future in futures:
            job = given.pop(future.key)
            yield job, self.answer(job, future)
            give(1)

    def answer(self, job: Job, future: Any) -> Any:
        """Return what a worker found; raise LinkError when none could."""
        trouble = future.exception()
        # Whoever found it died before it was fetched; the cluster does it again.
        while future.status in ("lost", "pending"):
            trouble = future.exception()
        if trouble is not None and not is_loss(trouble):
            raise trouble
        if trouble is not None or future.status != "finished":
            raise LinkError(
                f"{self.name}: job {job.key} was lost with its workers: {trouble or future.status}"
            )
        is_done, found = future.result()
        if not is_done:
            raise LinkError(f"{self.name}: worker {found}")
        return found


def is_loss(trouble: BaseException) -> bool:
    """Tell whether a job failed because of who had it, not because of what it is."""
    from distributed import KilledWorker

    return isinstance(trouble, KilledWorker | OSError)


@contextmanager
def hired(threads: int | None = None, address: str | None = None) -> Iterator[Crew]:
    """Have the threads of this machine at work or, with an address, a Dask cluster; raise LinkError without one."""
    if address is None:
        yield Threads(threads)
        return
    with connected(address) as client:
        yield Cluster(client, address)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Be a client of a cluster for a while; raise LinkError."""
    try:
        from distributed import Client
    except ImportError:
        raise LinkError(
            f"--cluster {address}: needs Dask, which is not installed: pip install 'quadloop[cluster]'"
        ) from None
    try:
        loop = event_loop()
        asyncio.run_coroutine_threadsafe(knock(address), loop.asyncio_loop).result()
        client = Client(address, timeout=PATIENCE_S, set_as_default=False, loop=loop)
    except (OSError, ValueError) as error:
        raise LinkError(f"--cluster {address}: does not answer ({error}); it reads tcp://HOST:PORT") from None
    try:
        if not client.nthreads():
            raise LinkError(f"--cluster {address}: has no workers; start one: dask worker {address}")
        yield client
    finally:
        client.close(timeout=PATIENCE_S)


async def knock(address: str) -> None:
    """Raise OSError or ValueError when nobody is there: a client made in vain is not given back in order."""
    from distributed.comm import connect

    await (await connect(address, timeout=PATIENCE_S)).close()


@cache
def event_loop() -> Any:
    """Return the Tornado loop that turns in a thread of its own until this process ends.

    Left alone, Dask starts one itself and fails when that takes ten seconds, as on a machine that stalls.
    """
    from tornado.ioloop import IOLoop

    started: Future[Any] = Future()

    async def turn() -> None:
        started.set_result(IOLoop.current())
        await asyncio.Event().wait()

    Thread(target=asyncio.run, args=(turn(),), daemon=True).start()
    return started.result()


def finished(
    crew: Crew, work: Work, jobs: Iterable[Job], done: Callable[[str], bool], keep: Callable[[str, Any], None]
) -> Iterator[Job]:
    """Do the jobs that are not `done`, hand each result to `keep`, and yield the jobs as they are kept."""
    for job, result in crew.run(work, [job for job in jobs if not done(job.key)]):
        keep(job.key, result)
        yield job
