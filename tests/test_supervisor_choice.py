"""Who decides: the arming table, the ladder of answers, wishes of pilot and operator, and the last word."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import WHY, Action, Arming, Event, Failsafe, Mode, Why
from flight.supervisor import choosing, failsafes, supervisor
from flight.supervisor.table import (
    DISARM,
    HOLD,
    LAND,
    OPERATOR_OVERRULES,
    PILOT_OVERRULES,
    RETURN,
    TERMINATE,
    TROUBLES,
    Sign,
)
from tests.supervisor_rig import DT, below, flying, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
S = Sign
PLACE = int(S.ATTITUDE | S.ALTITUDE | S.POSITION)
ALL = sum(Sign)
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED


def heard(f: ToyFlight) -> list[tuple[int, float]]:
    events = zip(f.status.events.tolist(), f.status.event_values.tolist(), strict=True)
    return [(e, v) for e, v in events if e]


# Failsafes.


def watched(*bits: Failsafe, **chosen: float) -> ToyFlight:
    f = toy(**chosen)
    f.w = f.s.watch
    f.w.raised = int(sum(bits))
    return f


def test_a_trouble_counts_its_time_and_one_that_is_over_counts_that():
    f = watched()
    f.w.wrong_s[3], f.w.right_s[3] = 1.0, 5.0
    failsafes.count(f.w, 3, True, DT)
    assert (f.w.wrong_s[3], f.w.right_s[3]) == (1.0 + DT, 0.0)
    failsafes.count(f.w, 3, False, DT)
    failsafes.count(f.w, 3, False, DT)
    assert (f.w.wrong_s[3], f.w.right_s[3]) == (0.0, 2.0 * DT)


def test_flags_are_raised_and_cleared_aloud_and_no_longer_overruled():
    f = watched(Failsafe.WIND)
    f.w.overruled = int(Failsafe.TILT | Failsafe.WIND)
    failsafes.raise_flag(f.w, f.status, int(Failsafe.TILT))
    assert f.w.raised == Failsafe.TILT | Failsafe.WIND
    assert f.w.overruled == Failsafe.WIND
    failsafes.clear_flag(f.w, f.status, int(Failsafe.WIND))
    assert (f.w.raised, f.w.overruled) == (Failsafe.TILT, 0)
    assert heard(f) == [(Event.FAILSAFE_RAISED, Failsafe.TILT), (Event.FAILSAFE_CLEARED, Failsafe.WIND)]


def test_ages_have_counted_already_others_are_patient():
    f = watched()
    assert failsafes.patience(f.p, 0) == failsafes.patience(f.p, 1) == failsafes.patience(f.p, 10) == 0.0
    assert failsafes.patience(f.p, 3) == 5.0


def one_tick(f: ToyFlight, troubles: int, is_armed: bool = True) -> int:
    failsafes.step(f.w, f.p, troubles, is_armed, f.status, DT)
    return int(f.w.raised)


def test_a_trouble_is_raised_after_its_time():
    f = watched()
    bit, i = int(Failsafe.WIND), int(Failsafe.WIND).bit_length() - 1
    f.p.hold_s[i] = 0.5
    f.w.wrong_s[i] = 0.25
    assert one_tick(f, bit) == 0
    f.w.wrong_s[i] = 0.5 - DT
    assert one_tick(f, bit) == bit
    assert one_tick(f, bit) == bit
    assert len(heard(f)) == 1


def test_a_trouble_is_cleared_when_it_has_been_gone_for_a_time():
    f = watched(Failsafe.WIND)
    bit, i = int(Failsafe.WIND), int(Failsafe.WIND).bit_length() - 1
    f.w.right_s[i] = 0.5
    assert one_tick(f, 0) == bit
    f.w.right_s[i] = 1.0 - DT
    assert one_tick(f, 0) == 0
    f = watched(Failsafe.WIND, FS_CLEAR_T=0.0)
    assert one_tick(f, bit) == bit


def test_what_is_latched_stays_while_armed_and_goes_on_the_ground():
    bit, i = int(Failsafe.TILT), int(Failsafe.TILT).bit_length() - 1
    for is_armed, left in ((True, bit), (False, 0)):
        f = watched(Failsafe.TILT)
        f.w.right_s[i] = 99.0
        assert one_tick(f, 0, is_armed) == left


@pytest.mark.parametrize(
    ("action", "severity"),
    [
        (Action.WARN, 0),
        (Action.HOLD, HOLD),
        (Action.RETURN, RETURN),
        (Action.LAND, LAND),
        (4, LAND),
        (Action.TERMINATE, TERMINATE),
        (Action.DISARM, DISARM),
    ],
)
def test_an_answer_is_as_severe_as_its_parameter_says(action, severity):
    f = watched(Failsafe.WIND)
    i = int(Failsafe.WIND).bit_length() - 1
    f.p.action[i] = int(action)

    assert failsafes.severity(f.w, f.p, i) == severity
    assert failsafes.worst(f.w, f.p) == severity


def test_a_lost_link_holds_for_a_while_first():
    f = watched(Failsafe.GROUND_LOST, NAV_DLL_ACT=Action.LAND)
    f.w.wrong_s[1] = below(5.0)
    assert failsafes.severity(f.w, f.p, 1) == HOLD
    f.w.wrong_s[1] = 5.0
    assert failsafes.severity(f.w, f.p, 1) == LAND
    f.w.wrong_s[1], f.p.action[1] = 0.0, int(Action.WARN)
    assert failsafes.severity(f.w, f.p, 1) == 0
    f.p.action[1] = int(Action.HOLD)
    assert failsafes.severity(f.w, f.p, 1) == HOLD
    f.w.wrong_s[10] = 0.0
    assert failsafes.severity(f.w, f.p, 10) == LAND


def test_the_worst_of_what_is_raised_and_not_overruled_counts():
    f = watched(Failsafe.BATTERY_CRITICAL, Failsafe.FENCE_NEAR, Failsafe.BRIDGE_LOST)
    assert failsafes.worst(f.w, f.p) == LAND
    f.w.overruled = int(Failsafe.BRIDGE_LOST)
    assert failsafes.worst(f.w, f.p) == RETURN
    f.w.overruled = int(Failsafe.BRIDGE_LOST | Failsafe.BATTERY_CRITICAL)
    assert failsafes.worst(f.w, f.p) == HOLD
    f.w.raised = 0
    assert failsafes.worst(f.w, f.p) == 0
    last = 1 << (TROUBLES - 1)
    f.w.raised, f.p.action[TROUBLES - 1] = last, int(Action.LAND)
    assert failsafes.worst(f.w, f.p) == LAND


def test_only_what_is_raised_can_be_overruled():
    f = watched(Failsafe.WIND, Failsafe.TILT)
    f.w.overruled = int(Failsafe.FENCE)
    failsafes.overrule(f.w, int(Failsafe.WIND | Failsafe.RESERVE))

    assert f.w.overruled == Failsafe.FENCE | Failsafe.WIND


def test_reset_worries_about_nothing():
    f = watched(Failsafe.WIND)
    f.w.overruled, f.w.wrong_s[:], f.w.right_s[:] = 7, 1.0, 1.0
    failsafes.reset(f.w)

    assert (f.w.raised, f.w.overruled) == (0, 0)
    assert not np.any([f.w.wrong_s, f.w.right_s])


# Modes.


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
        (Mode.OFFBOARD, S.ATTITUDE, Mode.OFFBOARD),
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
        (Mode.HOLD, RETURN, 0, PLACE, Mode.RETURN),
        (Mode.RETURN, HOLD, 0, PLACE, Mode.RETURN),
        (Mode.RETURN, LAND, 0, PLACE, Mode.LAND),
        (Mode.LAND, RETURN, 0, PLACE, Mode.LAND),
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


# Arming.

TABLE = [
    (ARMED, S.KILL, KILLED, Event.KILLED, 0),
    (ARMED, S.ORDER_TERMINATE, KILLED, Event.KILLED, 1),
    (ARMED, S.ORDER_TERMINATE | S.KILL, KILLED, Event.KILLED, 0),
    (ARMED, S.ORDER_DISARM, DISARMED, Event.DISARMED, 1),
    (ARMED, S.ORDER_DISARM | S.ORDER_TERMINATE, KILLED, Event.KILLED, 1),
    (ARMED, S.TIPPED, DISARMED, Event.DISARMED, 1),
    (ARMED, S.DISARM_WISH | S.LANDED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.FORCED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.BY_SWITCH | S.STICKS_ONLY, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.BY_SWITCH, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.DISARM_WISH | S.STICKS_ONLY, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.DISARM_WISH, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.RESTED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.IDLE, DISARMED, Event.DISARMED, 0),
    (ARMED, S.ARM_WISH, ARMED, 0, 0),
    (ARMED, S.LANDED | S.FORCED | S.NOT_READY | S.KILL_SWITCH, ARMED, 0, 0),
    (DISARMED, S.ARM_WISH, ARMED, Event.ARMED, 0),
    (DISARMED, S.ARM_WISH | S.NOT_READY, DISARMED, Event.ARMING_REFUSED, 0),
    (DISARMED, S.KILL | S.DISARM_WISH | S.ORDER_TERMINATE | S.IDLE, DISARMED, 0, 0),
    (KILLED, S.DISARM_WISH, DISARMED, Event.DISARMED, 0),
    (KILLED, S.DISARM_WISH | S.KILL_SWITCH, KILLED, Event.DEMAND_REFUSED, 0),
    (KILLED, S.ARM_WISH, KILLED, Event.ARMING_REFUSED, 0),
    (KILLED, S.RESTED | S.KILL, KILLED, 0, 0),
]


@pytest.mark.parametrize(("arming", "have", "after", "said", "crashed"), TABLE)
def test_arming_goes_by_its_table(arming, have, after, said, crashed):
    f = toy()
    f.s.arming, f.s.armed_s, f.s.landing.has_flown, f.s.rotors.lost = arming, 9.0, 1, 2
    supervisor.change_arming(f.s, f.status, int(have), 64)

    assert (f.s.arming, f.s.is_crashed) == (after, crashed)
    assert [e for e, _ in heard(f)] == ([said] if said else [])
    values = {Event.ARMING_REFUSED: 64.0, Event.DEMAND_REFUSED: float(Demand.DISARM)}
    if said:
        value = heard(f)[0][1]
        assert value == values.get(said, value)
        assert said in values or int(value) & int(have) == int(value) > 0
    fresh = after != arming
    assert (f.s.armed_s, f.s.landing.has_flown, f.s.rotors.lost) == ((0.0, 0, 0) if fresh else (9.0, 1, 2))


def test_an_earlier_crash_is_not_forgotten_by_arming():
    f = toy()
    f.s.arming, f.s.is_crashed = ARMED, 1
    supervisor.change_arming(f.s, f.status, int(S.RESTED), 0)
    assert f.s.is_crashed == 1


@pytest.mark.parametrize(
    ("raised", "wrong_s", "landed", "airborne_s", "tipped"),
    [
        (Failsafe.TILT, 0.5, 1, 99.0, True),
        (Failsafe.TILT, 0.5, 0, below(3.0), True),
        (Failsafe.TILT, 0.5, 0, 3.0, False),
        (Failsafe.TILT, 2.0, 0, 99.0, True),
        (Failsafe.TILT, below(2.0), 0, 99.0, False),
        (Failsafe.TILT, 0.0, 1, 99.0, False),
        (Failsafe.WIND, 9.0, 1, 99.0, False),
        (Failsafe.TILT, 1.0, 1, 99.0, True),
    ],
)
def test_tipped_is_tilted_early_or_for_long(raised, wrong_s, landed, airborne_s, tipped):
    f = flying()
    f.s.watch.raised, f.s.watch.wrong_s[8] = int(raised), wrong_s
    f.s.landing.is_landed, f.s.landing.airborne_s = landed, airborne_s

    assert supervisor.is_tipped(f.s, f.p) == tipped


def test_orders_follow_from_the_worst_answer_and_the_clocks():
    def ordered(worst: int = 0, refused: int = 0, change=lambda f: None) -> int:
        f = flying()
        f.s.landing.has_flown = 1
        change(f)
        return supervisor.order_signs(f.s, f.p, worst, refused)

    def tilted(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[8] = int(Failsafe.TILT), 9.0

    def resting(f: ToyFlight) -> None:
        f.s.landing.is_landed, f.s.landing.rest_s = 1, 9.0

    def idling(f: ToyFlight) -> None:
        f.s.landing.has_flown, f.s.armed_s = 0, 99.0

    def blind(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[6] = Failsafe.ESTIMATOR, 3.0

    def blind_for_a_moment(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[6] = Failsafe.ESTIMATOR, 2.9

    assert ordered(change=blind) == S.TIPPED
    assert ordered(change=blind_for_a_moment) == 0
    assert ordered() == ordered(LAND) == 0
    assert ordered(DISARM) == S.ORDER_DISARM
    assert ordered(TERMINATE) == S.ORDER_TERMINATE
    assert ordered(refused=4) == S.NOT_READY
    assert ordered(change=tilted) == S.TIPPED
    assert ordered(change=resting) == S.RESTED
    assert ordered(change=idling) == S.IDLE


@pytest.mark.parametrize(
    ("fresh", "now", "was", "safe", "then"),
    [
        (1, 1, 0, 0, (1, 0)),
        (1, 0, 1, 0, (0, 1)),
        (1, 1, 0, 1, (1, 1)),
        (0, 1, 0, 0, (0, 0)),
        (0, 0, 1, 0, (1, 0)),
    ],
)
def test_a_switch_seen_off_is_safe(fresh, now, was, safe, then):
    f = toy()
    f.inputs.pilot.fresh, f.inputs.pilot.is_arm_switch_on = fresh, now
    f.s.is_arm_switch_on, f.s.is_arm_switch_safe = was, safe
    supervisor.move_switch(f.s, f.inputs.pilot)

    assert (f.s.is_arm_switch_on, f.s.is_arm_switch_safe) == then


def test_decisions_are_published():
    for arming, refusals in ((ARMED, 0), (DISARMED, 12), (KILLED, 12)):
        f = flying(Mode.ORBIT)
        f.s.arming, f.s.rotors.lost, f.s.watch.raised, f.s.landing.is_landed = arming, 3, 40, 1
        supervisor.publish(f.s, f.status, 12)
        s = f.status
        assert (s.arming, s.mode, s.is_landed, s.refusals, s.failsafes, s.lost_rotor) == (
            arming, Mode.ORBIT, 1, refusals, 40, 3,
        )  # fmt: skip


def test_reset_starts_disarmed_with_everything_yet_to_be_seen():
    f = flying(MODE_BOOT=2)
    names = (
        "switch_mode", "armed_s", "pilot_seen", "offboard_seen", "battery_seen", "is_arm_switch_on",
        "is_arm_switch_safe", "is_output_broken", "cell_v", "battery_quiet_s", "is_crashed",
    )  # fmt: skip
    for name in names:
        setattr(f.s, name, 1.0)
    f.s.test.left_s, f.s.fence.count, f.s.health.late, f.s.rotors.lost, f.s.watch.raised = 1.0, 1, 1.0, 1, 1
    supervisor.reset(f.s, f.p)

    assert [getattr(f.s, name) for name in names] == [0] * len(names)
    assert (f.s.arming, f.s.mode, f.s.landing.is_landed) == (DISARMED, Mode.ANGLE, 1)
    assert (f.s.test.left_s, f.s.fence.count, f.s.health.late, f.s.rotors.lost, f.s.watch.raised) == (0,) * 5


def test_links_that_are_heard_exist():
    f = toy()
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (0, 0)
    f.inputs.pilot.fresh = 1
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (1, 0)
    f.inputs.pilot.fresh, f.inputs.offboard.fresh = 0, 1
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (1, 1)
    assert f.s.battery_quiet_s == pytest.approx(3.0 * DT)


# A whole tick, and the last word.


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
    assert heard(f) == [(Event.REBOOT, 0.0)]
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
