"""Home and rally points one kernel at a time: what is taken, what is refused, where a return leads."""

import math

import pytest

from flight.inputs import Demand, Fence
from flight.modes import WHY, Arming, Event, Mode, Refusal, Why
from flight.supervisor import home, orders, readiness, supervisor
from flight.vector import Vec3, vec
from tests.supervisor_rig import DT, above, flying, heard, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted


def told(f: ToyFlight, kind: Demand, *arguments: float | None, index: int = 0) -> ToyFlight:
    d = f.inputs.demand
    d.kind, d.index = int(kind), index
    d.uses = sum(1 << k for k, a in enumerate(arguments) if a is not None)
    d.argument[:] = [0.0 if a is None else a for a in (*arguments, *[None] * 8)][:8]
    f.status.events[:] = 0
    home.listen(f.s.home, f.s.fence, f.p.fence, d, f.estimate, f.status)
    return f


def fenced(
    f: ToyFlight, *circles: tuple[float, float, float], kind: Fence = Fence.CIRCLE_OUTSIDE
) -> ToyFlight:
    for i, circle in enumerate(circles):
        f.s.fence.points[i] = (float(kind), *circle)
    f.s.fence.count = len(circles)
    return f


def place(f: ToyFlight) -> tuple[float, float, float]:
    return tuple(float(x) for x in f.s.home.place_ned)


def refused(f: ToyFlight, kind: Demand, why: Why) -> bool:
    return heard(f) == [(Event.DEMAND_REFUSED, kind + WHY * why)]


def test_home_is_where_it_is_said_and_here_where_nothing_is():
    f = toy()
    f.estimate.p_ned = (1.0, 2.0, -3.0)
    f.s.home.is_new = 0
    told(f, Demand.SET_HOME, 7.0, None, -9.0)
    assert place(f) == (7.0, 2.0, -9.0)
    assert heard(f) == [(Event.HOME_SET, 0.0)]
    assert (f.s.home.is_set, f.s.home.is_chosen, f.s.home.is_new) == (1, 1, 1)
    assert place(told(f, Demand.SET_HOME, 7.0)) == (7.0, 2.0, -3.0)
    assert place(told(f, Demand.SET_HOME, None, 5.0)) == (1.0, 5.0, -3.0)
    assert place(told(f, Demand.SET_HOME, None, None, 5.0)) == (1.0, 2.0, 5.0)
    assert place(told(f, Demand.SET_HOME)) == (1.0, 2.0, -3.0)


def test_home_needs_a_position_and_numbers():
    f = toy()
    for arguments in ((math.nan,), (0.0, math.inf), (0.0, 0.0, math.nan)):
        assert refused(told(f, Demand.SET_HOME, *arguments), Demand.SET_HOME, Why.NOT_A_NUMBER)
    f.estimate.is_position_valid = 0
    assert refused(told(f, Demand.SET_HOME, 1.0), Demand.SET_HOME, Why.NEEDS_POSITION)
    assert (f.s.home.is_set, f.s.home.is_chosen) == (0, 0)


def test_home_lies_inside_the_fence_and_within_reach():
    f = fenced(toy(), (10.0, 0.0, 4.0))
    assert refused(told(f, Demand.SET_HOME, 13.5, 0.0, 0.0), Demand.SET_HOME, Why.OUTSIDE_FENCE)
    assert f.s.home.is_set == 0
    assert heard(told(f, Demand.SET_HOME, 14.0, 0.0, 0.0)) == [(Event.HOME_SET, 0.0)]
    f.p.fence.distance_max = 20.0
    assert heard(told(f, Demand.SET_HOME, 0.0, 20.0, 0.0)) == [(Event.HOME_SET, 0.0)]
    assert refused(told(f, Demand.SET_HOME, 0.0, above(20.0), 0.0), Demand.SET_HOME, Why.OUTSIDE_FENCE)
    f.estimate.p_ned = (0.0, 1.0, 0.0)
    assert heard(told(f, Demand.SET_HOME, 0.0, 21.0, 0.0)) == [(Event.HOME_SET, 0.0)]
    f.p.fence.distance_max = 0.5
    assert refused(told(f, Demand.SET_HOME, 0.0, 2.0, 0.0), Demand.SET_HOME, Why.OUTSIDE_FENCE)


def test_what_is_none_of_its_business_changes_nothing():
    f = toy()
    f.s.home.is_new, f.s.home.count = 0, 3
    for kind in (Demand.YAW, Demand.MISSION_SET, Demand.FENCE_POINT, Demand.BRAKE):
        assert heard(told(f, kind, math.nan)) == []
    assert (f.s.home.is_new, f.s.home.count) == (0, 3)


