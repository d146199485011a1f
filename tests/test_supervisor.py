"""The supervisor: arming with every refusal by its name, disarming, and the last word before the motors."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import Arming, Event, Failsafe, Mode, Refusal
from flight.params import AIRFRAME
from flight.record import rows
from flight.supervisor import supervisor
from flight.supervisor.table import ARMING_TABLE, FORBIDDEN, MODE_TABLE, NEEDED, RANK, TROUBLES, Sign
from logs.events import event_text
from tests.supervised_flight import DT, armed, high, ready
from tests.supervisor_rig import leaning
from tests.toy_flight import ToyFlight

pytestmark = pytest.mark.interpreted
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED


def test_a_ready_vehicle_arms_when_asked():
    f = ready().ask(Demand.ARM)

    assert f.status.arming == ARMED
    assert f.said(Event.ARMED)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.trust(0, 1, 1, 1), Refusal.ESTIMATOR),
        (lambda f: setattr(f, "voltage", 13.0), Refusal.BATTERY),
        (lambda f: leaning(f, 30.0), Refusal.TILT),
        (lambda f: setattr(f.inputs.link, "bridge_age_us", 2_000_000), Refusal.LINK),
        (lambda f: f.sticks(throttle=0.3, mode=Mode.ANGLE), Refusal.THROTTLE),
        (lambda f: f.sticks(throttle=0.8, mode=Mode.POSITION), Refusal.THROTTLE),
        (lambda f: f.sticks(is_kill_switch_on=1), Refusal.KILL_SWITCH),
        (lambda f: f.sticks(is_arm_switch_on=1), Refusal.ARM_SWITCH),
        (lambda f: setattr(f.estimate, "omega_frd", (0.0, 0.0, 1.0)), Refusal.MOVING),
        (lambda f: setattr(f, "speed", np.array([3.0, 0.0, -0.1])), Refusal.MOVING),
        (lambda f: f.trust(1, 1, 1, 0), Refusal.MODE),
    ],
)
def test_arming_is_refused_for_a_reason_with_a_name(spoil, reason):
    f = ready()
    spoil(f)
    f.step()
    if reason == Refusal.BATTERY:
        f.fly(4.0)
    f.ask(Demand.ARM)

    assert f.status.arming == DISARMED
    assert f.status.refusals & reason
    assert any(e == Event.ARMING_REFUSED and int(v) & reason for _, e, v in f.events)


def test_a_silent_imu_refuses_arming():
    f = ready()
    f.inputs.imu.t_us = 0
    f.sense = lambda: setattr(f.inputs, "t_us", f.inputs.t_us + 500_000)

    assert f.ask(Demand.ARM).status.refusals & Refusal.SENSOR


def test_an_imu_that_reads_nothing_refuses_arming():
    f = ready()
    f.inputs.imu.accel_frd = (0.0, 0.0, 0.0)
    f.control = lambda: None

    assert f.ask(Demand.ARM).status.refusals & Refusal.SENSOR


def test_a_missing_battery_is_fine_only_when_a_parameter_says_so():
    missing, permitted = ToyFlight(dt=DT), ToyFlight(dt=DT, ARM_NEED_BATT=0)
    for f in (missing, permitted):
        f.supervisor.cells = 0.0
        f.fly(0.1)

    assert missing.status.refusals == Refusal.BATTERY
    assert permitted.status.refusals == 0


def test_a_missing_pilot_refuses_arming_only_when_a_parameter_says_so():
    f = ToyFlight(dt=DT, ARM_NEED_PILOT=1).fly(0.1)

    assert f.status.refusals == Refusal.LINK
    assert f.sticks().step().status.refusals == 0


def test_a_switch_that_is_on_at_boot_does_not_arm():
    f = ToyFlight(dt=DT).sticks(is_arm_switch_on=1).step().fly(0.1)
    assert not f.is_armed

    f.sticks(is_arm_switch_on=1).step()
    assert not f.is_armed
    f.sticks(is_arm_switch_on=0).step()
    f.sticks(is_arm_switch_on=1).step()
    assert f.is_armed


@pytest.mark.parametrize(("silent_s", "arms"), [(0.4, True), (0.6, False)])
def test_a_transmitter_that_comes_back_with_its_switch_on_does_not_arm(silent_s, arms):
    f = ready().sticks().step().fly(silent_s)

    assert f.sticks(is_arm_switch_on=1).step().is_armed == arms
    assert not f.sticks(is_arm_switch_on=0).step().is_armed
    assert f.sticks(is_arm_switch_on=1).step().is_armed


def test_the_switch_disarms_on_the_ground_and_in_the_modes_of_bare_sticks():
    ground = ready().sticks().step().sticks(is_arm_switch_on=1).step()
    assert ground.is_armed
    assert not ground.sticks(is_arm_switch_on=0).step().is_armed

    for mode, stays in ((Mode.ANGLE, False), (Mode.RATE, False), (Mode.POSITION, True)):
        f = high().sticks(is_arm_switch_on=1, throttle=0.5, mode=mode).step()
        assert f.sticks(is_arm_switch_on=0, throttle=0.5).step().is_armed == stays


def test_disarming_in_the_air_needs_force():
    f = high().ask(Demand.DISARM)
    assert f.is_armed
    assert f.said(Event.DEMAND_REFUSED, Demand.DISARM)

    assert not f.ask(Demand.DISARM, 1.0).is_armed
    assert f.command.motors.motor[0] == 0.0


def test_disarming_on_the_ground_needs_nothing():
    assert armed().ask(Demand.DISARM).status.arming == DISARMED


@pytest.mark.parametrize("how", ["demand", "switch"])
def test_a_kill_latches_until_it_is_disarmed(how):
    f = high()
    f.ask(Demand.KILL) if how == "demand" else f.sticks(is_kill_switch_on=1).step()
    assert f.status.arming == KILLED
    assert f.said(Event.KILLED)
    assert not np.any(f.command.motors.motor)

    f.ask(Demand.ARM)
    assert f.status.arming == KILLED
    assert f.status.refusals & Refusal.KILLED
    assert any(e == Event.ARMING_REFUSED and int(v) & Refusal.KILLED for _, e, v in f.events)
    f.place = np.zeros(3)
    f.fly(2.0)
    if how == "switch":
        assert f.ask(Demand.DISARM).status.arming == KILLED
        assert f.said(Event.DEMAND_REFUSED, Demand.DISARM)
        f.sticks(is_kill_switch_on=0).step()
    assert f.ask(Demand.DISARM).status.arming == DISARMED
    f.fly(0.1)
    assert f.ask(Demand.ARM).is_armed


def test_after_landing_it_disarms_by_itself():
    f = high()
    f.place[2] = -1.0
    f.fly(0.1).ask(Demand.LAND)
    f.until(lambda: f.status.is_landed == 1, 10.0)
    landed = f.t
    f.until(lambda: not f.is_armed, 5.0)

    assert f.t - landed == pytest.approx(0.5, abs=0.05)
    assert f.said(Event.LANDED)


def test_a_negative_time_keeps_it_armed_after_landing():
    f = high(COM_DISARM_LAND=-1.0)
    f.place[2] = -1.0
    f.fly(0.1).ask(Demand.LAND).fly(10.0)

    assert f.status.is_landed == 1
    assert f.is_armed


def test_armed_and_never_flown_it_disarms_after_a_while_and_says_why():
    f = armed(COM_DISARM_PRFLT=3.0).fly(2.9)
    assert f.is_armed

    assert not f.fly(0.2).is_armed
    told = [event_text(code, value) for _, code, value in f.events]
    assert "Disarmed: it has not taken off" in told


@pytest.mark.parametrize("never", [0.0, -1.0])
def test_without_a_time_to_take_off_it_waits_armed(never):
    assert armed(COM_DISARM_PRFLT=never).fly(12.0).is_armed


def test_who_has_flown_is_not_disarmed_for_standing_before():
    f = armed(COM_DISARM_PRFLT=3.0, COM_DISARM_LAND=-1.0).fly(1.0).ask(Demand.TAKEOFF, 2.0).fly(10.0)
    f.ask(Demand.LAND).until(lambda: f.status.is_landed == 1, 20.0)

    assert f.fly(10.0).is_armed


def test_a_take_off_that_has_begun_is_not_cut_short():
    # It spins up for half a second and counts as flying at 0.2 m: thrust has begun to lift it, and time is over.
    f = armed(COM_DISARM_PRFLT=3.0).fly(2.4).ask(Demand.TAKEOFF, 5.0).fly(0.56)
    assert f.status.is_landed == 1
    assert f.command.setpoint.thrust_sp > 0.0

    f.until(lambda: f.mode == Mode.HOLD)

    assert f.is_armed
    assert f.place[2] < -4.0


def test_every_row_of_the_arming_table_can_be_reached():
    # A row whose needs include those of an earlier row from the same state would never be obeyed.
    for i, row in enumerate(ARMING_TABLE):
        for earlier in ARMING_TABLE[:i]:
            same = row[0] == earlier[0] and row[NEEDED] & earlier[NEEDED] == earlier[NEEDED]
            assert not (same and earlier[FORBIDDEN] == 0)


@pytest.mark.parametrize("arming", [DISARMED, KILLED])
def test_no_motor_turns_unless_armed(arming):
    f = ready()
    f.command.status.arming = arming
    f.command.motors.motor[:] = 1.0
    supervisor.guard(f.supervisor, f.command)

    assert not np.any(f.command.motors.motor)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 3, 7])
def test_no_motor_turns_on_a_number_that_is_none(value, place):
    f = armed()
    f.command.motors.motor[:] = 0.5
    f.command.motors.motor[place] = value
    f.status.events[:] = 0
    supervisor.guard(f.supervisor, f.command)

    assert not np.any(f.command.motors.motor)
    assert f.status.failsafes & Failsafe.NOT_A_NUMBER
    assert f.status.events[0] == Event.FAILSAFE_RAISED


def test_opposite_infinities_do_not_cancel():
    f = armed()
    f.command.motors.motor[:2] = (math.inf, -math.inf)
    supervisor.guard(f.supervisor, f.command)

    assert not np.any(f.command.motors.motor)


def test_sound_motors_of_an_armed_vehicle_are_left_alone():
    f = armed()
    f.command.motors.motor[:4] = (0.1, 0.2, 0.3, 0.4)
    supervisor.guard(f.supervisor, f.command)

    assert list(f.command.motors.motor[:4]) == [0.1, 0.2, 0.3, 0.4]


def test_motors_of_a_disarmed_vehicle_stay_off_whatever_is_asked():
    f = ready()
    for demand in Demand:
        if demand != Demand.ARM:
            f.ask(demand, 5.0, 5.0, -5.0, 1.0, 1.0)
            assert not np.any(f.command.motors.motor)


def test_the_battery_is_judged_by_the_airframes_cells():
    f = ready()
    airframe = rows(AIRFRAME)[0]
    airframe.cells = 6.0
    supervisor.configure(f.supervisor, airframe, 10.0, 0.05)
    f.fly(8.0)

    # 16 V are plenty for four cells and nothing for six.
    assert f.status.refusals == Refusal.BATTERY


def test_tables_agree_in_length():
    assert len(RANK) == len(MODE_TABLE) == len(Mode)
    assert len(Failsafe) == TROUBLES
    assert len({int(s) for s in Sign}) == len(Sign)
