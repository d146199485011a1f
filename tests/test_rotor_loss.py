"""One rotor dies in the air: it is found out, yaw is given up, and the vehicle comes down upright and slowly."""

import numpy as np
import pytest

from flight.modes import Event, Failsafe
from ground.missions.load import load as load_mission
from ground.missions.mission import Mission
from tests.flying import flown, prepared_and_flown, recorded, up

pytestmark = pytest.mark.slow
DIES_S = 14.0
SEEDS = [3, 4, 5, 6]
# What a 1.5 kg vehicle's legs take; Sun et al. 2020 land at similar speeds.
SOFT_M_S = 1.5


@pytest.mark.parametrize(
    ("airframe", "rotor"),
    [("pi450", 1), ("pi450", 2), ("pi450", 3), ("pi450", 4), ("plus450", 1), ("fma", 2)],
)
def test_on_three_rotors_it_comes_down_upright(airframe, rotor, record_property):
    fleet = prepared_and_flown(
        Mission("high", up(20.0)),
        SEEDS,
        DIES_S - 0.1,
        airframe,
        faults=(f"motor{rotor}@{DIES_S}s",),
        wind_m_s=3.0,
    )
    for i in range(len(SEEDS)):
        _, commands, truth = recorded(fleet, i, 40.0)
        touched = int(np.argmax(truth.is_touching > 0))
        q = truth.q_ned_frd[touched - 2]
        tilt = np.degrees(np.arccos(1.0 - 2.0 * (q[1] ** 2 + q[2] ** 2)))
        sink = float(truth.v_ned[touched - 2, 2])
        record_property(f"{airframe} without rotor {rotor}: touches the ground at m/s", round(sink, 2))

        assert commands.status.lost_rotor[2000] == rotor
        assert commands.status.failsafes[2000] & Failsafe.ROTOR_LOST
        assert touched > 0
        assert sink < SOFT_M_S
        assert tilt < 20.0
        assert np.any(commands.status.events == Event.DISARMED)


def test_gusts_corners_and_the_ground_do_not_pass_for_a_dead_rotor():
    fleet, scores = flown(load_mission("figure8"), range(1, 5), wind_m_s=8.0, turbulence="severe")

    assert all(score["landed"] for score in scores)
    assert not np.any(fleet.states.supervisor.watch.raised & Failsafe.ROTOR_LOST)
