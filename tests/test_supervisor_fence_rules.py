"""The fence point by point: what is stored, what is refused, where its edges are to the last bit."""

import math

import pytest

from flight.inputs import Demand, Fence
from flight.modes import WHY, Event, Why
from flight.supervisor import fence
from flight.vector import Vec3
from tests.supervisor_rig import DT, above, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
FAR = 1e8
SQUARE = ((0.0, 0.0), (0.0, 8.0), (8.0, 8.0), (8.0, 0.0))


def point(f: ToyFlight, kind: float, north: float, east: float, size: float, index: int) -> ToyFlight:
    d = f.inputs.demand
    d.kind, d.index, d.argument[:4] = int(Demand.FENCE_POINT), index, (kind, north, east, size)
    fence.listen(f.s.fence, d, f.status)
    return f


def shape(f: ToyFlight, kind: float, corners, first: int = 0) -> ToyFlight:
    for i, (north, east) in enumerate(corners):
        point(f, kind, north, east, float(len(corners)), first + i)
    return f


def place(north: float, east: float, down: float = 0.0) -> Vec3:
    return Vec3(float(north), float(east), float(down))


@pytest.mark.parametrize(
    ("kind", "size", "index", "why"),
    [
        (1.0, 1e-9, 0, 0),
        (2.0, 1e-9, 0, 0),
        (1.0, 0.0, 0, Why.OUT_OF_RANGE),
        (3.0, 3.0, 0, 0),
        (4.0, 3.0, 0, 0),
        (3.0, 2.0, 0, Why.OUT_OF_RANGE),
        (3.0, 2.5, 0, Why.OUT_OF_RANGE),
        (0.0, 9.0, 0, Why.OUT_OF_RANGE),
        (5.0, 9.0, 0, Why.OUT_OF_RANGE),
        (2.5, 9.0, 0, Why.OUT_OF_RANGE),
        (1.0, 1.0, 1, 0),
        (1.0, 1.0, 2, Why.FULL),
        (1.0, 1.0, -1, Why.FULL),
        (math.nan, 1.0, 0, Why.NOT_A_NUMBER),
        (1.0, math.inf, 0, Why.NOT_A_NUMBER),
    ],
)
def test_a_point_is_stored_in_its_place_or_refused(kind, size, index, why):
    f = point(toy(), 1.0, 0.0, 0.0, 1.0, 0)
    d = f.inputs.demand
    d.index, d.argument[:4] = index, (kind, 1.0, 2.0, size)

    assert fence.objection(f.s.fence, d) == why
    for k in (1, 2):
        d.argument[:4] = (1.0, 1.0, 2.0, 1.0)
        d.argument[k], d.index = math.nan, 0
        assert fence.objection(f.s.fence, d) == Why.NOT_A_NUMBER


def test_the_last_place_is_the_last():
    f = toy()
    f.s.fence.count = fence.MOST_POINTS
    d = f.inputs.demand
    d.argument[:4] = (1.0, 0.0, 0.0, 1.0)
    d.index = fence.MOST_POINTS - 1
    assert fence.objection(f.s.fence, d) == 0
    d.index = fence.MOST_POINTS
    assert fence.objection(f.s.fence, d) == Why.FULL


def test_points_are_kept_whole_and_counted_once():
    f = point(toy(), 1.0, 3.0, 4.0, 5.0, 0)
    point(f, 2.0, 6.0, 7.0, 8.0, 1)
    point(f, 1.0, 9.0, 4.0, 5.0, 0)
    assert f.s.fence.count == 2
    assert f.s.fence.points[:2].tolist() == [[1.0, 9.0, 4.0, 5.0], [2.0, 6.0, 7.0, 8.0]]
    assert f.s.fence.is_sound == 1
    f.inputs.demand.kind = int(Demand.LAND)
    fence.listen(f.s.fence, f.inputs.demand, f.status)
    assert f.s.fence.count == 2
    f.inputs.demand.kind = int(Demand.FENCE_CLEAR)
    f.s.fence.is_sound, f.s.fence.is_breached, f.s.fence.is_near, f.s.fence.wait_s = 0, 1, 1, 5.0
    fence.listen(f.s.fence, f.inputs.demand, f.status)
    kept = f.s.fence
    assert (kept.count, kept.is_sound, kept.is_breached, kept.is_near, kept.wait_s) == (0, 1, 0, 0, 0.0)


