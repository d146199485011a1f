"""The supervisor: every row of its tables, every refusal by its name, and the last word before the motors."""

import math

import numpy as np
import pytest

from flight.inputs import Demand, Use
from flight.modes import Arming, Event, Failsafe, Item, Level, Mode, Refusal
from flight.params import AIRFRAME, defaults
from flight.record import rows
from flight.supervisor import landing, supervisor
from flight.supervisor.table import (
    ARMING_TABLE,
    FALLBACK,
    FORBIDDEN,
    LASTING,
    MODE_TABLE,
    NEEDED,
    NEEDS,
    RANK,
    TROUBLES,
    Sign,
)
from tests.toy_flight import HOVER, ToyFlight

pytestmark = pytest.mark.interpreted
DT = 0.01
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED
XYZ = Use.POSITION_XY | Use.POSITION_Z


def ready(**chosen: float) -> ToyFlight:
    f = ToyFlight(dt=DT, **chosen).fly(0.05)
    assert f.status.refusals == 0
    return f


def armed(**chosen: float) -> ToyFlight:
    f = ready(**chosen).ask(Demand.ARM)
    assert f.is_armed
    return f


def high(**chosen: float) -> ToyFlight:
    """Hover at ten metres without having flown there."""
    f = armed(**chosen)
    f.place, f.speed = np.array([0.0, 0.0, -10.0]), np.zeros(3)
    f.supervisor.landing.is_landed, f.supervisor.landing.has_flown = 0, 1
    f.supervisor.landing.airborne_s = 100.0
    f.guidance.level = 0
    return f.fly(0.05)


def piloted(mode: Mode, **chosen: float) -> ToyFlight:
    f = high(**chosen)
    f.sticks(throttle=0.5, mode=mode).step()
    assert f.mode == mode
    return f


def lean(f: ToyFlight, degrees: float) -> ToyFlight:
    half = math.radians(degrees) / 2.0
    f.estimate.q_ned_frd = (math.cos(half), math.sin(half), 0.0, 0.0)
    return f


# Arming, row by row.


def test_a_ready_vehicle_arms_when_asked():
    f = ready().ask(Demand.ARM)

    assert f.status.arming == ARMED
    assert f.said(Event.ARMED)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: f.trust(0, 1, 1, 1), Refusal.ESTIMATOR),
        (lambda f: setattr(f, "voltage", 13.0), Refusal.BATTERY),
        (lambda f: lean(f, 30.0), Refusal.TILT),
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


def test_armed_and_never_flown_it_disarms_after_a_while():
    f = armed(ARM_IDLE_T=3.0).fly(2.9)
    assert f.is_armed

    assert not f.fly(0.2).is_armed


def test_every_row_of_the_arming_table_can_be_reached():
    # A row whose needs include those of an earlier row from the same state would never be obeyed.
    for i, row in enumerate(ARMING_TABLE):
        for earlier in ARMING_TABLE[:i]:
            same = row[0] == earlier[0] and row[NEEDED] & earlier[NEEDED] == earlier[NEEDED]
            assert not (same and earlier[FORBIDDEN] == 0)


# Modes.


def test_what_is_flown_instead_never_needs_more_and_ends_in_land():
    for mode in range(1, len(MODE_TABLE)):
        seen = [mode]
        while MODE_TABLE[seen[-1], NEEDS] & LASTING:
            lower = int(MODE_TABLE[seen[-1], FALLBACK])
            assert lower not in seen
            lasting = MODE_TABLE[lower, NEEDS] & LASTING
            assert lasting & ~MODE_TABLE[mode, NEEDS] == 0 or mode == Mode.OFFBOARD
            seen.append(lower)
        assert seen[-1] in (Mode.LAND, Mode.RATE)


@pytest.mark.parametrize(
    ("demand", "mode"),
    [
        (Demand.GOTO, Mode.GOTO),
        (Demand.ORBIT, Mode.ORBIT),
        (Demand.FIGURE8, Mode.FIGURE8),
        (Demand.LAND, Mode.LAND),
        (Demand.RETURN, Mode.RETURN),
        (Demand.TAKEOFF, Mode.TAKEOFF),
    ],
)
def test_demands_bring_their_mode_in_the_air(demand, mode):
    f = high().ask(demand)

    assert f.mode == mode
    assert f.said(Event.MODE_CHANGED, mode)
    assert f.ask(Demand.HOLD).mode == Mode.HOLD


@pytest.mark.parametrize("demand", [Demand.GOTO, Demand.ORBIT, Demand.FIGURE8, Demand.RETURN, Demand.TAKEOFF])
def test_on_the_ground_disarmed_they_are_refused(demand):
    f = ready().ask(demand)

    assert f.mode == Mode.HOLD
    assert f.said(Event.DEMAND_REFUSED, demand)


