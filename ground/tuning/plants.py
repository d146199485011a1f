"""The vehicles an airframe could really be: plants drawn around its file."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.plant.spread import shift_centre

STREAM = 0x54554E45


Range = tuple[float, float]
# Plants of these numbers and on are the cloud's corners, the same for every seed; then those that reach less far.
FIRST_CORNER, CORNER_COUNT = 1_000_000, 16
REACHES = (1.0, 0.8, 0.6, 0.4)
# How much of each range, counted from one end, its edge is.
EDGE = 0.1


@dataclass(frozen=True)
class Cloud:
    """How far a real vehicle may be from its file: factors and seconds from least to most.

    `rotor` is a share up and down, `centre` the greatest offset of the centre of mass in parts of the longest arm,
    `charge` how full the battery is.
    """

    mass: Range = (0.8, 1.2)
    thrust: Range = (0.8, 1.2)
    inertia: Range = (0.7, 1.3)
    rotor: float = 0.03
    lag: Range = (0.7, 1.5)
    delay_s: Range = (-0.002, 0.005)
    centre: float = 0.03
    drag: Range = (0.7, 1.3)
    resistance: Range = (0.7, 1.3)
    charge: Range = (0.2, 1.0)
    noise: Range = (0.5, 2.0)

    def corner(self, number: int) -> "Cloud":
        """Return the cloud narrowed to one of the corners that bound its loops: gain, lag, delay and mass.

        What is weak has an empty and tired battery besides. The corners of later numbers are as slow and late, but less
        far out in what it takes to hover.
        """
        which, reach = number % CORNER_COUNT, REACHES[number // CORNER_COUNT]
        weak, slow, late, heavy = (which >> bit & 1 for bit in range(4))
        return replace(
            self,
            thrust=at(self.thrust, 1 - weak, reach),
            inertia=at(self.inertia, weak, reach),
            charge=at(self.charge, 1 - weak, reach),
            resistance=at(self.resistance, weak, reach),
            lag=at(self.lag, slow),
            delay_s=at(self.delay_s, late),
            mass=at(self.mass, heavy, reach),
        )

    def edge(self, random: np.random.Generator) -> "Cloud":
        """Return the cloud narrowed to near one end of every range, whichever."""
        ranges = ("mass", "thrust", "inertia", "lag", "delay_s", "drag", "resistance", "charge")
        ends: dict[str, Any] = {name: outer(getattr(self, name), int(random.integers(2))) for name in ranges}
        return replace(self, **ends)


def outer(ends: Range, which: int) -> Range:
    """Return the part of a range near one end."""
    low, high = sorted((ends[which], ends[which] + EDGE * (ends[1 - which] - ends[which])))
    return low, high


def at(ends: Range, which: int, reach: float = 1.0) -> Range:
    """Return a range that is one number: one of its ends, or a part of the way there from its middle."""
    middle = 0.5 * (ends[0] + ends[1])
    place = middle + reach * (ends[which] - middle) if reach < 1.0 else ends[which]
    return place, place


USUAL = Cloud()
CORNERS = tuple(range(FIRST_CORNER, FIRST_CORNER + CORNER_COUNT))
NEARER_CORNERS = tuple(range(CORNERS[-1] + 1, FIRST_CORNER + len(REACHES) * CORNER_COUNT))


def corner_of(number: int) -> int:
    """Return the corner that one which reaches less far stands for."""
    return FIRST_CORNER + (number - FIRST_CORNER) % CORNER_COUNT


# These are near the cloud's edge in everything: of a thousand plants anywhere in it few are worse.
FIRST_EDGE = 2_000_000
EDGES = tuple(range(FIRST_EDGE, FIRST_EDGE + 64))


def direction(random: np.random.Generator) -> np.ndarray:
    """Return a unit vector, every direction as likely."""
    v = random.standard_normal(3)
    return v / np.linalg.norm(v)


def moments(inertia: np.ndarray, share: Range, random: np.random.Generator) -> np.ndarray:
    """Return an inertia tensor with each axis scaled by itself, as far as a body can have such moments."""
    while True:
        scale = np.sqrt(random.uniform(*share, 3))
        varied = inertia * np.outer(scale, scale)
        least, middle, most = np.linalg.eigvalsh(varied)
        if least > 0.0 and least + middle >= most:
            return varied


def vary(setup: np.void, body: np.void, seed: int, number: int, cloud: Cloud = USUAL) -> None:
    """Make one vehicle plant `number` of a seed's cloud; of a shorter delay what the motors do not have stays."""
    plant, random = setup.plant, generator(seed, number)
    if number >= FIRST_EDGE:
        cloud = cloud.edge(random)
    elif number >= FIRST_CORNER:
        cloud = cloud.corner(number - FIRST_CORNER)
    plant.mass_kg *= random.uniform(*cloud.mass)
    plant.thrust_n_s2 *= random.uniform(*cloud.thrust) * random.uniform(
        1.0 - cloud.rotor, 1.0 + cloud.rotor, plant.thrust_n_s2.size
    )
    plant.inertia = moments(plant.inertia, cloud.inertia, random)
    plant.inertia_inverse = np.linalg.inv(plant.inertia)
    lag = float(np.exp(random.uniform(*np.log(cloud.lag))))
    plant.spin_up_s *= lag
    plant.spin_down_s *= lag
    plant.command_delay_s = max(0.0, plant.command_delay_s + random.uniform(*cloud.delay_s))
    plant.drag_n_s_m *= random.uniform(*cloud.drag)
    plant.drag_area_m2 *= random.uniform(*cloud.drag)
    plant.resistance_ohm *= random.uniform(*cloud.resistance)
    arm = float(np.linalg.norm(plant.arm_frd[: plant.rotor_count, :2], axis=1).max())
    shift_centre(plant, random.uniform(0.0, cloud.centre) * arm * direction(random))
    body.battery.charge_used_ah = plant.capacity_ah * (1.0 - random.uniform(*cloud.charge))
    scale_noise(setup.presets.imu, float(np.exp(random.uniform(*np.log(cloud.noise)))))


def scale_noise(imu: np.void, factor: float) -> None:
    """Make an IMU and what shakes it worse or better."""
    imu.gyro.density *= factor
    imu.accel.density *= factor
    for name in ("plane_m_s2", "shaft_m_s2", "blades_m_s2", "angular_rad_s"):
        imu.vibration[name] *= factor


def generator(seed: int, number: int) -> np.random.Generator:
    """Return the random numbers of plant `number` of a seed's cloud."""
    return np.random.default_rng([STREAM, seed, number])


def sensor_seed(seed: int, number: int) -> int:
    """Return the seed of the sensors' noise of plant `number`."""
    return int(generator(seed, number).integers(1 << 62))
