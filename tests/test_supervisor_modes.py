"""Which mode may be flown: what each needs, what it falls to, and why one is objected to."""

import pytest

from flight.inputs import Demand
from flight.modes import WHY, Arming, Event, Failsafe, Mode, Why
from flight.supervisor import choosing
from flight.supervisor.table import DISARM, HOLD, LAND, RETURN, Sign
from tests.supervisor_rig import flying, heard, in_plain_python, toy

in_plain_python()
pytestmark = pytest.mark.interpreted
S = Sign
PLACE = int(S.ATTITUDE | S.ALTITUDE | S.POSITION)
ALL = sum(Sign)
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED


@pytest.mark.parametrize(
    ("mode", "have", "after"),
    [
        (Mode.TAKEOFF, S.DONE | S.ARMED, Mode.HOLD),
        (Mode.BRAKE, S.DONE | S.ARMED | S.LANDED, Mode.HOLD),
        (Mode.TAKEOFF, S.DONE, Mode.TAKEOFF),
        (Mode.TAKEOFF, S.ARMED, Mode.TAKEOFF),
        (Mode.MISSION, S.DONE | S.ARMED, Mode.HOLD),
        (Mode.MISSION, S.DONE | S.ARMED | S.LANDED, Mode.MISSION),
        (Mode.GOTO, S.DONE | S.ARMED, Mode.GOTO),
        (Mode.LAND, S.OVER, Mode.HOLD),
        (Mode.BRAKE, S.OVER, Mode.HOLD),
        (Mode.RATE, S.OVER, Mode.RATE),
        (Mode.POSITION, S.OVER | S.DONE, Mode.POSITION),
        (Mode.HOLD, S.OVER, Mode.HOLD),
    ],
)
def test_a_mode_that_has_done_its_work_is_left(mode, have, after):
    f = toy()
    f.s.mode = mode
    choosing.change_when_over(f.s, int(have))

    assert f.s.mode == after


@pytest.mark.parametrize(
    ("mode", "have", "lower"),
    [
        (Mode.POSITION, PLACE, Mode.POSITION),
        (Mode.POSITION, S.ATTITUDE | S.ALTITUDE, Mode.ALTITUDE),
        (Mode.POSITION, S.ATTITUDE, Mode.ANGLE),
        (Mode.POSITION, 0, Mode.RATE),
        (Mode.MISSION, S.ATTITUDE | S.ALTITUDE, Mode.LAND),
        (Mode.OFFBOARD, S.ATTITUDE | S.STREAM, Mode.OFFBOARD),
        (Mode.OFFBOARD, PLACE, Mode.HOLD),
        (Mode.OFFBOARD, S.ATTITUDE, Mode.LAND),
        (Mode.OFFBOARD, 0, Mode.LAND),
        (Mode.OFFBOARD, S.ALTITUDE | S.POSITION, Mode.LAND),
    ],
)
def test_what_cannot_be_flown_any_more_is_replaced_by_the_next_lower(mode, have, lower):
    assert choosing.lowered(mode, int(have)) == lower


@pytest.mark.parametrize(
    ("mode", "worst", "raised", "have", "after"),
    [
        (Mode.GOTO, 0, 0, 0, Mode.GOTO),
        (Mode.GOTO, HOLD, 0, PLACE, Mode.HOLD),
        (Mode.HOLD, HOLD, 0, PLACE, Mode.HOLD),
        (Mode.BRAKE, HOLD, 0, PLACE, Mode.BRAKE),
        (Mode.HOLD, RETURN, 0, PLACE | int(S.HOME | S.WAY_HOME), Mode.RETURN),
        (Mode.HOLD, RETURN, 0, PLACE | int(S.HOME), Mode.LAND),
        (Mode.HOLD, RETURN, 0, PLACE, Mode.LAND),
        (Mode.RETURN, HOLD, 0, PLACE, Mode.RETURN),
        (Mode.RETURN, LAND, 0, PLACE, Mode.LAND),
        (Mode.LAND, RETURN, 0, PLACE, Mode.LAND),
        (Mode.GOTO, HOLD, 0, PLACE | int(S.LOW), Mode.LAND),
        (Mode.GOTO, RETURN, 0, PLACE | int(S.HOME | S.WAY_HOME | S.LOW), Mode.LAND),
        (Mode.GOTO, 0, 0, PLACE | int(S.LOW), Mode.GOTO),
        (Mode.RETURN, RETURN, 0, PLACE | int(S.LOW), Mode.RETURN),
        (Mode.GOTO, RETURN, 0, int(S.ATTITUDE), Mode.LAND),
        (Mode.GOTO, DISARM, 0, PLACE, Mode.LAND),
        (Mode.POSITION, 0, int(Failsafe.POSITION_LOST), int(S.ATTITUDE), Mode.ANGLE),
        (Mode.POSITION, 0, int(Failsafe.ESTIMATOR), int(S.ATTITUDE), Mode.ANGLE),
        (Mode.POSITION, 0, int(Failsafe.TILT), int(S.ATTITUDE), Mode.POSITION),
        (Mode.POSITION, HOLD, int(Failsafe.POSITION_LOST), int(S.ATTITUDE), Mode.LAND),
    ],
)
def test_the_ladder_is_climbed_and_never_down(mode, worst, raised, have, after):
    f = flying(mode)
    f.s.watch.raised = raised
    choosing.obey_failsafes(f.s, worst, have)

    assert f.s.mode == after


