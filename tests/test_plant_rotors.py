"""What the rotors do to the vehicle, sign by sign."""

import numpy as np
import pytest

from sim.plant import esc, rotors
from tests.plant_rig import NO_AIR, STEADY_SUPPLY, Rig, rig

FRONT_RIGHT, REAR_LEFT, FRONT_LEFT, REAR_RIGHT = range(4)
STILL_ROTORS = {"rotors": {"thrust_coefficient_n_s2": 1e-16}}


def turn_after(fast: tuple[int, int]) -> np.ndarray:
    """Return the body rates after two motors ran faster than the others for a moment."""
    vehicle = rig("pi450", STEADY_SUPPLY)
    throttle = [0.55 if i in fast else 0.5 for i in range(4)]
    return vehicle.spin([570.0] * 4).fly(0.2, throttle).body.omega_frd


def test_faster_left_motors_roll_it_right():
    roll, pitch, _ = turn_after((REAR_LEFT, FRONT_LEFT))

    assert roll > 0.1
    assert abs(pitch) < 0.05 * roll


def test_faster_front_motors_pitch_it_up():
    roll, pitch, _ = turn_after((FRONT_RIGHT, FRONT_LEFT))

    assert pitch > 0.1
    assert abs(roll) < 0.05 * pitch


def test_faster_counter_clockwise_propellers_turn_it_clockwise():
    roll, pitch, yaw = turn_after((FRONT_RIGHT, REAR_LEFT))

    assert yaw > 0.05
    assert max(abs(roll), abs(pitch)) < 0.05 * yaw


def test_a_rotor_that_spins_up_clockwise_kicks_the_body_counter_clockwise():
    vehicle = rig("pi450", NO_AIR, STEADY_SUPPLY, STILL_ROTORS)

    vehicle.fly(0.3, [0.0, 0.0, 1.0, 1.0])

    gained = 2.0 * vehicle.plant.rotor_inertia * vehicle.body.rotor_speed[2]
    assert (vehicle.plant.inertia @ vehicle.body.omega_frd)[2] == pytest.approx(-gained, rel=1e-6)
    assert vehicle.body.omega_frd[2] < -3.0


def rates_with_clockwise_wheel(roll: float, pitch: float) -> np.ndarray:
    """Return the change of body rates in a millisecond with two rotors spinning clockwise only."""
    vehicle = rig("pi450", NO_AIR, STEADY_SUPPLY, STILL_ROTORS, {"rotors": {"spin_down_s": 0.5}})
    vehicle.plant.inertia[:] = np.diag(np.diag(vehicle.plant.inertia))
    vehicle.plant.inertia_inverse[:] = np.linalg.inv(vehicle.plant.inertia)
    vehicle.body.omega_frd[:] = (roll, pitch, 0.0)
    vehicle.spin([0.0, 0.0, 800.0, 800.0]).fly(1e-3)
    return vehicle.truth.omega_dot_frd


def test_a_clockwise_wheel_precesses_with_opposite_signs_on_roll_and_pitch():
    # Peers have the same sign on both; torque = -omega x h with h along body z.
    momentum = 2.0 * 4.0e-5 * 800.0

    by_pitching = rates_with_clockwise_wheel(0.0, 1.0)
    by_rolling = rates_with_clockwise_wheel(1.0, 0.0)

    assert by_pitching[0] == pytest.approx(-momentum / 0.0123, rel=5e-3)
    assert by_rolling[1] == pytest.approx(momentum / 0.0131, rel=5e-3)


def test_motors_speed_up_and_slow_down_with_their_own_time_constants():
    vehicle = rig("pi450", STEADY_SUPPLY, {"rotors": {"spin_up_s": 0.04, "spin_down_s": 0.08}})

    vehicle.fly(0.04, [1.0] * 4)
    rising = vehicle.body.rotor_speed[0]
    vehicle.spin([800.0] * 4).fly(0.08, [0.0] * 4)

    assert rising == pytest.approx(900.0 * (1.0 - np.exp(-1.0)), rel=1e-9)
    assert vehicle.body.rotor_speed[0] == pytest.approx(800.0 * np.exp(-1.0), rel=1e-9)


