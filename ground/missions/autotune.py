"""The flight that tunes itself: hover, let the core find gains for every axis, land."""

from typing import Any

import numpy as np

from flight.autotune.gains import IDS
from flight.autotune.guard import ALL_AXES
from flight.inputs import Demand
from ground.missions.mission import Mission
from sim.operator import Await, Step

HEIGHT_M = 4.0
SETTLE_S = 3.0
NAME = "autotune"


def autotune() -> Mission:
    """Take off, tune roll, pitch, yaw and altitude, and land once that is over, whatever came of it."""
    steps = [
        Step(Demand.ARM, awaits=Await.READY),
        Step(Demand.TAKEOFF, (HEIGHT_M,), awaits=Await.ARMED),
        Step(Demand.AUTOTUNE, (), ALL_AXES, Await.HOLDING, SETTLE_S),
        Step(Demand.LAND, awaits=Await.TUNED, wait_s=1.0),
    ]
    return Mission(NAME, steps)


def outcome(events: list[dict[str, Any]], command: np.void) -> dict[str, Any]:
    """Return what an autotune came to, from a flight's events and its last command."""
    said = [event for event in events if event["name"] == NAME]
    done = said[-1]["text"] if said else "not begun"
    is_verified = bool(said) and done.endswith("kept")
    gains = {name: float(v) for name, v in zip(np.ravel(IDS), np.ravel(command.tuning.gains), strict=True)}
    return {
        "is_verified": is_verified,
        "text": done,
        "seconds": said[-1]["t_s"] - said[0]["t_s"] if said else 0.0,
        "gains": {str(name): value for name, value in gains.items()} if is_verified else {},
    }