def test_the_first_missing_sign_is_the_reason():
    reasons = (
        (S.AIRBORNE, Why.NEEDS_AIRBORNE),
        (S.ATTITUDE, Why.NEEDS_ATTITUDE),
        (S.ALTITUDE, Why.NEEDS_ALTITUDE),
        (S.POSITION, Why.NEEDS_POSITION),
        (S.PILOT, Why.NEEDS_PILOT),
        (S.STREAM, Why.NEEDS_STREAM),
        (S.MISSION, Why.NEEDS_MISSION),
        (S.HOME, Why.NEEDS_HOME),
        (S.WAY_HOME, Why.WAY_BARRED),
    )
    for sign, why in reasons:
        assert choosing.why_missing(int(sign)) == why
    assert choosing.why_missing(int(S.HOME | S.ALTITUDE)) == Why.NEEDS_ALTITUDE
    assert choosing.why_missing(0) == 0
    assert choosing.why_missing(int(S.DONE)) == 0


@pytest.mark.parametrize(
    ("arming", "mode", "worst", "have", "why"),
    [
        (ARMED, Mode.NONE, 0, ALL, Why.UNKNOWN),
        (ARMED, len(Mode), 0, ALL, Why.UNKNOWN),
        (ARMED, len(Mode) - 1, 0, ALL, 0),
        (ARMED, -1, 0, ALL, Why.UNKNOWN),
        (ARMED, Mode.RATE, 0, ALL, 0),
        (ARMED, Mode.POSITION, 0, ALL & ~S.ALTITUDE, Why.NEEDS_ALTITUDE),
        (ARMED, Mode.GOTO, HOLD, ALL, Why.FAILSAFE),
        (ARMED, Mode.HOLD, HOLD, ALL, 0),
        (ARMED, Mode.HOLD, RETURN, ALL, Why.FAILSAFE),
        (ARMED, Mode.GOTO, HOLD, ALL & ~S.POSITION, Why.NEEDS_POSITION),
        (DISARMED, Mode.POSITION, HOLD, 0, 0),
        (DISARMED, Mode.GOTO, 0, ALL & ~S.AIRBORNE, Why.NEEDS_AIRBORNE),
        (KILLED, Mode.OFFBOARD, 0, 0, Why.NEEDS_STREAM),
        (DISARMED, Mode.MISSION, 0, int(S.MISSION), 0),
    ],
)
def test_a_mode_is_objected_to_for_a_reason(arming, mode, worst, have, why):
    f = toy()
    f.s.arming = arming

    assert choosing.objection(f.s, int(mode), worst, int(have)) == why


def test_a_change_of_mode_is_said_once_and_failsafes_act_on_the_armed_only():
    f = flying(Mode.TAKEOFF)
    choosing.step(f.s, f.p, f.inputs, f.status, ALL & ~S.OVER)
    assert heard(f) == [(Event.MODE_CHANGED, Mode.HOLD)]
    f.status.events[:] = 0
    choosing.step(f.s, f.p, f.inputs, f.status, ALL & ~S.OVER)
    assert heard(f) == []
    f.s.watch.raised = int(Failsafe.BRIDGE_LOST)
    choosing.step(f.s, f.p, f.inputs, f.status, PLACE)
    assert f.s.mode == Mode.HOLD
    choosing.step(f.s, f.p, f.inputs, f.status, PLACE | int(S.ARMED))
    assert f.s.mode == Mode.LAND
    f.inputs.pilot.fresh, f.inputs.pilot.mode = 1, int(Mode.RATE)
    f.inputs.demand.fresh, f.inputs.demand.kind = 1, int(Demand.HOLD)
    f.status.events[:] = 0
    choosing.step(f.s, f.p, f.inputs, f.status, ALL & ~S.OVER)
    assert heard(f) == [
        (Event.MODE_REFUSED, Mode.RATE + WHY * Why.FAILSAFE),
        (Event.DEMAND_REFUSED, Demand.HOLD + WHY * Why.FAILSAFE),
    ]
