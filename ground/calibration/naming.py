"""Vectors and matrices of a calibration as the parameters that hold them."""

import math
from collections.abc import Callable

import numpy as np

AXES = "XYZ"


def rotation(level_rad: tuple[float, float] | None) -> np.ndarray:
    """Return the turn from the sensor's axes to the vehicle's, pitch about y and then roll about x undone."""
    roll, pitch = level_rad or (0.0, 0.0)
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    return np.array([[cp, sp * sr, sp * cr], [0.0, cr, -sr], [-sp, cp * sr, cp * cr]])


def named_matrix(sensor: str, matrix: np.ndarray) -> dict[str, float]:
    """Return a matrix's nine parameters."""
    return {f"CAL_{sensor}_{AXES[i]}{AXES[j]}": float(matrix[i, j]) for i in range(3) for j in range(3)}


def named(name: str, vector: np.ndarray) -> dict[str, float]:
    """Return a vector's three parameters."""
    return {f"CAL_{name}_{axis}": float(value) for axis, value in zip(AXES, vector, strict=True)}


def matrix_of(sensor: str, value: Callable[[str], float]) -> np.ndarray:
    """Return a matrix from the values of its parameters."""
    return np.array([value(name) for name in named_matrix(sensor, np.eye(3))]).reshape(3, 3)


def vector_of(name: str, value: Callable[[str], float]) -> np.ndarray:
    """Return a vector from the values of its parameters."""
    return np.array([value(key) for key in named(name, np.zeros(3))])
