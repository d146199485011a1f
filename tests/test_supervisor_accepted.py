"""What is accepted is done: demands in the ticks around a change of mode, and what is refused changes nothing."""

import math

import pytest

from flight.command import COMMAND, EVENTS_PER_TICK, refuse, say
from flight.inputs import Demand
from flight.modes import WHY, Event, Item, Mode, Why
from flight.record import rows
from tests.plain import plain
from tests.toy_flight import ToyFlight, angle_between

DT = 0.01
PLACE = (20.0, 0.0, -10.0)


def up(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen).airborne()


def landed() -> ToyFlight:
    """Return a vehicle that has just come down and would disarm in a moment."""
    f = up().ask(Demand.LAND)
    return f.until(lambda: f.status.is_landed)


def mission(f: ToyFlight, *items: tuple) -> ToyFlight:
    for i, item in enumerate(items):
        f.ask(Demand.MISSION_ITEM, *item, index=i)
    return f.ask(Demand.MISSION_START)


def refused(f: ToyFlight, demand: Demand, why: Why) -> bool:
    return f.said(Event.DEMAND_REFUSED, demand + WHY * why)


def ground_speed(f: ToyFlight) -> float:
    return math.hypot(*f.command.setpoint.v_ff_ned[:2])


@pytest.mark.parametrize("ticks", [0, 20, 45])
def test_who_takes_off_again_right_after_landing_flies(ticks):
    f = landed().fly(ticks * DT)
    assert f.is_armed

    f.ask(Demand.TAKEOFF, 5.0).until(lambda: f.mode == Mode.HOLD)

    assert f.is_armed
    assert f.place[2] == pytest.approx(-5.0, abs=0.3)


def test_who_arms_again_right_after_landing_stays_armed_as_long_as_anybody_who_waits():
    f = landed().ask(Demand.ARM).fly(5.0)
    assert f.is_armed

    f.fly(10.0)
    assert not f.is_armed


def test_who_waits_in_the_air_for_a_place_to_follow_is_not_called_back_from_another_mode():
    f = up().ask(Demand.GOTO).ask(Demand.GOTO, *PLACE, index=1)
    assert f.mode == Mode.GOTO

    f.ask(Demand.HOLD).ask(Demand.GOTO, *PLACE, index=1)

    assert f.mode == Mode.HOLD
    assert refused(f, Demand.GOTO, Why.NOT_IN_MODE)


def test_a_mission_asked_for_in_the_tick_it_is_over_begins_anew():
    f = mission(up(), (Item.WAYPOINT, *PLACE), (Item.WAYPOINT, 0.0, 0.0, -10.0))
    f.until(lambda: f.status.is_done).ask(Demand.MODE, float(Mode.MISSION)).fly(0.1)

    assert f.mode == Mode.MISSION
    assert f.status.mission_index == 0


def test_a_mission_that_has_landed_does_not_go_on_and_says_so():
    f = mission(up(), (Item.WAYPOINT, 5.0, 0.0, -10.0), (Item.LAND,))
    f.until(lambda: f.status.is_done).fly(0.1).ask(Demand.MODE, float(Mode.MISSION))

    assert f.said(Event.MODE_REFUSED, Mode.MISSION + WHY * Why.NEEDS_AIRBORNE)
    f.until(lambda: not f.is_armed)


def test_a_start_that_is_refused_leaves_the_mission_where_it_was():
    f = mission(up(), (Item.WAYPOINT, *PLACE), (Item.WAYPOINT, 40.0, 0.0, -10.0))
    f.until(lambda: f.status.mission_index == 1).trust(position=0)

    f.ask(Demand.MISSION_START, index=0)

    assert refused(f, Demand.MISSION_START, Why.NEEDS_POSITION)
    assert f.status.mission_index == 1


@pytest.mark.parametrize("kind", [Demand.GOTO, Demand.TAKEOFF, Demand.ORBIT])
def test_what_is_refused_for_its_numbers_does_not_begin_the_mode_anew(kind):
    f = up().ask(kind, *(() if kind == Demand.TAKEOFF else PLACE)).fly(0.2)
    goal = f.guidance.leg.goal_ned.copy(), f.guidance.curve.centre_ned.copy()

    f.ask(kind, math.nan, 1.0).fly(0.1)

    assert refused(f, kind, Why.NOT_A_NUMBER)
    assert (f.guidance.leg.goal_ned == goal[0]).all()
    assert (f.guidance.curve.centre_ned == goal[1]).all()
    assert all(math.isfinite(p) for p in f.command.setpoint.p_sp_ned)


def test_a_refusal_is_told_however_much_else_happens_in_its_tick():
    status = plain(rows(COMMAND)[0]).status
    for _ in range(EVENTS_PER_TICK):
        say(status, Event.FAILSAFE_RAISED, 1.0)
    refuse(status, Event.DEMAND_REFUSED, int(Demand.GOTO), int(Why.NEEDS_AIRBORNE))

    assert Event.DEMAND_REFUSED in list(status.events)