def test_a_take_off_while_disarmed_does_not_arm():
    assert ready().ask(Demand.TAKEOFF, 5.0).fly(0.5).status.arming == DISARMED


@pytest.mark.parametrize("mode", [0.0, 15.0, -3.0, 1e300, math.nan])
def test_a_mode_that_does_not_exist_is_refused(mode):
    f = high().ask(Demand.MODE, mode)

    assert f.mode == Mode.HOLD
    assert any(e == Event.MODE_REFUSED for _, e, _ in f.events)


def test_demands_that_are_not_numbers_are_refused():
    f = high().ask(Demand.GOTO, math.inf, 0.0, -5.0)

    assert f.mode == Mode.HOLD
    assert f.said(Event.DEMAND_REFUSED, Demand.GOTO)


def test_an_unknown_demand_changes_nothing():
    f = high()
    f.ask(99)

    assert f.mode == Mode.HOLD


def test_a_mission_needs_items():
    f = high().ask(Demand.MISSION_START)
    assert f.said(Event.DEMAND_REFUSED, Demand.MISSION_START)

    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 5.0, 0.0, -10.0, index=0).ask(Demand.MISSION_START, index=0)
    assert f.mode == Mode.MISSION


def test_a_mission_may_be_chosen_before_arming_and_begins_then():
    f = ready().ask(Demand.MISSION_ITEM, Item.TAKEOFF, None, None, -5.0, index=0)
    f.ask(Demand.MISSION_START, index=0)
    assert f.mode == Mode.MISSION

    assert f.fly(0.1).ask(Demand.ARM).fly(3.0).place[2] < -2.0


def test_offboard_needs_a_running_stream():
    f = high().ask(Demand.MODE, Mode.OFFBOARD)
    assert f.mode == Mode.HOLD
    assert f.said(Event.MODE_REFUSED, Mode.OFFBOARD)

    f.stream(Level.POSITION, XYZ, p_ned=(0.0, 0.0, -10.0)).ask(Demand.MODE, Mode.OFFBOARD)
    assert f.mode == Mode.OFFBOARD


@pytest.mark.parametrize(
    ("level", "trust", "granted"),
    [
        (Level.POSITION, (1, 1, 1, 0), False),
        (Level.ALTITUDE, (1, 1, 0, 0), True),
        (Level.ALTITUDE, (1, 0, 0, 0), False),
        (Level.ATTITUDE, (1, 0, 0, 0), True),
        (99, (1, 1, 1, 1), False),
    ],
)
def test_offboard_is_accepted_when_the_estimate_suffices_for_its_level(level, trust, granted):
    f = piloted(Mode.RATE)
    f.trust(*trust)

    f.stream(level, 0, q_ned_frd=(1.0, 0.0, 0.0, 0.0)).ask(Demand.MODE, Mode.OFFBOARD)

    assert (f.mode == Mode.OFFBOARD) == granted


def test_the_pilots_switch_counts_when_it_moves():
    f = piloted(Mode.POSITION)
    f.ask(Demand.HOLD)
    assert f.sticks(throttle=0.5).step().mode == Mode.HOLD

    assert f.sticks(throttle=0.5, mode=Mode.ALTITUDE).step().mode == Mode.ALTITUDE


def test_a_switch_to_what_is_impossible_is_refused_aloud():
    f = piloted(Mode.ALTITUDE)
    f.trust(1, 1, 0, 0)
    f.sticks(throttle=0.5, mode=Mode.POSITION).step()

    assert f.mode == Mode.ALTITUDE
    assert f.said(Event.MODE_REFUSED, Mode.POSITION)


@pytest.mark.parametrize("mode", [Mode.RATE, Mode.ANGLE, Mode.ALTITUDE, Mode.POSITION])
def test_modes_of_the_sticks_need_a_pilot(mode):
    f = high().ask(Demand.MODE, mode)

    assert f.mode == Mode.HOLD


def test_after_the_flight_automatic_modes_are_over_and_the_pilots_stay():
    f = high().ask(Demand.LAND).ask(Demand.DISARM, 1.0)
    assert f.mode == Mode.HOLD

    f = piloted(Mode.POSITION)
    f.ask(Demand.DISARM, 1.0)
    assert f.mode == Mode.POSITION


@pytest.mark.parametrize(
    ("mode", "trust", "lower"),
    [
        (Mode.POSITION, (1, 1, 0, 0), Mode.ALTITUDE),
        (Mode.POSITION, (1, 0, 0, 0), Mode.ANGLE),
        (Mode.ALTITUDE, (1, 0, 0, 0), Mode.ANGLE),
    ],
)
def test_a_piloted_mode_falls_to_the_next_lower_one(mode, trust, lower):
    f = piloted(mode)
    f.trust(*trust)
    for _ in range(80):
        f.sticks(throttle=0.5).step()

    assert f.mode == lower
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.POSITION_LOST)


