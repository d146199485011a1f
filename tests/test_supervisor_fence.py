"""The fence: where inside is, by geometry and by flight; what is refused; that a hold stops before it."""

import math

import numpy as np
import pytest

from flight.inputs import Demand, Fence
from flight.modes import WHY, Event, Failsafe, Item, Mode, Refusal, Why
from flight.supervisor import fence
from flight.vector import Vec3
from tests.toy_flight import ToyFlight

pytestmark = pytest.mark.interpreted
DT = 0.01
SQUARE = [(-30.0, -30.0), (-30.0, 30.0), (30.0, 30.0), (30.0, -30.0)]
# A U open to the north: its notch is outside.
U_SHAPE = [(0, 0), (0, 30), (30, 30), (30, 20), (10, 20), (10, 10), (30, 10), (30, 0)]


def polygon(f: ToyFlight, kind: Fence, corners, first: int = 0) -> ToyFlight:
    for i, (north, east) in enumerate(corners):
        f.ask(Demand.FENCE_POINT, kind, north, east, float(len(corners)), index=first + i)
    return f


def ready(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen).fly(0.2)


def inside(f: ToyFlight, north: float, east: float) -> bool:
    return fence.room_over_ground(f.supervisor.fence, Vec3(float(north), float(east), 0.0)) >= 0.0


def room(f: ToyFlight, north: float, east: float) -> float:
    return fence.room_over_ground(f.supervisor.fence, Vec3(float(north), float(east), 0.0))


def refused(f: ToyFlight, why: Why) -> bool:
    return f.said(Event.DEMAND_REFUSED, Demand.FENCE_POINT + WHY * why)


def test_a_polygons_inside_is_that_of_its_outline_whichever_way_round():
    for corners in (U_SHAPE, U_SHAPE[::-1]):
        f = polygon(ready(), Fence.POLYGON_INSIDE, corners)
        truth = {
            (5, 15): True,
            (20, 5): True,
            (20, 15): False,
            (20, 25): True,
            (-1, 15): False,
            (31, 5): False,
        }

        assert {place: inside(f, *place) for place in truth} == truth


def test_the_room_left_is_the_distance_to_the_nearest_edge_or_corner():
    f = polygon(ready(), Fence.POLYGON_INSIDE, SQUARE)

    assert room(f, 0.0, 20.0) == pytest.approx(10.0)
    assert room(f, 33.0, 34.0) == pytest.approx(-5.0)
    assert room(f, 0.0, -31.0) == pytest.approx(-1.0)


def test_one_must_be_in_any_area_to_stay_in_and_out_of_all_to_stay_out_of():
    f = ready().ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 0.0, 0.0, 20.0, index=0)
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 50.0, 0.0, 20.0, index=1)
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_OUTSIDE, 10.0, 0.0, 5.0, index=2)

    places = [(0.0, 0.0), (50.0, 0.0), (25.0, 0.0), (12.0, 0.0)]
    assert [inside(f, *place) for place in places] == [True, True, False, False]
    assert room(f, 0.0, 0.0) == pytest.approx(5.0)


def test_without_a_fence_everywhere_is_inside():
    assert inside(ready(), 1e6, 1e6)


@pytest.mark.parametrize(
    ("point", "index", "why"),
    [
        ((Fence.CIRCLE_INSIDE, 0.0, 0.0, 0.0), 0, Why.OUT_OF_RANGE),
        ((Fence.CIRCLE_INSIDE, 0.0, math.nan, 9.0), 0, Why.NOT_A_NUMBER),
        ((9.0, 0.0, 0.0, 9.0), 0, Why.OUT_OF_RANGE),
        ((1.5, 0.0, 0.0, 9.0), 0, Why.OUT_OF_RANGE),
        ((Fence.POLYGON_INSIDE, 0.0, 0.0, 2.0), 0, Why.OUT_OF_RANGE),
        ((Fence.CIRCLE_INSIDE, 0.0, 0.0, 9.0), 1, Why.FULL),
        ((Fence.CIRCLE_INSIDE, 0.0, 0.0, 9.0), -1, Why.FULL),
    ],
)
def test_points_that_make_no_sense_are_refused(point, index, why):
    f = ready().ask(Demand.FENCE_POINT, *point, index=index)

    assert refused(f, why)
    assert f.supervisor.fence.count == 0