def test_rally_points_stand_in_order_and_at_most_so_many():
    f = toy()
    f.s.home.is_new = 0
    for index in (-1, 1):
        assert refused(told(f, Demand.RALLY_POINT, 1.0, 2.0, index=index), Demand.RALLY_POINT, Why.FULL)
    for index in range(home.MOST_RALLY_POINTS):
        assert heard(told(f, Demand.RALLY_POINT, 1.0 + index, 2.0, index=index)) == []
    assert refused(told(f, Demand.RALLY_POINT, 1.0, 2.0, index=16), Demand.RALLY_POINT, Why.FULL)
    assert (f.s.home.count, f.s.home.is_new) == (16, 1)
    told(f, Demand.RALLY_POINT, 7.0, 8.0, index=2)
    assert (f.s.home.count, [float(x) for x in f.s.home.places[2]]) == (16, [7.0, 8.0])
    assert heard(told(f, Demand.RALLY_CLEAR)) == []
    assert f.s.home.count == 0


def kept(f: ToyFlight, is_landed: bool = True, is_arming: bool = False) -> ToyFlight:
    f.status.events[:] = 0
    home.keep(f.s.home, f.status, f.estimate, is_landed, is_arming)
    return f


def test_home_is_taken_once_known_and_again_on_arming_unless_it_was_chosen():
    f = toy()
    f.estimate.p_ned, f.estimate.is_position_valid = (1.0, 2.0, 3.0), 0
    assert heard(kept(f)) == []
    f.estimate.is_position_valid = 1
    assert heard(kept(f, is_landed=False)) == []
    f.s.home.is_new = 0
    assert heard(kept(f)) == [(Event.HOME_SET, 0.0)]
    assert (f.s.home.is_set, f.s.home.is_new, f.s.home.is_chosen, place(f)) == (1, 1, 0, (1.0, 2.0, 3.0))
    f.estimate.p_ned = (4.0, 5.0, 6.0)
    assert heard(kept(f)) == []
    assert heard(kept(f, is_arming=True)) == [(Event.HOME_SET, 0.0)]
    assert place(f) == (4.0, 5.0, 6.0)
    f.s.home.is_chosen, f.estimate.p_ned = 1, (0.0, 0.0, 0.0)
    assert heard(kept(f, is_arming=True)) == []


def chosen(f: ToyFlight, mode: Mode = Mode.HOLD) -> tuple[float, float, float]:
    home.choose(f.s.home, f.s.fence, f.estimate, mode)
    return tuple(float(x) for x in f.s.home.return_ned)


def rallied(*places: tuple[float, float]) -> ToyFlight:
    f = toy()
    told(f, Demand.SET_HOME, 0.0, 0.0, 1.0)
    for index, rally in enumerate(places):
        told(f, Demand.RALLY_POINT, *rally, index=index)
    return f


def test_a_return_leads_to_the_nearest_place_at_homes_height():
    f = rallied((20.0, 0.0), (40.0, 0.0))
    for north, goal in ((9.0, 0.0), (10.0, 0.0), (11.0, 20.0), (31.0, 40.0), (500.0, 40.0)):
        f.estimate.p_ned = (north, 0.0, -30.0)
        assert chosen(f) == (goal, 0.0, 1.0)
        assert (f.s.home.is_barred, f.s.home.is_new) == (0, 0)


def test_it_leads_to_the_nearest_whose_way_is_free_and_where_none_is_to_the_nearest_all_the_same():
    f = fenced(rallied((0.0, 50.0)), (10.0, 0.0, 4.0))
    f.estimate.p_ned = (20.0, 0.0, -10.0)
    assert chosen(f) == (0.0, 50.0, 1.0)
    assert f.s.home.is_barred == 0

    fenced(f, (10.0, 0.0, 4.0), (10.0, 25.0, 4.0))
    assert chosen(f) == (0.0, 0.0, 1.0)
    assert f.s.home.is_barred == 1
    fenced(f)
    assert chosen(f) == (0.0, 0.0, 1.0)
    assert f.s.home.is_barred == 0


def test_where_no_way_is_free_the_nearest_place_may_be_a_rally_point():
    f = fenced(rallied((0.0, 30.0), (0.0, 20.0)), (0.0, 11.0, 1.0), (0.0, 18.0, 1.0))
    f.estimate.p_ned = (0.0, 14.0, -10.0)
    assert chosen(f) == (0.0, 20.0, 1.0)
    assert f.s.home.is_barred == 1


def test_who_is_outside_may_come_in_on_the_way():
    f = fenced(rallied(), (20.0, 0.0, 4.0))
    f.estimate.p_ned = (19.0, 0.0, -10.0)
    chosen(f)
    assert f.s.home.is_barred == 0


