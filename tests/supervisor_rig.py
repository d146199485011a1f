"""Vehicles for tests that call one kernel of the supervisor at a time, in plain Python only.

Called from a test, a compiled kernel would be compiled once more for it; test_interpreted.py runs these files.
"""

import math

import numba
import numpy as np
import pytest

from flight.modes import Arming, Level, Mode
from tests.toy_flight import ToyFlight

DT = 0.01


def above(x: float) -> float:
    return float(np.nextafter(x, math.inf))


def below(x: float) -> float:
    return float(np.nextafter(x, -math.inf))


def toy(**chosen: float) -> ToyFlight:
    """A vehicle of which nothing has been asked yet; it never steps here."""
    f = ToyFlight(dt=DT, **chosen)
    f.p, f.s = f.params.supervisor, f.supervisor
    return f


def flying(mode: Mode = Mode.HOLD, **chosen: float) -> ToyFlight:
    f = toy(**chosen)
    f.s.arming, f.s.mode, f.s.landing.is_landed, f.s.landing.airborne_s = Arming.ARMED, mode, 0, 100.0
    f.command.setpoint.level, f.command.setpoint.q_sp_ned_frd = Level.POSITION, (1.0, 0.0, 0.0, 0.0)
    return f


def leaning(f: ToyFlight, degrees: float) -> ToyFlight:
    half = math.radians(degrees) / 2.0
    f.estimate.q_ned_frd = (math.cos(half), math.sin(half), 0.0, 0.0)
    return f


def heard(f: ToyFlight) -> list[tuple[int, float]]:
    """Return the events said in a tick, with their values."""
    events = zip(f.status.events.tolist(), f.status.event_values.tolist(), strict=True)
    return [(e, v) for e, v in events if e]


def in_plain_python() -> None:
    """Leave a file of tests out where kernels are compiled."""
    if not numba.config.DISABLE_JIT:
        pytest.skip("judged in plain Python, see test_interpreted.py", allow_module_level=True)
