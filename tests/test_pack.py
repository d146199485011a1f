"""Between flights a full pack goes in, and who fell over is set on its legs, only in the simulator that is served."""

import math

import numpy as np
import pytest

from flight.airframe import load
from flight.autopilot import Autopilot
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Arming, Refusal
from flight.quaternion import compose, from_euler, from_yaw, put_quat, quat, tilt_of, yaw_of
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


def tip_over(world):
    """Lay the vehicle on its back, pointing east."""
    body = world.vehicles[0].body
    put_quat(body.q_ned_frd, compose(from_yaw(0.5 * math.pi), from_euler(math.pi, 0.0, 0.0)))
    body.p_ned[2] -= 0.3


def leaning(world):
    """Return how far the vehicle leans and where it points, rad."""
    q_ned_frd = quat(world.vehicles[0].body.q_ned_frd)
    return tilt_of(q_ned_frd), yaw_of(q_ned_frd)


def test_who_lies_on_its_back_is_set_on_its_legs_and_may_arm_again_soon(served):
    autopilot = Autopilot(load("pi450").params, served.dt)
    tip_over(served)
    refusals = []
    for _ in range(round(15.0 / served.dt)):
        served.read(autopilot.inputs[0])
        autopilot.step()
        served.write(autopilot.commands[0])
        refusals.append(int(autopilot.commands[0].status.refusals))

    assert any(seen & Refusal.TILT for seen in refusals)
    assert refusals[-1] == 0
    assert leaning(served) == pytest.approx((0.0, 0.5 * math.pi), abs=0.1)


def test_who_is_not_served_or_still_killed_stays_on_its_back(served):
    alone = Simulator(load("pi450"), 1)
    for world, arming in ((served, Arming.KILLED), (alone, Arming.DISARMED)):
        tip_over(world)
        stand(world, 2e-6 * WAIT_US, arming)
        assert leaning(world)[0] > 3.0


@pytest.mark.parametrize("arming", [Arming.ARMED, Arming.KILLED])
def test_who_does_not_stand_disarmed_keeps_its_pack(served, arming):
    served.vehicles[0].body.battery.charge_used_ah = 4.0

    assert stand(served, 2e-6 * WAIT_US, arming) > 4.0


def test_a_flight_that_is_not_served_has_one_pack():
    world = Simulator(load("pi450"), 1)
    world.vehicles[0].body.battery.charge_used_ah = 4.0

    assert stand(world, 2e-6 * WAIT_US, Arming.DISARMED) > 4.0
    assert not np.any(world.vehicles[0].pack.wait_us)
