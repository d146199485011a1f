"""One tick of the autopilot called from Python, on the inputs of a real flight; heap allocations per tick."""

import time

import numpy as np
from numba.core.runtime import _nrt_python as heap

from flight import airframe, autopilot
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.record import rows
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
from sim.batch import Fleet, fly_ticks, record_ticks
from sim.truth import TRUTH

TICKS = 30_000


def flown() -> tuple[Fleet, np.ndarray]:
    """Return a vehicle and the inputs it was told in its first half minute."""
    fleet = Fleet(airframe.load(DEFAULT_AIRFRAME), [1])
    fleet.brief(load("hover").steps)
    inputs = rows(INPUTS, TICKS)
    record_ticks(*single(fleet), inputs, rows(COMMAND, TICKS), rows(TRUTH, TICKS))
    return fleet, inputs


def single(fleet: Fleet) -> list:
    """Return the records of the only vehicle."""
    arrays = (fleet.vehicles, fleet.setups, fleet.states, fleet.params, fleet.inputs, fleet.commands)
    return [array[0] for array in arrays]


def tick_us(fleet: Fleet, inputs: np.ndarray) -> dict[str, float]:
    """Return percentiles of one call's duration in microseconds."""
    pilot = autopilot.Autopilot(fleet.params, fleet.dt)
    taken_ns = np.zeros(TICKS)
    for i in range(TICKS):
        pilot.inputs[0] = inputs[i]
        began = time.perf_counter_ns()
        pilot.step()
        taken_ns[i] = time.perf_counter_ns() - began
    # The first call loads or compiles the kernels.
    median, p99, p999 = np.percentile(taken_ns[1:], (50.0, 99.0, 99.9)) * 1e-3
    return {"median": float(median), "p99": float(p99), "p999": float(p999)}


def allocations_per_tick(fleet: Fleet) -> float:
    """Return how many heap blocks a tick of the whole loop takes: those of a longer call less those of a shorter."""
    heap.memsys_enable_stats()
    taken = []
    for ticks in (100, 1100):
        before = heap.memsys_get_stats_alloc()
        fly_ticks(*single(fleet), ticks)
        taken.append(heap.memsys_get_stats_alloc() - before)
    return (taken[1] - taken[0]) / 1000.0


def figures() -> dict[str, object]:
    """Return the duration of a tick and the allocations in it."""
    fleet, inputs = flown()
    return {"tick_us": tick_us(fleet, inputs), "allocations_per_tick": allocations_per_tick(fleet)}
