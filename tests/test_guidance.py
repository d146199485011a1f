"""Guidance: where the setpoint goes in every mode, flown by a vehicle that is mere kinematics."""

import math

import numpy as np
import pytest

from flight.guidance import land
from flight.inputs import Demand, Use
from flight.modes import Event, Failsafe, Item, Level, Mode
from tests.toy_flight import GRAVITY, HOVER, ToyFlight, angle_between

DT = 0.004


def flight(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen)


def setpoint(f: ToyFlight) -> np.ndarray:
    return np.array(f.command.setpoint.p_sp_ned)


def watch(f: ToyFlight, seconds: float, read) -> np.ndarray:
    """Fly for a while and collect a reading per tick."""
    return np.array([read(f.step()) for _ in range(round(seconds / DT))])


def square(f: ToyFlight, side: float = 20.0, height: float = 10.0) -> list[tuple[float, float]]:
    corners = [(side, 0.0), (side, side), (0.0, side), (0.0, 0.0)]
    f.ask(Demand.MISSION_CLEAR)
    f.ask(Demand.MISSION_ITEM, Item.TAKEOFF, None, None, -height, index=0)
    for i, (x, y) in enumerate(corners):
        f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, x, y, -height, index=1 + i)
    f.ask(Demand.MISSION_ITEM, Item.LAND, index=5)
    return corners


def test_take_off_climbs_straight_to_its_height_and_holds():
    f = flight().fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0)
    track = watch(f, 6.0, setpoint)

    assert f.mode == Mode.HOLD
    assert f.place[2] == pytest.approx(-5.0, abs=0.05)
    assert np.abs(track[:, :2]).max() < 1e-9
    assert track[:, 2].min() > -5.0 - 1e-4


def test_without_a_height_take_off_goes_to_the_usual_one():
    f = flight(MIS_TAKEOFF_ALT=4.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF)

    assert f.fly(6.0).place[2] == pytest.approx(-4.0, abs=0.05)


def test_motors_idle_until_they_have_spun_up():
    f = flight(TKO_SPOOL_T=1.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0)

    assert set(watch(f, 0.9, lambda f: f.command.setpoint.level)) == {Level.IDLE}
    assert f.fly(0.2).command.setpoint.level == Level.POSITION


def test_armed_and_holding_on_the_ground_it_rests():
    f = flight().fly(0.1).ask(Demand.ARM).fly(2.0)

    assert f.mode == Mode.HOLD
    assert f.command.setpoint.level == Level.IDLE
    assert f.place[2] == 0.0


@pytest.mark.slow
def test_going_somewhere_keeps_to_the_straight_line_at_the_speed_asked_for():
    f = flight().airborne().ask(Demand.GOTO, 30.0, 40.0, -20.0, None, 8.0)
    track = watch(f, 12.0, lambda f: np.r_[setpoint(f), f.command.setpoint.v_ff_ned])

    way = np.array([30.0, 40.0, -10.0]) / np.linalg.norm([30.0, 40.0, -10.0])
    off = (track[:, :3] - (0.0, 0.0, -10.0)) - np.outer((track[:, :3] - (0.0, 0.0, -10.0)) @ way, way)
    # The line starts where the hold after the take-off had settled.
    assert np.linalg.norm(off, axis=1).max() < 0.05
    assert np.hypot(track[:, 3], track[:, 4]).max() == pytest.approx(8.0, rel=1e-3)
    assert np.allclose(setpoint(f), (30.0, 40.0, -20.0), atol=1e-4)


@pytest.mark.slow
def test_numbers_left_out_of_a_demand_keep_what_holds():
    f = flight().airborne().ask(Demand.GOTO, 5.0, None, None).fly(6.0)
    f.ask(Demand.GOTO, None, None, -12.0).fly(4.0)

    assert np.allclose(setpoint(f), (5.0, 0.0, -12.0), atol=0.05)


