"""The part of a flight that a model is fitted to, as plain arrays."""

from dataclasses import dataclass

import numpy as np

from flight.errors import LogError
from flight.physics import NOMINAL_CELL_V
from logs.rebuilding import Flight

# Ground effect ends about twelve rotor radii up; half as much again is surely free air.
FREE_RADII = 15.0
LEAST_S = 8.0
WHOLE_TICKS = 500
# Analog to digital and back: a battery sample is about this old when it arrives.
BATTERY_AGE_S = 0.002
SEA_LEVEL_PA = 101325.0
# Density over pressure in the standard atmosphere (ISO 2533): rho / rho0 = (p / p0) ** 0.80977.
DENSITY_POWER = 0.80977


@dataclass
class Segment:
    """Ticks of free flight: rows are ticks, axes frd unless the name says otherwise."""

    dt: float
    throttle: np.ndarray
    voltage_ratio: np.ndarray
    gyro: np.ndarray
    accel: np.ndarray
    q_ned_frd: np.ndarray
    v_ned: np.ndarray
    wind_ned: np.ndarray
    density_ratio: float
    imu_delay_s: float

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return len(self.gyro) * self.dt


def to_body(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Turn vectors of the world into the body, row by row."""
    w, u = q[:, :1], -q[:, 1:]
    return v + 2.0 * np.cross(u, np.cross(u, v) + w * v)


def to_world(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Turn vectors of the body into the world, row by row."""
    return to_body(q * [1.0, -1.0, -1.0, -1.0], v)


def spliced(t_us: np.ndarray, samples: np.ndarray, fresh: np.ndarray, age_s: float) -> np.ndarray:
    """Return a slow sensor's values at every tick, interpolated between its samples."""
    kept = np.flatnonzero(fresh)
    if not len(kept):
        return np.array(samples)
    return np.interp(t_us * 1e-6, t_us[kept] * 1e-6 - age_s, samples[kept])


def in_free_flight(flight: Flight, radius_m: float) -> slice:
    """Return the longest stretch away from the ground, armed, with a sure attitude; raise LogError when too short."""
    status, estimate = flight.commands.status, flight.commands.estimate
    height = estimate.height_m
    is_free = (status.is_landed == 0) & (status.arming == 1) & (height > FREE_RADII * radius_m)
    is_free &= estimate.is_attitude_valid == 1
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_free.astype(np.int8), [0]))))
    stretches = edges.reshape(-1, 2)
    longest = max(stretches, key=lambda ends: ends[1] - ends[0], default=(0, 0))
    if (longest[1] - longest[0]) * flight.dt < LEAST_S:
        raise LogError(f"the log holds no {LEAST_S:g} s of free flight above {FREE_RADII * radius_m:.1f} m")
    # Whole multiples transform fast.
    return slice(int(longest[0]), int(longest[1] - (longest[1] - longest[0]) % WHOLE_TICKS))


def density_of(flight: Flight, part: slice) -> float:
    """Return the air's density over that at sea level by the barometer and the standard atmosphere, 1 without one."""
    pressure = flight.inputs.baro.pressure_pa[part]
    pressure = pressure[pressure > 0.0]
    return float((np.median(pressure) / SEA_LEVEL_PA) ** DENSITY_POWER) if len(pressure) else 1.0


def cut(flight: Flight) -> Segment:
    """Return the free part of a flight; raise LogError where there is none or its airframe is unknown."""
    if flight.airframe is None:
        raise LogError("the log does not hold an airframe that today's code can read; fly it again")
    physics = flight.airframe.physics
    part = in_free_flight(flight, physics["rotors"]["radius_m"])
    inputs, commands = flight.inputs[part], flight.commands[part]
    nominal_v = NOMINAL_CELL_V * physics["battery"]["cells"]
    voltage = spliced(inputs.t_us, inputs.battery.voltage_v, inputs.battery.fresh, BATTERY_AGE_S)
    return Segment(
        dt=flight.dt,
        throttle=np.ascontiguousarray(commands.motors.motor[:, : len(physics["rotor"])]),
        voltage_ratio=voltage / nominal_v if np.any(voltage > 0.0) else np.ones(len(inputs)),
        gyro=np.array(inputs.imu.gyro_frd),
        accel=np.array(inputs.imu.accel_frd),
        q_ned_frd=np.array(commands.estimate.q_ned_frd),
        v_ned=np.array(commands.estimate.v_ned),
        wind_ned=np.array(commands.estimate.wind_ned),
        density_ratio=density_of(flight, part),
        imu_delay_s=float(flight.params[0].estimator.imu_delay),
    )
