"""Failsafes: each trouble counts after its time, the most severe answer wins, people may overrule what they may."""

import math

import numpy as np
import pytest

from flight.inputs import Demand, Use
from flight.modes import Action, Arming, Event, Failsafe, Level, Mode
from flight.supervisor.rows import TROUBLES as ROWS
from flight.supervisor.table import ANSWER, SEVERITY
from tests.supervised_flight import armed, high, piloted, ready
from tests.supervisor_rig import leaning

pytestmark = pytest.mark.interpreted
XYZ = Use.POSITION_XY | Use.POSITION_Z


def test_every_failsafe_has_a_time_and_an_action():
    assert len(ROWS) == 2 * len(Failsafe)
    assert sorted(row.index for row in ROWS) == sorted([*range(len(Failsafe))] * 2)


def test_the_ladder_is_warn_hold_return_land_disarm_terminate():
    ladder = [Action.WARN, Action.HOLD, Action.RETURN, Action.LAND, Action.DISARM, Action.TERMINATE]

    assert [int(SEVERITY[action]) for action in ladder] == [0, 1, 2, 3, 4, 5]
    assert [Mode(int(m)) for m in ANSWER[:4]] == [Mode.NONE, Mode.HOLD, Mode.RETURN, Mode.LAND]


def test_a_lost_pilot_means_hold_and_after_a_wait_return():
    f = piloted(Mode.POSITION).fly(0.45)
    assert f.mode == Mode.POSITION

    assert f.fly(0.1).mode == Mode.HOLD
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.PILOT_LOST)
    assert f.fly(4.8).mode == Mode.HOLD
    assert f.fly(0.3).mode == Mode.RETURN


def test_a_pilot_who_was_never_there_is_not_missed():
    assert high().fly(3.0).status.failsafes == 0


def test_a_pilot_who_had_been_there_may_be_missed_in_every_mode():
    f = high(FS_PILOT_ALL=1).sticks().step().ask(Demand.GOTO, 5.0, 0.0, -10.0)

    assert f.fly(0.6).mode == Mode.HOLD
    assert f.fly(5.0).mode == Mode.RETURN


def test_a_pilot_is_left_out_of_what_flies_by_itself():
    f = high().sticks(throttle=0.5).step().ask(Demand.GOTO, 5.0, 0.0, -10.0)

    assert f.fly(2.0).status.failsafes == 0
    assert f.mode == Mode.GOTO


def test_a_pilot_who_returns_takes_over_with_the_switch():
    f = piloted(Mode.POSITION).fly(1.0)
    assert f.mode == Mode.HOLD
    for _ in range(120):
        f.sticks(throttle=0.5).step()
    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.PILOT_LOST)

    f.sticks(throttle=0.5, mode=Mode.ALTITUDE).step()
    assert f.mode == Mode.ALTITUDE


def test_the_operator_may_fly_on_without_the_pilot():
    f = piloted(Mode.POSITION).fly(1.0).ask(Demand.GOTO, 3.0, 0.0, -10.0)

    assert f.mode == Mode.GOTO
    assert f.fly(6.0).mode == Mode.GOTO
    assert f.status.failsafes == Failsafe.PILOT_LOST


@pytest.mark.parametrize(
    ("action", "mode"),
    [
        (Action.WARN, Mode.GOTO),
        (Action.HOLD, Mode.HOLD),
        (Action.RETURN, Mode.RETURN),
        (Action.LAND, Mode.LAND),
    ],
)
def test_a_lost_ground_station_does_what_the_parameter_says(action, mode):
    f = high(NAV_DLL_ACT=action, FS_WAIT_T=0.5).ask(Demand.GOTO, 60.0, 0.0, -10.0)
    f.inputs.link.ground_age_us = 6_000_000
    f.fly(1.0)

    assert f.said(Event.FAILSAFE_RAISED, Failsafe.GROUND_LOST)
    assert f.mode == mode


def test_a_lost_stream_holds_within_its_time():
    f = high()
    f.stream(Level.POSITION, XYZ, p_ned=(0.0, 0.0, -10.0)).ask(Demand.MODE, Mode.OFFBOARD)

    assert f.fly(0.9).mode == Mode.OFFBOARD
    assert f.fly(0.2).mode == Mode.HOLD
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.OFFBOARD_LOST)


@pytest.mark.parametrize(
    ("cell_v", "flags", "mode"),
    [
        (3.45, Failsafe.BATTERY_LOW, Mode.GOTO),
        (3.35, Failsafe.BATTERY_LOW | Failsafe.BATTERY_CRITICAL, Mode.RETURN),
        (3.2, Failsafe.BATTERY_LOW | Failsafe.BATTERY_CRITICAL | Failsafe.BATTERY_EMERGENCY, Mode.LAND),
    ],
)
def test_an_empty_battery_climbs_the_ladder_and_stays_flagged(cell_v, flags, mode):
    f = high().ask(Demand.GOTO, 300.0, 0.0, -10.0)
    f.voltage = 4.0 * cell_v
    f.fly(7.5)
    assert f.status.failsafes == flags
    assert f.mode == mode

    f.voltage = 16.0
    assert f.fly(1.5).status.failsafes == flags


def test_a_short_sag_is_no_empty_battery():
    f = high()
    f.voltage = 12.0
    f.fly(0.5)
    f.voltage = 16.0

    assert f.fly(3.0).status.failsafes == 0


