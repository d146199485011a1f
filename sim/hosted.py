"""A simulated vehicle that somebody else's autopilot flies: throttles in, truth and samples out, time as asked."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.quaternion import body_z_ned, quat, rotate_back
from flight.record import REAL, VECTOR, record, rows
from flight.vector import Vec3, norm, put, vec
from sim import vehicle as one
from sim.sensors.imu import felt
from sim.world import measure_row, obey_row

# The plant's own step: legs on the ground are stiff.
LONGEST_STEP_US = 1000
# v_air_frd: the velocity through the air; below_m: along body z, as a range finder looks.
FELT = record(gyro_frd=VECTOR, accel_frd=VECTOR, v_air_frd=VECTOR, air_speed=REAL, below_m=REAL)
# Tilted further than this cosine, a range finder sees no ground worth telling.
MOST_TILTED = 0.1
Arrange = Callable[[np.void, np.void], None]


@kernel
def feel_row(vehicles, felt_there):
    """Write what sensors without error at the centre of mass would feel."""
    truth = vehicles[0].truth
    omega, force = felt(truth, Vec3(0.0, 0.0, 0.0))
    put(felt_there[0].gyro_frd, omega)
    put(felt_there[0].accel_frd, force)
    v_air = rotate_back(quat(truth.q_ned_frd), vec(truth.v_ned) - vec(truth.wind_ned))
    put(felt_there[0].v_air_frd, v_air)
    felt_there[0].air_speed = norm(v_air)
    upright = body_z_ned(quat(truth.q_ned_frd)).z
    felt_there[0].below_m = max(truth.height_m, 0.0) / max(upright, MOST_TILTED)


class Hosted:
    """A vehicle without an autopilot of ours; `arrange` sets wind and faults each time it begins anew."""

    def __init__(
        self, airframe: Airframe, seed: int, sensor_set: str = "consumer", arrange: Arrange | None = None
    ) -> None:
        self.airframe, self.seed, self.arrange = airframe, seed, arrange
        self.rotors = len(airframe.physics["rotor"])
        self.as_new = one.setup_for(airframe, sensor_set)
        self.as_new[0].tick_us = LONGEST_STEP_US
        self.records = rows(one.VEHICLE), self.as_new.copy()
        # Plain arrays of the same memory: fields of records open a hundred times slower.
        self.vehicles, self.setups = (records.view(np.ndarray) for records in self.records)
        self.heard, self.inputs = (rows(kind).view(np.ndarray) for kind in (COMMAND, INPUTS))
        self.truth, self.felt = self.vehicles["truth"], rows(FELT).view(np.ndarray)
        self.clock_us, self.motor = self.truth["t_us"], self.heard["motors"]["motor"][0]
        self.restart()

    def restart(self) -> None:
        """Stand the vehicle at the origin again, at time zero, everything random as the first time."""
        vehicle, setup = (records[0] for records in self.records)
        for place in (self.vehicles, self.heard, self.inputs):
            place[:] = np.zeros(1, place.dtype)
        # Placing draws how this vehicle differs from its file: from the file's, not from the last one's.
        self.setups[:] = self.as_new
        one.place(vehicle, setup, self.seed)
        if self.arrange is not None:
            self.arrange(vehicle, setup)

    @property
    def t_us(self) -> int:
        """Return the time since the beginning."""
        return int(self.clock_us[0])

    def feel(self) -> np.ndarray:
        """Return what sensors without error would feel, as an array of one FELT."""
        feel_row(self.vehicles, self.felt)
        return self.felt

    def measure(self) -> np.ndarray:
        """Return the sensors' samples of this moment, as an array of one INPUTS."""
        measure_row(self.vehicles, self.setups, self.heard, self.inputs)
        return self.inputs

    def step(self, ratios: Sequence[float], step_us: int) -> None:
        """Let time pass under throttle ratios in the airframe's rotor order; motors not given stand still."""
        begun_us, parts = self.t_us, math.ceil(step_us / LONGEST_STEP_US)
        self.setups["substeps"][0] = parts
        self.setups["plant_dt_s"][0] = 1e-6 * step_us / parts
        self.motor[:] = 0.0
        self.motor[: min(len(ratios), self.rotors)] = ratios[: self.rotors]
        obey_row(self.vehicles, self.setups, self.heard)
        # Parts of a step need not be whole microseconds, their sum is.
        self.clock_us[0] = begun_us + step_us