def test_heading_turns_the_short_way_at_a_limited_rate():
    f = flight().airborne()
    f.ask(Demand.GOTO, 0.0, 0.0, -10.0, math.radians(170.0)).fly(5.0)
    f.ask(Demand.GOTO, 0.0, 0.0, -10.0, math.radians(-170.0))
    turn = watch(f, 3.0, lambda f: (f.command.setpoint.yaw_sp, f.command.setpoint.yaw_rate_ff))

    assert angle_between(turn[-1, 0], math.radians(-170.0)) < 1e-6
    assert turn[:, 1].min() > -1e-3
    assert turn[:, 1].max() < math.radians(90.0) + 1e-6
    assert np.sum(turn[:, 1]) * DT == pytest.approx(math.radians(20.0), abs=0.01)


@pytest.mark.parametrize(("mode", "heading"), [(1, math.pi / 2.0), (0, 0.0)])
def test_a_mission_faces_the_way_it_flies_unless_told_not_to(mode, heading):
    f = flight(NAV_YAW_MODE=mode).airborne()
    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 0.0, 40.0, -10.0, index=0)
    f.ask(Demand.MISSION_START).fly(4.0)

    assert angle_between(f.command.setpoint.yaw_sp, heading) < 1e-6


@pytest.mark.slow
def test_sent_somewhere_it_keeps_the_heading_and_height_it_is_not_told():
    f = flight().airborne().ask(Demand.GOTO, None, None, None, 1.0).fly(3.0)
    f.ask(Demand.GOTO, 0.0, 20.0, None).fly(9.0)

    assert angle_between(f.command.setpoint.yaw_sp, 1.0) < 1e-6
    assert f.place == pytest.approx([0.0, 20.0, -10.0], abs=0.05)


def test_hold_brakes_without_a_bump_and_stays():
    f = flight().airborne().ask(Demand.GOTO, 50.0, 0.0, None).fly(4.0)
    before = np.array(f.command.setpoint.v_ff_ned)
    f.ask(Demand.HOLD)
    v = watch(f, 4.0, lambda f: np.array(f.command.setpoint.v_ff_ned))

    assert np.abs(v[0] - before).max() < 0.02
    assert np.abs(np.diff(v, axis=0)).max() <= 4.0 * DT + 1e-9
    assert np.abs(v[-1]).max() == 0.0
    assert 2.0 < setpoint(f)[0] < 25.0


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_return_climbs_crosses_and_lands_at_home():
    f = flight(RTL_RETURN_ALT=15.0).airborne().ask(Demand.GOTO, 20.0, 0.0, -8.0).fly(8.0)
    f.ask(Demand.RETURN)
    track = watch(f, 12.0, lambda f: f.place.copy())
    f.until(lambda: not f.is_armed)

    high = track[track[:, 0] < 15.0]
    assert high[:50, 2].max() < -14.0
    assert np.linalg.norm(f.place[:2]) < 0.2
    assert f.place[2] == 0.0


def test_return_from_near_home_does_not_climb():
    f = flight(RTL_RETURN_ALT=50.0).airborne(5.0).ask(Demand.RETURN)

    f.until(lambda: not f.is_armed, 20.0)


def test_landing_is_fast_while_high_and_slow_near_the_ground():
    f = flight().airborne(20.0).ask(Demand.LAND)
    fall = []
    while f.is_armed:
        f.step()
        fall.append((-f.place[2], f.command.setpoint.v_ff_ned[2]))
    fall = np.array(fall)

    assert fall[:, 1].max() == pytest.approx(3.0, abs=1e-3)
    near = fall[(fall[:, 0] < 1.8) & (fall[:, 0] > 0.05)]
    assert near[:, 1].max() < 0.8
    assert np.abs(f.place[:2]).max() < 0.01


@pytest.mark.parametrize(
    ("trust", "level"),
    [
        ((1, 1, 1, 1), Level.POSITION),
        ((1, 1, 1, 0), Level.VELOCITY),
        ((1, 1, 0, 0), Level.ALTITUDE),
        ((1, 0, 0, 0), Level.ATTITUDE),
        ((0, 0, 0, 0), Level.RATE),
    ],
)
def test_landing_uses_whatever_the_estimate_can_vouch_for(trust, level):
    f = flight().airborne().ask(Demand.LAND).fly(0.5)
    f.trust(*trust)
    f.fly(1.0)

    assert f.mode == Mode.LAND
    assert f.command.setpoint.level == level
    if level <= Level.ATTITUDE:
        assert 0.8 * HOVER < f.command.setpoint.thrust_sp < HOVER
        assert f.speed[2] > 0.0


