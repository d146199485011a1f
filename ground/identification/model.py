"""Newton's and Euler's equations with unknown numbers in them: what gyro and accelerometer would have shown."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.physics import SPINS, STANDARD_GRAVITY, inertia_tensor
from ground.identification.rotors import follow
from ground.identification.segment import Segment, to_body, to_world

SEA_LEVEL_DENSITY = 1.225


@dataclass(frozen=True)
class Unknown:
    """One number to be found: where it starts, how far one step of it is, and what is believed beforehand.

    `prior` is one standard deviation about the start, 0 where nothing is believed.
    """

    name: str
    start: float
    scale: float
    unit: str
    prior: float = 0.0


def unknowns(physics: dict[str, Any]) -> list[Unknown]:
    """Return what is fitted for an airframe, starting from its file."""
    body, rotors = physics["body"], physics["rotors"]
    kf, weight = rotors["thrust_coefficient_n_s2"], body["mass_kg"] * STANDARD_GRAVITY
    found = [Unknown(f"thrust_{i + 1}", kf, kf, "N s2") for i in range(len(physics["rotor"]))]
    found += [
        Unknown(f"inertia_{a}", j, j, "kg m2") for a, j in zip("xyz", body["inertia_kg_m2"], strict=True)
    ]
    lag = 0.5 * (rotors["spin_up_s"] + rotors["spin_down_s"])
    found += [
        Unknown("torque_per_thrust", rotors["torque_per_thrust_m"], rotors["torque_per_thrust_m"], "m"),
        Unknown("motor_lag", lag, lag, "s"),
        Unknown("total_delay", rotors["command_delay_s"] + 0.003, 0.01, "s"),
        Unknown("throttle_curve", rotors["throttle_curve"], 0.5, ""),
        Unknown("centre_x", body["centre_of_mass_m_frd"][0], 0.01, "m", 0.02),
        Unknown("centre_y", body["centre_of_mass_m_frd"][1], 0.01, "m", 0.02),
    ]
    drag = zip("xyz", rotors["drag_n_s_m"], strict=True)
    # The rotors' drag is not a multiple of what the file says; where no wind tells of it, the file is believed.
    found += [Unknown(f"drag_{a}", d, 0.05 * weight, "N s/m", max(d, 0.02 * weight)) for a, d in drag]
    turn = zip("xyz", body["inertia_kg_m2"], strict=True)
    found += [Unknown(f"damping_{a}", j, j, "N m s", 10.0 * j) for a, j in turn]
    # What calibration and the volt meter leave; they are not told, but widen the intervals.
    return [
        *found,
        Unknown("gyro_scale", 1.0, 0.01, "", 0.002),
        Unknown("accel_scale", 1.0, 0.01, "", 0.002),
        Unknown("volt_scale", 1.0, 0.01, "", 0.001),
    ]


@dataclass
class Motion:
    """What a model says at every tick: angular acceleration and specific force at the IMU, and the world's vertical."""

    omega_dot: np.ndarray
    force: np.ndarray
    climb: float


def speeds(segment: Segment, physics: dict[str, Any], x: dict[str, float]) -> np.ndarray:
    """Return rotor speeds at the ticks, settled at the start."""
    rotors = physics["rotors"]
    lag = x["motor_lag"] / (0.5 * (rotors["spin_up_s"] + rotors["spin_down_s"]))
    speed = np.empty((len(segment.throttle) + 1, segment.throttle.shape[1]))
    u = segment.throttle[0]
    speed[0] = rotors["speed_max_rad_s"] * np.sqrt(u * (x["throttle_curve"] * u + 1.0 - x["throttle_curve"]))
    follow(
        segment.throttle, x["volt_scale"] * segment.voltage_ratio, x["throttle_curve"], rotors["voltage_sensitivity"],
        rotors["speed_max_rad_s"], rotors["speed_min_rad_s"], lag * rotors["spin_up_s"], lag * rotors["spin_down_s"],
        segment.dt, speed,
    )  # fmt: skip
    return speed


