"""Airframes nobody has built: random quadrotors from 50 g to 5 kg whose numbers belong together.

Sizes follow the mass by geometric scaling, length as its cube root and inertia as mass times length squared (Kushleyev,
Mellinger, Powers & Kumar 2013, section 2.2), anchored at the vehicles in `airframes/` and spread about them as builds
are; propellers by their coefficients (Brandt & Selig 2011, the UIUC data base: thrust 0.09 to 0.13, power over thrust
0.35 to 0.55), batteries by the energy of lithium-polymer packs, 120 to 170 Wh/kg.
"""

import math
from typing import Any

import numpy as np

from flight.airframe import Airframe, from_tables
from flight.physics import NOMINAL_CELL_V, STANDARD_GRAVITY
from sim.plant.atmosphere import SEA_LEVEL_DENSITY

STREAM = 0x414E594F
LIGHTEST_KG, HEAVIEST_KG = 0.05, 5.0
# Propeller of a vehicle of 1 kg; a 27 g and a 1.5 kg airframe are 25 % below and on this line.
RADIUS_M = 0.104
# Thrust over weight: what lifts less than this cannot be a fifth too heavy, a fifth too weak and low on battery.
WEAKEST, STRONGEST = 2.5, 8.0
# Faster blade tips than this share of the speed of sound lose thrust.
TIP_M_S = 0.65 * 340.0
FACTORS: dict[str, tuple[float, float]] = {
    "radius": (0.75, 1.3),
    "arm": (1.5, 2.3),  # over radius: propellers side by side must not touch
    "gyration": (0.36, 0.54),  # radius of gyration over arm about roll
    "pitch": (0.8, 1.3),  # moment about pitch over roll
    "yaw": (0.8, 0.95),  # moment about yaw over both others, which it cannot exceed
    "thrust": (0.09, 0.13),
    "power": (0.35, 0.55),
    "rotor_inertia": (1.2, 3.2),  # over radius to the fifth
    "lag": (0.55, 1.6),
    "braking": (1.0, 1.4),  # spinning down over spinning up
    "curve": (0.2, 1.0),
    "idle": (0.08, 0.16),
    "drag": (0.15, 0.4),  # per second
    "climb_drag": (1.0, 1.7),
    "area": (0.2, 0.4),  # over arm squared
    "delay": (0.0005, 0.003),
    "pack": (0.2, 0.35),  # share of the mass
    "energy_wh_kg": (120.0, 170.0),
    "cell_ohm_ah": (0.012, 0.03),
    "ring": (0.1, 0.3),
}
LAYOUTS = {
    "x": (45.0, 135.0, 225.0, 315.0),
    "wide": (55.0, 125.0, 235.0, 305.0),
    "plus": (0.0, 90.0, 180.0, 270.0),
}
IMUS = ("icm42688", "mpu6050")
# Beside the IMU, so that any of them can fly a mission.
OUTDOORS = {"mag": "qmc5883l", "baro": "bmp388", "gps": "ublox_m8", "battery": "analog", "pilot": "sbus"}


def draw(random: np.random.Generator) -> dict[str, float]:
    """Return the factors of one build; each as likely by its logarithm."""
    return {name: float(np.exp(random.uniform(*np.log(ends)))) for name, ends in FACTORS.items()}


def cells_for(mass_kg: float) -> int:
    """Return how many cells in series vehicles of a mass usually carry."""
    return int(np.searchsorted([0.1, 0.25, 0.6, 2.0], mass_kg)) + 1 + (mass_kg > 2.0)


def body_of(mass_kg: float, arm_m: float, has: dict[str, float]) -> dict[str, Any]:
    """Return the body's table."""
    roll = mass_kg * (has["gyration"] * arm_m) ** 2
    pitch = roll * has["pitch"]
    side = has["area"] * arm_m * arm_m
    return {
        "mass_kg": mass_kg,
        "inertia_kg_m2": [roll, pitch, has["yaw"] * (roll + pitch)],
        "centre_of_mass_m_frd": [0.0, 0.0, 0.02 * arm_m],
        "imu_position_m_frd": [0.05 * arm_m, 0.0, -0.05 * arm_m],
        "legs_m": max(0.4 * arm_m, 0.006),
        "legs_radius_m": max(0.7 * arm_m, 0.01),
        "drag_area_m2": [side, side, 2.5 * side],
    }


