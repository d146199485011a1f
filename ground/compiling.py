"""Compile kernels where a person can watch, on two cores at once; later starts find them and say nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from ground.terminal import Progress


@contextmanager
def shown() -> Iterator[None]:
    """Show every kernel compiled inside the block on one line of the terminal."""
    from flight import kernel

    names: set[str] = set()
    with Progress("first start: compiling") as progress:

        def listener(name: str) -> None:
            names.add(name)
            progress.say(f"{len(names)} of at most {len(set(kernel.registered))} kernels: {name}")

        kernel.compile_listeners.append(listener)
        try:
            yield
        finally:
            kernel.compile_listeners.remove(listener)


def ahead() -> None:
    """Compile what a simulated flight needs unless that was done before: half of it in a second process."""
    import numba

    done = marker()
    if done.exists() or numba.config.DISABLE_JIT:
        return
    with second_process():
        compile_simulator()
    done.parent.mkdir(parents=True, exist_ok=True)
    done.touch()


def marker() -> Path:
    """Return the file that says the flight's kernels have been compiled from the present sources."""
    from flight.kernel import cache_folder, closure_digest

    return cache_folder() / f"{sys.implementation.cache_tag}" / f"flight-{closure_digest('sim.batch')[:32]}"


@contextmanager
def second_process() -> Iterator[None]:
    """Let another process compile the autopilot meanwhile, where there is a core for it."""
    if len(os.sched_getaffinity(0)) < 2:
        yield
        return
    here = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    helper = subprocess.Popen(
        [sys.executable, "-m", "ground.compiling"],
        env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        # Ctrl-C is for this process, which ends the other.
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    Thread(target=retell, args=(helper,), daemon=True).start()
    try:
        yield
        # Should it have failed, its kernels are compiled here when they are first called.
        helper.wait()
    finally:
        helper.kill()


def retell(helper: subprocess.Popen[str]) -> None:
    """Show the kernels the second process compiles as if they were our own."""
    from flight import kernel

    for line in helper.stdout or ():
        for listener in kernel.compile_listeners:
            listener(line.strip())


def compile_for(function: Callable[..., Any], *values: Any) -> None:
    """Compile a kernel for arguments like these without calling it."""
    from numba import typeof

    function.compile(tuple(typeof(value) for value in values))  # type: ignore[attr-defined]


def compile_simulator() -> None:
    """Compile plant, sensors and the control cascade."""
    from flight import airframe, autopilot
    from ground.options import DEFAULT_AIRFRAME
    from sim import vehicle as one
    from sim.batch import Fleet

    fleet = Fleet(airframe.load(DEFAULT_AIRFRAME), [1])
    vehicle, setup, command = fleet.vehicles[0], fleet.setups[0], fleet.commands[0]
    compile_for(one.measure, vehicle, setup, command.status, fleet.inputs[0])
    compile_for(one.obey, vehicle, setup, command)
    compile_for(autopilot.fly, fleet.states[0], fleet.params[0], fleet.inputs[0], command, fleet.dt)


def compile_autopilot() -> None:
    """Compile estimator, supervisor and guidance."""
    from flight import params
    from flight.autopilot import STATE
    from flight.command import COMMAND
    from flight.estimator import estimator
    from flight.guidance import guidance
    from flight.inputs import INPUTS
    from flight.record import rows
    from flight.supervisor import supervisor

    state, chosen, told, said = rows(STATE)[0], params.defaults()[0], rows(INPUTS)[0], rows(COMMAND)[0]
    compile_for(
        estimator.step, state.estimator, chosen.estimator, chosen.airframe,
        told, said.estimate, said.motors, said.status, 0.0,
    )  # fmt: skip
    compile_for(guidance.step, state.guidance, chosen.guidance, told, said, 0.0)
    compile_for(supervisor.step, state.supervisor, chosen.supervisor, told, said, 0.0)


if __name__ == "__main__":
    from flight.kernel import compile_listeners

    compile_listeners.append(lambda name: print(name, flush=True))  # noqa: T201
    compile_autopilot()