def test_a_refused_point_is_told_and_changes_nothing():
    f = point(toy(), 1.0, 0.0, 0.0, 0.0, 0)

    assert f.s.fence.count == 0
    assert (f.status.events[0], f.status.event_values[0]) == (
        Event.DEMAND_REFUSED,
        Demand.FENCE_POINT + WHY * Why.OUT_OF_RANGE,
    )


def test_polygons_are_whole_with_all_their_corners_of_one_kind():
    f = point(toy(), 1.0, 0.0, 0.0, 1.0, 0)
    shape(f, 3.0, SQUARE[:3], 1)
    assert f.s.fence.is_sound == 1
    point(f, 4.0, 0.0, 0.0, 3.0, 4)
    assert f.s.fence.is_sound == 0
    point(f, 4.0, 9.0, 0.0, 3.0, 5)
    point(f, 3.0, 9.0, 9.0, 3.0, 6)
    assert f.s.fence.is_sound == 0
    point(f, 4.0, 9.0, 9.0, 3.0, 6)
    assert f.s.fence.is_sound == 1
    assert fence.is_whole(f.s.fence, 1)
    f.s.fence.points[1, 0] = 4.0
    assert not fence.is_whole(f.s.fence, 1)
    assert [fence.rows_of(f.s.fence, i) for i in (0, 1, 4)] == [1, 3, 3]
    point(f, 2.0, 9.0, 9.0, 3.0, 7)
    assert fence.rows_of(f.s.fence, 7) == 1


def test_the_distance_to_an_edge_is_to_its_line_or_its_ends():
    a, b = place(1.0, 1.0), place(5.0, 4.0)
    assert fence.edge_distance(place(3.0, 2.5), a, b) == pytest.approx(0.0)
    assert fence.edge_distance(place(3.0 - 3.0, 2.5 + 4.0), a, b) == pytest.approx(5.0)
    assert fence.edge_distance(place(-2.0, -3.0), a, b) == pytest.approx(5.0)
    assert fence.edge_distance(place(8.0, 8.0), a, b) == pytest.approx(5.0)
    assert fence.edge_distance(place(4.0, 5.0), a, a) == pytest.approx(5.0)
    tiny = place(1.0 + 1e-3, 1.0)
    assert fence.edge_distance(place(2.0, 1.0), a, tiny) == pytest.approx(1.0 - 1e-3)


def test_depth_is_measured_to_the_outline():
    f = shape(toy(), 3.0, SQUARE)
    point(f, 1.0, 20.0, 20.0, 5.0, 4)
    for at, deep in (
        ((3.0, 4.0), 3.0),
        ((7.0, 4.0), 1.0),
        ((4.0, 9.5), -1.5),
        ((-3.0, 12.0), -5.0),
        ((4.0, -1.0), -1.0),
    ):
        assert fence.depth(f.s.fence, 0, place(*at)) == pytest.approx(deep)
    assert fence.depth(f.s.fence, 4, place(23.0, 24.0)) == pytest.approx(0.0)
    assert fence.depth(f.s.fence, 4, place(20.0, 20.0)) == pytest.approx(5.0)
    assert (fence.corner(f.s.fence, 2).x, fence.corner(f.s.fence, 2).y, fence.corner(f.s.fence, 2).z) == (
        8.0,
        8.0,
        0.0,
    )


def test_a_slanted_edge_is_crossed_where_it_is():
    f = shape(toy(), 3.0, ((0.0, 0.0), (10.0, 2.0), (10.0, 20.0)))
    for at, inside in (((5.0, 0.9), False), ((5.0, 1.1), True), ((5.0, 9.9), True), ((5.0, 10.1), False)):
        assert (fence.depth(f.s.fence, 0, place(*at)) > 0.0) == inside
    # A place level with a corner crosses one of the two edges that meet there, never both or neither.
    square = shape(toy(), 3.0, ((0.0, 0.0), (4.0, -4.0), (8.0, 0.0), (4.0, 4.0)))
    assert fence.depth(square.s.fence, 0, place(4.0, 0.0)) > 0.0
    assert fence.depth(square.s.fence, 0, place(4.0, -9.0)) < 0.0


