"""Troubles: counted, raised, cleared and overruled; the worst of them is answered."""

import numpy as np
import pytest

from flight.modes import Action, Event, Failsafe
from flight.supervisor import failsafes
from flight.supervisor.table import DISARM, HOLD, LAND, RETURN, TERMINATE, TROUBLES
from tests.supervisor_rig import DT, below, heard, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted


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


@pytest.mark.parametrize("bit", [Failsafe.VIBRATION, Failsafe.IMU_CLIPPED])
def test_shaking_must_be_gone_for_longer(bit):
    i = int(bit).bit_length() - 1
    f = watched(bit)
    f.w.right_s[i] = 15.0 - 2.0 * DT
    assert one_tick(f, 0) == bit
    f.w.right_s[i] = 15.0 - DT
    assert one_tick(f, 0) == 0
    f = watched(bit, FS_VIBE_CLR_T=0.5)
    f.w.right_s[i] = 0.5
    assert one_tick(f, 0) == 0


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
