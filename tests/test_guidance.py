"""Guidance: where the setpoint goes in every mode, flown by a vehicle that is mere kinematics."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import Level, Mode
from tests.guidance_rig import DT, flight, setpoint, watch
from tests.toy_flight import angle_between


def test_take_off_climbs_straight_to_its_height_and_holds():
    f = flight().fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0)
    track = watch(f, 6.0, setpoint)

    assert f.mode == Mode.HOLD
    assert f.place[2] == pytest.approx(-5.0, abs=0.05)
    assert np.abs(track[:, :2]).max() < 1e-9
    assert track[:, 2].min() > -5.0 - 1e-4


def test_a_take_off_that_wind_keeps_off_its_place_is_over_once_the_setpoint_has_waited_there():
    f = flight(NAV_STOP_T=4.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0).fly(1.5)
    f.blow(north=1.0).fly(1.0).blow(north=0.0).until(lambda: setpoint(f)[2] < -4.71)

    assert f.fly(3.9).mode == Mode.TAKEOFF
    assert f.fly(0.2).mode == Mode.HOLD


def test_who_is_blown_far_off_its_place_has_not_reached_it_however_long_it_waits():
    f = flight(NAV_STOP_T=1.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0)
    f.until(lambda: setpoint(f)[2] < -4.6).blow(north=20.0).fly(0.3).blow(north=0.0)

    assert f.fly(5.0).mode == Mode.TAKEOFF


@pytest.mark.slow
def test_a_return_that_wind_keeps_off_its_way_comes_down():
    f = flight(RTL_RETURN_ALT=12.0).airborne().ask(Demand.GOTO, 20.0, 0.0, -10.0).fly(8.0)
    f.ask(Demand.RETURN).blow(east=1.0).fly(1.2).blow(east=0.0)

    f.until(lambda: not f.is_armed, 40.0)
    assert np.hypot(*f.place[:2]) < 2.0


def test_without_a_height_take_off_goes_to_the_usual_one():
    f = flight(MIS_TAKEOFF_ALT=4.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF)

    assert f.fly(6.0).place[2] == pytest.approx(-4.0, abs=0.05)


def test_a_take_off_in_the_air_climbs_above_home_and_never_sinks():
    f = flight(MIS_TAKEOFF_ALT=3.0).fly(0.1).ask(Demand.ARM).ask(Demand.TAKEOFF, 5.0).fly(6.0)

    assert f.ask(Demand.TAKEOFF, 8.0).fly(6.0).place[2] == pytest.approx(-8.0, abs=0.05)
    assert f.ask(Demand.TAKEOFF, 6.0).fly(6.0).place[2] == pytest.approx(-8.0, abs=0.05)
    assert f.ask(Demand.TAKEOFF).fly(6.0).place[2] == pytest.approx(-8.0, abs=0.05)
    assert f.mode == Mode.HOLD


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
