"""Who was switched off in the air and fell flies again once it is stood up: no motion of the fall is left behind."""

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import Arming
from sim.operator import Await, Step, brief
from tests.flying import HOLDING, hovering, recorded, up

pytestmark = pytest.mark.slow
SEEDS = range(100, 108)


@pytest.mark.parametrize(("airframe", "height_m"), [("pi450", 30.0), ("racer5", 20.0), ("plus450", 30.0)])
def test_it_takes_off_again_upright(airframe, height_m, record_property):
    fleet = hovering(SEEDS, height_m, airframe, 20.0)
    tilts_deg, heights_m = [], []
    for i, vehicle in enumerate(fleet.vehicles):
        vehicle.pack.wait_us = 3_000_000
        brief(vehicle.operator, [Step(Demand.DISARM, (1.0,))])
        _, commands, truth = recorded(fleet, i, 12.0)
        assert np.any(truth.is_touching > 0)
        heights_m.append(abs(commands.estimate.p_ned[-1, 2] - truth.p_ned[-1, 2]))
        brief(
            vehicle.operator,
            [
                Step(Demand.DISARM, awaits=Await.DISARMED),
                *up(5.0),
                Step(Demand.LAND, awaits=HOLDING, wait_s=2.0),
            ],
        )
        _, commands, truth = recorded(fleet, i, 25.0)
        assert np.any(commands.status.arming == Arming.ARMED)
        assert commands.status.arming[-1] == Arming.DISARMED
        q = truth.q_ned_frd
        tilts_deg.append(
            np.degrees(np.arccos(np.clip(1.0 - 2.0 * (q[:, 1] ** 2 + q[:, 2] ** 2), -1.0, 1.0).min()))
        )
    record_property(
        f"{airframe} fallen from {height_m:g} m, armed again: most tilt deg", round(max(tilts_deg), 1)
    )
    record_property(
        f"{airframe} fallen from {height_m:g} m: height wrong by at most m", round(max(heights_m), 2)
    )

    assert max(tilts_deg) < 15.0
    assert max(heights_m) < 5.0
