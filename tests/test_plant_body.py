"""The rigid body obeys mechanics: energy, momentum, order of convergence, terminal speed, symmetry."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tests.plant_rig import NO_AIR, STEADY_SUPPLY, Rig, density_share, rig, rotation

LOPSIDED = {"body": {"inertia_kg_m2": [0.010, 0.014, 0.022], "inertia_products_kg_m2": [1e-3, -8e-4, 5e-4]}}
WEAK_ROTORS = {"rotors": {"thrust_coefficient_n_s2": 1e-10, "inertia_kg_m2": 2e-3}}


def angular_momentum_ned(vehicle: Rig) -> np.ndarray:
    """Return body's and rotors' angular momentum in the world."""
    body, plant = vehicle.body, vehicle.plant
    rotors = plant.rotor_inertia * float(plant.spin @ body.rotor_speed)
    return rotation(body.q_ned_frd) @ (plant.inertia @ body.omega_frd + [0.0, 0.0, rotors])


def turning_energy(vehicle: Rig) -> float:
    """Return the kinetic energy of the body's rotation."""
    return float(0.5 * vehicle.body.omega_frd @ vehicle.plant.inertia @ vehicle.body.omega_frd)


def test_a_tumbling_body_keeps_its_energy_and_angular_momentum():
    free = rig("pi450", NO_AIR, LOPSIDED)
    free.plant.gravity = 0.0
    free.body.omega_frd[:] = (3.0, -5.0, 2.0)
    energy, momentum = turning_energy(free), angular_momentum_ned(free)

    free.fly(20.0)

    assert turning_energy(free) == pytest.approx(energy, rel=1e-8)
    assert angular_momentum_ned(free) == pytest.approx(momentum, abs=1e-8 * np.linalg.norm(momentum))


def test_spinning_rotors_up_and_down_keeps_the_total_angular_momentum():
    free = rig("pi450", NO_AIR, STEADY_SUPPLY, LOPSIDED, WEAK_ROTORS)
    free.body.omega_frd[:] = (0.5, -0.7, 0.3)
    momentum = angular_momentum_ned(free)

    largest = 0.0
    for motor in ([0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 0.3, 0.8], [0.5, 0.5, 0.5, 0.1]):
        free.fly(0.2, motor)
        largest = max(largest, float(np.abs(free.body.omega_frd).max()))

    assert largest > 5.0, "the rotors must have moved the body for this to mean anything"
    assert angular_momentum_ned(free) == pytest.approx(momentum, abs=1e-6)


def test_a_free_body_moves_in_a_straight_line():
    free = rig("pi450", NO_AIR)
    free.plant.gravity = 0.0
    free.body.v_ned[:] = (0.04, -0.03, 0.02)

    free.fly(100.0)

    # Peers slow down without drag, or round 0.04 m/s away.
    assert free.body.p_ned == pytest.approx([4.0, -3.0, -1000.0 + 2.0], abs=1e-7)


def test_thrown_up_without_air_it_comes_back_as_fast():
    thrown = rig("pi450", NO_AIR)
    thrown.body.v_ned[2] = -9.80665

    thrown.fly(2.0)

    assert thrown.body.v_ned[2] == pytest.approx(9.80665, abs=1e-9)
    assert thrown.body.p_ned[2] == pytest.approx(-1000.0, abs=1e-9)


def test_it_falls_at_its_terminal_speed():
    falling = rig("pi450")
    falling.body.p_ned[2] = -2000.0

    falling.fly(20.0)

    density = 1.225 * density_share(falling)
    terminal = np.sqrt(2.0 * falling.plant.mass_kg * 9.80665 / (density * falling.plant.drag_area_m2[2]))
    assert falling.body.v_ned[2] == pytest.approx(terminal, rel=5e-3)


def test_at_hover_speed_thrust_carries_the_weight():
    hovering = rig("pi450", STEADY_SUPPLY)
    speed = hovering.hover_speed()

    hovering.spin([speed] * 4).fly(0.5, [hovering.throttle_for(speed)] * 4)

    assert hovering.truth.a_ned == pytest.approx(np.zeros(3), abs=1e-3)
    assert hovering.body.omega_frd == pytest.approx(np.zeros(3), abs=1e-3)
    assert hovering.truth.thrust_n == pytest.approx(1.5 * 9.80665, rel=1e-4)


def mirrored(vehicle: Rig) -> Rig:
    """Return the vehicle seen in a mirror that swaps left and right."""
    twin = rig("pi450", LOPSIDED)
    plant = twin.plant
    for places in (plant.arm_frd, plant.point_frd):
        places[:, 1] *= -1.0
    plant.spin *= -1.0
    plant.centre_frd[1] *= -1.0
    for i, j in ((0, 1), (1, 0), (1, 2), (2, 1)):
        plant.inertia[i, j] *= -1.0
        plant.inertia_inverse[i, j] *= -1.0
    for vector in ("p_ned", "v_ned"):
        twin.body[vector] = vehicle.body[vector] * [1, -1, 1]
    twin.body.omega_frd[:] = vehicle.body.omega_frd * [-1, 1, -1]
    twin.body.q_ned_frd[:] = vehicle.body.q_ned_frd * [1, -1, 1, -1]
    twin.body.rotor_speed[:] = vehicle.body.rotor_speed
    twin.wind.v_ned[:] = vehicle.wind.v_ned * [1, -1, 1]
    return twin


