"""The whole loop in compiled code: plant at 1 kHz, all sensors, estimator, autopilot; one vehicle and many."""

import time

from flight import airframe
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
from sim.batch import Fleet, fly_batch, fly_ticks

PASSES = 3
ONE_S, MANY_S, MANY = 40.0, 8.0, 200


def hovering(count: int) -> Fleet:
    """Return vehicles that have just taken off to hover, their kernels compiled."""
    fleet = Fleet(airframe.load(DEFAULT_AIRFRAME), list(range(1, count + 1)))
    fleet.brief(load("hover").steps)
    fly_batch(*records(fleet), round(20.0 / fleet.dt))
    return fleet


def records(fleet: Fleet) -> tuple:
    """Return the arrays a batch kernel takes."""
    return fleet.vehicles, fleet.setups, fleet.states, fleet.params, fleet.inputs, fleet.commands


def one_vehicle() -> float:
    """Return how many times faster than real time one vehicle flies on one core, best of three passes."""
    fleet = hovering(1)
    single = [rows[0] for rows in records(fleet)]
    fly_ticks(*single, 1)
    best = 0.0
    for _ in range(PASSES):
        began = time.perf_counter()
        fly_ticks(*single, round(ONE_S / PASSES / fleet.dt))
        best = max(best, ONE_S / PASSES / (time.perf_counter() - began))
    return best


def many_vehicles() -> float:
    """Return the ticks per second of many vehicles on all cores, best of three passes."""
    fleet = hovering(MANY)
    ticks = round(MANY_S / PASSES / fleet.dt)
    best = 0.0
    for _ in range(PASSES):
        began = time.perf_counter()
        fly_batch(*records(fleet), ticks)
        best = max(best, MANY * ticks / (time.perf_counter() - began))
    return best


def figures() -> dict[str, float]:
    """Return real-time factor of one vehicle and ticks per second of many."""
    return {"closed_loop_rtf": one_vehicle(), "batch_ticks_per_s": many_vehicles()}
