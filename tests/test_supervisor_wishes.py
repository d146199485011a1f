"""Wishes of pilot and operator: read from switch and demands, granted or refused aloud."""

import math

import pytest

from flight.inputs import Demand
from flight.modes import WHY, Action, Event, Failsafe, Mode, Why
from flight.supervisor import choosing
from flight.supervisor.table import OPERATOR_OVERRULES, PILOT_OVERRULES, Sign
from tests.supervisor_rig import flying, heard, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
S = Sign
ALL = sum(Sign)


def test_the_mode_switch_wishes_once_per_movement():
    f = toy()
    p = f.inputs.pilot
    p.fresh, p.mode = 1, int(Mode.ANGLE)
    assert choosing.pilot_wish(f.s, p) == Mode.ANGLE
    assert choosing.pilot_wish(f.s, p) == 0
    p.mode, p.fresh = int(Mode.RATE), 0
    assert choosing.pilot_wish(f.s, p) == 0
    p.fresh = 1
    assert choosing.pilot_wish(f.s, p) == Mode.RATE
    p.mode = 0
    assert choosing.pilot_wish(f.s, p) == 0
    assert f.s.switch_mode == 0


@pytest.mark.parametrize(
    ("kind", "number", "wish"),
    [
        (Demand.MODE, 1.0, Mode.RATE),
        (Demand.MODE, float(len(Mode) - 1), Mode.BRAKE),
        (Demand.MODE, len(Mode) - 0.01, Mode.BRAKE),
        (Demand.MODE, float(len(Mode)), -1),
        (Demand.MODE, 0.99, -1),
        (Demand.MODE, math.nan, -1),
        (Demand.TAKEOFF, 0.0, Mode.TAKEOFF),
        (Demand.BRAKE, 0.0, Mode.BRAKE),
        (Demand.MISSION_START, 0.0, Mode.MISSION),
        (Demand.FIGURE8, 0.0, Mode.FIGURE8),
        (Demand.ARM, 0.0, 0),
        (Demand.KILL, 0.0, 0),
        (0, 0.0, 0),
        (-1, 0.0, 0),
        (len(Demand) + 1, 0.0, 0),
    ],
)
def test_demands_wish_for_their_mode(kind, number, wish):
    d = toy().inputs.demand
    d.fresh, d.kind, d.argument[0] = 1, int(kind), number
    assert choosing.operator_wish(d) == wish
    d.fresh = 0
    assert choosing.operator_wish(d) == 0


def test_a_granted_wish_overrules_a_refused_one_does_not():
    f = flying()
    f.s.watch.raised = int(Failsafe.GROUND_LOST)
    f.p.action[1] = int(Action.LAND)
    f.s.watch.wrong_s[1] = 99.0
    assert choosing.grant(f.s, Mode.GOTO, f.p, ALL & ~S.POSITION, OPERATOR_OVERRULES) == Why.NEEDS_POSITION
    assert (f.s.mode, f.s.watch.overruled) == (Mode.HOLD, 0)
    assert choosing.grant(f.s, Mode.GOTO, f.p, ALL, 0) == Why.FAILSAFE
    assert choosing.grant(f.s, Mode.GOTO, f.p, ALL, OPERATOR_OVERRULES) == 0
    assert (f.s.mode, f.s.watch.overruled) == (Mode.GOTO, Failsafe.GROUND_LOST)


def test_the_pilot_overrules_more_than_the_operator():
    assert OPERATOR_OVERRULES & ~PILOT_OVERRULES == 0
    for bit in (
        Failsafe.TILT,
        Failsafe.BRIDGE_LOST,
        Failsafe.NOT_A_NUMBER,
        Failsafe.ESTIMATOR,
        Failsafe.ROTOR_LOST,
    ):
        assert PILOT_OVERRULES & bit == 0
    f = flying()
    f.s.watch.raised, f.s.pilot_seen = int(Failsafe.BATTERY_CRITICAL), 1
    f.inputs.pilot.fresh, f.inputs.pilot.mode = 1, int(Mode.POSITION)
    choosing.grant_pilot(f.s, f.p, f.inputs, f.status, ALL)
    assert f.s.mode == Mode.POSITION
    assert heard(f) == []


def test_a_pilots_wish_is_refused_aloud():
    f = flying()
    f.inputs.pilot.fresh, f.inputs.pilot.mode = 1, int(Mode.POSITION)
    choosing.grant_pilot(f.s, f.p, f.inputs, f.status, ALL & ~S.POSITION)

    assert heard(f) == [(Event.MODE_REFUSED, Mode.POSITION + WHY * Why.NEEDS_POSITION)]
    f.status.events[:] = 0
    choosing.grant_pilot(f.s, f.p, f.inputs, f.status, ALL & ~S.POSITION)
    assert heard(f) == []


@pytest.mark.parametrize(
    ("kind", "index", "number", "have", "count", "why"),
    [
        (Demand.TAKEOFF, 0, 5.0, int(S.ARMED), 0, 0),
        (Demand.TAKEOFF, 0, 5.0, 0, 0, Why.NEEDS_ARMED),
        (Demand.TAKEOFF, 0, math.nan, int(S.ARMED), 0, Why.NOT_A_NUMBER),
        (Demand.MISSION_START, 0, 0.0, 0, 1, 0),
        (Demand.MISSION_START, 1, 0.0, 0, 1, Why.UNKNOWN),
        (Demand.MISSION_START, -1, 0.0, 0, 1, Why.UNKNOWN),
        (Demand.MISSION_START, 0, 0.0, 0, 0, Why.NEEDS_MISSION),
        (Demand.LAND, 7, 0.0, 0, 0, 0),
    ],
)
def test_demands_that_make_no_sense_have_a_reason(kind, index, number, have, count, why):
    f = toy()
    d = f.inputs.demand
    d.kind, d.index, d.uses, d.argument[0], f.status.mission_count = int(kind), index, 1, number, count

    assert choosing.nonsense(d, have, f.status) == why


