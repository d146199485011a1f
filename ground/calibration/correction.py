"""What every fit returns: how to turn a raw reading into a true one, and how well that went."""

from dataclasses import dataclass

import numpy as np

from flight.errors import FlightError


class PoorDataError(FlightError):
    """A recording from which a sensor cannot be calibrated; says why and what to do."""


@dataclass(frozen=True)
class Correction:
    """true = matrix @ (raw - offset); `residual` is the RMS misfit in the sensor's unit."""

    matrix: np.ndarray
    offset: np.ndarray
    residual: float
    samples: int

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Return corrected rows."""
        return (raw - self.offset) @ self.matrix.T


def upper(six: np.ndarray) -> np.ndarray:
    """Return the upper triangular matrix of six numbers, row by row: scales on, misalignments off the diagonal."""
    a, b, c, d, e, f = six
    return np.array([[a, b, c], [0.0, d, e], [0.0, 0.0, f]])
