"""Fly a log again with a model in the vehicle's place: same sticks, demands, setpoints and wind, any gains."""

from dataclasses import dataclass

import numpy as np

from flight import autopilot
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.record import rows
from ground.identification.built import Numbers, physics_of
from ground.whatif import vehicle
from ground.whatif.surroundings import around
from logs.again import Again, before, override, renumber
from logs.reader import Log
from logs.rebuilding import Flight
from logs.ticks import Ticks
from sim.refly import fly_again

# Before arming nothing moves; this long the model may settle on its legs.
LEAD_S = 0.5
AFTER_S = 0.5


@dataclass
class Stretch:
    """The ticks of a log that are flown again, with everything that the model is not asked for."""

    begin: int
    told: np.recarray
    flown: np.recarray
    around: np.recarray
    pilot: Again
    dt: float

    @property
    def t_s(self) -> np.ndarray:
        """Return the time of each tick since the log's first."""
        return 1e-6 * (self.flown.t_us - self.flown.t_us[0])


def stretch_of(log: Log, flight: Flight, x: Numbers) -> Stretch:
    """Return the longest armed stretch of a log, in the wind felt by the vehicle of a fit; raise LogError without."""
    is_armed = flight.commands.status.arming == Arming.ARMED
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_armed.astype(np.int8), [0])))).reshape(-1, 2)
    if not len(edges):
        raise LogError(f"{log.path}: was never armed: there is no flight to fly again")
    first, last = max(edges, key=lambda ends: ends[1] - ends[0])
    begin = max(int(first) - round(LEAD_S / flight.dt), 0)
    end = min(int(last) + round(AFTER_S / flight.dt), len(is_armed))
    built = physics_of(flight.airframe.physics, x)  # type: ignore[union-attr]
    told, flown = flight.inputs[begin:end], flight.commands[begin:end]
    return Stretch(
        begin, told, flown, around(told, flown, flight, built), before(log, Ticks(log), begin), flight.dt
    )


def fly(stretch: Stretch, flight: Flight, x: Numbers, settings: dict[str, float]) -> np.recarray:
    """Return the command of every tick when the vehicle of a fit flies a stretch, with parameters overridden."""
    model = vehicle.model_of(flight.airframe, x)  # type: ignore[arg-type]
    state, command, params = (
        a.copy() for a in (stretch.pilot.states, stretch.pilot.command, stretch.pilot.params)
    )
    override(params, dict(settings))
    believe(state[0].estimator, stretch.flown[0].estimate)
    autopilot.configure(state[0], params[0])
    told = stretch.told.copy()
    renumber(told.demand, stretch.pilot.places, dict(settings))
    seen = stretch.flown[0]
    in_air = bool(seen.status.arming == Arming.ARMED and not seen.status.is_landed)
    ground_d = vehicle.stand(
        model, int(told[0].t_us), seen.estimate, told[0].battery, seen.motors.motor, in_air
    )
    kept, own = rows(COMMAND, len(told)), rows(INPUTS)
    stretch.around.ground_d = ground_d
    fly_again(
        model.vehicles, model.setups, state, params, told, stretch.flown, own, stretch.around, command, kept
    )
    return kept


def believe(own: np.void, estimate: np.void) -> None:
    """Let the strapdown go on from the recorded estimate; the model's IMU has no bias and no calibration."""
    own.is_aligned = 1
    for name in ("q_ned_frd", "v_ned", "p_ned"):
        own.nominal[name] = estimate[name]
    own.nominal.gyro_bias_frd = own.nominal.accel_bias_frd = 0.0
    own.jump_ned = 0.0
