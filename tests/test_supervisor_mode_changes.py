"""Changes of mode: what demands and switches bring, what is refused, and what a mode falls to."""

import math

import pytest

from flight.inputs import Demand, Use
from flight.modes import Arming, Event, Failsafe, Item, Level, Mode
from flight.supervisor.table import FALLBACK, LASTING, MODE_TABLE, NEEDS
from tests.supervised_flight import high, piloted, ready
from tests.toy_flight import HOVER

pytestmark = pytest.mark.interpreted
XYZ = Use.POSITION_XY | Use.POSITION_Z


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
    assert ready().ask(Demand.TAKEOFF, 5.0).fly(0.5).status.arming == Arming.DISARMED


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


@pytest.mark.parametrize(
    ("level", "trust", "after"),
    [
        (Level.POSITION, (1, 1, 0, 0), Mode.LAND),
        (Level.VELOCITY, (1, 1, 0, 0), Mode.LAND),
        (Level.ALTITUDE, (1, 0, 0, 0), Mode.LAND),
        (Level.ALTITUDE, (1, 1, 0, 0), Mode.OFFBOARD),
        (Level.ATTITUDE, (1, 0, 0, 0), Mode.OFFBOARD),
    ],
)
def test_a_streamed_place_is_not_flown_without_a_position(level, trust, after):
    f = high()
    for tick in range(100):
        f.stream(level, XYZ, p_ned=(5.0, 0.0, -10.0), q_ned_frd=(1.0, 0.0, 0.0, 0.0), thrust=HOVER).step()
        if tick == 10:
            assert f.ask(Demand.MODE, Mode.OFFBOARD).mode == Mode.OFFBOARD
            f.trust(*trust)

    assert f.mode == after
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.POSITION_LOST) == (after == Mode.LAND)


def test_who_has_no_home_lands_instead_of_returning():
    f = ready()
    f.trust(1, 1, 0, 0)
    f.sticks(mode=Mode.ANGLE).step().ask(Demand.ARM)
    f.supervisor.home.is_set = f.supervisor.home.is_new = 0
    while f.place[2] > -5.0:
        f.sticks(throttle=0.8).step()
    f.trust()
    assert not f.sticks(throttle=0.45).step().status.is_home_set

    f.until(lambda: f.mode == Mode.HOLD).until(lambda: f.mode != Mode.HOLD, 10.0)

    assert f.mode == Mode.LAND
    assert not f.status.is_home_set


def test_a_position_that_comes_back_is_reported():
    f = high()
    f.trust(1, 1, 1, 0)
    f.fly(0.6)
    f.trust()
    f.fly(1.2)

    assert f.said(Event.FAILSAFE_CLEARED, Failsafe.POSITION_LOST)
    assert f.status.failsafes == 0
