"""No two vehicles are alike: a plant drawn around its airframe's numbers."""

from dataclasses import dataclass

import numpy as np

from flight.kernel import kernel
from flight.record import rows
from sim.random import RANDOM, seed_stream, uniform

STREAM = 0x53505244


@dataclass(frozen=True)
class Spread:
    """How far a vehicle may be from its airframe file: each number is the edge of a uniform share, up and down.

    `centre_m` is the length of the centre of mass's offset, in any direction; `lag` scales both motor time constants.
    """

    thrust: float = 0.0
    mass: float = 0.0
    inertia: float = 0.0
    centre_m: float = 0.0
    lag: float = 0.0
    drag: float = 0.0
    resistance: float = 0.0


# Two levels of unlikeness; inertia, lag, drag and resistance are usual spreads between builds.
NOMINAL = Spread(thrust=0.05, mass=0.02, inertia=0.05, centre_m=0.003, lag=0.1, drag=0.1, resistance=0.1)
HARD = Spread(thrust=0.15, mass=0.10, inertia=0.15, centre_m=0.010, lag=0.3, drag=0.3, resistance=0.3)


@kernel
def about(random, share):
    """Return a factor near one."""
    return 1.0 + share * (2.0 * uniform(random) - 1.0)


def direction(random: np.void) -> np.ndarray:
    """Return a unit vector, every direction as likely."""
    while True:
        v = np.array([2.0 * uniform(random) - 1.0 for _ in range(3)])
        if 1e-3 < v @ v <= 1.0:
            return v / np.sqrt(v @ v)


def varied(plant: np.void, seed: int, spread: Spread = NOMINAL) -> np.recarray:
    """Return a plant like the given one but for its spread; the same seed draws the same vehicle."""
    random = rows(RANDOM)[0]
    seed_stream(random, seed, STREAM)
    plants = rows(plant.dtype)
    plants[0] = plant
    one = plants[0]
    for i in range(one.rotor_count):
        one.thrust_n_s2[i] *= about(random, spread.thrust)
    one.mass_kg *= about(random, spread.mass)
    scale = about(random, spread.inertia)
    one.inertia *= scale
    one.inertia_inverse /= scale
    lag = about(random, spread.lag)
    one.spin_up_s *= lag
    one.spin_down_s *= lag
    one.drag_n_s_m *= about(random, spread.drag)
    one.drag_area_m2 *= about(random, spread.drag)
    one.resistance_ohm *= about(random, spread.resistance)
    shift_centre(one, spread.centre_m * direction(random))
    return plants


def shift_centre(plant: np.void, offset_frd: np.ndarray) -> None:
    """Move the centre of mass; every place counts from it."""
    plant.centre_frd -= offset_frd
    plant.arm_frd[: plant.rotor_count] -= offset_frd
    plant.point_frd[: plant.point_count] -= offset_frd
    plant.reach_m = np.linalg.norm(plant.point_frd[: plant.point_count], axis=1).max()
    plant.standing_m -= offset_frd[2]
