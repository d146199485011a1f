"""The measured numbers of an airframe: every key a `[physics]` table may hold, with its unit and range."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.errors import ConfigError
from flight.record import MAX_ROTORS


@dataclass(frozen=True)
class Quantity:
    """One key of a physics table; without a default it must be given."""

    key: str
    low: float = -math.inf
    high: float = math.inf
    default: Any = None
    size: int = 0
    about: str = ""

    def checked(self, value: Any, where: str) -> Any:
        """Return the value, or raise ConfigError naming key, value and what is allowed."""
        numbers = value if self.size else [value]
        if self.size and (not isinstance(value, list) or len(value) != self.size):
            raise ConfigError(f"{where}{self.key} = {value!r} must be a list of {self.size} numbers")
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ConfigError(f"{where}{self.key} = {number!r} is not a number")
            if not self.low <= number <= self.high:
                raise ConfigError(
                    f"{where}{self.key} = {number:g} is out of range; allowed {self.low:g} to {self.high:g}"
                )
        return [float(n) for n in numbers] if self.size else float(value)


# The voltage per cell at which a rotor's greatest speed and thrust are given.
NOMINAL_CELL_V = 3.8
STANDARD_GRAVITY = 9.80665

BODY = (
    Quantity("mass_kg", 0.01, 100.0, about="take-off mass with battery"),
    Quantity("inertia_kg_m2", 1e-7, 50.0, size=3, about="principal moments about body x, y, z"),
    Quantity("inertia_products_kg_m2", -5.0, 5.0, [0.0] * 3, 3, "xy, xz, yz entries of the inertia tensor"),
    Quantity("centre_of_mass_m_frd", -0.5, 0.5, [0.0] * 3, 3, "centre of mass from the frame's centre"),
    Quantity("imu_position_m_frd", -0.5, 0.5, [0.0] * 3, 3, "IMU from the frame's centre"),
    Quantity("legs_m", 0.005, 1.0, 0.1, about="landing gear contact points below the frame's centre"),
    Quantity("legs_radius_m", 0.01, 2.0, 0.15, about="distance of the contact points from the z axis"),
    Quantity("friction", 0.0, 2.0, 0.7, about="Coulomb friction between legs and ground"),
    Quantity("drag_area_m2", 0.0, 2.0, [0.01, 0.01, 0.02], 3, "drag coefficient times area along x, y, z"),
    Quantity(
        "turn_drag_n_m_s",
        0.0,
        1.0,
        [0.0] * 3,
        3,
        "damping torque per body rate x, y, z beyond the rotors' own",
    ),
)
ROTORS = (
    Quantity("radius_m", 0.01, 1.0, about="propeller radius"),
    Quantity("thrust_coefficient_n_s2", 1e-10, 1e-2, about="thrust = coefficient * speed^2, speed in rad/s"),
    Quantity("torque_per_thrust_m", 1e-4, 1.0, about="drag torque over thrust"),
    Quantity("inertia_kg_m2", 0.0, 1e-1, about="propeller and bell about the shaft"),
    Quantity("speed_max_rad_s", 50.0, 2e4, about="speed at full throttle and nominal voltage, loaded"),
    Quantity("speed_min_rad_s", 0.0, 5e3, about="idle speed of an armed motor"),
    Quantity("spin_up_s", 1e-3, 0.5, about="time constant of a speed increase"),
    Quantity("spin_down_s", 1e-3, 0.5, about="time constant of a speed decrease"),
    Quantity(
        "voltage_sensitivity",
        0.0,
        1.0,
        1.0,
        about="share of a voltage change that reaches the speed; 0: regulated",
    ),
    Quantity(
        "throttle_curve", 0.0, 1.0, 0.4, about="f in speed_share^2 = f * throttle^2 + (1 - f) * throttle"
    ),
    Quantity(
        "drag_n_s_m",
        0.0,
        5.0,
        [0.0] * 3,
        3,
        "all rotors at hover: force against air-relative velocity x, y, z; along z it is thrust lost to inflow",
    ),
    Quantity(
        "lift_n_s2_m2", 0.0, 1.0, 0.0, about="thrust gained per squared horizontal air speed, all rotors"
    ),
    Quantity(
        "flapping_n_m_s_m", 0.0, 1.0, 0.0, about="pitching-back moment per horizontal air speed, all rotors"
    ),
    Quantity(
        "vortex_ring_loss", 0.0, 0.8, 0.2, about="share of thrust lost sinking as fast as the hover inflow"
    ),
    Quantity(
        "ground_effect", 0.0, 3.0, 1.0, about="ground effect over Cheeseman and Bennett's for one rotor"
    ),
    Quantity("command_delay_s", 0.0, 0.03, 0.0, about="from motor command to the ESC acting on it"),
)
BATTERY = (
    Quantity("cells", 1, 14, about="cells in series"),
    Quantity("capacity_ah", 0.05, 100.0, about="usable charge"),
    Quantity("resistance_ohm", 0.0, 2.0, about="internal resistance of the pack with wires"),
    Quantity("load_w", 0.0, 500.0, 3.0, about="everything but the motors"),
    Quantity("efficiency", 0.05, 1.0, 0.75, about="motor and ESC: shaft power over electrical power"),
)
TABLES = {"body": BODY, "rotors": ROTORS, "battery": BATTERY}
SPINS = {"cw": 1.0, "ccw": -1.0}


def checked_table(name: str, given: Any, where: str) -> dict[str, Any]:
    """Return one physics table with defaults filled in, or raise ConfigError."""
    quantities = {q.key: q for q in TABLES[name]}
    if not isinstance(given, dict):
        raise ConfigError(f"{where}: [physics.{name}] is missing")
    prefix = f"{where}: physics.{name}."
    for key in given:
        if key not in quantities:
            raise ConfigError(f"{prefix}{key} is not known; known keys: {', '.join(quantities)}")
    result = {}
    for key, quantity in quantities.items():
        if key not in given and quantity.default is None:
            raise ConfigError(f"{prefix}{key} is missing: {quantity.about}")
        result[key] = quantity.checked(given[key], prefix) if key in given else quantity.default
    return result


def checked_layout(given: Any, where: str) -> list[dict[str, Any]]:
    """Return the rotors' places and spins, or raise ConfigError."""
    if not isinstance(given, list) or not 3 <= len(given) <= MAX_ROTORS:
        raise ConfigError(f"{where}: [[physics.rotor]] must appear 3 to {MAX_ROTORS} times")
    place = Quantity("position_m_frd", -5.0, 5.0, size=3)
    layout = []
    for i, rotor in enumerate(given):
        prefix = f"{where}: physics.rotor[{i}]."
        if set(rotor) != {"position_m_frd", "spin"}:
            raise ConfigError(f"{prefix[:-1]} must hold exactly position_m_frd and spin, has {sorted(rotor)}")
        if rotor["spin"] not in SPINS:
            raise ConfigError(f"{prefix}spin = {rotor['spin']!r} must be 'cw' or 'ccw', seen from above")
        layout.append(
            {"position_m_frd": place.checked(rotor["position_m_frd"], prefix), "spin": rotor["spin"]}
        )
    return layout