@pytest.mark.parametrize(("radius", "is_free"), [(5.0, True), (5.04, True), (5.06, False)])
def test_a_way_along_the_fence_is_free(radius, is_free):
    f = fenced(toy(), (0.0, 5.0, radius))
    assert home.is_free(f.s.fence, Vec3(-20.0, 0.0, 0.0), Vec3(20.0, 0.0, 0.0)) == is_free


def test_a_long_way_is_looked_at_two_hundred_times_at_most():
    f = fenced(toy(), (0.0, 0.0, 1e5), kind=Fence.CIRCLE_INSIDE)
    looks, look = [], home.fence.room_over_ground
    for goal in (3000.0, 1020.0):
        looks.clear()
        try:
            home.fence.room_over_ground = lambda *those: looks.append(1) or 0.0
            assert home.is_free(f.s.fence, Vec3(1000.0, 0.0, 0.0), Vec3(goal, 0.0, 0.0))
        finally:
            home.fence.room_over_ground = look
        assert len(looks) == pytest.approx(min(200, (goal - 1000.0) / 0.5) + 1, abs=1)


def test_a_return_that_is_flown_keeps_its_goal_until_the_places_change():
    f = rallied((40.0, 0.0))
    f.estimate.p_ned = (10.0, 0.0, -9.0)
    assert chosen(f) == (0.0, 0.0, 1.0)
    f.estimate.p_ned = (30.0, 0.0, -9.0)
    assert chosen(f, Mode.RETURN) == (0.0, 0.0, 1.0)
    assert chosen(f, Mode.MISSION) == (40.0, 0.0, 1.0)
    told(f, Demand.RALLY_POINT, 25.0, 0.0, index=1)
    assert chosen(f, Mode.RETURN) == (25.0, 0.0, 1.0)


def published(f: ToyFlight, mode: Mode) -> ToyFlight:
    f.status.events[:] = 0
    home.publish(f.s.home, f.status, mode)
    return f


def test_a_return_that_leaves_the_fence_is_warned_of_once():
    f = rallied()
    f.s.home.return_ned, f.s.home.is_barred = (3.0, 4.0, 5.0), 1
    assert heard(published(f, Mode.HOLD)) == []
    assert heard(published(f, Mode.RETURN)) == [(Event.RETURN_LEAVES_FENCE, 0.0)]
    assert heard(published(f, Mode.RETURN)) == []
    assert list(f.status.return_ned) == [3.0, 4.0, 5.0]
    assert (f.status.is_home_set, list(f.status.home_ned)) == (1, [0.0, 0.0, 1.0])
    assert heard(published(f, Mode.HOLD)) == []
    assert heard(published(f, Mode.RETURN)) == [(Event.RETURN_LEAVES_FENCE, 0.0)]
    f.s.home.is_barred, f.s.home.is_warned = 0, 0
    assert heard(published(f, Mode.RETURN)) == []


def test_a_vehicle_starts_without_home_and_rally_points():
    f = rallied((1.0, 1.0))
    f.s.home.is_barred = f.s.home.is_warned = 1
    f.s.home.is_new = 0
    home.reset(f.s.home)
    h = f.s.home
    assert (h.is_set, h.is_chosen, h.is_new, h.is_barred, h.is_warned, h.count) == (0, 0, 1, 0, 0, 0)


def test_with_a_chosen_home_outside_the_fence_nobody_arms():
    f = fenced(rallied(), (10.0, 0.0, 4.0))
    assert not readiness.is_fence_wrong(f.s, f.p, f.estimate)
    f.s.home.place_ned = (9.0, 0.0, 0.0)
    assert readiness.is_fence_wrong(f.s, f.p, f.estimate)
    f.s.home.is_chosen = 0
    assert not readiness.is_fence_wrong(f.s, f.p, f.estimate)
    f.s.home.is_chosen, f.s.home.place_ned = 1, (6.0, 0.0, 0.0)
    assert not readiness.is_fence_wrong(f.s, f.p, f.estimate)


def test_the_distance_from_home_counts_from_where_it_will_be_armed():
    f = ToyFlight(dt=DT, FENCE_DIST_MAX=50.0).fly(0.1)
    f.place[:] = (100.0, 0.0, 0.0)
    f.fly(0.1)
    assert f.status.refusals == 0

    f.ask(Demand.SET_HOME, 60.0, 0.0, 0.0)
    f.place[:] = (0.0, 0.0, 0.0)
    assert f.fly(0.1).status.refusals == Refusal.FENCE


