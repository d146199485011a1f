"""Vehicles for tests of guidance, and what is read of them."""

import numpy as np

from tests.toy_flight import ToyFlight

DT = 0.004


def flight(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen)


def setpoint(f: ToyFlight) -> np.ndarray:
    return np.array(f.command.setpoint.p_sp_ned)


def watch(f: ToyFlight, seconds: float, read) -> np.ndarray:
    """Fly for a while and collect a reading per tick."""
    return np.array([read(f.step()) for _ in range(round(seconds / DT))])


def keep(f: ToyFlight, seconds: float, **sticks: float) -> ToyFlight:
    for _ in range(round(seconds / 0.02)):
        f.sticks(**sticks).fly(0.02)
    return f