def checked_physics(given: Any, where: str) -> dict[str, Any]:
    """Return a whole `[physics]` table with defaults filled in, or raise ConfigError.

    Keys: body, rotors, battery (dicts as in TABLES) and rotor (a list of places and spins).
    """
    if not isinstance(given, dict):
        raise ConfigError(f"{where}: the [physics] tables are missing")
    for key in given:
        if key not in (*TABLES, "rotor"):
            raise ConfigError(f"{where}: physics.{key} is not known; known: {', '.join((*TABLES, 'rotor'))}")
    physics: dict[str, Any] = {name: checked_table(name, given.get(name), where) for name in TABLES}
    physics["rotor"] = checked_layout(given.get("rotor"), where)
    check_inertia(physics["body"], f"{where}: physics.body.")
    check_speeds(physics, f"{where}: physics.rotors.")
    return physics


def inertia_tensor(body: dict[str, Any]) -> np.ndarray:
    """Return the inertia tensor from its diagonal and its xy, xz, yz entries."""
    xx, yy, zz = body["inertia_kg_m2"]
    xy, xz, yz = body["inertia_products_kg_m2"]
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def check_inertia(body: dict[str, Any], prefix: str) -> None:
    """Raise ConfigError for moments no mass distribution has: of the principal three, two outweigh the third."""
    least, middle, most = np.linalg.eigvalsh(inertia_tensor(body))
    if least <= 0.0 or least + middle < most:
        raise ConfigError(
            f"{prefix}inertia_kg_m2: no body has these moments; principal ones are "
            f"{least:g}, {middle:g}, {most:g}, and none may exceed the sum of the others"
        )


def check_speeds(physics: dict[str, Any], prefix: str) -> None:
    """Raise ConfigError where idling is faster than flying or full throttle does not lift the vehicle."""
    rotors, weight = physics["rotors"], physics["body"]["mass_kg"] * STANDARD_GRAVITY
    slow, fast = rotors["speed_min_rad_s"], rotors["speed_max_rad_s"]
    if slow >= fast:
        raise ConfigError(f"{prefix}speed_min_rad_s = {slow:g} must be below speed_max_rad_s = {fast:g}")
    thrust = len(physics["rotor"]) * rotors["thrust_coefficient_n_s2"] * fast * fast
    if thrust <= weight:
        raise ConfigError(
            f"{prefix}speed_max_rad_s = {fast:g} cannot lift the vehicle: thrust {thrust:.3g} N, weight {weight:.3g} N"
        )