def test_room_is_in_any_to_stay_in_and_out_of_all_to_stay_out_of():
    f = toy()
    assert fence.room_over_ground(f.s.fence, place(0.0, 0.0)) >= FAR
    point(f, 2.0, 0.0, 0.0, 2.0, 0)
    shape(f, 4.0, ((10.0, 0.0), (10.0, 8.0), (18.0, 8.0), (18.0, 0.0)), 1)
    assert fence.room_over_ground(f.s.fence, place(5.0, 0.0)) == pytest.approx(3.0)
    assert fence.room_over_ground(f.s.fence, place(8.0, 4.0)) == pytest.approx(2.0)
    assert fence.room_over_ground(f.s.fence, place(13.0, 4.0)) == pytest.approx(-3.0)
    point(f, 1.0, 0.0, 0.0, 6.0, 5)
    shape(f, 3.0, ((-9.0, 0.0), (-9.0, 8.0), (-1.0, 8.0), (-1.0, 0.0)), 6)
    assert fence.room_over_ground(f.s.fence, place(5.0, 0.0)) == pytest.approx(1.0)
    assert fence.room_over_ground(f.s.fence, place(-7.0, 4.0)) == pytest.approx(2.0)
    assert fence.room_over_ground(f.s.fence, place(40.0, 4.0)) < -20.0
    # An unfinished shape ends the fence.
    point(f, 3.0, 100.0, 100.0, 3.0, 10)
    assert fence.room_over_ground(f.s.fence, place(5.0, 0.0)) == pytest.approx(1.0)


def room(f: ToyFlight, *at: float, home=(0.0, 0.0, 0.0)) -> float:
    return fence.room(f.s.fence, f.p.fence, place(*at), place(*home), f.estimate)


def test_height_and_distance_count_from_home():
    f = toy()
    assert room(f, 1e6, 0.0, -1e6) >= FAR
    f.p.fence.height_max = 0.5
    assert room(f, 0.0, 0.0, -2.25, home=(0.0, 0.0, -2.0)) == pytest.approx(0.25)
    f.p.fence.height_max = 50.0
    assert room(f, 0.0, 0.0, -12.0, home=(0.0, 0.0, -2.0)) == pytest.approx(40.0)
    f.estimate.is_altitude_valid = 0
    assert room(f, 0.0, 0.0, -12.0) >= FAR
    f.estimate.is_altitude_valid, f.p.fence.distance_max = 1, 0.5
    assert room(f, 3.0, 4.25, -9.0, home=(3.0, 4.0, 0.0)) == pytest.approx(0.25)
    f.p.fence.distance_max = 60.0
    assert room(f, 33.0, 44.0, -9.0, home=(3.0, 4.0, 0.0)) == pytest.approx(10.0)
    assert room(f, 3.0, 4.0, -49.0, home=(3.0, 4.0, 0.0)) == pytest.approx(1.0)
    point(f, 1.0, 33.0, 44.0, 2.0, 0)
    assert room(f, 33.0, 44.0, -9.0, home=(3.0, 4.0, 0.0)) == pytest.approx(2.0)
    f.estimate.is_position_valid = 0
    assert room(f, 33.0, 44.0, -9.0) == pytest.approx(41.0)


def test_the_way_to_a_stop_is_reaction_and_braking():
    p = toy().p.fence
    p.delay_s, p.acc, p.acc_z = 0.5, 4.0, 2.0
    way = fence.stop_way(p, Vec3(3.0, -4.0, -2.0))

    # v t + v^2 / 2 a with |v| = 5 over ground and 2 upwards.
    assert (way.x, way.y) == pytest.approx((0.6 * 5.625, -0.8 * 5.625))
    assert way.z == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("count", "distance", "active"), [(0, 0.0, False), (1, 0.0, True), (0, 0.5, True), (2, 9.0, True)]
)
def test_a_fence_that_needs_a_position_is_active(count, distance, active):
    f = toy()
    f.s.fence.count, f.p.fence.distance_max = count, distance

    assert fence.is_active(f.s.fence, f.p.fence) == active