def rotors_of(mass_kg: float, radius_m: float, ratio: float, has: dict[str, float]) -> dict[str, Any]:
    """Return the rotors' table for a ratio of thrust to weight."""
    kf = has["thrust"] * SEA_LEVEL_DENSITY * (2.0 * radius_m) ** 4 / (2.0 * math.pi) ** 2
    fastest = math.sqrt(ratio * mass_kg * STANDARD_GRAVITY / (4.0 * kf))
    # Larger rotors are slower; 45 ms of a 0.12 m one, about half of which is the square root of the size.
    lag = min(max(0.045 * math.sqrt(radius_m / 0.12) * has["lag"], 0.012), 0.09)
    drag = has["drag"] * mass_kg
    return {
        "radius_m": radius_m,
        "thrust_coefficient_n_s2": kf,
        "torque_per_thrust_m": has["power"] * radius_m / math.pi,
        "inertia_kg_m2": has["rotor_inertia"] * radius_m**5,
        "speed_max_rad_s": fastest,
        "speed_min_rad_s": has["idle"] * fastest,
        "spin_up_s": lag,
        "spin_down_s": lag * has["braking"],
        "throttle_curve": has["curve"],
        "drag_n_s_m": [drag, drag, has["climb_drag"] * drag],
        "lift_n_s2_m2": 0.002 * mass_kg * STANDARD_GRAVITY,
        "flapping_n_m_s_m": 0.15 * drag * radius_m,
        "vortex_ring_loss": has["ring"],
        "command_delay_s": has["delay"],
    }


def battery_of(mass_kg: float, ratio: float, has: dict[str, float]) -> dict[str, Any]:
    """Return the battery's table: strong vehicles carry packs that give more current."""
    cells = cells_for(mass_kg)
    capacity = max(has["pack"] * has["energy_wh_kg"] * mass_kg / (NOMINAL_CELL_V * cells), 0.1)
    return {
        "cells": cells,
        "capacity_ah": capacity,
        "resistance_ohm": cells * has["cell_ohm_ah"] / capacity * min(1.0, 3.0 / ratio),
        "load_w": 0.3 + 2.5 * mass_kg,
        "efficiency": float(np.interp(math.log10(mass_kg), [-1.3, 0.0], [0.4, 0.7])),
    }


def layout_of(name: str, arm_m: float) -> list[dict[str, Any]]:
    """Return four rotors around the frame, neighbours of opposite spin."""
    return [
        {
            "position_m_frd": [
                arm_m * math.cos(math.radians(angle)),
                arm_m * math.sin(math.radians(angle)),
                -0.1 * arm_m,
            ],
            "spin": ("ccw", "cw")[i % 2],
        }
        for i, angle in enumerate(LAYOUTS[name])
    ]


def strongest(mass_kg: float, radius_m: float, thrust: float) -> float:
    """Return the thrust over weight at which the blades' tips are as fast as they may be."""
    kf = thrust * SEA_LEVEL_DENSITY * (2.0 * radius_m) ** 4 / (2.0 * math.pi) ** 2
    return 4.0 * kf * (TIP_M_S / radius_m) ** 2 / (mass_kg * STANDARD_GRAVITY)


def airframe(seed: int, number: int) -> Airframe:
    """Return random airframe `number` of a seed, with the parameter table's own gains."""
    random = np.random.default_rng([STREAM, seed, number])
    mass_kg = float(np.exp(random.uniform(math.log(LIGHTEST_KG), math.log(HEAVIEST_KG))))
    has = draw(random)
    radius_m = has["radius"] * RADIUS_M * mass_kg ** (1.0 / 3.0)
    ratio = float(np.exp(random.uniform(math.log(WEAKEST), math.log(STRONGEST))))
    ratio = max(min(ratio, strongest(mass_kg, radius_m, has["thrust"])), WEAKEST)
    arm_m = has["arm"] * radius_m
    tables = {
        "airframe": {"about": f"random, {mass_kg:.2f} kg, thrust {ratio:.1f} times its weight"},
        "physics": {
            "body": body_of(mass_kg, arm_m, has),
            "rotors": rotors_of(mass_kg, radius_m, ratio, has),
            "battery": battery_of(mass_kg, ratio, has),
            "rotor": layout_of(str(random.choice(list(LAYOUTS))), arm_m),
        },
        "sensors": OUTDOORS | {"imu": str(random.choice(IMUS))},
    }
    return from_tables(tables, f"random airframe {seed}-{number}", f"any-{seed}-{number}")
