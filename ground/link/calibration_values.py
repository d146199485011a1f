"""What a calibration's measurements mean as parameters: true = matrix (raw - offset), in the rows CAL_*.

How the sensors sit on the vehicle is in the gyro's matrix alone, which nothing but levelling changes.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from flight.errors import FlightError
from flight.physics import STANDARD_GRAVITY
from ground.calibration.naming import matrix_of, named, named_matrix, rotation, vector_of

SENSORS = ("ACC", "GYR", "MAG")
MOST_BIAS = 0.2
MOST_LEAN_DEG = 15.0
# Tells a parameter's value.
Value = Callable[[str], float]


class Found(NamedTuple):
    """What a calibration found, for people and as values of parameters."""

    text: str
    values: dict[str, float]


def gyro(rate_frd: np.ndarray, temperature_c: float, value: Value) -> Found:
    """Take what the gyroscope reads at rest for its offset; the change with temperature stays as it is."""
    if np.linalg.norm(rate_frd) > MOST_BIAS:
        raise ValueError(f"a bias of {np.linalg.norm(rate_frd):.2f} rad/s is too large")
    offset = rate_frd - vector_of("GYR_K", value) * (temperature_c - value("CAL_GYR_TREF"))
    return Found("bias {:.4f} {:.4f} {:.4f} rad/s".format(*rate_frd), named("GYR_OFF", offset))


def accel(pairs: Sequence[tuple[float, float]], value: Value) -> Found:
    """Return each axis's offset and scale from what it reads with gravity along it and against it."""
    offset = np.array([0.5 * (a + b) for a, b in pairs])
    scale = np.array([abs(a - b) / (2.0 * STANDARD_GRAVITY) for a, b in pairs])
    text = "offsets {:.3f} {:.3f} {:.3f} m/s2, scales {:.4f} {:.4f} {:.4f}".format(*offset, *scale)
    matrix = matrix_of("GYR", value) @ np.diag(1.0 / scale)
    return Found(text, named("ACC_OFF", offset) | named_matrix("ACC", matrix))


def mag(fields_ut: np.ndarray, turn: np.ndarray) -> Found:
    """Fit the sphere that a field of steady strength draws."""
    # It brings an optimiser, which takes its time to load.
    from ground.calibration import mag as sphere

    try:
        fit = sphere.fit(fields_ut)
    except FlightError as error:
        raise ValueError(str(error)) from None
    text = "offset {:.1f} {:.1f} {:.1f} uT, misfit {:.1f} uT".format(*fit.offset, fit.residual)
    return Found(text, named("MAG_OFF", fit.offset) | named_matrix("MAG", turn @ fit.matrix))


def level(raw_frd: np.ndarray, value: Value) -> Found:
    """Turn the axes of all sensors so that the vehicle as it stands is level."""
    force = matrix_of("ACC", value) @ (raw_frd - vector_of("ACC_OFF", value))
    roll = math.atan2(-force[1], -force[2])
    pitch = math.atan2(force[0], math.hypot(force[1], force[2]))
    right, back = math.degrees(roll), math.degrees(pitch)
    lean = f"{right:.1f} degrees to the right and {back:.1f} back"
    if math.hypot(right, back) > MOST_LEAN_DEG:
        raise ValueError(f"it leans {lean}; stand it level")
    turn = rotation((roll, pitch))
    turned = named("MAG_A", turn @ vector_of("MAG_A", value))
    for sensor in SENSORS:
        turned |= named_matrix(sensor, turn @ matrix_of(sensor, value))
    return Found(f"it leaned {lean}", turned)