def test_a_full_fence_takes_no_more():
    f = ready()
    for i in range(fence.MOST_POINTS + 1):
        f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 0.0, 0.0, 9.0, index=i)

    assert f.supervisor.fence.count == fence.MOST_POINTS
    assert refused(f, Why.FULL)


def test_an_unfinished_polygon_forbids_to_arm_until_it_is_finished_or_cleared():
    f = polygon(ready(), Fence.POLYGON_INSIDE, SQUARE)
    f.ask(Demand.FENCE_POINT, Fence.POLYGON_INSIDE, 0.0, 0.0, 3.0, index=4).fly(0.1)
    assert f.status.refusals == Refusal.FENCE
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 9.0, 9.0, 3.0, index=5)
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 9.0, 9.0, 3.0, index=6).fly(0.1)
    assert f.status.refusals == Refusal.FENCE

    assert f.ask(Demand.FENCE_CLEAR).fly(0.1).status.refusals == 0


def test_outside_its_fence_or_blind_to_it_a_vehicle_does_not_arm():
    f = ready().ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 50.0, 0.0, 20.0, index=0).fly(0.1)
    assert f.status.refusals == Refusal.FENCE

    f = ready(MODE_BOOT=2, FENCE_DIST_MAX=50.0).fly(0.1)
    f.sticks().step()
    f.trust(1, 1, 1, 0)
    assert f.fly(0.1).status.refusals == Refusal.FENCE


@pytest.mark.parametrize("speed", [2.0, 5.0, 10.0])
def test_flying_towards_the_fence_it_holds_and_stops_inside(speed):
    f = polygon(ready(), Fence.POLYGON_INSIDE, SQUARE).airborne()
    f.ask(Demand.GOTO, 200.0, 0.0, None, None, speed).until(lambda: f.mode == Mode.HOLD).fly(6.0)

    assert f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE_NEAR)
    assert not f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE)
    assert 20.0 < f.place[0] < 30.0
    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.FENCE_NEAR)
    assert f.ask(Demand.GOTO, 0.0, 0.0).fly(8.0).place[0] == pytest.approx(0.0, abs=0.2)


def test_along_the_fence_it_may_fly():
    f = polygon(ready(), Fence.POLYGON_INSIDE, SQUARE).airborne()
    f.ask(Demand.GOTO, 29.0, 0.0, None, None, 1.0).fly(40.0).ask(Demand.GOTO, f.place[0], 25.0).fly(0.5)

    f.ask(Demand.GOTO, f.place[0], 20.0, None, None, 3.0)
    assert f.fly(5.0).mode == Mode.GOTO


@pytest.mark.parametrize(
    ("limit", "aim"), [("FENCE_ALT_MAX", (0.0, 0.0, -90.0)), ("FENCE_DIST_MAX", (90.0, 0.0, None))]
)
def test_height_and_distance_are_limited(limit, aim):
    f = ready(**{limit: 40.0}).airborne()
    f.ask(Demand.GOTO, *aim).until(lambda: f.mode == Mode.HOLD).fly(6.0)

    assert 30.0 < np.linalg.norm(f.place[:2] if aim[0] else f.place[2:]) < 40.0


@pytest.mark.parametrize(
    ("action", "mode"), [(1, Mode.HOLD), (2, Mode.RETURN), (3, Mode.LAND), (0, Mode.MISSION)]
)
def test_outside_the_fence_it_does_as_the_parameter_says(action, mode):
    f = ready(FS_FENCE_ACT=action, FS_NEAR_ACT=0).airborne()
    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 100.0, 0.0, -10.0, index=0).ask(Demand.MISSION_START).fly(3.0)
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, -50.0, 0.0, 20.0, index=0).fly(0.3)

    assert f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE)
    assert f.mode == mode


def test_outside_the_fence_it_can_be_made_to_fall():
    f = ready(FS_FENCE_ACT=5).airborne()
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, -50.0, 0.0, 20.0, index=0).fly(0.3)

    assert not f.is_armed
    assert f.said(Event.KILLED)


def test_who_loses_the_place_outside_the_fence_lands_and_is_not_called_back_inside():
    f = ready().airborne()
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, -50.0, 0.0, 20.0, index=0).fly(0.3)
    assert f.mode == Mode.RETURN

    f.trust(position=0)
    f.fly(3.0)

    assert f.mode == Mode.LAND
    assert f.status.failsafes & Failsafe.FENCE
    assert not f.said(Event.FAILSAFE_CLEARED, Failsafe.FENCE)


