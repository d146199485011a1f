"""Wind that a vehicle cannot hold: it comes down near, instead of drifting until its battery is empty."""

import numpy as np
import pytest

from flight.airframe import load as load_airframe
from flight.modes import Arming
from ground.missions.load import load
from ground.session import Conditions, prepared


@pytest.mark.slow
@pytest.mark.parametrize(("airframe", "wind_m_s"), [("pi450", 20.0), ("pi450", 25.0), ("racer5", 28.0)])
def test_who_cannot_hold_against_the_wind_comes_down_before_it_is_far(airframe, wind_m_s, record_property):
    fleet = prepared(load_airframe(airframe), load("square"), Conditions(wind_m_s=wind_m_s), [1, 2, 3, 4])
    fleet.fly(60.0)
    truth, status = fleet.vehicles.truth, fleet.commands.status
    away = np.hypot(truth.p_ned[:, 0], truth.p_ned[:, 1])

    record_property(f"{airframe} in {wind_m_s:g} m/s: farthest from where it took off, m", round(away.max()))
    assert np.all(status.arming != Arming.ARMED)
    assert away.max() < 100.0
