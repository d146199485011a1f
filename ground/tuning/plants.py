"""The vehicles an airframe could really be: plants drawn around its file."""

from dataclasses import dataclass

import numpy as np

from sim.plant.spread import shift_centre

STREAM = 0x54554E45


@dataclass(frozen=True)
class Cloud:
    """How far a real vehicle may be from its file: shares up and down, factors and seconds from least to most.

    `centre` is the offset of the centre of mass in parts of the longest arm, `charge` how full the battery is.
    """

    mass: float = 0.2
    thrust: float = 0.2
    inertia: float = 0.3
    rotor: float = 0.03
    lag: tuple[float, float] = (0.7, 1.5)
    delay_s: tuple[float, float] = (-0.002, 0.005)
    centre: float = 0.03
    drag: float = 0.3
    resistance: float = 0.3
    charge: tuple[float, float] = (0.2, 1.0)
    noise: tuple[float, float] = (0.5, 2.0)


USUAL = Cloud()


def around(share: float, random: np.random.Generator) -> float:
    """Return a factor near one."""
    return float(1.0 + share * random.uniform(-1.0, 1.0))


def direction(random: np.random.Generator) -> np.ndarray:
    """Return a unit vector, every direction as likely."""
    v = random.standard_normal(3)
    return v / np.linalg.norm(v)


def moments(inertia: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """Return an inertia tensor with each axis scaled by itself, as far as a body can have such moments."""
    while True:
        scale = np.sqrt([around(share, random) for _ in range(3)])
        varied = inertia * np.outer(scale, scale)
        least, middle, most = np.linalg.eigvalsh(varied)
        if least > 0.0 and least + middle >= most:
            return varied


def vary(setup: np.void, body: np.void, random: np.random.Generator, cloud: Cloud = USUAL) -> None:
    """Make one vehicle another one; the part of a shorter delay that the motors do not have stays."""
    plant = setup.plant
    plant.mass_kg *= around(cloud.mass, random)
    plant.thrust_n_s2 *= around(cloud.thrust, random) * np.array(
        [around(cloud.rotor, random) for _ in range(8)]
    )
    plant.inertia = moments(plant.inertia, cloud.inertia, random)
    plant.inertia_inverse = np.linalg.inv(plant.inertia)
    lag = float(np.exp(random.uniform(*np.log(cloud.lag))))
    plant.spin_up_s *= lag
    plant.spin_down_s *= lag
    plant.command_delay_s = max(0.0, plant.command_delay_s + random.uniform(*cloud.delay_s))
    plant.drag_n_s_m *= around(cloud.drag, random)
    plant.drag_area_m2 *= around(cloud.drag, random)
    plant.resistance_ohm *= around(cloud.resistance, random)
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