def test_back_inside_the_fence_all_is_well_again():
    f = ready(FS_FENCE_ACT=1).airborne()
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_OUTSIDE, 0.0, 0.0, 5.0, index=0).fly(0.3)
    assert f.status.failsafes == Failsafe.FENCE

    f.place[0] = 9.0
    assert f.fly(1.5).status.failsafes == 0


def returned(f: ToyFlight, longest_s: float = 90.0) -> ToyFlight:
    """Fly until it is disarmed."""
    return f.until(lambda: not f.is_armed, longest_s)


def behind_a_circle(**chosen: float) -> ToyFlight:
    """Hold 40 m north of home, a circle to keep out of half-way."""
    f = ready(**chosen).airborne().ask(Demand.GOTO, 40.0, 0.0).fly(15.0)
    return f.ask(Demand.FENCE_POINT, Fence.CIRCLE_OUTSIDE, 20.0, 0.0, 8.0, index=0)


def test_it_returns_to_the_nearest_place_whose_straight_way_is_free():
    f = behind_a_circle().ask(Demand.RALLY_POINT, 40.0, 60.0, index=0).fly(0.1).ask(Demand.RETURN)
    returned(f)

    assert f.place[:2] == pytest.approx([40.0, 60.0], abs=0.3)
    assert not f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE)
    assert not f.said(Event.RETURN_LEAVES_FENCE)


def test_where_no_way_home_is_free_it_says_so_and_flies_the_straight_one_without_stopping():
    f = behind_a_circle().fly(0.1).ask(Demand.RETURN)
    returned(f)

    assert f.place[:2] == pytest.approx([0.0, 0.0], abs=0.3)
    assert [event for _, event, _ in f.events].count(Event.RETURN_LEAVES_FENCE) == 1
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE)
    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.FENCE)


@pytest.mark.parametrize("action", [3, 5, 6])
def test_where_leaving_the_fence_ends_the_flight_nobody_returns_across_a_place_to_stay_out_of(action):
    f = behind_a_circle(FS_FENCE_ACT=action).fly(0.1).ask(Demand.RETURN)
    assert f.said(Event.DEMAND_REFUSED, Demand.RETURN + WHY * Why.WAY_BARRED)
    assert f.mode == Mode.GOTO

    f.voltage = 13.5
    returned(f)

    assert f.place[:2] == pytest.approx([40.0, 0.0], abs=0.5)
    assert not f.said(Event.FAILSAFE_RAISED, Failsafe.FENCE)


def test_who_is_returning_turns_to_a_home_that_is_set_anew():
    f = ready().airborne().ask(Demand.GOTO, 60.0, 0.0).fly(20.0).ask(Demand.RETURN).fly(5.0)
    f.ask(Demand.SET_HOME, 60.0, 30.0, 0.0)
    returned(f)

    assert f.place[:2] == pytest.approx([60.0, 30.0], abs=0.3)


def test_so_it_does_to_a_nearer_rally_point_and_when_it_has_landed_it_stays():
    f = ready().airborne().ask(Demand.GOTO, 60.0, 0.0).fly(20.0).ask(Demand.RETURN).fly(2.0)
    f.ask(Demand.RALLY_POINT, 60.0, 20.0, index=0).until(lambda: f.status.is_landed)
    assert f.place[:2] == pytest.approx([60.0, 20.0], abs=0.3)

    f.ask(Demand.RALLY_CLEAR)
    returned(f)

    assert f.place[:2] == pytest.approx([60.0, 20.0], abs=0.3)


def test_home_is_not_set_outside_the_fence_and_a_fence_around_another_place_keeps_it_from_arming():
    f = ready().ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 0.0, 0.0, 20.0, index=0)
    f.ask(Demand.SET_HOME, 30.0, 0.0, 0.0)
    assert f.said(Event.DEMAND_REFUSED, Demand.SET_HOME + WHY * Why.OUTSIDE_FENCE)

    f.ask(Demand.SET_HOME, 15.0, 0.0, 0.0).ask(Demand.FENCE_CLEAR)
    f.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, 0.0, 0.0, 10.0, index=0).fly(0.1)
    assert f.status.refusals == Refusal.FENCE
    assert f.ask(Demand.SET_HOME).fly(0.1).status.refusals == 0
