"""A vehicle too heavy to lift ends its mission on the ground by itself."""

import numpy as np
import pytest

from flight.airframe import load as load_airframe
from flight.modes import Arming, Failsafe
from ground.missions.load import load
from ground.session import Conditions, prepared


@pytest.mark.slow
def test_who_cannot_be_lifted_does_not_stand_at_full_throttle_until_the_battery_is_empty():
    fleet = prepared(load_airframe("pi450"), load("square"), Conditions(), [1, 2, 3, 4])
    for setup in fleet.setups:
        setup.plant.mass_kg *= 2.4
    fleet.fly(8.0)
    assert np.all(fleet.commands.status.failsafes & Failsafe.THRUST_LOST)

    fleet.fly(12.0)
    assert np.all(fleet.commands.status.arming != Arming.ARMED)
