"""Missions: flown item by item, interrupted, resumed and refused."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import Event, Item, Mode
from tests.guidance_rig import flight
from tests.toy_flight import ToyFlight, angle_between

pytestmark = pytest.mark.slow


def square(f: ToyFlight, side: float = 20.0, height: float = 10.0) -> list[tuple[float, float]]:
    corners = [(side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
    f.ask(Demand.MISSION_CLEAR)
    f.ask(Demand.MISSION_ITEM, Item.TAKEOFF, None, None, -height, index=0)
    for i, (x, y) in enumerate(corners):
        f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, x, y, -height, index=1 + i)
    f.ask(Demand.MISSION_ITEM, Item.LAND, index=5)
    return corners


@pytest.mark.parametrize(("mode", "heading"), [(1, math.pi / 2.0), (0, 0.0)])
def test_a_mission_faces_the_way_it_flies_unless_told_not_to(mode, heading):
    f = flight(NAV_YAW_MODE=mode).airborne()
    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 0.0, 40.0, -10.0, index=0)
    f.ask(Demand.MISSION_START).fly(4.0)

    assert angle_between(f.command.setpoint.yaw_sp, heading) < 1e-6


def test_the_square_is_flown_and_disarmed_within_a_minute_with_tight_corners():
    f = flight()
    corners = square(f)
    start = f.t
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=0)
    track = []
    while f.is_armed:
        track.append(f.step().place.copy())
        assert f.t - start < 60.0

    track = np.array(track)
    for corner in corners:
        assert np.linalg.norm(track[:, :2] - corner, axis=1).min() < 0.5
    assert f.t - start < 45.0
    assert [v for _, e, v in f.events if e == Event.ITEM_REACHED] == [0, 1, 2, 3, 4, 5]
    assert f.said(Event.MISSION_DONE)
    assert f.status.mission_index == 6
    assert f.mode == Mode.HOLD


def test_another_mission_takes_the_place_of_the_one_that_is_flown_without_a_stop():
    f = flight()
    square(f)
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=0)
    f.until(lambda: f.status.mission_index == 2).fly(1.0)

    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 5.0, 30.0, -12.0, index=0)
    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 0.0, 0.0, -12.0, index=1)
    f.ask(Demand.MISSION_START, index=0).ask(Demand.MISSION_CLEAR, index=2)
    modes = set()
    f.until(lambda: modes.add(f.mode) or f.said(Event.MISSION_DONE), 60.0)

    assert modes == {Mode.MISSION}
    assert f.status.mission_count == 2
    assert np.linalg.norm(f.place - (0.0, 0.0, -12.0)) < 0.5


def test_a_mission_resumes_at_the_item_it_was_interrupted_at():
    f = flight()
    square(f)
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=0)
    f.until(lambda: f.status.mission_index == 2).fly(1.0)
    f.ask(Demand.HOLD).fly(3.0)
    f.ask(Demand.MODE, Mode.MISSION)

    assert f.status.mission_index == 2
    f.until(lambda: f.status.mission_index == 3)
    assert np.linalg.norm(f.place[:2] - (20.0, 20.0)) < 1.5


def test_a_mission_can_begin_at_a_later_item():
    f = flight()
    square(f)
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=3).fly(0.1)

    # There is no take-off item ahead, so it lifts off by itself first.
    f.until(lambda: f.status.mission_index == 4)
    assert np.linalg.norm(f.place[:2] - (0.0, 20.0)) < 1.5


def test_a_mission_waits_turns_and_returns_as_its_items_say():
    f = flight(RTL_RETURN_ALT=6.0, NAV_LOITER_RAD=3.0)
    items = [
        (Item.TAKEOFF, None, None, -6.0),
        (Item.WAYPOINT, 8.0, 0.0, -6.0, 1.0, 2.0, 3.0),
        (Item.DELAY, None, None, None, None, 1.5),
        (Item.LOITER_TURNS, 12.0, 0.0, -6.0, None, None, 3.0, 1.0),
        (Item.LOITER_TIME, 8.0, 8.0, -6.0, None, 1.0),
        (Item.RETURN,),
    ]
    for i, item in enumerate(items):
        f.ask(Demand.MISSION_ITEM, *item, index=i)
    f.ask(Demand.ARM).ask(Demand.MISSION_START)

    f.until(lambda: not f.is_armed, 90.0)

    reached = {int(v): t for t, e, v in f.events if e == Event.ITEM_REACHED}
    assert sorted(reached) == [0, 1, 2, 3, 4, 5]
    assert reached[2] - reached[1] >= 1.5
    assert reached[3] - reached[2] >= 2.0 * math.pi
    assert np.linalg.norm(f.place[:2]) < 0.3


def told(f: ToyFlight, *items: tuple) -> ToyFlight:
    for i, item in enumerate(items):
        f.ask(Demand.MISSION_ITEM, *item, index=i)
    return f.ask(Demand.ARM).ask(Demand.MISSION_START)


def waiting(seconds: float) -> tuple:
    return (Item.DELAY, None, None, None, None, seconds)


def test_a_mission_may_land_wait_on_the_ground_and_fly_on():
    up, way = (Item.TAKEOFF, None, None, -3.0), (Item.WAYPOINT, 4.0, 0.0, -3.0)
    f = told(flight(), up, way, (Item.LAND,), waiting(3.0), up, (Item.RETURN,))
    f.until(lambda: f.status.mission_index == 3)
    assert f.status.is_landed == 1

    f.fly(2.9)
    assert f.is_armed
    assert f.command.motors.motor[:4].max() < 0.1
    f.until(lambda: f.place[2] < -2.5)
    f.until(lambda: not f.is_armed, 60.0)

    assert [v for _, e, v in f.events if e == Event.ITEM_REACHED] == [0, 1, 2, 3, 4, 5]
    assert np.linalg.norm(f.place[:2]) < 0.3


def test_a_mission_that_begins_by_waiting_waits_on_the_ground_longer_than_who_only_armed():
    f = told(flight(COM_DISARM_PRFLT=1.0), waiting(3.0), (Item.TAKEOFF, None, None, -3.0)).fly(2.5)

    assert f.is_armed
    assert f.place[2] == 0.0
    f.until(lambda: f.place[2] < -2.5)


def test_after_a_landing_on_its_way_a_mission_lifts_off_before_it_flies_to_a_place():
    up, way = (Item.TAKEOFF, None, None, -3.0), (Item.WAYPOINT, 4.0, 0.0, -3.0)
    f = told(flight(), up, (Item.LAND,), way, (Item.LAND,))
    f.until(lambda: f.status.mission_index == 2)

    f.until(lambda: f.place[2] < -1.0)
    assert abs(f.place[0]) < 0.1
    f.until(lambda: not f.is_armed, 60.0)

    assert f.place[0] == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize("item", [(99.0, 0.0), (Item.WAYPOINT, math.nan, 0.0), (0.0,)])
def test_items_that_make_no_sense_are_refused(item):
    f = flight().ask(Demand.MISSION_ITEM, *item, index=0).fly(0.02)

    assert f.status.mission_count == 0
    assert f.said(Event.DEMAND_REFUSED, Demand.MISSION_ITEM)


@pytest.mark.parametrize("index", [1, -1, 100])
def test_a_mission_list_has_no_gaps(index):
    f = flight().ask(Demand.MISSION_ITEM, Item.WAYPOINT, 1.0, 1.0, -5.0, index=index).fly(0.02)

    assert f.status.mission_count == 0


def test_a_cleared_mission_ends_in_hold():
    f = flight()
    square(f)
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=0).fly(8.0)

    f.ask(Demand.MISSION_CLEAR).fly(0.1)

    assert f.mode == Mode.HOLD
    assert f.fly(4.0).place[2] < -5.0