def test_motor_lag_does_not_depend_on_the_step():
    fine = rig("pi450", STEADY_SUPPLY).fly(0.1, [0.6] * 4, dt=1e-3)
    coarse = rig("pi450", STEADY_SUPPLY).fly(0.1, [0.6] * 4, dt=5e-3)

    assert coarse.body.rotor_speed == pytest.approx(fine.body.rotor_speed, rel=1e-9)


def test_a_command_reaches_the_motors_after_its_delay():
    vehicle = rig("pi450", {"rotors": {"command_delay_s": 0.005}})

    vehicle.fly(0.005, [1.0] * 4)
    before = vehicle.body.rotor_speed[0]
    vehicle.fly(0.001)

    assert before == 0.0
    assert vehicle.body.rotor_speed[0] > 0.0


def test_the_throttle_curve_gives_the_thrust_it_promises():
    vehicle = rig("pi450")

    share = [esc.speed_for(u, vehicle.plant, 1.0) / 900.0 for u in (0.25, 0.5, 1.0)]

    assert np.square(share) == pytest.approx([0.4 * u * u + 0.6 * u for u in (0.25, 0.5, 1.0)])


def test_an_armed_motor_turns_at_least_at_idle_and_an_unarmed_one_not():
    vehicle = rig("pi450")

    assert esc.speed_for(1e-6, vehicle.plant, 1.0) == vehicle.plant.speed_min
    assert esc.speed_for(0.0, vehicle.plant, 1.0) == 0.0


def test_a_weak_battery_slows_the_motors_unless_the_esc_regulates():
    plain, regulated = rig("pi450"), rig("pi450", STEADY_SUPPLY)

    assert esc.speed_for(0.5, plain.plant, 0.9) == pytest.approx(0.9 * esc.speed_for(0.5, plain.plant, 1.0))
    assert esc.speed_for(0.5, regulated.plant, 0.9) == esc.speed_for(0.5, regulated.plant, 1.0)


@pytest.mark.parametrize("nonsense", [np.nan, np.inf, -np.inf, -3.0])
def test_a_motor_command_that_is_no_throttle_stops_the_motor(nonsense):
    vehicle = rig("pi450").fly(0.01, [nonsense] * 4)

    assert not vehicle.body.rotor_speed.any()
    assert np.isfinite(vehicle.body.p_ned).all()


def test_a_command_beyond_full_throttle_is_full_throttle():
    assert esc.throttle_ratio(7.0) == 1.0


def test_a_dead_motor_runs_down_and_a_lost_blade_pulls_no_more():
    vehicle = rig("pi450").spin([570.0] * 4)
    vehicle.body.health[FRONT_LEFT] = 0.0
    vehicle.body.blade[REAR_RIGHT] = 0.0

    vehicle.fly(0.5, [0.5] * 4)

    assert vehicle.body.rotor_speed[FRONT_LEFT] < 1.0
    assert vehicle.body.rotor_speed[REAR_RIGHT] > 300.0
    assert vehicle.body.work.pull[REAR_RIGHT] == 0.0
    assert vehicle.body.work.pull[FRONT_RIGHT] > 0.0


def heave(climb_m_s: float, forward_m_s: float = 0.0, name: str = "pi450") -> float:
    """Return upward acceleration beyond gravity at hover speed without the frame's own drag."""
    vehicle = rig(name, STEADY_SUPPLY, {"body": {"drag_area_m2": [0.0] * 3}})
    speed = vehicle.hover_speed()
    vehicle.body.v_ned[:] = (forward_m_s, 0.0, -climb_m_s)
    vehicle.spin([speed] * 4).fly(1e-3, [vehicle.throttle_for(speed)] * 4)
    return -float(vehicle.truth.a_ned[2])


def test_climbing_costs_thrust_in_proportion_to_climb_speed():
    # Blade-element theory, linear: all rotors together lose drag_n_s_m z per m/s at hover speed.
    density = (1.0 - 0.0065 * 1000.1 / 288.15) ** 4.25588

    assert heave(2.0) == pytest.approx(-2.0 * 0.75 * np.sqrt(density) / 1.5, rel=5e-3)
    assert heave(4.0) == pytest.approx(2.0 * heave(2.0), rel=5e-3)