def looked(north: float, speed: float = 0.0, wait_s: float = 0.0, down: float = 0.0) -> ToyFlight:
    """Look at a fence 16 m around home, met by braking at once at 2 m/s2 with two metres of margin."""
    f = toy()
    f.s.fence.wait_s, f.s.fence.is_breached, f.s.fence.is_near = wait_s, 1 - int(abs(north) > 16.0), 0
    f.p.fence.distance_max, f.p.fence.delay_s, f.p.fence.acc, f.p.fence.slack = 16.0, 0.0, 2.0, 0.25
    f.estimate.p_ned, f.estimate.v_ned = (north, 0.0, down), (speed, 0.0, 0.0)
    fence.step(f.s.fence, f.p.fence, f.estimate, f.status.home_ned, DT)
    return f


def test_it_is_breached_beyond_the_edge():
    assert looked(16.0).s.fence.is_breached == 0
    assert looked(above(16.0)).s.fence.is_breached == 1
    assert looked(-17.0).s.fence.is_breached == 1


def test_it_is_near_where_braking_ends_beyond_the_margin_and_one_moves_there():
    # From 4 m/s braking takes 4 m: from 10 m it ends at 14 m, exactly the margin.
    assert looked(10.0, 4.0).s.fence.is_near == 0
    assert looked(10.001, 4.0).s.fence.is_near == 1
    assert looked(-10.001, 4.0).s.fence.is_near == 0
    assert looked(-10.001, -4.0).s.fence.is_near == 1
    # Standing inside the margin, or creeping by less than the slack: 1 m/s brakes in exactly 0.25 m.
    assert looked(15.0, 0.0).s.fence.is_near == 0
    assert looked(15.0, 1.0).s.fence.is_near == 0
    assert looked(15.0, 1.01).s.fence.is_near == 1


def seen(before: int, down: float, height_known: int, place_known: int) -> int:
    """Look 20 m from home at a fence 16 m around it and 30 m high; return whether it is thought breached."""
    f = toy()
    f.p.fence.distance_max, f.p.fence.height_max, f.s.fence.is_breached = 16.0, 30.0, before
    f.estimate.p_ned = (20.0, 0.0, down)
    f.trust(altitude=height_known, position=place_known)
    fence.step(f.s.fence, f.p.fence, f.estimate, f.status.home_ned, DT)
    return f.s.fence.is_breached


def test_who_loses_the_place_outside_is_still_thought_outside_and_who_loses_it_inside_still_inside():
    assert seen(1, -10.0, 1, 0) == 1
    assert seen(0, -10.0, 1, 0) == 0
    assert seen(1, -40.0, 0, 0) == 1
    assert seen(0, -40.0, 1, 0) == 1
    f = looked(0.0)
    f.s.fence.is_breached, f.s.fence.wait_s, f.p.fence.height_max = 1, 0.0, 30.0
    f.trust(altitude=0)
    fence.step(f.s.fence, f.p.fence, f.estimate, f.status.home_ned, DT)
    assert f.s.fence.is_breached == 1


def test_it_looks_every_now_and_then():
    f = looked(20.0, wait_s=2.0 * DT)
    assert (f.s.fence.is_breached, f.s.fence.wait_s) == (0, DT)
    f = looked(20.0, wait_s=DT)
    assert (f.s.fence.is_breached, f.s.fence.wait_s) == (1, 0.02)


def test_home_moves_the_fence():
    f = toy()
    f.p.fence.distance_max, f.status.home_ned, f.estimate.p_ned = 16.0, (100.0, 0.0, 0.0), (110.0, 0.0, 0.0)
    fence.step(f.s.fence, f.p.fence, f.estimate, f.status.home_ned, DT)
    assert f.s.fence.is_breached == 0


def test_kinds_are_what_operators_send():
    assert [int(kind) for kind in Fence] == [1, 2, 3, 4]


def test_an_unfinished_shape_is_no_fence_but_no_sound_one_either():
    f = point(toy(), 3.0, 100.0, 100.0, 3.0, 0)
    assert f.s.fence.is_sound == 0
    assert fence.room_over_ground(f.s.fence, place(0.0, 0.0)) >= FAR
    point(f, 4.0, 100.0, 0.0, 3.0, 1)
    point(f, 3.0, 0.0, 0.0, 3.0, 2)
    assert not fence.is_whole(f.s.fence, 0)


