"""How a vehicle is wired to its board: what turns raw numbers into volts, axes and sticks."""

from dataclasses import dataclass, field

import numpy as np

from firmware_bridge.protocol import Output
from flight.frames import swap_frd_flu
from flight.vector import Vec3

# The chip lies with its markings up, its x forward, so its axes are forward, left, up; rows are forward, right, down.
MARKINGS_UP = tuple(
    tuple(swap_frd_flu(axis)) for axis in (Vec3(1.0, 0.0, 0.0), Vec3(0.0, 1.0, 0.0), Vec3(0.0, 0.0, 1.0))
)
COUNTS_FULL = 1024.0


@dataclass(frozen=True)
class Wiring:
    """The board's surroundings; `frd_from_chip` turns the IMU's axes into forward-right-down.

    `volts_per_volt` is the battery's divider, `amps_per_volt` the current sensor's slope at pin A1 (0: there is none).
    """

    output: Output = Output.ONESHOT125
    frd_from_chip: tuple[tuple[float, ...], ...] = MARKINGS_UP
    volts_per_volt: float = 11.0
    amps_per_volt: float = 0.0
    has_receiver: bool = False
    rotation: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotation", np.array(self.frd_from_chip))

    def battery_v(self, counts: int, supply_mv: int) -> float:
        """Return the battery's voltage from A0; the converter's reference is the board's supply."""
        return self.volts_per_volt * counts / COUNTS_FULL * 1e-3 * supply_mv

    def current_a(self, counts: int, supply_mv: int) -> float:
        """Return the battery's current from A1."""
        return self.amps_per_volt * counts / COUNTS_FULL * 1e-3 * supply_mv
