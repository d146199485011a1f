"""The vehicle that a fit describes: the airframe's physics with what was found in them."""

import copy
from typing import Any

import numpy as np

Numbers = dict[str, float]
LEAST_LAG_S = 1e-3


def physics_of(physics: dict[str, Any], x: Numbers) -> dict[str, Any]:
    """Return an airframe's physics with the unknowns' values in place of the file's; what cannot be is cut off."""
    built = copy.deepcopy(physics)
    body, rotors = built["body"], built["rotors"]
    count = len(physics["rotor"])
    body["inertia_kg_m2"] = [max(x[f"inertia_{a}"], 1e-9) for a in "xyz"]
    body["centre_of_mass_m_frd"] = [x["centre_x"], x["centre_y"], body["centre_of_mass_m_frd"][2]]
    rotors["thrust_coefficient_n_s2"] = sum(thrusts(x, count)) / count
    rotors["torque_per_thrust_m"] = max(x["torque_per_thrust"], 0.0)
    rotors["throttle_curve"] = min(max(x["throttle_curve"], 0.0), 1.0)
    rotors["drag_n_s_m"] = [max(x[f"drag_{a}"], 0.0) for a in "xyz"]
    mean = 0.5 * (rotors["spin_up_s"] + rotors["spin_down_s"])
    share = max(x["motor_lag"], LEAST_LAG_S) / mean if mean > 0.0 else 1.0
    rotors["spin_up_s"], rotors["spin_down_s"] = share * rotors["spin_up_s"], share * rotors["spin_down_s"]
    return built


def thrusts(x: Numbers, count: int) -> list[float]:
    """Return each rotor's thrust coefficient."""
    return [max(x[f"thrust_{i + 1}"], 0.0) for i in range(count)]


def turn_drag(built: dict[str, Any], x: Numbers) -> list[float]:
    """Return the damping about each axis that the rotors' own drag and inflow do not make."""
    arms = (
        np.array([rotor["position_m_frd"] for rotor in built["rotor"]])
        - built["body"]["centre_of_mass_m_frd"]
    )
    drag_x, drag_y, drag_z = built["rotors"]["drag_n_s_m"]
    square = (arms * arms).mean(axis=0)
    rotors = (drag_z * square[1], drag_z * square[0], drag_x * square[1] + drag_y * square[0])
    return [max(x[f"damping_{a}"] - share, 0.0) for a, share in zip("xyz", rotors, strict=True)]
