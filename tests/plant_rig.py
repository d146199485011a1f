"""What the plant's tests share: a vehicle made of an airframe with some numbers replaced, and time passing for it."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from flight import airframe
from flight.kernel import kernel
from flight.record import rows
from sim.plant import plant as physics
from sim.plant.wind import WIND
from sim.truth import TRUTH

HIGH_M = 1000.0
NO_AIR = {
    "body": {"drag_area_m2": [0.0] * 3, "turn_drag_n_m_s": [0.0] * 3},
    "rotors": {
        "drag_n_s_m": [0.0] * 3,
        "lift_n_s2_m2": 0.0,
        "flapping_n_m_s_m": 0.0,
        "vortex_ring_loss": 0.0,
        "ground_effect": 0.0,
    },
}
STEADY_SUPPLY = {"rotors": {"voltage_sensitivity": 0.0, "command_delay_s": 0.0}}


def physics_of(name: str, *changes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return an airframe's physics tables with some numbers replaced."""
    tables = copy.deepcopy(airframe.load(name).physics)
    for change in changes:
        for table, numbers in change.items():
            tables[table].update(numbers)
    return tables


@kernel
def run(body, plant, wind, motor, truth, steps, dt):
    """Let time pass in still or steady air."""
    for _ in range(steps):
        physics.advance(body, plant, wind, motor, truth, truth.t_us, dt)


@dataclass
class Rig:
    """One vehicle with its air and its truth; motors are throttle ratios."""

    body: np.void
    plant: np.void
    wind: np.void
    truth: np.void
    motor: np.ndarray

    def fly(self, seconds: float, motor: Any = None, dt: float = 1e-3) -> "Rig":
        """Let time pass."""
        if motor is not None:
            self.motor[: len(motor)] = motor
        run(self.body, self.plant, self.wind, self.motor, self.truth, round(seconds / dt), dt)
        return self

    def spin(self, speeds: Any) -> "Rig":
        """Give the rotors their speeds at once."""
        self.body.rotor_speed[: len(speeds)] = speeds
        return self

    def hover_speed(self) -> float:
        """Return the rotor speed that carries the weight."""
        lift = self.plant.thrust_n_s2.sum() * float(density_share(self))
        return float(np.sqrt(self.plant.mass_kg * self.plant.gravity / lift))

    def throttle_for(self, speed: float) -> float:
        """Return the throttle ratio that settles at a speed, at nominal voltage or with a regulated ESC."""
        f = self.plant.throttle_curve
        share = (speed / self.plant.speed_max) ** 2
        return float((-(1 - f) + np.sqrt((1 - f) ** 2 + 4 * f * share)) / (2 * f))


def density_share(rig: Rig) -> float:
    """Return the standard atmosphere's density over its sea-level value (ISO 2533)."""
    height = rig.plant.ground_amsl_m + rig.body.ground_d - rig.body.p_ned[2]
    return (1.0 - 0.0065 * height / 288.15) ** 4.25588


def rig(name: str = "pi450", *changes: dict[str, dict[str, Any]], height_m: float = HIGH_M) -> Rig:
    """Put a changed vehicle into the air, level and still; height 0 stands it on the ground."""
    plant = physics.built_from(physics_of(name, *changes), physics.PLANT)[0]
    made = Rig(rows(physics.BODY)[0], plant, rows(WIND)[0], rows(TRUTH)[0], np.zeros(8))
    physics.reset(made.body, plant, np.zeros(3), 0.0)
    made.body.p_ned[2] -= height_m
    if height_m:
        made.body.has_anchor[:] = 0
    return made


def rotated(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return a body vector in the world, by the matrix of the textbook."""
    return rotation(q) @ v


def rotation(q: np.ndarray) -> np.ndarray:
    """Return the rotation matrix of a unit quaternion w, x, y, z."""
    w, x, y, z = q
    return np.array(
        [
            [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ]
    )