def test_the_setpoint_waits_for_a_vehicle_that_is_held_back():
    f = flight().airborne().ask(Demand.GOTO, 100.0, 0.0, None).fly(3.0)
    f.is_frozen = True
    f.fly(5.0)
    lead = setpoint(f)[0] - f.place[0]

    assert lead < 4.0 + 1e-3
    assert abs(f.command.setpoint.v_ff_ned[0]) < 0.05
    f.is_frozen, f.speed = False, np.zeros(3)
    assert f.fly(3.0).command.setpoint.v_ff_ned[0] == pytest.approx(5.0, abs=0.05)


def test_a_step_of_the_estimate_moves_the_setpoint_along():
    f = flight().airborne()
    before = setpoint(f) - f.place

    f.place = f.place + np.array([2.0, -1.0, 0.5])
    f.step()

    assert np.allclose(setpoint(f) - f.place, before, atol=0.02)


def pilot(throttle=0.5, mode=Mode.POSITION) -> ToyFlight:
    f = flight().airborne()
    f.sticks(throttle=throttle, mode=mode).step()
    assert f.mode == mode
    return f


def keep(f: ToyFlight, seconds: float, **sticks: float) -> ToyFlight:
    for _ in range(round(seconds / 0.02)):
        f.sticks(**sticks).fly(0.02)
    return f


def test_sticks_set_velocities_in_the_headings_frame_and_centred_sticks_hold():
    f = pilot()
    keep(f, 2.0, yaw=1.0, throttle=0.5)
    keep(f, 1.0, throttle=0.5)
    yaw = f.command.setpoint.yaw_sp
    keep(f, 3.0, pitch=-1.0, throttle=0.5)
    speed = np.array(f.command.setpoint.v_ff_ned)

    assert np.allclose(speed[:2], 6.0 * np.array([math.cos(yaw), math.sin(yaw)]), atol=0.01)
    keep(f, 3.0, throttle=0.5)
    held = setpoint(f)
    keep(f, 2.0, throttle=0.5)
    assert np.array_equal(setpoint(f), held)


def test_rolling_right_flies_right():
    f = keep(pilot(), 2.0, roll=0.5, throttle=0.5)

    assert f.command.setpoint.v_ff_ned[1] > 1.0
    assert abs(f.command.setpoint.v_ff_ned[0]) < 1e-9


def test_throttle_climbs_and_sinks_in_altitude_mode_while_sticks_lean():
    f = keep(pilot(mode=Mode.ALTITUDE), 2.0, roll=1.0, throttle=1.0)
    s = f.command.setpoint

    assert s.level == Level.ALTITUDE
    assert s.v_ff_ned[2] == pytest.approx(-3.0)
    assert 2.0 * math.asin(s.q_sp_ned_frd[1]) == pytest.approx(math.radians(35.0), abs=1e-6)
    keep(f, 3.0, throttle=0.0)
    assert f.command.setpoint.v_ff_ned[2] == pytest.approx(3.0)


def test_pulling_back_raises_the_nose_in_angle_mode():
    f = keep(pilot(mode=Mode.ANGLE), 0.1, pitch=1.0, throttle=0.5)
    s = f.command.setpoint

    assert s.level == Level.ATTITUDE
    assert s.q_sp_ned_frd[2] > 0.2
    assert s.thrust_sp == pytest.approx(HOVER)


def test_full_diagonal_stick_leans_no_further_than_straight():
    f = keep(pilot(mode=Mode.ANGLE), 0.1, pitch=1.0, roll=1.0, throttle=0.5)

    assert 2.0 * math.acos(f.command.setpoint.q_sp_ned_frd[0]) <= math.radians(35.0) + 1e-6


def test_rate_mode_hands_rates_and_thrust_through():
    f = keep(pilot(mode=Mode.RATE), 0.1, roll=1.0, pitch=-1.0, yaw=1.0, throttle=1.0)
    s = f.command.setpoint

    assert s.level == Level.RATE
    assert np.allclose(s.omega_sp_frd, np.radians([400.0, -400.0, 150.0]))
    assert s.thrust_sp == 1.0


def test_small_stick_errors_mean_nothing():
    f = keep(pilot(mode=Mode.RATE), 0.1, roll=0.04, pitch=-0.04, yaw=0.04, throttle=0.5)

    assert np.array_equal(f.command.setpoint.omega_sp_frd, np.zeros(3))


