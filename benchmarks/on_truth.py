"""Plant and cascade alone on the true state at 500 Hz, Runge-Kutta of fourth order: what other simulators time."""

import time

import numpy as np

from flight import airframe
from ground.options import DEFAULT_AIRFRAME
from sim.batch import Fleet
from sim.on_truth import fly_batch, fly_ticks

PASSES = 3
DT = 1.0 / 500.0
ONE_S, MANY_S, MANY = 200.0, 20.0, 500


def circling(count: int) -> tuple:
    """Return the records of vehicles about to fly a circle."""
    vehicle = airframe.load(DEFAULT_AIRFRAME)
    vehicle.loop_rate_hz = 1.0 / DT
    fleet = Fleet(vehicle, list(range(1, count + 1)))
    return fleet.vehicles, fleet.setups, fleet.states, fleet.params, fleet.inputs, fleet.commands


def one_vehicle() -> float:
    """Return how many times faster than real time one vehicle flies, best of three passes."""
    single = [rows[0] for rows in circling(1)]
    fly_ticks(*single, DT, 1)
    best = 0.0
    for _ in range(PASSES):
        began = time.perf_counter()
        fly_ticks(*single, DT, round(ONE_S / DT))
        best = max(best, ONE_S / (time.perf_counter() - began))
    assert abs(np.linalg.norm(single[0].truth.p_ned[:2]) - 1.0) < 0.1, "the vehicle left its circle"
    return best


def many_vehicles() -> float:
    """Return vehicle-steps per second of many vehicles on all cores, best of three passes."""
    many = circling(MANY)
    fly_batch(*many, DT, 1)
    steps = round(MANY_S / DT)
    best = 0.0
    for _ in range(PASSES):
        began = time.perf_counter()
        fly_batch(*many, DT, steps)
        best = max(best, MANY * steps / (time.perf_counter() - began))
    return best


def figures() -> dict[str, float]:
    """Return real-time factor of one vehicle and vehicle-steps per second of many."""
    return {"truth_rtf": one_vehicle(), "truth_batch_steps_per_s": many_vehicles()}
