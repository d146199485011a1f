"""A whole tick of the supervisor, and the last word before the motors."""

import math

import pytest

from flight.inputs import Demand
from flight.modes import Arming, Event, Failsafe, Mode
from flight.supervisor import supervisor
from flight.supervisor.table import Sign
from tests.supervisor_rig import DT, flying, heard, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
S = Sign
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED


def ticked(f: ToyFlight, dt: float = DT) -> ToyFlight:
    supervisor.step(f.s, f.p, f.inputs, f.command, dt)
    return f


def test_a_tick_looks_at_ground_rotors_health_fence_and_motor_test():
    f = flying()
    f.s.test.left_s, f.s.fence.wait_s, f.s.landing.quiet_s, f.s.rotors.count = 1.0, 1.0, 0.0, 4
    f.command.motors.motor[:4], f.s.rotors.full_n = 0.5, 8.0
    f.inputs.system.overruns = 5
    ticked(f)

    assert f.s.landing.airborne_s == 100.0 + DT
    assert f.s.fence.wait_s == 1.0 - DT
    assert f.s.health.overruns == 5
    assert f.s.rotors.fast[0] > 0.0
    assert f.s.test.left_s == 0.0
    assert f.s.armed_s == DT


def test_landing_in_a_tick_is_said_and_the_ground_counts_at_once():
    f = flying()
    f.s.landing.spent_s, f.s.landing.has_flown, f.status.mode = 3.0, 1, Mode.LAND
    ticked(f)

    assert heard(f)[0] == (Event.LANDED, 0.0)
    assert f.status.is_landed == 1


def test_disarming_in_a_tick_ends_what_was_flown_by_itself():
    f = flying(Mode.GOTO)
    f.s.landing.has_flown = 1
    f.inputs.demand.fresh, f.inputs.demand.kind = 1, int(Demand.KILL)
    ticked(f)

    assert (f.status.arming, f.status.mode) == (KILLED, Mode.HOLD)
    assert heard(f) == [(Event.KILLED, float(S.KILL)), (Event.MODE_CHANGED, Mode.HOLD)]
    assert f.status.refusals == 0


def test_refusals_are_those_of_the_unarmed_and_a_broken_output_is_forgiven_after_a_tick():
    f = toy()
    f.s.is_output_broken = 1
    ticked(f)
    assert f.status.refusals != 0
    assert f.s.is_output_broken == 0
    assert f.s.watch.wrong_s[9] == DT
    f = flying()
    ticked(f)
    assert f.status.refusals == 0


def test_a_tick_obeys_orders_and_switches():
    f = toy()
    f.inputs.demand.fresh, f.inputs.demand.kind = 1, int(Demand.REBOOT)
    f.inputs.pilot.fresh, f.inputs.pilot.is_arm_switch_on = 1, 1
    ticked(f)
    assert heard(f) == [(Event.REBOOT, 0.0), (Event.HOME_SET, 0.0)]
    assert (f.s.is_arm_switch_on, f.s.is_arm_switch_safe) == (1, 0)
    f.inputs.demand.fresh = 0
    f.status.events[:] = 0
    ticked(f)
    assert heard(f) == []


@pytest.mark.parametrize("arming", [DISARMED, KILLED])
def test_the_last_word_stops_every_motor_but_a_tested_one(arming):
    f = toy()
    f.status.arming, f.command.motors.motor[:] = arming, 0.7
    supervisor.guard(f.s, f.command)
    assert f.command.motors.motor.tolist() == [0.0] * 8
    f.s.test.left_s, f.s.test.motor, f.s.test.throttle = 1.0, 2, 0.125
    supervisor.guard(f.s, f.command)
    assert f.command.motors.motor.tolist() == [0.0, 0.0, 0.125, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("place", range(8))
def test_the_last_word_lets_no_motor_turn_on_what_is_no_number(place):
    f = flying()
    f.status.arming, f.command.motors.motor[:] = ARMED, 0.7
    supervisor.guard(f.s, f.command)
    assert f.command.motors.motor.tolist() == [0.7] * 8
    assert f.s.is_output_broken == 0
    f.command.motors.motor[place], f.status.failsafes = math.nan, int(Failsafe.WIND)
    supervisor.guard(f.s, f.command)
    assert f.command.motors.motor.tolist() == [0.0] * 8
    assert heard(f) == [(Event.FAILSAFE_RAISED, Failsafe.NOT_A_NUMBER)]
    assert f.status.failsafes == Failsafe.WIND | Failsafe.NOT_A_NUMBER
    assert f.s.is_output_broken == 1
    f.status.events[:], f.s.watch.wrong_s[9], f.command.motors.motor[place] = 0, 0.01, math.inf
    supervisor.guard(f.s, f.command)
    assert heard(f) == []
    assert f.command.motors.motor.tolist() == [0.0] * 8
