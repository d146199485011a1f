"""What several of PX4's topics are computed with."""

from typing import Any

import numpy as np

from flight.modes import Level
from logs.px4.topic import U64, D, Expression, F, Flown

SAMPLED = {"timestamp_sample": (U64, lambda f: f.i["t_us"])}
ORIGIN = {
    "ref_lat": (D, lambda f: f.e["origin_lat_deg"]),
    "ref_lon": (D, lambda f: f.e["origin_lon_deg"]),
    "ref_alt": (F, lambda f: f.e["origin_alt_amsl_m"]),
}


def sampled(sensor: str) -> dict[str, tuple[Any, Expression]]:
    """Return the field that tells when a sensor measured."""
    return {"timestamp_sample": (U64, lambda f: f.i[sensor]["t_us"])}


def along(axis: int, get: Expression) -> Expression:
    """Return one component of a vector expression."""
    return lambda f: get(f)[:, axis]


def up(collective: np.ndarray) -> np.ndarray:
    """Return a thrust share as PX4's body vector: up is minus z."""
    thrust = np.zeros((len(collective), 3))
    thrust[:, 2] = -collective
    return thrust


def heading(q: np.ndarray) -> np.ndarray:
    """Return the yaw of quaternions in radians."""
    w, x, y, z = q.T
    return np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def where(level: Level, get: Expression) -> Expression:
    """Return a setpoint where it steers the vehicle, NaN - PX4's "not controlled" - where guidance hands over below."""

    def expression(f: Flown) -> np.ndarray:
        value = get(f)
        is_used = f.s["level"] >= level
        return np.where(is_used if value.ndim == 1 else is_used[:, None], value, np.nan)

    return expression


def sigma_xy(sigma: np.ndarray) -> np.ndarray:
    """Return the horizontal standard deviation."""
    return np.hypot(sigma[:, 0], sigma[:, 1])


def is_on(flags: np.ndarray) -> np.ndarray:
    """Return flags as truth values."""
    return flags != 0


def local_position(
    p: Expression, v: Expression, a: Expression, q: Expression
) -> dict[str, tuple[Any, Expression]]:
    """Return the kinematic fields of a local position topic."""
    fields: dict[str, tuple[Any, Expression]] = dict(SAMPLED)
    for axis, letter in enumerate("xyz"):
        fields[letter] = F, along(axis, p)
        fields[f"v{letter}"] = F, along(axis, v)
        fields[f"a{letter}"] = F, along(axis, a)
    return fields | {"heading": (F, lambda f: heading(q(f)))}
