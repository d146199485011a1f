"""A rotor that has lost part of its thrust is trimmed away, whatever the vehicle's size."""

import numpy as np
import pytest

from flight.airframe import load as load_airframe
from flight.control import rate
from flight.modes import Arming
from flight.record import rows
from ground.missions.load import load
from ground.session import Conditions, prepared


@pytest.mark.slow
@pytest.mark.parametrize(("share", "is_held"), [(0.3, True), (0.0, False)])
def test_a_racer_with_a_rotor_at_60_percent_flies_its_rounds_and_lands(share, is_held, record_property):
    racer = load_airframe("racer5")
    racer.set("RATE_I_SHARE", share)
    fleet = prepared(racer, load("rounds"), Conditions(faults=("motor1:0.6@10s",)), [1, 2])
    fleet.fly(10.0)
    tilts = []
    for _ in range(40):
        fleet.fly(0.05)
        q = fleet.vehicles.truth.q_ned_frd
        tilts.append(np.degrees(np.arccos(1.0 - 2.0 * (q[:, 1] ** 2 + q[:, 2] ** 2))))
    fleet.fly(60.0)

    record_property(
        f"racer, rotor at 60 %, RATE_I_SHARE {share:g}: most tilt in 2 s, deg", round(float(np.max(tilts)))
    )
    is_down = fleet.commands.status.arming == Arming.DISARMED
    assert bool((is_down & (fleet.vehicles.score.is_crashed == 0)).all()) == is_held


@pytest.mark.slow
@pytest.mark.parametrize(("share", "is_upright"), [(0.2, True), (0.04, False)])
def test_a_crazyflie_that_cannot_hover_on_a_weak_rotor_comes_down_upright(share, is_upright, record_property):
    """It carries three quarters of its weight unless it spins; at 0.04, which yaw always keeps, the spin runs away."""
    crazyflie = load_airframe("crazyflie21")
    crazyflie.set("MIX_SPIN_YAW", share)
    tilts = []
    for rotor in (1, 2, 3, 4):
        fleet = prepared(
            crazyflie, load("room"), Conditions(faults=(f"motor{rotor}:0.6@8s",)), [1, 2, 3, 4, 5]
        )
        fleet.fly(8.0)
        is_up, most = np.ones(5, bool), np.zeros(5)
        for _ in range(400):
            truth = fleet.vehicles.truth
            q = truth.q_ned_frd
            tilt = np.degrees(np.arccos(1.0 - 2.0 * (q[:, 1] ** 2 + q[:, 2] ** 2)))
            is_up &= truth.is_touching == 0
            most = np.where(is_up, np.maximum(most, tilt), most)
            fleet.fly(0.05)
        tilts.extend(most)

    record_property(
        f"Crazyflie, rotor at 60 %, MIX_SPIN_YAW {share:g}: most tilt before it touches, deg",
        round(max(tilts)),
    )
    assert (max(tilts) < 75.0) == is_upright


def test_the_integral_reaches_a_share_of_what_the_rotors_can_turn_with():
    params = load_airframe("racer5").params[0]
    known, state = params.airframe, rows(rate.STATE)[0]
    params.control.rate.integral_max = 1.0, 2.0, 1e6

    rate.configure(state, params.control.rate, known)

    # Half the rotors at full thrust, the others at rest.
    roll = 0.5 * known.thrust_max_n * np.abs(known.rotor_y[: known.rotor_count]).sum() / known.inertia[0]
    pitch = 0.5 * known.thrust_max_n * np.abs(known.rotor_x[: known.rotor_count]).sum() / known.inertia[1]
    assert state.integral_max_frd == pytest.approx([0.3 * roll, 0.3 * pitch, 1e6])
