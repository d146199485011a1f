"""Vehicles that fly under the supervisor, brought to where a test begins."""

import numpy as np

from flight.inputs import Demand
from flight.modes import Mode
from tests.toy_flight import ToyFlight

DT = 0.01


def ready(**chosen: float) -> ToyFlight:
    f = ToyFlight(dt=DT, **chosen).fly(0.05)
    assert f.status.refusals == 0
    return f


def armed(**chosen: float) -> ToyFlight:
    f = ready(**chosen).ask(Demand.ARM)
    assert f.is_armed
    return f


def high(**chosen: float) -> ToyFlight:
    """Hover at ten metres without having flown there."""
    f = armed(**chosen)
    f.place, f.speed = np.array([0.0, 0.0, -10.0]), np.zeros(3)
    f.supervisor.landing.is_landed, f.supervisor.landing.has_flown = 0, 1
    f.supervisor.landing.airborne_s = 100.0
    f.guidance.level = 0
    return f.fly(0.05)


def piloted(mode: Mode, **chosen: float) -> ToyFlight:
    f = high(**chosen)
    f.sticks(throttle=0.5, mode=mode).step()
    assert f.mode == mode
    return f