def kept(f: ToyFlight, start: Vec3, goal: Vec3, step_m: float = 0.5, edge_m: float = 0.0) -> float:
    return fence.room_on_the_way(f.s.fence, start, goal, step_m, edge_m)


def test_a_way_is_as_far_inside_as_its_nearest_place():
    f = point(toy(), 2.0, 10.0, 0.0, 3.0, 0)

    assert kept(f, place(0.0, 5.0), place(20.0, 5.0)) == pytest.approx(2.0, abs=0.1)
    assert kept(f, place(0.0, 0.0), place(20.0, 0.0)) == pytest.approx(-3.0, abs=0.25)
    assert kept(f, place(0.0, 0.0), place(20.0, 0.0), 0.01) == pytest.approx(-3.0, abs=0.005)
    assert kept(f, place(0.0, 0.0), place(0.0, 0.0)) == pytest.approx(7.0)
    assert kept(f, place(0.0, 0.0, -50.0), place(5.0, 0.0, 0.0)) == pytest.approx(2.0)
    assert kept(toy(), place(0.0, 0.0), place(1e6, 0.0)) >= FAR


def test_few_looks_suffice_where_there_is_much_room():
    f, looks = point(toy(), 2.0, 1000.0, 0.0, 3.0, 0), []
    look = fence.room_over_ground
    try:
        fence.room_over_ground = lambda *those: looks.append(look(*those)) or looks[-1]
        assert kept(f, place(0.0, 0.0), place(990.0, 0.0)) == pytest.approx(7.0)
    finally:
        fence.room_over_ground = look
    assert len(looks) == 2


def test_who_begins_outside_may_come_in_and_is_judged_from_there_on():
    f = point(toy(), 2.0, 0.0, 0.0, 3.0, 0)
    assert kept(f, place(1.0, 0.0), place(10.0, 0.0), 0.25) == pytest.approx(0.0, abs=0.25)
    assert kept(f, place(1.0, 0.0), place(2.0, 0.0)) == pytest.approx(-1.0)
    point(f, 2.0, 10.0, 0.0, 2.0, 1)
    assert kept(f, place(1.0, 0.0), place(20.0, 0.0), 0.1) == pytest.approx(-2.0, abs=0.1)


def test_who_begins_on_the_edge_begins_inside():
    f = point(toy(), 1.0, 0.0, 0.0, 8.0, 0)
    start, goal = place(8.0625, 0.0), place(9.0, 0.0)
    assert kept(f, start, goal, 0.5, 0.0625) == -1.0
    assert kept(f, place(9.0, 0.0), place(8.0625, 0.0), 0.5, 0.0625) == -0.0625
    assert kept(f, place(9.0, 0.0), place(8.125, 0.0), 0.5, 0.0625) == -0.125


def test_who_goes_from_edge_to_edge_is_judged_all_the_way():
    f = point(toy(), 2.0, 0.0, 0.0, 3.0, 0)
    assert kept(f, place(-2.9375, 0.0), place(2.9375, 0.0), 0.25, 0.0625) == pytest.approx(-3.0, abs=0.2)
    assert kept(f, place(-2.9375, 0.0), place(2.9375, 0.0), 0.25, 0.0) == -0.0625


def test_it_tells_whether_it_has_looked():
    f = looked(0.0)
    f.s.fence.wait_s = 2.0 * DT
    told = [fence.step(f.s.fence, f.p.fence, f.estimate, f.status.home_ned, DT) for _ in range(5)]
    assert told == [False, True, False, True, False]


def test_a_way_from_nowhere_ends():
    f = point(toy(), 1.0, 0.0, 0.0, 8.0, 0)
    for start in (place(math.nan, 0.0), place(0.0, math.inf)):
        assert not math.isnan(kept(f, start, place(9.0, 0.0)))


@pytest.mark.parametrize(("most", "margin", "highest"), [(10.0, 2.0, 8.0), (3.0, 2.0, 1.5), (0.0, 2.0, 0.0)])
def test_a_return_climbs_to_the_margin_below_the_ceiling_but_to_half_of_it_at_least(most, margin, highest):
    p = toy().p.fence
    p.height_max, p.margin = most, margin
    assert fence.ceiling(p) == highest
