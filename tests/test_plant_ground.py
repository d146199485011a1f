"""The ground holds the vehicle: it stands, takes off, lands, slides, tips over and rests."""

import numpy as np
import pytest

from flight.quaternion import from_euler, quat, tilt_of, yaw_of
from sim.plant import ground
from sim.plant.motion import motion_of
from tests.plant_rig import STEADY_SUPPLY, Rig, rig

AIRFRAMES = ("pi450", "racer5", "crazyflie21", "agi", "fma", "plus450")


def tilt_deg(vehicle: Rig) -> float:
    """Return the angle between the body's and the world's down axis."""
    return float(np.degrees(tilt_of(quat(vehicle.body.q_ned_frd))))


def is_at_rest(vehicle: Rig) -> bool:
    """Tell whether it moves less than a millimetre per second and turns less than a hundredth of a radian."""
    body = vehicle.body
    return bool(np.linalg.norm(body.v_ned) < 1e-3 and np.linalg.norm(body.omega_frd) < 1e-2)


@pytest.mark.parametrize("name", AIRFRAMES)
def test_it_stands_where_it_was_put(name):
    standing = rig(name, height_m=0.0).fly(5.0)

    assert is_at_rest(standing)
    assert standing.body.p_ned == pytest.approx(np.zeros(3), abs=5e-4)
    assert tilt_deg(standing) < 0.5
    assert standing.truth.is_touching
    assert standing.truth.a_ned == pytest.approx(np.zeros(3), abs=1e-3)


@pytest.mark.parametrize("name", AIRFRAMES)
@pytest.mark.parametrize("dt", [1e-3, 2e-3])
def test_dropped_from_a_metre_it_comes_to_rest(name, dt):
    dropped = rig(name, height_m=1.0)
    dropped.body.v_ned[0] = 0.5

    dropped.fly(4.0, dt=dt)

    assert is_at_rest(dropped)
    assert dropped.truth.height_m < 0.2


@pytest.mark.parametrize("yaw_deg", [90.0, 200.0])
def test_landing_on_two_legs_it_comes_down_on_four_whatever_its_heading(yaw_deg):
    leaning = rig("pi450", height_m=0.2)
    q = from_euler(np.radians(20.0), np.radians(-12.0), np.radians(yaw_deg))
    leaning.body.q_ned_frd[:] = q

    leaning.fly(3.0)

    assert is_at_rest(leaning)
    assert tilt_deg(leaning) < 1.0
    turned = np.degrees(yaw_of(quat(leaning.body.q_ned_frd))) - yaw_deg
    assert (turned + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=15.0)


def test_a_bounce_never_gives_back_more_than_it_took():
    dropped = rig("pi450", height_m=1.0)
    highest = 0.0
    for _ in range(200):
        dropped.fly(0.01)
        if dropped.truth.is_touching:
            highest = 0.0
        highest = max(highest, -float(dropped.body.p_ned[2]))

    assert highest < 0.1


def test_it_stands_in_the_wind_without_creeping():
    standing = rig("pi450", height_m=0.0)
    standing.wind.v_ned[:] = (6.0, 4.0, 0.0)

    standing.fly(1.0)
    early = standing.body.p_ned.copy()
    standing.fly(30.0)

    assert standing.body.p_ned == pytest.approx(early, abs=1e-5)


def test_sliding_stops_after_the_distance_of_coulomb():
    sliding = rig("pi450", {"body": {"friction": 0.3, "drag_area_m2": [0.0] * 3}}, height_m=0.0)
    sliding.fly(0.5)
    sliding.body.v_ned[0] = 1.5

    sliding.fly(3.0)

    assert sliding.body.p_ned[0] == pytest.approx(1.5**2 / (2.0 * 0.3 * 9.80665), rel=0.05)
    assert tilt_deg(sliding) < 1.0
    assert is_at_rest(sliding)


def test_thrust_above_weight_lifts_it_off_and_below_weight_does_not():
    light, heavy = (rig("pi450", STEADY_SUPPLY, height_m=0.0) for _ in range(2))
    hover = light.hover_speed()

    light.fly(1.5, [light.throttle_for(1.05 * hover)] * 4)
    heavy.fly(1.5, [heavy.throttle_for(0.85 * hover)] * 4)

    assert light.body.p_ned[2] < -0.2
    assert not light.truth.is_touching
    assert heavy.truth.is_touching
    assert abs(heavy.body.p_ned[2]) < 2e-3