def test_sinking_into_its_own_wake_costs_thrust():
    induced = 5.79 / np.sqrt((1.0 - 0.0065 * 1000.1 / 288.15) ** 4.25588)
    linear = 0.75 * induced * np.sqrt(0.907) / 1.5

    in_the_ring = heave(-induced)

    assert linear - in_the_ring == pytest.approx(0.25 * 9.80665, rel=0.02)
    assert heave(-3.0 * induced) > 0.9 * 3.0 * linear, "windmilling is past the ring"
    assert heave(-induced, 3.0 * induced) > in_the_ring + 0.2 * 9.80665, (
        "flying forward leaves the wake behind"
    )


def test_flying_forward_adds_lift():
    lift = rig("pi450").plant.lift * 4 * 0.907

    assert heave(0.0, 5.0) == pytest.approx(lift * 25.0 / 1.5, rel=0.02)


def test_rotor_drag_slows_it_in_proportion_to_rotor_speed():
    slow, fast = (rig("pi450", {"body": {"drag_area_m2": [0.0] * 3}}) for _ in range(2))
    for vehicle, speed in ((slow, 300.0), (fast, 600.0)):
        vehicle.body.v_ned[0] = 4.0
        vehicle.spin([speed] * 4).fly(1e-3)

    # Not quite twice: they coast through the same millisecond from different speeds, at the same rate.
    assert slow.truth.a_ned[0] < 0.0
    assert fast.truth.a_ned[0] == pytest.approx(2.0 * slow.truth.a_ned[0], rel=1e-3)


def test_wind_pushes_a_hovering_vehicle_along():
    vehicle = rig("pi450")
    vehicle.wind.v_ned[:] = (0.0, 5.0, 0.0)

    vehicle.spin([570.0] * 4).fly(1e-3)

    assert vehicle.truth.a_ned[1] > 1.0


def test_flapping_tips_the_nose_up_when_flying_forward():
    vehicle = rig("pi450", {"rotors": {"flapping_n_m_s_m": 0.05}, "body": {"drag_area_m2": [0.0] * 3}})
    flat: Rig = rig("pi450", {"rotors": {"flapping_n_m_s_m": 0.0}, "body": {"drag_area_m2": [0.0] * 3}})
    for one in (vehicle, flat):
        one.body.v_ned[0] = 5.0
        one.spin([574.6] * 4).fly(1e-3)

    gained = vehicle.truth.omega_dot_frd - flat.truth.omega_dot_frd
    assert gained[1] == pytest.approx(0.05 * 5.0 * 0.907 / 0.0131, rel=0.02)
    assert abs(gained[0]) < 1e-6


def test_rotor_drag_above_the_centre_of_mass_tips_it_back_from_its_way():
    vehicle = rig("pi450", {"body": {"drag_area_m2": [0.0] * 3}, "rotors": {"flapping_n_m_s_m": 0.0}})
    vehicle.body.v_ned[0] = 5.0

    vehicle.spin([570.0] * 4).fly(1e-3)

    assert vehicle.truth.omega_dot_frd[1] > 0.0


def test_turning_is_damped_by_the_rotors():
    vehicle = rig("pi450", STEADY_SUPPLY)
    throttle = vehicle.throttle_for(570.0)
    vehicle.body.omega_frd[2] = 3.0

    vehicle.spin([570.0] * 4).fly(1.0, [throttle] * 4)

    assert 0.0 < vehicle.body.omega_frd[2] < 2.9


def test_spinning_on_two_opposing_rotors_settles_at_the_published_rate():
    # Mueller & D'Andrea 2014: yaw rate = k_tau m g / gamma = 30.1 rad/s for the FMA vehicle with two rotors lost.
    vehicle = rig("fma", STEADY_SUPPLY)
    vehicle.body.health[[1, 3]] = 0.0
    speed = float(np.sqrt(0.5 * 0.50 * 9.80665 / (6.41e-6 * 0.907)))

    vehicle.spin([speed, 0.0, speed, 0.0]).fly(20.0, [vehicle.throttle_for(speed), 0.0] * 2)

    assert vehicle.body.omega_frd[2] == pytest.approx(30.1, rel=5e-3)


def test_shaft_power_is_torque_times_speed():
    vehicle = rig("pi450", STEADY_SUPPLY)
    speed = vehicle.hover_speed()
    vehicle.spin([speed] * 4).fly(1e-3, [vehicle.throttle_for(speed)] * 4)

    power = rotors.shaft_power(vehicle.body, vehicle.plant)

    assert power == pytest.approx(0.0157 * 1.5 * 9.80665 * speed, rel=1e-3)