def test_on_the_ground_position_mode_rests_until_the_throttle_is_raised():
    f = flight().fly(0.1)
    keep(f, 0.1, throttle=0.5, mode=Mode.POSITION)
    f.ask(Demand.ARM)
    keep(f, 1.0, throttle=0.5)

    assert f.command.setpoint.level == Level.IDLE
    keep(f, 3.0, throttle=0.9)
    assert f.place[2] < -2.0


def streaming(f: ToyFlight, seconds: float, **wish) -> ToyFlight:
    """Stream one wish at 50 Hz, asking for OFFBOARD at the start."""
    f.stream(**wish).step()
    if f.mode != Mode.OFFBOARD:
        f.stream(**wish).ask(Demand.MODE, Mode.OFFBOARD)
    for _ in range(round(seconds / 0.02)):
        f.stream(**wish).fly(0.02)
    return f


XYZ = Use.POSITION_XY | Use.POSITION_Z


def test_offboard_flies_to_places_with_headings():
    f = streaming(
        flight().airborne(), 5.0, level=Level.POSITION, uses=XYZ | Use.YAW, p_ned=(5.0, -3.0, -12.0), yaw=1.0
    )

    assert f.mode == Mode.OFFBOARD
    assert np.allclose(setpoint(f), (5.0, -3.0, -12.0), atol=1e-4)
    assert f.command.setpoint.yaw_sp == pytest.approx(1.0, abs=1e-6)


def test_offboard_mixes_speed_over_ground_with_height():
    uses = Use.VELOCITY_XY | Use.POSITION_Z | Use.YAW_RATE
    f = streaming(
        flight().airborne(),
        4.0,
        level=Level.VELOCITY,
        uses=uses,
        v_ned=(2.0, 1.0, 0.0),
        p_ned=(0.0, 0.0, -8.0),
        yaw_rate=0.3,
    )
    s = f.command.setpoint

    assert np.allclose(s.v_ff_ned, (2.0, 1.0, 0.0), atol=1e-6)
    assert s.p_sp_ned[2] == pytest.approx(-8.0, abs=1e-4)
    assert s.yaw_rate_ff == pytest.approx(0.3)


def test_offboard_mixes_a_place_with_a_climb():
    uses = Use.POSITION_XY | Use.VELOCITY_Z
    f = streaming(
        flight().airborne(),
        3.0,
        level=Level.POSITION,
        uses=uses,
        p_ned=(1.0, 0.0, 0.0),
        v_ned=(0.0, 0.0, -1.0),
    )

    assert f.command.setpoint.v_ff_ned[2] == pytest.approx(-1.0, abs=1e-6)
    assert setpoint(f)[0] == pytest.approx(1.0, abs=1e-3)


def test_offboard_hands_trajectories_through_with_their_feed_forward():
    uses = XYZ | Use.VELOCITY_XY | Use.VELOCITY_Z | Use.ACCELERATION | Use.YAW | Use.YAW_RATE
    wish = {"p_ned": (0.1, 0.2, -10.0), "v_ned": (1.0, 0.5, 0.0), "a_ned": (0.3, 0.0, 0.1)}
    wish |= {"yaw": 0.4, "yaw_rate": 0.2}
    f = flight().airborne()
    f.stream(Level.POSITION, uses, **wish).step()
    f.stream(Level.POSITION, uses, **wish).ask(Demand.MODE, Mode.OFFBOARD)
    s = f.command.setpoint

    assert np.allclose(s.v_ff_ned, wish["v_ned"], atol=0.01)
    assert np.allclose(s.a_ff_ned, wish["a_ned"])
    assert np.allclose(s.p_sp_ned, wish["p_ned"], atol=0.01)
    assert s.yaw_sp == pytest.approx(0.4, abs=0.01)


def test_offboard_flies_a_pure_acceleration_on_the_vehicles_own_velocity():
    f = streaming(
        flight().airborne(), 0.2, level=Level.VELOCITY, uses=Use.ACCELERATION, a_ned=(1.0, 0.0, 0.0)
    )

    assert f.command.setpoint.level == Level.VELOCITY
    assert np.array_equal(f.command.setpoint.a_ff_ned, (1.0, 0.0, 0.0))