def test_two_strong_motors_tip_it_over_and_it_rests_upside_down():
    tipping = rig("pi450", STEADY_SUPPLY, height_m=0.0)

    for _ in range(100):
        tipping.fly(0.02, [0.0, 0.7, 0.7, 0.0] if tilt_deg(tipping) < 75.0 else [0.0] * 4)
    tipping.fly(4.0)

    assert tilt_deg(tipping) > 170.0
    assert is_at_rest(tipping)
    assert 0.0 < tipping.truth.height_m < 0.1


def test_a_hard_crash_stays_finite_and_ends():
    crashing = rig("pi450", height_m=3.0)
    crashing.body.v_ned[:] = (10.0, -5.0, 20.0)
    crashing.body.omega_frd[:] = (20.0, 10.0, -15.0)

    crashing.fly(10.0)

    assert is_at_rest(crashing)
    assert 0.0 < crashing.truth.height_m < 0.5


def test_the_cushion_follows_cheeseman_and_bennett():
    vehicle = rig("pi450", {"rotors": {"ground_effect": 1.0}}, height_m=0.0)
    radius = vehicle.plant.radius_m

    gain = []
    for heights in (0.5, 0.75, 1.0, 1.5, 2.0):
        vehicle.body.p_ned[2] = vehicle.body.ground_d - heights * radius - vehicle.plant.arm_frd[0, 2]
        gain.append(ground.cushion(vehicle.body, vehicle.plant, motion_of(vehicle.body), 0.0, 0))

    assert gain == pytest.approx([1.333, 1.125, 1.067, 1.029, 1.016], abs=1e-3)


def test_the_cushion_fades_with_height_tilt_and_speed():
    vehicle = rig("pi450", height_m=0.0).spin([570.0] * 4)
    vehicle.body.p_ned[2] = vehicle.body.ground_d - vehicle.plant.radius_m - vehicle.plant.arm_frd[0, 2]

    level = ground.cushion(vehicle.body, vehicle.plant, motion_of(vehicle.body), 0.0, 0)
    fast = ground.cushion(vehicle.body, vehicle.plant, motion_of(vehicle.body), 8.0, 0)
    vehicle.body.q_ned_frd[:] = (np.cos(0.6), np.sin(0.6), 0.0, 0.0)
    tilted = ground.cushion(vehicle.body, vehicle.plant, motion_of(vehicle.body), 0.0, 1)
    vehicle.body.q_ned_frd[:] = (0.0, 1.0, 0.0, 0.0)
    inverted = ground.cushion(vehicle.body, vehicle.plant, motion_of(vehicle.body), 0.0, 0)

    assert 1.0 < fast < level
    assert 1.0 < tilted < level
    assert inverted == 1.0


def test_hovering_low_needs_less_throttle():
    low, high = rig("pi450", STEADY_SUPPLY, height_m=0.15), rig("pi450", STEADY_SUPPLY, height_m=3.0)
    for vehicle in (low, high):
        speed = high.hover_speed()
        vehicle.spin([speed] * 4).fly(2e-3, [vehicle.throttle_for(speed)] * 4)

    assert high.truth.a_ned[2] == pytest.approx(0.0, abs=0.01)
    assert -0.6 < low.truth.a_ned[2] < -0.1


def test_a_low_centre_of_mass_hangs_below_the_rotors_and_the_frames_centre():
    vehicle = rig("pi450", {"body": {"centre_of_mass_m_frd": [0.02, -0.01, 0.03]}}, height_m=0.0)

    # Places in the file count from the frame's centre, in the plant from the centre of mass.
    assert vehicle.plant.arm_frd[0] == pytest.approx([0.1591 - 0.02, 0.1591 + 0.01, -0.025 - 0.03])
    assert vehicle.plant.point_frd[:4, 2] == pytest.approx(np.full(4, 0.085 - 0.03))
    assert vehicle.fly(0.01).truth.height_m == pytest.approx(0.085, abs=0.003)
