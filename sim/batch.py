"""Many vehicles with their whole autopilots in compiled code; one of many equals one alone, to the bit."""

from collections.abc import Callable

import numba
import numpy as np

from flight import autopilot
from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.record import rows
from sim import vehicle as one
from sim.operator import Step, brief
from sim.plant.spread import NOMINAL, Spread

# How long a vehicle may take to get ready to arm.
PATIENCE_S = 60.0


@kernel
def fly_ticks(vehicle, setup, state, params, inputs, command, ticks):
    """Fly one vehicle for a number of ticks; stop early once it has flown and is disarmed."""
    for _ in range(ticks):
        if vehicle.score.disarmed_us > 0 and vehicle.operator.cursor >= vehicle.operator.count:
            return
        one.tick(vehicle, setup, state, params, inputs, command)


@kernel
def record_ticks(vehicle, setup, state, params, inputs, command, inputs_rows, command_rows, truth_rows):
    """Fly one vehicle for as many ticks as the rows hold and keep every tick's records."""
    for i in range(len(inputs_rows)):
        truth_rows[i] = vehicle.truth
        one.tick(vehicle, setup, state, params, inputs, command)
        inputs_rows[i] = inputs
        command_rows[i] = command


@kernel(parallel=True)
def fly_batch(vehicles, setups, states, params, inputs, commands, ticks):
    """Fly every vehicle for a number of ticks, spread over the threads."""
    for i in numba.prange(len(vehicles)):
        fly_ticks(vehicles[i], setups[i], states[i], params[i], inputs[i], commands[i], ticks)


class Fleet:
    """N vehicles with their autopilots; arrays of records, one row per vehicle."""

    def __init__(
        self,
        airframe: Airframe,
        seeds: list[int],
        sensor_set: str = "consumer",
        spread: Spread = NOMINAL,
    ) -> None:
        count = len(seeds)
        self.dt = 1.0 / airframe.loop_rate_hz
        self.setups = np.repeat(one.setup_for(airframe, sensor_set), count).view(np.recarray)
        self.params = np.repeat(airframe.params, count).view(np.recarray)
        self.vehicles, self.states = rows(one.VEHICLE, count), rows(autopilot.STATE, count)
        self.inputs, self.commands = rows(INPUTS, count), rows(COMMAND, count)
        for i, seed in enumerate(seeds):
            one.place(self.vehicles[i], self.setups[i], seed, spread)
            autopilot.start(self.states[i], self.params[i], self.dt)

    def brief(self, steps: list[Step]) -> None:
        """Give every operator the same steps."""
        for vehicle in self.vehicles:
            brief(vehicle.operator, steps)

    def fly(
        self, seconds: float, progress: Callable[[float], None] | None = None, chunk_s: float = 5.0
    ) -> None:
        """Fly all vehicles; `progress` is told the share done after every chunk."""
        left = total = round(seconds / self.dt)
        while left > 0 and not self.is_over():
            ticks = min(left, round(chunk_s / self.dt))
            fly_batch(self.vehicles, self.setups, self.states, self.params, self.inputs, self.commands, ticks)
            left -= ticks
            if progress:
                progress(1.0 - left / total)

    def is_over(self) -> bool:
        """Tell whether every vehicle is disarmed again or did not arm within a minute."""
        score, late = self.vehicles.score, self.vehicles.truth.t_us > PATIENCE_S * 1e6
        return bool(np.all((score.disarmed_us > 0) | (late & (score.armed_us == 0))))
