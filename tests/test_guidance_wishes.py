"""What an operator changes in flight: speed, heading, home, rally points, the mission's next item; braking."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import WHY, Event, Item, Mode, Why
from tests.toy_flight import ToyFlight, angle_between

DT = 0.01
ACC, JERK = 6.0, 30.0


def up(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen).airborne()


def mission(f: ToyFlight, *items: tuple) -> ToyFlight:
    f.ask(Demand.MISSION_CLEAR)
    for i, item in enumerate(items):
        f.ask(Demand.MISSION_ITEM, *item, index=i)
    return f


def way(x: float, y: float = 0.0) -> tuple:
    return (Item.WAYPOINT, x, y, -10.0)


def ground_speed(f: ToyFlight) -> float:
    return float(np.hypot(*f.command.setpoint.v_ff_ned[:2]))


def reached(f: ToyFlight) -> list[int]:
    return [int(v) for _, e, v in f.events if e == Event.ITEM_REACHED]


def refused(f: ToyFlight, demand: Demand, why: Why) -> bool:
    return f.said(Event.DEMAND_REFUSED, demand + WHY * why)


def test_a_new_speed_holds_for_the_leg_being_flown_and_those_to_come():
    f = up().ask(Demand.GOTO, 200.0, 0.0).fly(5.0)
    assert ground_speed(f) == pytest.approx(5.0, abs=1e-6)

    assert ground_speed(f.ask(Demand.SPEED, 2.0).fly(4.0)) == pytest.approx(2.0, abs=1e-6)
    assert ground_speed(f.ask(Demand.GOTO, 0.0, 200.0).fly(4.0)) == pytest.approx(2.0, abs=1e-6)
    assert ground_speed(f.ask(Demand.SPEED).fly(4.0)) == pytest.approx(5.0, abs=1e-6)


def test_a_speed_beyond_the_limit_is_the_limit_and_one_that_is_none_is_refused():
    f = up(NAV_XY_SPEED=6.0).ask(Demand.GOTO, 400.0, 0.0).ask(Demand.SPEED, 30.0).fly(8.0)
    assert ground_speed(f) == pytest.approx(6.0, abs=1e-6)

    assert refused(f.ask(Demand.SPEED, -1.0), Demand.SPEED, Why.OUT_OF_RANGE)
    assert refused(f.ask(Demand.SPEED, math.nan), Demand.SPEED, Why.NOT_A_NUMBER)
    assert ground_speed(f.fly(1.0)) == pytest.approx(6.0, abs=1e-6)


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.GOTO])
def test_a_heading_is_taken_while_holding_and_on_the_way(mode):
    f = up()
    if mode == Mode.GOTO:
        f.ask(Demand.GOTO, 100.0, 0.0)
    f.ask(Demand.YAW, 2.0).fly(4.0)

    assert f.mode == mode
    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6


@pytest.mark.parametrize("height_m", [0.0, 0.3, 9.5])
def test_a_heading_asked_for_in_a_take_off_outlives_it(height_m):
    f = ToyFlight(dt=DT).fly(0.2).ask(Demand.ARM).ask(Demand.TAKEOFF, 10.0)
    f.until(lambda: f.place[2] <= -height_m).ask(Demand.YAW, 2.0)
    assert f.mode == Mode.TAKEOFF

    f.until(lambda: f.mode == Mode.HOLD).fly(4.0)

    assert angle_between(f.command.setpoint.yaw_sp, 2.0) < 1e-6


def test_who_is_told_to_hold_stops_turning():
    f = up().ask(Demand.GOTO, 100.0, 0.0).ask(Demand.YAW, 2.0).fly(0.5).ask(Demand.HOLD).fly(4.0)

    assert angle_between(f.command.setpoint.yaw_sp, 2.0) > 0.5


def test_who_no_longer_asks_for_a_heading_gives_a_mission_its_own_back():
    f = mission(up(), way(0.0, 100.0)).ask(Demand.MISSION_START).fly(3.0).ask(Demand.YAW, -1.0).fly(4.0)
    assert angle_between(f.command.setpoint.yaw_sp, -1.0) < 1e-6

    f.ask(Demand.YAW).fly(6.0)

    assert angle_between(f.command.setpoint.yaw_sp, math.radians(90.0)) < 0.01
    assert not f.status.is_done


@pytest.mark.parametrize("every_s", [0.1, 0.24, 1.0])
def test_who_is_told_again_and_again_to_go_up_and_away_flies_the_straight_way_and_never_sinks(every_s):
    f, way = up(), []
    begin = f.place.copy()
    goal = begin + np.array([30.0, 10.0, -5.5])

    for _ in range(round(6.0 / every_s)):
        f.ask(Demand.GOTO, *goal).fly(every_s)
        way.append(f.place.copy())

    line = (goal - begin) / np.linalg.norm(goal - begin)
    off = np.array(way) - begin
    assert np.all(np.diff(np.array(way)[:, 2]) < 1e-3)
    assert np.max(np.linalg.norm(off - np.outer(off @ line, line), axis=1)) < 0.3
    assert np.linalg.norm(f.fly(4.0).place - goal) < 0.05


def test_who_follows_a_place_that_moves_climbs_to_its_height_and_no_further():
    f, heights = up(), []

    for k in range(60):
        goal = (30.0 - 0.1 * k, -1.5 * k if k > 8 else 0.0, -15.0)
        f.ask(Demand.GOTO, *goal).fly(0.24)
        heights.append(-f.place[2])

    climb = [height for height in heights if height < 14.9]
    assert climb == sorted(climb)
    assert heights[-1] == pytest.approx(15.0, abs=0.05)
    assert max(heights) < 15.1


@pytest.mark.parametrize("every_s", [0.05, 0.25, 1.0])
def test_who_is_told_the_same_item_again_and_again_climbs_to_it_and_never_sinks(every_s):
    f = mission(up(), (Item.WAYPOINT, 60.0, 10.0, -15.0), (Item.WAYPOINT, 60.0, 60.0, -15.0))
    f.ask(Demand.MISSION_START)
    heights = [
        -f.ask(Demand.MISSION_SET, index=0).fly(every_s).place[2] for _ in range(round(12.0 / every_s))
    ]

    climb = heights[: next(i for i, height in enumerate(heights) if height > 14.9)]
    assert climb == sorted(climb)
    assert heights[-1] == pytest.approx(15.0, abs=0.1)
    assert max(heights) < 15.1


def test_who_is_told_to_go_and_to_hold_by_turns_does_not_sink():
    f, heights = up(), []
    for _ in range(40):
        heights.append(f.ask(Demand.GOTO, 40.0, 0.0, -14.0).fly(0.25).place[2])
        heights.append(f.ask(Demand.HOLD).fly(0.25).place[2])

    assert max(heights) < -9.95
    assert f.place[0] > 10.0


def test_a_heading_means_nothing_to_an_orbit():
    assert refused(up().ask(Demand.ORBIT).ask(Demand.YAW, 1.0), Demand.YAW, Why.NOT_IN_MODE)


def test_home_can_be_chosen_and_stays_chosen_when_it_is_armed():
    f = ToyFlight(dt=DT).fly(0.2).ask(Demand.SET_HOME, 30.0, 0.0, 0.0).ask(Demand.ARM)

    assert list(f.status.home_ned) == [30.0, 0.0, 0.0]
    assert f.said(Event.HOME_SET)
    f.ask(Demand.TAKEOFF, 5.0).until(lambda: f.mode == Mode.HOLD).ask(Demand.RETURN)
    f.until(lambda: not f.is_armed)
    assert f.place[:2] == pytest.approx([30.0, 0.0], abs=0.3)


def test_home_can_be_here_and_needs_a_position():
    f = up().ask(Demand.GOTO, 20.0, 10.0).fly(12.0).ask(Demand.SET_HOME)
    assert list(f.status.home_ned[:2]) == pytest.approx([20.0, 10.0], abs=0.05)

    f.trust(1, 1, 1, 0)
    assert refused(f.ask(Demand.SET_HOME), Demand.SET_HOME, Why.NEEDS_POSITION)
    f.trust()
    assert refused(f.ask(Demand.SET_HOME, math.inf, 0.0, 0.0), Demand.SET_HOME, Why.NOT_A_NUMBER)


@pytest.mark.parametrize(("place", "landing"), [((60.0, 0.0), (50.0, 10.0)), ((5.0, 0.0), (0.0, 0.0))])
def test_it_returns_to_the_nearest_of_home_and_the_rally_points(place, landing):
    f = up().ask(Demand.RALLY_POINT, -90.0, 0.0, index=0).ask(Demand.RALLY_POINT, 50.0, 10.0, index=1)
    f.ask(Demand.GOTO, *place).fly(16.0).ask(Demand.RETURN)

    f.until(lambda: not f.is_armed)
    assert f.place[:2] == pytest.approx(landing, abs=0.3)


@pytest.mark.parametrize(("ceiling_m", "highest_m"), [(0.0, 20.0), (15.0, 13.0), (40.0, 20.0), (3.0, 10.0)])
def test_a_return_climbs_no_higher_than_the_fence_lets_it(ceiling_m, highest_m):
    f = up(RTL_RETURN_ALT=20.0, FENCE_ALT_MAX=ceiling_m, FS_FENCE_ACT=0, FS_NEAR_ACT=0)
    f.ask(Demand.GOTO, 20.0, 0.0).fly(12.0).ask(Demand.RETURN)
    heights = []
    while f.is_armed:
        heights.append(-f.step().place[2])

    assert max(heights) == pytest.approx(highest_m, abs=0.1)


def test_rally_points_are_forgotten_when_cleared_and_have_no_gaps():
    f = up().ask(Demand.RALLY_POINT, 9.0, 9.0, index=1)
    assert refused(f, Demand.RALLY_POINT, Why.FULL)

    f.ask(Demand.RALLY_POINT, 9.0, 9.0, index=0)
    assert f.supervisor.home.count == 1
    assert f.ask(Demand.RALLY_CLEAR).supervisor.home.count == 0


def test_braking_stops_as_fast_as_its_limits_allow_and_then_holds():
    f = up(NAV_BRAKE_ACC=ACC, NAV_BRAKE_JERK=JERK, NAV_STOP_ERR=50.0, NAV_SLOW_ERR=20.0)
    f.ask(Demand.GOTO, 300.0, 0.0, None, None, 10.0).fly(8.0)
    begin, v = f.command.setpoint.p_sp_ned[0], ground_speed(f)
    f.ask(Demand.BRAKE)
    assert f.mode == Mode.BRAKE
    stopped = f.until(lambda: f.mode == Mode.HOLD).command.setpoint.p_sp_ned[0] - begin

    # Trapezoidal acceleration: v^2 / 2a + v a / 2j (Kroeger 2010, eq. 3.12).
    assert stopped == pytest.approx(v * v / (2.0 * ACC) + v * ACC / (2.0 * JERK), rel=0.02)


def test_a_mission_changes_its_speed():
    f = mission(up(), way(40.0), (Item.SPEED, None, None, None, None, None, 2.0), way(200.0))
    f.ask(Demand.MISSION_START).fly(4.0)
    assert ground_speed(f) == pytest.approx(5.0, abs=1e-6)

    f.until(lambda: reached(f) == [0]).fly(4.0)
    assert ground_speed(f) == pytest.approx(2.0, abs=1e-6)
    assert f.status.mission_index == 2


@pytest.mark.slow
def test_a_mission_jumps_back_as_often_as_it_says():
    f = mission(up(), way(10.0), way(0.0), (Item.JUMP, 0.0, 2.0), way(0.0, 10.0))
    f.ask(Demand.MISSION_START).until(lambda: f.said(Event.MISSION_DONE), 120.0)

    assert reached(f) == [0, 1, 0, 1, 0, 1, 3]
    f.ask(Demand.MISSION_START).until(lambda: len(reached(f)) == 14, 120.0)
    assert reached(f)[7:] == [0, 1, 0, 1, 0, 1, 3]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ((Item.JUMP, 0.0, -1.0), Why.ENDLESS),
        ((Item.JUMP, 0.0, 1e9), Why.ENDLESS),
        ((Item.JUMP, -1.0, 1.0), Why.UNKNOWN),
        ((Item.JUMP, 500.0, 1.0), Why.UNKNOWN),
        ((99.0, 0.0, 1.0), Why.UNKNOWN),
        ((Item.WAYPOINT, 0.0, math.nan), Why.NOT_A_NUMBER),
    ],
)
def test_jumps_without_end_or_goal_are_refused(item, why):
    assert refused(up().ask(Demand.MISSION_ITEM, *item, index=0), Demand.MISSION_ITEM, why)


def test_jumps_that_only_lead_to_jumps_end_the_mission_instead_of_the_loop():
    f = mission(up(), (Item.JUMP, 1.0, 1000.0), (Item.JUMP, 0.0, 1000.0), way(10.0))
    f.ask(Demand.MISSION_START).fly(0.1)

    assert f.mode == Mode.HOLD
    assert reached(f) == []


def test_a_jump_beyond_the_list_ends_the_mission():
    f = mission(up(), way(5.0), (Item.JUMP, 400.0, 1.0)).ask(Demand.MISSION_START)

    f.until(lambda: f.mode == Mode.HOLD)
    assert reached(f) == [0]


def test_a_mission_turns_on_the_spot_and_then_goes_on():
    f = mission(up(), way(10.0), (Item.YAW, None, None, None, 2.5), way(20.0, 10.0))
    f.ask(Demand.MISSION_START).until(lambda: reached(f) == [0])
    corner = f.place.copy()
    f.until(lambda: angle_between(f.command.setpoint.yaw_sp, 2.5) < 0.01)

    assert np.linalg.norm(f.place - corner) < 1.0


@pytest.mark.slow
def test_an_unlimited_loiter_waits_to_be_told():
    f = mission(up(), (Item.LOITER_UNLIMITED, 10.0, 0.0, -10.0), way(20.0)).ask(Demand.MISSION_START)
    assert reached(f.fly(60.0)) == []
    assert f.place[:2] == pytest.approx([10.0, 0.0], abs=0.05)

    f.ask(Demand.MISSION_SET, index=1).until(lambda: reached(f) == [1])


@pytest.mark.slow
def test_another_item_is_flown_at_once_or_when_the_mission_goes_on():
    f = mission(up(), way(50.0), way(0.0, 50.0), way(-50.0)).ask(Demand.MISSION_START).fly(1.0)
    f.ask(Demand.MISSION_SET, index=1).until(lambda: reached(f) == [1])
    f.ask(Demand.HOLD).fly(3.0).ask(Demand.MISSION_SET, index=0).fly(1.0)
    assert f.mode == Mode.HOLD

    f.ask(Demand.MODE, Mode.MISSION).until(lambda: reached(f) == [1, 0])
    assert refused(f.ask(Demand.MISSION_SET, index=3), Demand.MISSION_SET, Why.UNKNOWN)


def test_five_hundred_items_fit_and_not_one_more():
    f = ToyFlight(dt=DT).fly(0.1)
    for i in range(500):
        f.ask(Demand.MISSION_ITEM, *way(float(i)), index=i)
    assert f.status.mission_count == 500

    assert refused(f.ask(Demand.MISSION_ITEM, *way(0.0), index=500), Demand.MISSION_ITEM, Why.FULL)
