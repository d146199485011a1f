"""A model of recorded flights as an airframe's physics, for the simulator's plant."""

import copy
import math
from typing import Any

import numpy as np

from flight.errors import ConfigError
from flight.physics import STANDARD_GRAVITY
from ground.identification.foresee import KILO
from ground.identification.model import SEA_LEVEL_DENSITY


def physics_of(numbers: dict[str, float], base: dict[str, Any], mass_kg: float) -> dict[str, Any]:
    """Return physics tables like `base`, with what was found in place of what stood there.

    A model per mass and inertia needs the mass from a scale, and the rotors' places from the base.
    """
    physics = copy.deepcopy(base)
    body, rotors = physics["body"], physics["rotors"]
    reach = np.abs([rotor["position_m_frd"] for rotor in physics["rotor"]]).mean(axis=0)
    if len(physics["rotor"]) != 4 or min(numbers["roll"], numbers["pitch"], numbers["yaw"]) <= 0.0:
        raise ConfigError("recorded flights make an airframe only of four rotors whose torques were found")
    kf = KILO * KILO * numbers["thrust"] * mass_kg
    inertia = [
        kf * reach[1] / (KILO * KILO * numbers["roll"]),
        kf * reach[0] / (KILO * KILO * numbers["pitch"]),
    ]
    # Rotors' drag torque and inertia about z act only together: the body keeps the base's shape.
    xx, yy, zz = body["inertia_kg_m2"]
    inertia.append(zz / (xx + yy) * (inertia[0] + inertia[1]))
    # The plant's linear coefficients are for all rotors at hover.
    whole = KILO * 4.0 * math.sqrt(mass_kg * STANDARD_GRAVITY / (4.0 * kf)) * mass_kg
    drag = [max(whole * numbers[name], 0.0) for name in ("drag_x", "drag_y", "inflow")]
    body |= {
        "mass_kg": mass_kg,
        "inertia_kg_m2": [float(j) for j in inertia],
        "inertia_products_kg_m2": [0.0] * 3,
    }
    body["drag_area_m2"] = [0.0, 0.0, max(2.0 * numbers["inflow_square"] * mass_kg / SEA_LEVEL_DENSITY, 0.0)]
    body["turn_drag_n_m_s"] = turn_drag(numbers, inertia, drag, reach)
    rotors |= {"thrust_coefficient_n_s2": kf, "drag_n_s_m": drag}
    rotors["torque_per_thrust_m"] = KILO * KILO * numbers["yaw"] * inertia[2] / kf
    rotors["inertia_kg_m2"] = max(KILO * numbers["spin_up"] * inertia[2], 0.0)
    rotors["lift_n_s2_m2"] = max(numbers["lift"] * mass_kg, 0.0)
    # Drag at hubs above the centre of mass is part of the moment of level flight.
    moment = 0.5 * (numbers["flap_roll"] * inertia[0] + numbers["flap_pitch"] * inertia[1])
    height = (
        -np.mean([rotor["position_m_frd"][2] for rotor in physics["rotor"]]) + body["centre_of_mass_m_frd"][2]
    )
    rotors["flapping_n_m_s_m"] = max(moment - height * 0.5 * (drag[0] + drag[1]), 0.0)
    return physics


def turn_drag(
    numbers: dict[str, float], inertia: list[float], drag: list[float], reach: np.ndarray
) -> list[float]:
    """Return the damping beyond what inflow and drag at the hubs give by themselves, N m s per axis."""
    rates = (numbers["damping"], numbers["damping"], numbers["damping_yaw"])
    across = drag[0] * reach[1] ** 2 + drag[1] * reach[0] ** 2
    own = (drag[2] * reach[1] ** 2, drag[2] * reach[0] ** 2, across)
    return [max(rate * j - by_hubs, 0.0) for rate, j, by_hubs in zip(rates, inertia, own, strict=True)]
