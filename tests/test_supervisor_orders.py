"""Orders that are no mode: motor tests, looking at a crash, restarts."""

import math

import pytest

from flight.inputs import Demand
from flight.modes import WHY, Arming, Event, Why
from flight.supervisor import motor_test, orders
from tests.supervisor_rig import DT, above, below, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted


def asked(**change: float) -> ToyFlight:
    f = toy()
    f.s.rotors.count, d = 4, f.inputs.demand
    d.fresh, d.kind, d.index, d.argument[0], d.argument[1] = 1, int(Demand.MOTOR_TEST), 3, 0.1, 2.0
    for name, value in change.items():
        where = d if name in ("index", "kind") else f.s if name == "arming" else f.inputs.pilot
        setattr(where, name, value)
    return f


def objection(f: ToyFlight) -> int:
    return motor_test.objection(f.s, f.p.test, f.inputs.demand, f.inputs.pilot)


def test_a_motor_test_is_possible_up_to_its_limits():
    for throttle, seconds, why in (
        (0.3, 10.0, 0),
        (above(0.3), 10.0, Why.OUT_OF_RANGE),
        (0.3, above(10.0), Why.OUT_OF_RANGE),
        (0.0, 1e-9, 0),
        (below(0.0), 1.0, Why.OUT_OF_RANGE),
        (0.1, 0.0, Why.OUT_OF_RANGE),
        (math.inf, 1.0, Why.NOT_A_NUMBER),
        (0.1, math.nan, Why.NOT_A_NUMBER),
    ):
        f = asked()
        f.inputs.demand.argument[:2] = throttle, seconds
        assert objection(f) == why
    for index, why in ((0, 0), (3, 0), (4, Why.UNKNOWN), (-1, Why.UNKNOWN)):
        assert objection(asked(index=index)) == why
    f = asked(index=8)
    f.s.rotors.count = 99
    assert objection(f) == Why.UNKNOWN
    assert objection(asked(arming=Arming.KILLED)) == Why.NEEDS_DISARMED
    assert objection(asked(is_kill_switch_on=1)) == Why.KILL_SWITCH
    f = asked()
    f.s.landing.is_landed = 0
    assert objection(f) == Why.NEEDS_LANDED


def test_a_motor_test_begins_passes_and_ends_aloud():
    f = asked()
    orders.obey(f.s, f.p, f.inputs, f.status)
    assert (f.s.test.motor, f.s.test.throttle, f.s.test.left_s) == (3, 0.1, 2.0)
    assert (f.status.events[0], f.status.event_values[0]) == (Event.MOTOR_TEST, 3.0)
    f.status.events[:] = 0
    motor_test.step(f.s.test, f.status, False, 1.5)
    assert f.s.test.left_s == 0.5
    assert f.status.events[0] == 0
    motor_test.turn(f.s.test, f.command.motors)
    assert f.command.motors.motor.tolist() == [0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0]
    motor_test.step(f.s.test, f.status, False, 0.5)
    assert (f.status.events[0], f.status.event_values[0]) == (Event.MOTOR_TEST, -1.0)
    f.status.events[:], f.command.motors.motor[:] = 0, 0.0
    motor_test.step(f.s.test, f.status, False, 0.5)
    motor_test.turn(f.s.test, f.command.motors)
    assert f.status.events[0] == 0
    assert f.s.test.left_s == 0.0
    assert not f.command.motors.motor.any()
    f.s.test.left_s = 5.0
    motor_test.step(f.s.test, f.status, True, DT)
    assert f.s.test.left_s == 0.0
    assert f.status.events[0] == Event.MOTOR_TEST


def test_a_refused_motor_test_says_why_and_leaves_a_running_one():
    f = asked(index=7)
    motor_test.begin(f.s, f.p.test, f.inputs.demand, f.inputs.pilot, f.status)

    assert f.status.events[0] == Event.DEMAND_REFUSED
    assert f.status.event_values[0] == Demand.MOTOR_TEST + WHY * Why.UNKNOWN
    assert f.s.test.left_s == 0.0


def must_end(change=lambda f: None) -> bool:
    f = toy()
    change(f)
    return bool(orders.must_end_test(f.s, f.p, f.inputs, f.estimate))


def demanding(kind: Demand, fresh: int = 1):
    return lambda f: (
        setattr(f.inputs.demand, "fresh", fresh),
        setattr(f.inputs.demand, "kind", int(kind)),
    )


def test_a_motor_test_must_end_when_somebody_or_the_vehicle_says_so():
    assert not must_end()
    assert must_end(demanding(Demand.DISARM))
    assert must_end(demanding(Demand.KILL))
    assert not must_end(demanding(Demand.ARM))
    assert not must_end(demanding(Demand.DISARM, fresh=0))
    assert not must_end(demanding(Demand.KILL, fresh=0))
    assert must_end(lambda f: setattr(f.s, "arming", Arming.KILLED))
    assert must_end(lambda f: setattr(f.s.landing, "is_landed", 0))
    assert must_end(lambda f: setattr(f.inputs.pilot, "is_kill_switch_on", 1))
    assert not must_end(lambda f: setattr(f.estimate, "omega_frd", (0.3, 0.4, 9.0)))
    assert must_end(lambda f: setattr(f.estimate, "omega_frd", (0.3, 0.4001, 0.0)))
    assert must_end(lambda f: setattr(f.estimate, "omega_frd", (-0.3001, 0.4, 0.0)))
    assert must_end(lambda f: setattr(f.estimate, "omega_frd", (math.nan, 0.0, 0.0)))


@pytest.mark.parametrize(("arming", "crashed"), [(Arming.ARMED, 1), (Arming.DISARMED, 0), (Arming.KILLED, 0)])
def test_disarming_once_more_says_that_a_crash_has_been_looked_at(arming, crashed):
    f = toy()
    demanding(Demand.DISARM)(f)
    f.s.is_crashed, f.s.arming = 1, arming
    orders.obey(f.s, f.p, f.inputs, f.status)

    assert f.s.is_crashed == crashed
    f.s.is_crashed = 0
    orders.obey(f.s, f.p, f.inputs, f.status)
    assert f.s.is_crashed == 0


def test_a_restart_is_passed_on_unless_armed():
    for arming, event, value in (
        (Arming.DISARMED, Event.REBOOT, 0.0),
        (Arming.KILLED, Event.REBOOT, 0.0),
        (Arming.ARMED, Event.DEMAND_REFUSED, Demand.REBOOT + WHY * Why.NEEDS_DISARMED),
    ):
        f = toy()
        demanding(Demand.REBOOT)(f)
        f.s.arming = arming
        orders.obey(f.s, f.p, f.inputs, f.status)
        assert (f.status.events[0], f.status.event_values[0]) == (event, value)


@pytest.mark.parametrize(
    ("arming", "is_landed", "is_new"),
    [(Arming.ARMED, 1, True), (Arming.ARMED, 0, False), (Arming.DISARMED, 1, False)],
)
def test_arming_what_is_armed_and_has_landed_begins_a_flight(arming, is_landed, is_new):
    f = toy()
    f.s.arming, f.s.landing.is_landed, f.s.landing.has_flown, f.s.armed_s = arming, is_landed, 1, 50.0
    f.inputs.demand.kind = int(Demand.ARM)

    orders.obey(f.s, f.p, f.inputs, f.status)

    assert (f.s.landing.has_flown, f.s.armed_s) == ((0, 0.0) if is_new else (1, 50.0))
