"""Every airframe that comes with Quadloop flies the scorecard with its own gains and sensors."""

import numpy as np
import pytest

from flight.airframe import load, names
from ground.missions.load import load as load_mission
from tests.flying import column, flown, hovering
from tests.test_flight_quality import roll_step, tell

pytestmark = pytest.mark.slow
SEEDS = range(1, 4)


@pytest.mark.parametrize("airframe", names())
def test_it_flies_the_square_in_a_minute(airframe, record_property):
    _, scores = flown(load_mission("square"), SEEDS, airframe=airframe)

    tell(
        record_property, f"{airframe} square, worst s", column(scores, "arm_to_disarm_s").max().round(1), 60.0
    )
    assert all(column(scores, "landed"))
    assert column(scores, "arm_to_disarm_s").max() <= 60.0


@pytest.mark.parametrize("airframe", names())
def test_it_hovers_as_well_as_its_sensors_know(airframe, record_property):
    _, scores = flown(load_mission("hover"), SEEDS, airframe=airframe)

    error, gps = column(scores, "position_error_rms_m"), column(scores, "gps_error_rms_m")
    allowed = np.where(gps > 0.0, 1.2 * gps, 0.02)
    tell(record_property, f"{airframe} hover, m", error.round(4), allowed.round(2))
    assert all(column(scores, "landed"))
    assert np.all(error <= allowed)


@pytest.mark.parametrize("airframe", names())
def test_it_survives_wind_and_turbulence(airframe):
    speed = 2.0 if load(airframe).physics["body"]["mass_kg"] < 0.1 else 5.0
    _, scores = flown(load_mission("hover"), SEEDS, airframe=airframe, wind_m_s=speed, turbulence="light")

    assert all(column(scores, "landed"))


@pytest.mark.parametrize("airframe", names())
def test_it_rolls_fast_without_much_overshoot(airframe, record_property):
    fleet = hovering(SEEDS, height_m=10.0, airframe=airframe)
    rise, overshoot = np.max([roll_step(fleet, i) for i in range(len(SEEDS))], axis=0)

    tell(record_property, f"{airframe} roll step", (rise.round(3), overshoot.round(3)), (0.15, 0.10))
    assert rise <= 0.15
    assert overshoot <= 0.10
