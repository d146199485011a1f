"""Plant parameters from an airframe's physics tables."""

import math
from typing import Any

import numpy as np

from flight.physics import NOMINAL_CELL_V, SPINS, STANDARD_GRAVITY, inertia_tensor
from flight.record import rows
from sim.plant.atmosphere import SEA_LEVEL_DENSITY
from sim.plant.ground import LEGS

# A standing vehicle sinks into its legs' springs by this share of their length, and swings little.
LEG_SAG = 0.02
LEG_SAG_MIN_M = 3e-4
LEG_DAMPING_RATIO = 0.4
LIFT_SPEED_SHARE = 0.25


def built_from(physics: dict[str, Any], dtype: np.dtype) -> np.recarray:
    """Return one plant record filled from checked physics tables."""
    plants = rows(dtype)
    plant = plants[0]
    put_body(plant, physics["body"])
    put_rotors(plant, physics["rotors"], physics["rotor"])
    put_contact(plant, physics["body"])
    put_battery(plant, physics["battery"])
    return plants


def put_body(plant: np.void, body: dict[str, Any]) -> None:
    """Write the rigid body."""
    plant.mass_kg = body["mass_kg"]
    plant.gravity = STANDARD_GRAVITY
    plant.inertia[:] = inertia_tensor(body)
    plant.inertia_inverse[:] = np.linalg.inv(plant.inertia)
    plant.centre_frd[:] = 0.0 - np.array(body["centre_of_mass_m_frd"])
    plant.drag_area_m2[:] = body["drag_area_m2"]
    plant.turn_drag_n_m_s[:] = body["turn_drag_n_m_s"]
    plant.friction = body["friction"]


def put_rotors(plant: np.void, rotors: dict[str, Any], layout: list[dict[str, Any]]) -> None:
    """Write the rotors; numbers given for all rotors at hover become numbers per rotor and rad/s."""
    count = len(layout)
    kf = rotors["thrust_coefficient_n_s2"]
    hover_speed = math.sqrt(plant.mass_kg * STANDARD_GRAVITY / (count * kf))
    plant.rotor_count = count
    for i, rotor in enumerate(layout):
        plant.arm_frd[i] = np.add(rotor["position_m_frd"], plant.centre_frd)
        plant.spin[i] = SPINS[rotor["spin"]]
    plant.thrust_n_s2[:count] = kf
    for name in (
        "torque_per_thrust_m",
        "radius_m",
        "spin_up_s",
        "spin_down_s",
        "throttle_curve",
        "command_delay_s",
    ):
        plant[name] = rotors[name]
    for name in ("voltage_sensitivity", "vortex_ring_loss", "ground_effect"):
        plant[name] = rotors[name]
    plant.rotor_inertia = rotors["inertia_kg_m2"]
    plant.speed_max, plant.speed_min = rotors["speed_max_rad_s"], rotors["speed_min_rad_s"]
    plant.drag_n_s_m[:] = np.array(rotors["drag_n_s_m"]) / (count * hover_speed)
    plant.flapping = rotors["flapping_n_m_s_m"] / (count * hover_speed)
    plant.lift = rotors["lift_n_s2_m2"] / count
    plant.lift_speed = LIFT_SPEED_SHARE * hover_speed
    # Momentum theory in hover: thrust = 2 rho A v^2.
    plant.induced_per_speed = math.sqrt(kf / (2.0 * SEA_LEVEL_DENSITY * math.pi * plant.radius_m**2))


def put_contact(plant: np.void, body: dict[str, Any]) -> None:
    """Write the points that can touch the ground, legs first, then the hubs, and their springs."""
    reach, down = body["legs_radius_m"] * math.sqrt(0.5), body["legs_m"]
    feet = [(x * reach, y * reach, down) for x in (1, -1) for y in (1, -1)]
    plant.point_count = LEGS + plant.rotor_count
    plant.point_frd[:LEGS] = feet + plant.centre_frd
    plant.point_frd[LEGS : plant.point_count] = plant.arm_frd[: plant.rotor_count]
    plant.reach_m = np.linalg.norm(plant.point_frd, axis=1).max()
    put_springs(plant, max(LEG_SAG * down, LEG_SAG_MIN_M))
    plant.standing_m = plant.point_frd[0, 2] - max(LEG_SAG * down, LEG_SAG_MIN_M)


def put_springs(plant: np.void, sag_m: float) -> None:
    """Choose the contact springs by how far the standing vehicle sinks in."""
    share = plant.mass_kg / LEGS
    swing = math.sqrt(STANDARD_GRAVITY / sag_m)
    damping = 2.0 * LEG_DAMPING_RATIO * share * swing
    plant.contact_stiffness = share * STANDARD_GRAVITY / sag_m
    plant.contact_damping = damping / (share * STANDARD_GRAVITY)
    plant.grip_stiffness = plant.contact_stiffness
    plant.grip_damping = damping


def put_battery(plant: np.void, battery: dict[str, Any]) -> None:
    """Write the battery."""
    for name in ("cells", "capacity_ah", "resistance_ohm", "load_w", "efficiency"):
        plant[name] = battery[name]
    plant.nominal_v = NOMINAL_CELL_V * battery["cells"]
