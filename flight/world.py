"""The seam: two verbs and a period. Whatever is on the far side, the loop is the same."""

from typing import Protocol

import numpy as np


class World(Protocol):
    """What is on the far side of the sensors and the motors. The world owns time."""

    dt: float

    def read(self, inputs: np.void) -> bool:
        """Wait for the next tick and fill `inputs`; return False when there is none."""
        ...

    def write(self, command: np.void) -> None:
        """Act on `command` before the next tick."""
        ...