def predict(segment: Segment, physics: dict[str, Any], x: dict[str, float]) -> Motion:
    """Return what the sensors would show in the middle of each tick, without their delay, for unknowns by name."""
    body, rotors, dt = physics["body"], physics["rotors"], segment.dt
    speed = speeds(segment, physics, x)
    spin_up = np.diff(speed, axis=0) / dt
    speed = 0.5 * (speed[1:] + speed[:-1])
    kf = segment.density_ratio * np.array([x[f"thrust_{i + 1}"] for i in range(speed.shape[1])])
    spin = np.array([SPINS[rotor["spin"]] for rotor in physics["rotor"]])
    centre = np.array([x["centre_x"], x["centre_y"], body["centre_of_mass_m_frd"][2]])
    arms = np.array([rotor["position_m_frd"] for rotor in physics["rotor"]]) - centre
    thrust = kf * speed * speed
    # The rotors obey this tick's throttle a delay later: everything measured is taken from when they do.
    ahead = x["total_delay"] / dt
    q_ned_frd = sooner(segment.q_ned_frd, ahead - segment.imu_delay_s / dt)
    air = to_body(q_ned_frd, sooner(segment.v_ned - segment.wind_ned, ahead - segment.imu_delay_s / dt))
    thrust *= ring_share(air, speed, physics)
    total = thrust.sum(axis=1)
    load = segment.density_ratio * speed.mean(axis=1) / hover_speed(physics)
    drag = -load[:, None] * np.array([x["drag_x"], x["drag_y"], x["drag_z"]]) * air
    force = (drag - np.outer(total, [0.0, 0.0, 1.0])) / body["mass_kg"]
    omega = sooner(segment.gyro, ahead) / x["gyro_scale"]
    shaft = -(thrust * spin).sum(axis=1) * x["torque_per_thrust"] - rotors["inertia_kg_m2"] * (spin_up @ spin)
    torque = np.stack((-thrust @ arms[:, 1], thrust @ arms[:, 0], shaft), axis=1)
    torque += np.cross(arms.mean(axis=0), drag)
    torque += (rotors["flapping_n_m_s_m"] * load)[:, None] * air[:, [1, 0, 2]] * [-1.0, 1.0, 0.0]
    torque -= np.array([x["damping_x"], x["damping_y"], x["damping_z"]]) * omega
    tensor = inertia_tensor(body | {"inertia_kg_m2": [x["inertia_x"], x["inertia_y"], x["inertia_z"]]})
    momentum = omega @ tensor
    momentum[:, 2] += rotors["inertia_kg_m2"] * (speed @ spin)
    omega_dot = np.linalg.solve(tensor, (torque - np.cross(omega, momentum)).T).T
    lever = np.array(body["imu_position_m_frd"]) - centre
    felt = force + np.cross(omega_dot, lever) + np.cross(omega, np.cross(omega, lever))
    climb = float(to_world(q_ned_frd, force)[:, 2].mean()) + STANDARD_GRAVITY
    return Motion(x["gyro_scale"] * omega_dot, x["accel_scale"] * felt, climb)


def sooner(rows: np.ndarray, ticks: float) -> np.ndarray:
    """Return rows as they are some ticks later, interpolated; the ends hold."""
    whole = int(np.floor(ticks))
    share, edge = ticks - whole, abs(whole) + 1
    padded = np.pad(rows, ((edge, edge), (0, 0)), mode="edge")[edge + whole :]
    return (1.0 - share) * padded[: len(rows)] + share * padded[1 : len(rows) + 1]


def ring_share(air: np.ndarray, speed: np.ndarray, physics: dict[str, Any]) -> np.ndarray:
    """Return the share of thrust left in the rotors' own wake, as the file tells it (Leishman 2006, section 2.13)."""
    rotors = physics["rotors"]
    area = np.pi * rotors["radius_m"] ** 2
    induced = np.sqrt(rotors["thrust_coefficient_n_s2"] / (2.0 * SEA_LEVEL_DENSITY * area)) * np.maximum(
        speed, 1.0
    )
    sinking = np.clip(air[:, 2:] / induced, 0.0, 2.0)
    side = (air[:, :1] ** 2 + air[:, 1:2] ** 2) / induced**2
    return np.asarray(1.0 - rotors["vortex_ring_loss"] * (sinking * (2.0 - sinking) / (1.0 + side)) ** 2)


def hover_speed(physics: dict[str, Any]) -> float:
    """Return the rotor speed at which the file's vehicle hovers at sea level."""
    kf, count = physics["rotors"]["thrust_coefficient_n_s2"], len(physics["rotor"])
    return float(np.sqrt(physics["body"]["mass_kg"] * STANDARD_GRAVITY / (count * kf)))