@pytest.mark.parametrize("demand", [Demand.HOLD, Demand.GOTO, Demand.ORBIT, Demand.RETURN, Demand.FIGURE8])
def test_an_automatic_mode_without_a_position_lands(demand):
    f = high().ask(demand)
    f.trust(1, 1, 0, 0)

    assert f.fly(0.4).mode != Mode.LAND
    assert f.fly(0.2).mode == Mode.LAND


def test_a_position_that_comes_back_is_reported():
    f = high()
    f.trust(1, 1, 1, 0)
    f.fly(0.6)
    f.trust()
    f.fly(1.2)

    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.POSITION_LOST)
    assert f.status.failsafes == 0


# The land detector.


def test_it_takes_off_when_it_climbs():
    f = armed().ask(Demand.TAKEOFF, 5.0).fly(1.5)

    assert f.status.is_landed == 0
    assert f.said(Event.TOOK_OFF)


def test_idle_motors_in_a_drifting_estimate_are_no_take_off():
    f = armed()
    f.place[2] = -1.0
    f.is_frozen = True

    assert f.fly(1.0).status.is_landed == 1


def test_hover_thrust_without_any_height_is_a_take_off_after_a_while():
    f = armed()
    f.trust(1, 0, 0, 0)
    f.is_frozen = True
    f.sticks(throttle=0.55, mode=Mode.ANGLE).step()
    for _ in range(120):
        f.sticks(throttle=0.55).step()

    assert f.status.is_landed == 0


@pytest.mark.parametrize("throttle", [0.0, 0.2])
def test_falling_is_not_landing(throttle):
    f = piloted(Mode.ANGLE)
    f.place[2] = -500.0
    for _ in range(300):
        f.sticks(throttle=throttle).step()
        assert f.status.is_landed == 0

    assert f.is_armed


def test_hovering_is_not_landing():
    assert high().fly(5.0).status.is_landed == 0


def test_a_gentle_touch_with_spinning_rotors_is_not_yet_landing():
    f = high()
    f.place[2] = 0.0
    f.estimate.omega_frd = (2.0, 0.0, 0.0)
    f.ask(Demand.LAND).fly(2.0)

    assert f.status.is_landed == 0


def test_no_thrust_for_long_is_landing_whatever_the_gyro_says():
    f = high(LND_SPENT_T=3.0)
    f.place[2] = 0.0
    f.estimate.omega_frd = (2.0, 0.0, 0.0)
    f.ask(Demand.LAND).fly(4.0)

    assert f.status.is_landed == 1


def test_landing_without_any_position_is_noticed_by_force_and_rate():
    f = high(LAND_OPEN_RATE=0.2)
    f.trust(1, 0, 0, 0)
    f.ask(Demand.LAND)

    f.until(lambda: not f.is_armed, 20.0)
    assert f.place[2] == 0.0


@pytest.mark.parametrize(
    ("sinking", "weight", "stands"),
    [(0.0, 9.8, True), (4.0, 9.8, False), (-4.0, 9.8, False), (0.0, 3.0, False)],
)
def test_only_one_g_without_sinking_is_standing(sinking, weight, stands):
    # Steady sinking at no thrust feels one g, the top of a throw stands still: neither is the ground.
    f = high()
    f.estimate.v_ned = (0.0, 0.0, sinking)
    f.inputs.imu.accel_frd = (0.0, 0.0, -weight)
    f.command.setpoint.thrust_sp = 0.05
    for _ in range(200):
        landing.step(f.supervisor.landing, f.params.supervisor.land, f.inputs, f.command, True, DT)

    assert (f.supervisor.landing.is_landed == 1) == stands


@pytest.mark.parametrize(("down", "lifted"), [(-0.3, True), (0.3, False), (-0.1, False)])
def test_a_climb_too_slow_to_see_in_the_speed_shows_in_the_height(down, lifted):
    f = armed()
    f.estimate.p_ned = (0.0, 0.0, down)
    f.estimate.v_ned = (0.0, 0.0, -0.1)
    f.command.setpoint.thrust_sp = 0.8 * HOVER
    landing.step(f.supervisor.landing, f.params.supervisor.land, f.inputs, f.command, True, DT)

    assert (f.supervisor.landing.is_landed == 0) == lifted


# The last word.


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
    supervisor.configure(f.supervisor, airframe, defaults()[0].control.rate)
    f.fly(8.0)

    # 16 V are plenty for four cells and nothing for six.
    assert f.status.refusals == Refusal.BATTERY


def test_tables_agree_in_length():
    assert len(RANK) == len(MODE_TABLE) == len(Mode)
    assert len(Failsafe) == TROUBLES
    assert len({int(s) for s in Sign}) == len(Sign)