def test_the_mirrored_vehicle_flies_the_mirrored_flight():
    vehicle = rig("pi450", LOPSIDED)
    vehicle.wind.v_ned[:] = (2.0, 3.0, -0.5)
    vehicle.body.omega_frd[:] = (0.4, -0.3, 0.8)
    vehicle.body.v_ned[:] = (5.0, 1.0, 2.0)
    twin = mirrored(vehicle)
    throttle = [0.62, 0.55, 0.58, 0.61]

    vehicle.fly(1.0, throttle)
    twin.fly(1.0, throttle)

    assert abs(vehicle.body.omega_frd[0]) > 0.5
    assert twin.body.p_ned * [1, -1, 1] == pytest.approx(vehicle.body.p_ned, abs=1e-9)
    assert twin.body.omega_frd * [-1, 1, -1] == pytest.approx(vehicle.body.omega_frd, abs=1e-9)
    assert twin.body.q_ned_frd * [1, -1, 1, -1] == pytest.approx(vehicle.body.q_ned_frd, abs=1e-9)


def textbook_slope(vehicle: Rig, target: np.ndarray, density: float):
    """Return the equations of motion with matrices and all rotors as states, written apart from the plant."""
    p, n = vehicle.plant, vehicle.plant.rotor_count
    mass, drag_area, arms = float(p.mass_kg), np.array(p.drag_area_m2), np.array(p.arm_frd[:n])
    tilt = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 0]], float)

    def slope(_, y):
        v, q, omega, w = y[3:6], y[6:10], y[10:13], y[13:]
        turn = rotation(q / np.linalg.norm(q))
        air = turn.T @ (v - vehicle.wind.v_ned)
        w_dot = (target - w) / np.where(target > w, p.spin_up_s, p.spin_down_s)
        force = -0.5 * 1.225 * density * np.linalg.norm(air) * drag_area * air
        torque = np.cross(p.centre_frd, force) - p.turn_drag_n_m_s * omega
        for i in range(n):
            hub = air + np.cross(omega, arms[i])
            kf = p.thrust_n_s2[i] * density
            thrust = kf * w[i] ** 2 + density * p.lift * (hub[0] ** 2 + hub[1] ** 2)
            push = -density * w[i] * p.drag_n_s_m * hub - [0, 0, thrust]
            force = force + push
            torque = torque + np.cross(arms[i], push) + density * p.flapping * w[i] * (tilt @ hub)
            torque[2] -= p.spin[i] * (kf * p.torque_per_thrust_m * w[i] ** 2 + p.rotor_inertia * w_dot[i])
        momentum = p.inertia @ omega + [0, 0, p.rotor_inertia * float(p.spin[:n] @ w)]
        omega_dot = np.linalg.solve(p.inertia, torque - np.cross(omega, momentum))
        a, b, c = omega
        rates = np.array([[0, -a, -b, -c], [a, 0, c, -b], [b, -c, 0, a], [c, b, -a, 0]])
        gravity = np.array([0, 0, p.gravity])
        return np.concatenate([v, turn @ force / mass + gravity, 0.5 * rates @ q, omega_dot, w_dot])

    return slope


def agile() -> Rig:
    """Return a vehicle in a fast climbing turn with changing rotor speeds, far from the ground."""
    vehicle = rig("pi450", LOPSIDED, STEADY_SUPPLY)
    # Density is held over a step; above the tropopause the plant holds it for good, so it cannot hide the order.
    vehicle.plant.ground_amsl_m = 20_000.0
    vehicle.wind.v_ned[:] = (1.0, -2.0, 0.3)
    vehicle.body.v_ned[:] = (6.0, 2.0, -8.0)
    vehicle.body.omega_frd[:] = (3.0, -2.0, 1.5)
    return vehicle.spin([400.0, 500.0, 600.0, 450.0])


def error_against_textbook(dt: float) -> float:
    """Return how far the plant is from DOP853 after 0.32 s."""
    vehicle, throttle = agile(), np.array([0.8, 0.5, 0.6, 0.7])
    curve = vehicle.plant.throttle_curve
    target = vehicle.plant.speed_max * np.sqrt(curve * throttle**2 + (1 - curve) * throttle)
    body = vehicle.body
    start = np.concatenate([body.p_ned, body.v_ned, body.q_ned_frd, body.omega_frd, body.rotor_speed[:4]])
    thin = (1.0 - 2.25577e-5 * 11_000.0) ** 4.25588
    exact = solve_ivp(
        textbook_slope(vehicle, target, thin), (0.0, 0.32), start, "DOP853", rtol=1e-13, atol=1e-13
    ).y[:, -1]

    vehicle.fly(0.32, throttle, dt)

    assert body.rotor_speed[:4] == pytest.approx(exact[13:], rel=1e-9)
    return float(
        np.abs(np.concatenate([body.p_ned, body.v_ned, body.omega_frd]) - [*exact[:6], *exact[10:13]]).max()
    )


def test_the_integrator_converges_to_dop853_with_order_four():
    errors = [error_against_textbook(dt) for dt in (16e-3, 8e-3, 4e-3)]

    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([4.0, 4.0], abs=0.35)
    assert error_against_textbook(1e-3) < 1e-8