def test_the_pilot_may_overrule_an_empty_battery_the_operator_may_not():
    f = high().sticks(throttle=0.5).step()
    f.voltage = 13.0
    for _ in range(600):
        f.sticks(throttle=0.5).step()
    assert f.mode == Mode.LAND

    f.ask(Demand.HOLD)
    assert f.mode == Mode.LAND
    assert f.said(Event.DEMAND_REFUSED, Demand.HOLD)
    f.sticks(throttle=0.5, mode=Mode.POSITION).step()
    assert f.mode == Mode.POSITION
    for _ in range(100):
        f.sticks(throttle=0.5).step()
    assert f.mode == Mode.POSITION


def test_an_unknown_attitude_lands_on_rates():
    f = high()
    f.trust(0, 0, 0, 0)
    f.fly(0.5)

    assert f.mode == Mode.LAND
    assert f.status.failsafes & Failsafe.ESTIMATOR
    assert f.command.setpoint.level == Level.RATE


def test_rate_mode_needs_no_attitude():
    f = piloted(Mode.RATE)
    f.trust(0, 0, 0, 0)
    for _ in range(100):
        f.sticks(throttle=0.5).step()

    assert f.mode == Mode.RATE
    assert f.status.failsafes == 0


def test_lying_on_its_side_disarms_after_a_while_though_the_action_only_warns():
    f = leaning(high(), 100.0).fly(0.25)
    assert f.status.failsafes == 0

    f.fly(0.1)
    assert f.status.failsafes == Failsafe.TILT
    assert f.is_armed
    assert not f.fly(2.0).is_armed


def test_tipping_over_at_take_off_disarms_at_once():
    f = leaning(armed(), 100.0).fly(0.35)

    assert not f.is_armed


def test_an_upset_that_rights_itself_flies_on():
    f = leaning(high(), 100.0).fly(0.5)
    f = leaning(f, 0.0).fly(5.0)

    assert f.is_armed
    assert f.status.failsafes == Failsafe.TILT


def test_rate_mode_may_fly_upside_down():
    f = leaning(piloted(Mode.RATE), 180.0)
    for _ in range(100):
        f.sticks(throttle=0.5).step()

    assert f.is_armed
    assert f.status.failsafes == 0


@pytest.mark.parametrize(
    ("action", "arming"), [(Action.DISARM, Arming.DISARMED), (Action.TERMINATE, Arming.KILLED)]
)
def test_the_top_of_the_ladder_stops_the_motors(action, arming):
    f = leaning(high(FS_TILT_ACT=action), 100.0).fly(0.4)

    assert f.status.arming == arming
    assert not np.any(f.command.motors.motor)


def test_one_broken_output_costs_one_tick_lasting_ones_the_flight():
    f = high()
    sound = f.control

    def broken() -> None:
        sound()
        f.command.motors.motor[1] = math.nan

    f.control = broken
    f.step()
    assert not np.any(f.command.motors.motor)
    f.control = sound
    f.fly(1.0)
    assert f.is_armed
    f.control = broken
    f.fly(0.2)
    assert f.status.arming == Arming.KILLED
    assert sum(e == Event.FAILSAFE_RAISED for _, e, _ in f.events) <= 3


def test_a_broken_estimate_ends_the_flight():
    f = high()
    f.estimate.gyro_bias_frd = (0.0, 0.0, 0.0)
    f.estimate.omega_frd = (math.nan, 0.0, 0.0)

    assert f.fly(0.2).status.arming == Arming.KILLED


def test_a_lost_bridge_lands():
    f = high()
    f.inputs.link.bridge_age_us = 600_000

    assert f.fly(0.1).mode == Mode.LAND


def test_the_most_severe_answer_wins_and_does_not_step_back():
    f = high(NAV_DLL_ACT=Action.HOLD, FS_WAIT_T=0.0).ask(Demand.GOTO, 60.0, 0.0, -10.0)
    f.inputs.link.ground_age_us = 6_000_000
    assert f.fly(0.1).mode == Mode.HOLD
    f.inputs.link.bridge_age_us = 600_000
    assert f.fly(0.1).mode == Mode.LAND
    f.inputs.link.bridge_age_us = 0

    assert f.fly(2.0).mode == Mode.LAND
    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.BRIDGE_LOST)


def test_an_answer_that_is_impossible_becomes_a_landing():
    f = high(NAV_DLL_ACT=Action.RETURN, FS_WAIT_T=0.0)
    f.trust(1, 1, 0, 0)
    f.inputs.link.ground_age_us = 6_000_000

    assert f.fly(0.02).mode == Mode.LAND


def test_on_the_ground_disarmed_only_what_matters_there_is_flagged():
    f = ready()
    f.inputs.link.ground_age_us = 60_000_000
    leaning(f, 120.0)
    f.voltage = 12.0
    f.fly(10.0)

    battery = Failsafe.BATTERY_LOW | Failsafe.BATTERY_CRITICAL | Failsafe.BATTERY_EMERGENCY
    assert f.status.failsafes == battery
    assert f.mode == Mode.HOLD


def test_a_fresh_battery_clears_its_flags_on_the_ground():
    f = ready()
    f.voltage = 12.0
    f.fly(10.0)
    f.voltage = 16.0

    assert f.fly(8.0).status.failsafes == 0


def test_troubles_are_told_once():
    f = piloted(Mode.POSITION).fly(3.0)

    assert sum(e == Event.FAILSAFE_RAISED for _, e, _ in f.events) == 1
