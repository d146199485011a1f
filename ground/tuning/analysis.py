"""Everything one wants to know of a vehicle's loops at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.airframe import Airframe
from ground.tuning import linear, rigs, steps
from ground.tuning.margins import Margins, margins

Share = Callable[[float, str], None]
# How long a vehicle comes to rest on its own gains: where it is still far from its place the loops are others.
REST_S = 4.0


@dataclass
class Analysis:
    """Loops by name: frequency response on f_hz, margins, step response; of one vehicle each."""

    f_hz: np.ndarray
    loops: dict[str, np.ndarray]
    margins: dict[str, Margins]
    steps: dict[str, steps.Step]

    def figures(self) -> dict[str, dict[str, Any]]:
        """Return the figures of the command line's contract."""
        return {
            name: found.of(0)
            | {
                "rise_s": float(self.steps[name].rise_s()[0]),
                "overshoot": float(self.steps[name].overshoot()[0]),
            }
            for name, found in self.margins.items()
        }


def analyse(airframe: Airframe, share: Share | None = None) -> Analysis:
    """Linearise every loop of an airframe in hover and step it."""
    vehicle = rigs.build(airframe)
    vehicle.fly(rigs.script(round(REST_S / vehicle.dt)), np.zeros(1, np.int64))
    found = Analysis(linear.grid(vehicle.dt), {}, {}, {})
    for i, name in enumerate(linear.LOOPS):
        if share:
            share(i / len(linear.LOOPS), name)
        L = linear.loop_response(vehicle, linear.LOOPS[name], found.f_hz)
        found.loops[name] = L[0]
        found.margins[name] = margins(found.f_hz, L)
        found.steps[name] = steps.step(vehicle, name)
    return found
