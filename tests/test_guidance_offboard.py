"""Setpoints streamed from outside: places, speeds, accelerations, attitudes and rates."""

import math

import numpy as np
import pytest

from flight.inputs import Demand, Use
from flight.modes import Level, Mode
from tests.guidance_rig import flight, setpoint
from tests.toy_flight import HOVER, ToyFlight


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


def test_a_streamed_nan_is_ignored_without_a_jump():
    f = streaming(flight().airborne(), 3.0, level=Level.POSITION, uses=XYZ, p_ned=(2.0, 0.0, -10.0))
    before = setpoint(f)

    f.stream(Level.POSITION, XYZ, p_ned=(math.nan, 0.0, -10.0)).step()

    assert np.allclose(setpoint(f), before, atol=1e-3)
    assert f.command.setpoint.level == Level.POSITION


@pytest.mark.parametrize("every_s", [0.02, 0.1, 0.5])
def test_a_far_place_whose_height_swings_is_flown_to_at_these_heights(every_s):
    f, heights = flight().airborne(), []
    place = {"level": Level.POSITION, "uses": XYZ | Use.YAW}
    f.stream(**place, p_ned=(60.0, 10.0, -10.0)).step()
    f.stream(**place, p_ned=(60.0, 10.0, -10.0)).ask(Demand.MODE, Mode.OFFBOARD)

    for k in range(round(25.0 / every_s)):
        down = -10.0 - 2.0 * math.sin(0.8 * k * every_s)
        heights.append(-f.stream(**place, p_ned=(60.0, 10.0, down)).fly(every_s).place[2])

    assert min(heights) > 7.8
    assert max(heights) < 12.2
    assert np.allclose(f.place[:2], (60.0, 10.0), atol=0.05)


def test_places_and_velocities_of_one_way_sent_in_turn_are_flown_as_either_alone():
    place = {"level": Level.POSITION, "uses": XYZ, "p_ned": (0.0, 0.0, -10.0)}
    velocity = {"level": Level.VELOCITY, "uses": Use.VELOCITY_XY | Use.VELOCITY_Z, "v_ned": (2.0, 0.0, 0.0)}
    lags = {}
    for name, turns in {
        "places": (place, place),
        "velocities": (velocity, velocity),
        "both": (place, velocity),
    }.items():
        f = streaming(flight().airborne(), 0.02, **place)
        speeds = []
        for k in range(400):
            place["p_ned"] = (0.04 * k, 0.0, -10.0)
            f.stream(**turns[k % 2]).fly(0.02)
            speeds.append(f.command.setpoint.v_ff_ned[0])
        lags[name] = 0.04 * 399 - setpoint(f)[0]
        assert np.allclose(speeds[-50:], 2.0, atol=0.1), name

    assert lags["both"] == pytest.approx(lags["velocities"], abs=0.1)
    assert lags["both"] == pytest.approx(lags["places"], abs=0.1)