@pytest.mark.parametrize(("is_standing", "said"), [(True, Why.STANDING), (False, 0)])
def test_what_stands_is_not_killed(is_standing, said):
    f = toy()
    f.inputs.demand.kind = int(Demand.KILL)
    orders.refuse_kill(f.inputs.demand, f.status, is_standing)
    assert heard(f) == ([(Event.DEMAND_REFUSED, Demand.KILL + WHY * said)] if said else [])
    f.status.events[:] = 0
    f.inputs.demand.kind = int(Demand.DISARM)
    orders.refuse_kill(f.inputs.demand, f.status, is_standing)
    assert heard(f) == []


def test_a_kill_is_refused_where_no_motor_turns_and_nowhere_else():
    f = ToyFlight(dt=DT).fly(0.1).ask(Demand.KILL)
    assert f.said(Event.DEMAND_REFUSED, Demand.KILL + WHY * Why.STANDING)

    f = ToyFlight(dt=DT).fly(0.1)
    f.supervisor.rotors.count = 4
    f.ask(Demand.MOTOR_TEST, 0.1, 1.0).fly(0.1).ask(Demand.KILL)
    assert f.supervisor.test.left_s <= 0.0
    assert not f.said(Event.DEMAND_REFUSED)

    f = ToyFlight(dt=DT).airborne().ask(Demand.KILL)
    assert f.status.arming == Arming.KILLED
    assert not f.ask(Demand.KILL).said(Event.DEMAND_REFUSED)


def test_the_place_of_minus_one_is_home():
    f = told(rallied((5.0, 6.0)), Demand.SET_HOME, 3.0, 4.0, 1.0)
    assert home.place_of(f.s.home, -1) == vec(f.s.home.place_ned)
    assert home.place_of(f.s.home, 0) == Vec3(5.0, 6.0, 1.0)


def watched(is_armed: bool, is_chosen: int, mode: Mode = Mode.HOLD, is_new: int = 0) -> ToyFlight:
    """Look at a fence 50 m around home, 60 m from it and beside a rally point."""
    f = rallied((60.0, 0.0))
    f.p.fence.distance_max, f.estimate.p_ned = 50.0, (60.0, 0.0, 0.0)
    f.s.home.is_chosen, f.s.home.is_new, f.s.mode, f.s.fence.wait_s = is_chosen, is_new, mode, 0.0
    supervisor.watch_fence(f.s, f.p, f.estimate, is_armed, DT)
    return f


@pytest.mark.parametrize(("is_armed", "is_chosen"), [(True, 0), (False, 1), (True, 1), (False, 0)])
def test_home_stands_once_armed_or_chosen_and_is_here_before(is_armed, is_chosen):
    assert watched(is_armed, is_chosen).s.fence.is_breached == int(is_armed or is_chosen)


def test_where_a_return_leads_is_looked_at_as_often_as_the_fence_and_after_every_change():
    assert watched(True, 1).s.home.return_ned[0] == 60.0
    assert watched(True, 1, Mode.RETURN).s.home.return_ned[0] == 0.0
    f = watched(True, 1, Mode.RETURN, is_new=1)
    assert f.s.home.return_ned[0] == 60.0
    f.s.home.count = 0
    supervisor.watch_fence(f.s, f.p, f.estimate, True, DT)
    assert f.s.home.return_ned[0] == 60.0
    f.s.home.is_new = 1
    supervisor.watch_fence(f.s, f.p, f.estimate, True, DT)
    assert f.s.home.return_ned[0] == 0.0


def test_a_tick_warns_of_the_return_it_begins():
    f = flying(Mode.RETURN)
    f.s.home.is_barred, f.s.home.is_set, f.s.home.is_new, f.s.fence.wait_s = 1, 1, 0, 9.0
    f.status.events[:] = 0
    supervisor.step(f.s, f.p, f.inputs, f.command, DT)
    assert (Event.RETURN_LEAVES_FENCE, 0.0) in heard(f)


def test_what_lifts_the_vehicle_is_felt_upwards():
    f = flying()
    f.inputs.imu.fresh, f.inputs.imu.accel_frd = 1, (0.0, 0.0, -12.0)
    for _ in range(3):
        supervisor.look(f.s, f.p, f.inputs, f.command, True, DT)
    assert f.s.rotors.lift_slow > 0.0


@pytest.mark.parametrize("is_armed", [True, False])
def test_a_look_knows_whether_home_stands(is_armed):
    f = rallied()
    f.p.fence.distance_max, f.estimate.p_ned, f.s.home.is_chosen = 50.0, (60.0, 0.0, 0.0), 0
    supervisor.look(f.s, f.p, f.inputs, f.command, is_armed, DT)
    assert f.s.fence.is_breached == is_armed