def test_offboard_hands_attitudes_and_rates_through():
    f = streaming(flight().airborne(), 0.1, level=Level.ATTITUDE, q_ned_frd=(2.0, 0.2, 0.0, 0.0), thrust=0.5)
    s = f.command.setpoint

    assert s.level == Level.ATTITUDE
    assert np.linalg.norm(s.q_sp_ned_frd) == pytest.approx(1.0)
    assert s.thrust_sp == 0.5
    streaming(f, 0.1, level=Level.RATE, omega_frd=(0.1, 0.2, 0.3), thrust=0.4)
    assert f.command.setpoint.level == Level.RATE
    assert np.array_equal(f.command.setpoint.omega_sp_frd, (0.1, 0.2, 0.3))


def test_offboard_attitudes_can_come_with_a_height():
    q = (1.0, 0.0, 0.0, 0.0)
    f = streaming(
        flight().airborne(), 4.0, level=Level.ALTITUDE, uses=Use.POSITION_Z, q_ned_frd=q, p_ned=(0, 0, -7.0)
    )

    assert f.command.setpoint.level == Level.ALTITUDE
    assert setpoint(f)[2] == pytest.approx(-7.0, abs=1e-3)
    streaming(f, 2.0, level=Level.ALTITUDE, uses=Use.VELOCITY_Z, q_ned_frd=q, v_ned=(0.0, 0.0, -0.5))
    assert f.command.setpoint.v_ff_ned[2] == pytest.approx(-0.5, abs=1e-6)


def test_a_stream_that_changes_from_attitudes_to_places_begins_where_the_vehicle_is():
    f = flight().airborne()
    streaming(f, 0.1, level=Level.ATTITUDE, q_ned_frd=(1.0, 0.0, 0.0, 0.0), thrust=HOVER)
    f.speed = np.array([6.0, 0.0, 0.0])
    streaming(f, 2.0, level=Level.ATTITUDE, q_ned_frd=(1.0, 0.0, 0.0, 0.0), thrust=HOVER)
    place, speed = f.place.copy(), f.speed.copy()
    f.stream(Level.POSITION, XYZ, p_ned=(0.0, 0.0, -10.0)).step()

    assert place[0] > 5.0
    assert np.allclose(setpoint(f), place, atol=0.05)
    assert np.allclose(f.command.setpoint.v_ff_ned, speed, atol=0.05)


@pytest.mark.slow
def test_a_place_known_again_while_landing_is_no_reason_to_fly_back():
    f = flight(LAND_OPEN_RATE=0.0).airborne(30.0).ask(Demand.LAND)
    f.trust(1, 1, 0, 0)
    f.fly(0.5)
    f.place = f.place + np.array([7.0, 0.0, 0.0])
    f.fly(0.5)
    f.trust()
    f.fly(1.0)

    assert f.command.setpoint.level == Level.POSITION
    assert setpoint(f)[0] == pytest.approx(7.0, abs=0.1)


@pytest.mark.slow
def test_return_from_a_fast_turn_still_lands_at_home():
    f = flight().airborne(4.0).ask(Demand.FIGURE8, 0.0, 0.0, None, 1.5, 5.0).fly(8.3).ask(Demand.RETURN)
    f.until(lambda: not f.is_armed, 20.0)

    assert np.linalg.norm(f.place[:2]) < 0.05


def test_sinking_after_a_slow_climb_does_not_stop_the_motors():
    f = flight().fly(0.1)
    keep(f, 0.1, throttle=0.5, mode=Mode.POSITION)
    f.ask(Demand.ARM)
    keep(f, 8.0, throttle=0.66)
    assert f.place[2] < -0.5
    for _ in range(100):
        keep(f, 0.02, throttle=0.2)
        assert f.command.setpoint.level == Level.POSITION or f.place[2] > -0.1


def test_a_streamed_nan_is_ignored_without_a_jump():
    f = streaming(flight().airborne(), 3.0, level=Level.POSITION, uses=XYZ, p_ned=(2.0, 0.0, -10.0))
    before = setpoint(f)

    f.stream(Level.POSITION, XYZ, p_ned=(math.nan, 0.0, -10.0)).step()

    assert np.allclose(setpoint(f), before, atol=1e-3)
    assert f.command.setpoint.level == Level.POSITION


