"""What the sticks ask for in each of the modes that obey them."""

import math

import numpy as np
import pytest

from flight.inputs import Demand
from flight.modes import Level, Mode
from tests.guidance_rig import flight, keep, setpoint
from tests.toy_flight import HOVER, ToyFlight


def pilot(throttle=0.5, mode=Mode.POSITION) -> ToyFlight:
    f = flight().airborne()
    f.sticks(throttle=throttle, mode=mode).step()
    assert f.mode == mode
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


@pytest.mark.parametrize("mode", [Mode.ALTITUDE, Mode.POSITION])
@pytest.mark.parametrize("range_bias", [0.0, 8.0])
def test_a_throttle_pulled_down_all_the_way_touches_the_ground_as_slowly_as_a_landing(mode, range_bias):
    f = keep(pilot(mode=mode), 8.0, throttle=1.0)
    f.range_bias = range_bias
    fastest = touch = 0.0
    while f.place[2] < 0.0:
        touch = f.speed[2]
        fastest = max(fastest, touch)
        keep(f, 0.02, throttle=0.0)

    assert fastest > 2.9
    assert touch <= 0.8


def test_sinking_after_a_slow_climb_does_not_stop_the_motors():
    f = flight().fly(0.1)
    keep(f, 0.1, throttle=0.5, mode=Mode.POSITION)
    f.ask(Demand.ARM)
    keep(f, 8.0, throttle=0.66)
    assert f.place[2] < -0.5
    for _ in range(100):
        keep(f, 0.02, throttle=0.2)
        assert f.command.setpoint.level == Level.POSITION or f.place[2] > -0.1
