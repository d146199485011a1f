"""The simulator behind the seam: a world whose time passes when the loop says so."""

import time

import numpy as np

from flight.airframe import Airframe
from flight.command import COMMAND
from flight.kernel import kernel
from flight.record import rows
from sim import vehicle as one


@kernel
def measure_row(vehicles, setups, heard, inputs):
    """Measure the first vehicle: arrays cross into machine code many times faster than records."""
    one.measure(vehicles[0], setups[0], heard[0].status, inputs[0])


@kernel
def obey_row(vehicles, setups, heard):
    """Let a tick pass for the first vehicle."""
    one.obey(vehicles[0], setups[0], heard[0])


class Simulator:
    """A vehicle in the simulator. Returns at once, or at the pace of real time when asked."""

    def __init__(
        self, airframe: Airframe, seed: int = 1, sensor_set: str = "consumer", speed: float | None = None
    ) -> None:
        self.dt = 1.0 / airframe.loop_rate_hz
        self.setups = one.setup_for(airframe, sensor_set)
        self.vehicles = rows(one.VEHICLE)
        one.place(self.vehicles[0], self.setups[0], seed)
        self.heard = rows(COMMAND)
        self.pace_s = self.dt / speed if speed else 0.0
        self.due_s = time.monotonic()

    def read(self, inputs: np.void) -> bool:
        """Measure the plant."""
        if self.pace_s:
            self.due_s += self.pace_s
            time.sleep(max(0.0, self.due_s - time.monotonic()))
        measure_row(self.vehicles, self.setups, self.heard, np.asarray(inputs).reshape(1))
        return True

    def write(self, command: np.void) -> None:
        """Let one tick pass under the command's motor ratios."""
        self.heard[0] = command
        obey_row(self.vehicles, self.setups, self.heard)
