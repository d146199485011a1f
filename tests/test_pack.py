"""Between flights a full pack goes into the vehicle, in the simulator that is served and nowhere else."""

import numpy as np
import pytest

from flight.airframe import load
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.record import rows
from ground.choice import Choice, made_world
from ground.session import Conditions
from sim.pack import WAIT_US
from sim.world import Simulator


def stand(world, seconds, arming):
    """Let the vehicle stand, motors still, as armed or not as told; return the charge used."""
    inputs, command = rows(INPUTS)[0], rows(COMMAND)[0]
    command.status.arming = arming
    for _ in range(round(seconds / world.dt)):
        world.read(inputs)
        world.write(command)
    return float(world.vehicles[0].body.battery.charge_used_ah)


@pytest.fixture
def served():
    return made_world(Choice(load("pi450"), Conditions()))


def test_who_stands_disarmed_gets_a_full_pack_and_the_voltage_of_one(served):
    full_v = float(served.vehicles[0].body.battery.voltage_v)
    served.vehicles[0].body.battery.charge_used_ah = 4.0
    just_before_s = 1e-6 * WAIT_US - 0.1

    assert stand(served, 0.5, Arming.ARMED) > 4.0
    assert stand(served, just_before_s, Arming.DISARMED) > 4.0
    assert stand(served, 0.2, Arming.DISARMED) < 0.001
    assert float(served.vehicles[0].body.battery.voltage_v) == pytest.approx(full_v, abs=0.01)


@pytest.mark.parametrize("arming", [Arming.ARMED, Arming.KILLED])
def test_who_does_not_stand_disarmed_keeps_its_pack(served, arming):
    served.vehicles[0].body.battery.charge_used_ah = 4.0

    assert stand(served, 2e-6 * WAIT_US, arming) > 4.0


def test_a_flight_that_is_not_served_has_one_pack():
    world = Simulator(load("pi450"), 1)
    world.vehicles[0].body.battery.charge_used_ah = 4.0

    assert stand(world, 2e-6 * WAIT_US, Arming.DISARMED) > 4.0
    assert not np.any(world.vehicles[0].pack.wait_us)