def test_home_is_where_it_was_armed():
    f = flight().fly(0.1)
    f.place = np.array([3.0, 4.0, 0.0])
    f.fly(0.1).ask(Demand.ARM)

    assert np.allclose(f.status.home_ned, (3.0, 4.0, 0.0))
    assert f.status.is_home_set == 1
    f.ask(Demand.TAKEOFF, 3.0).fly(4.0)
    assert np.allclose(f.status.home_ned, (3.0, 4.0, 0.0))


@pytest.mark.slow
def test_switching_modes_never_makes_the_setpoint_jump():
    f = flight().airborne()
    orders = [
        (Demand.GOTO, 20.0, 5.0, -12.0),
        (Demand.ORBIT, 10.0, 0.0, -12.0, 4.0, 3.0),
        (Demand.HOLD,),
        (Demand.FIGURE8, 8.0, 0.0, -12.0, 3.0, 6.0),
        (Demand.TAKEOFF, 15.0),
        (Demand.RETURN,),
        (Demand.GOTO, 0.0, 10.0, -15.0),
        (Demand.LAND,),
    ]
    before = np.r_[f.command.setpoint.p_sp_ned, f.command.setpoint.v_ff_ned]
    for order in orders:
        f.ask(*order)
        for _ in range(400):
            now = np.r_[f.command.setpoint.p_sp_ned, f.command.setpoint.v_ff_ned]
            assert np.abs(now[:3] - before[:3]).max() < 0.05
            assert np.abs(now[3:] - before[3:]).max() < 0.08
            before = now
            f.step()


def test_touching_the_ground_idles_the_motors_before_it_counts_as_landed():
    f = flight(LND_T=5.0).airborne(3.0).ask(Demand.LAND)
    f.until(lambda: f.place[2] >= 0.0, 10.0).fly(0.8)

    assert f.status.is_landed == 0
    assert f.command.setpoint.level == Level.IDLE


def feeling(thrust_share, a_down, v_down=0.0, a_plan=0.0, failsafes=0):
    """Return whether guidance takes half a second of such a descent for the ground."""
    f = flight().airborne(3.0)
    f.command.setpoint.thrust_sp = thrust_share * f.command.terms.hover_thrust
    f.estimate.a_ned[2], f.estimate.v_ned[2] = a_down, v_down
    f.guidance.motion.a_ned[2] = a_plan
    f.status.failsafes = failsafes
    for _ in range(500):
        land.feel_ground(f.guidance, f.params.guidance, f.command, f.dt)
    return bool(land.is_touching(f.guidance, f.params.guidance))


def test_the_ground_carries_what_thrust_does_not():
    assert feeling(thrust_share=0.3, a_down=0.0)


def test_without_an_accelerometer_not_sinking_on_little_thrust_is_the_ground():
    falling = 0.7 * GRAVITY

    assert feeling(thrust_share=0.3, a_down=falling, failsafes=Failsafe.IMU_STUCK)
    assert not feeling(thrust_share=0.3, a_down=falling)
    assert not feeling(thrust_share=0.3, a_down=falling, v_down=1.0, failsafes=Failsafe.IMU_STUCK)
    assert not feeling(thrust_share=0.9, a_down=0.0, failsafes=Failsafe.IMU_STUCK)


def test_an_updraft_that_holds_a_light_vehicle_up_is_not_the_ground():
    fifth_of_weight = 0.2 * GRAVITY

    assert not feeling(thrust_share=0.4, a_down=0.6 * GRAVITY - fifth_of_weight)


def test_a_vehicle_that_begins_to_sink_is_light_without_touching_anything():
    assert not feeling(thrust_share=0.3, a_down=0.0, a_plan=2.0)


def test_a_vehicle_blown_upwards_does_not_touch_the_ground():
    assert not feeling(thrust_share=0.3, a_down=0.0, v_down=-0.9)


def test_a_vehicle_that_falls_after_all_flies_on():
    f = flight(LND_T=5.0).airborne(3.0).ask(Demand.LAND)
    f.until(lambda: f.place[2] >= 0.0, 10.0).fly(0.8)
    f.ground = 30.0
    f.fly(0.3)

    assert f.command.setpoint.level == Level.POSITION