@pytest.mark.parametrize(("is_armed", "why"), [(False, Why.NEEDS_ARMED), (True, Why.NEEDS_AIRBORNE)])
def test_nothing_turns_on_the_ground(is_armed, why):
    f = ToyFlight(dt=DT).fly(0.2)
    f.ask(Demand.ARM if is_armed else Demand.DISARM).ask(Demand.YAW, 1.0)

    assert refused(f, Demand.YAW, why)


def test_a_speed_asked_for_before_arming_holds_for_the_flight_and_no_longer():
    f = ToyFlight(dt=DT).fly(0.2).ask(Demand.SPEED, 2.0).airborne()
    assert ground_speed(f.ask(Demand.GOTO, 60.0, 0.0).fly(5.0)) == pytest.approx(2.0, abs=1e-6)

    f.ask(Demand.LAND).until(lambda: not f.is_armed)
    f.fly(1.0).airborne().ask(Demand.GOTO, 60.0, 0.0).fly(5.0)
    assert ground_speed(f) == pytest.approx(5.0, abs=1e-6)


def test_speed_and_heading_asked_for_on_the_climb_of_a_return_hold_on_the_way_and_down():
    f = up().ask(Demand.GOTO, 60.0, 0.0, -3.0).fly(25.0).ask(Demand.RETURN).fly(0.3)
    f.ask(Demand.SPEED, 2.0).ask(Demand.YAW, 2.0)
    f.until(lambda: abs(f.place[0]) < 40.0)
    assert ground_speed(f) == pytest.approx(2.0, abs=1e-6)
    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6

    f.until(lambda: abs(f.place[2]) < 5.0)
    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6


def test_a_speed_means_nothing_to_who_circles_already_and_holds_for_who_circles_next():
    f = up().ask(Demand.SPEED, 2.0).ask(Demand.ORBIT, None, None, None, 20.0).fly(25.0)
    assert ground_speed(f) == pytest.approx(2.0, abs=0.01)

    assert refused(f.ask(Demand.SPEED, 4.0), Demand.SPEED, Why.NOT_IN_MODE)


def test_a_heading_asked_for_is_kept_by_a_go_to_and_a_take_off_that_name_none():
    f = up().ask(Demand.YAW, 2.0).fly(0.2).ask(Demand.GOTO, 30.0, 0.0).fly(4.0)
    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6

    f = up().ask(Demand.TAKEOFF, 20.0).fly(0.2).ask(Demand.YAW, 2.0).ask(Demand.TAKEOFF, 30.0).fly(4.0)
    assert f.mode == Mode.TAKEOFF
    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6


def test_a_go_to_that_names_no_heading_goes_on_turning_to_the_last_ones():
    f = up().ask(Demand.GOTO, 60.0, 0.0, -10.0, 2.0).fly(0.2).ask(Demand.GOTO, 80.0, 0.0).fly(4.0)

    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6


def test_a_heading_asked_for_in_a_mission_holds_until_its_next_item_and_not_after_its_end():
    f = mission(up(), (Item.WAYPOINT, *PLACE), (Item.WAYPOINT, 20.0, 40.0, -10.0)).ask(Demand.YAW, -2.0)
    f.fly(2.0)
    assert angle_between(f.command.setpoint.yaw_sp, -2.0) < 1e-6

    f.until(lambda: f.mode == Mode.HOLD).fly(4.0)
    assert angle_between(f.command.setpoint.yaw_sp, math.pi / 2.0) < 0.01


def test_who_circles_in_a_mission_has_a_heading_of_his_own_and_who_lands_in_one_turns():
    circles = (Item.LOITER_TURNS, 0.0, 0.0, -10.0, None, 15.0, None, 3.0)
    f = mission(up(), circles).fly(5.0).ask(Demand.YAW, 1.0)
    assert refused(f, Demand.YAW, Why.NOT_IN_MODE)

    f = mission(up(), (Item.LAND, 5.0, 0.0))
    f.until(lambda: abs(f.place[2]) < 8.0).ask(Demand.YAW, 1.0).fly(2.0)
    assert angle_between(f.command.setpoint.yaw_sp, 1.0) < 1e-6


def test_a_heading_asked_for_in_the_tick_the_pilot_sends_it_home_is_flown():
    f = up().ask(Demand.GOTO, 60.0, 0.0).fly(15.0)
    f.sticks(mode=Mode.RETURN).ask(Demand.YAW, 1.0).fly(4.0)

    assert f.mode == Mode.RETURN
    assert angle_between(f.command.setpoint.yaw_sp, 1.0) < 1e-6