def operated(kind: Demand, have: int, *arguments: float, count: int = 0) -> ToyFlight:
    f = flying()
    d = f.inputs.demand
    d.fresh, d.kind, d.uses, f.status.mission_count = 1, int(kind), (1 << len(arguments)) - 1, count
    d.argument[: len(arguments)] = arguments
    choosing.grant_operator(f.s, f.p, f.inputs, f.status, have)
    return f


def test_a_wish_that_comes_too_late_is_refused_aloud():
    f = flying(Mode.MISSION)
    d = f.inputs.demand
    d.fresh, d.kind, d.uses, d.argument[0] = 1, int(Demand.MODE), 1, float(Mode.MISSION)
    f.status.mission_count = 1
    choosing.grant_operator(f.s, f.p, f.inputs, f.status, ALL | S.DONE | S.ARMED)
    assert heard(f) == [(Event.MODE_REFUSED, Mode.MISSION + WHY * Why.NEEDS_AIRBORNE)]


def test_an_operators_wish_is_granted_or_refused_aloud():
    f = operated(Demand.LAND, 0)
    assert (f.s.mode, heard(f)) == (Mode.LAND, [])
    f = operated(Demand.GOTO, ALL & ~S.POSITION)
    assert (f.s.mode, heard(f)) == (
        Mode.HOLD,
        [(Event.DEMAND_REFUSED, Demand.GOTO + WHY * Why.NEEDS_POSITION)],
    )
    f = operated(Demand.GOTO, ALL, math.nan)
    assert (f.s.mode, heard(f)) == (Mode.HOLD, [(Event.DEMAND_REFUSED, Demand.GOTO + WHY * Why.NOT_A_NUMBER)])
    f = operated(Demand.MODE, ALL & ~S.STREAM, float(Mode.OFFBOARD))
    assert heard(f) == [(Event.MODE_REFUSED, Mode.OFFBOARD + WHY * Why.NEEDS_STREAM)]
    f = operated(Demand.MODE, ALL, 99.0)
    assert heard(f) == [(Event.MODE_REFUSED, WHY * Why.UNKNOWN)]
    f = operated(Demand.ARM, ALL)
    assert (f.s.mode, heard(f)) == (Mode.HOLD, [])
    f = operated(Demand.MISSION_START, ALL, count=1)
    assert f.s.mode == Mode.MISSION


@pytest.mark.parametrize(
    ("kind", "index", "mode", "wish", "signs", "why"),
    [
        (Demand.GOTO, 1, Mode.GOTO, Mode.GOTO, ALL, 0),
        (Demand.GOTO, 1, Mode.HOLD, Mode.GOTO, ALL, Why.NOT_IN_MODE),
        (Demand.GOTO, 0, Mode.HOLD, Mode.GOTO, ALL, 0),
        (Demand.ORBIT, 1, Mode.HOLD, Mode.ORBIT, ALL, 0),
        (Demand.MODE, 0, Mode.MISSION, Mode.MISSION, S.DONE | S.ARMED, Why.NEEDS_AIRBORNE),
        (Demand.MODE, 0, Mode.MISSION, Mode.MISSION, S.ARMED, 0),
        (Demand.MODE, 0, Mode.MISSION, Mode.MISSION, S.DONE, 0),
        (Demand.MODE, 0, Mode.HOLD, Mode.MISSION, S.DONE | S.ARMED, 0),
        (Demand.MODE, 0, Mode.MISSION, Mode.HOLD, S.DONE | S.ARMED, 0),
        (Demand.MISSION_START, 0, Mode.MISSION, Mode.MISSION, S.DONE | S.ARMED, 0),
    ],
)
def test_some_demands_come_too_late(kind, index, mode, wish, signs, why):
    f = flying(mode)
    f.inputs.demand.kind, f.inputs.demand.index = int(kind), index

    assert choosing.untimely(f.s, f.inputs.demand, wish, int(signs)) == why


@pytest.mark.parametrize(
    ("wish", "is_new"), [(Mode.TAKEOFF, True), (Mode.OFFBOARD, True), (Mode.HOLD, False), (Mode.LAND, False)]
)
def test_who_has_landed_and_takes_off_again_begins_a_flight(wish, is_new):
    f = flying(Mode.LAND)
    f.s.landing.is_landed = f.s.landing.has_flown = 1
    f.s.armed_s = 50.0
    demand = f.inputs.demand
    demand.fresh, demand.kind, demand.uses, demand.argument[0] = 1, int(Demand.MODE), 1, float(wish)

    choosing.grant_operator(f.s, f.p, f.inputs, f.status, int(S.LANDED | S.ARMED) | ALL)

    assert f.s.mode == wish
    assert (f.s.landing.has_flown, f.s.armed_s) == ((0, 0.0) if is_new else (1, 50.0))
