"""A bench to hold sensors in: a truth that a test moves, and the samples that come out."""

from collections.abc import Callable

import numpy as np

from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.record import rows
from sim.sensors import presets, sensors
from sim.truth import TRUTH

ALL = {
    "imu": "mpu6050",
    "mag": "qmc5883l",
    "baro": "bmp280",
    "gps": "ublox_m8",
    "range": "vl53l1x",
    "flow": "pmw3901",
    "mocap": "mocap",
    "battery": "analog",
    "rpm": "rpm_esc",
    "pilot": "sbus",
}
STILL = {"vibration": "none"}
Move = Callable[[np.void, float], None]


@kernel
def record(state, parts, truth, inputs, log, gps_error_ned, tick_us):
    """Fill a log with the inputs of a vehicle that does not move."""
    for k in range(len(log)):
        sensors.measure(state, parts, truth, inputs)
        log[k] = inputs
        for axis in range(3):
            gps_error_ned[k, axis] = state.gps.error_ned[axis]
        truth.t_us += tick_us


class Bench:
    """One vehicle's sensors on a bench: level, at rest, one metre above the ground, rotors turning."""

    def __init__(self, names: dict[str, str], seed: int = 1, tick_us: int = 1000) -> None:
        self.tick_us = tick_us
        self.presets = presets.presets_for(names)[0]
        self.sensors = rows(sensors.SENSORS)[0]
        self.truth = rows(TRUTH)[0]
        self.inputs = rows(INPUTS)[0]
        self.truth.q_ned_frd[0] = 1.0
        self.truth.height_m = 1.0
        self.truth.air_density_kg_m3 = 1.2
        self.truth.voltage_v, self.truth.current_a = 12.0, 10.0
        self.truth.rotor_speed[:4] = 540.0, 550.0, 545.0, 560.0
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Switch the sensors on anew."""
        sensors.reset(self.sensors, self.presets, seed)
        self.truth.t_us = 0
        self.sensors.pilot.script.is_present = 1

    def tick(self, move: Move | None = None) -> None:
        """Measure once, then let a tick pass."""
        if move:
            move(self.truth, 1e-6 * self.truth.t_us)
        sensors.measure(self.sensors, self.presets, self.truth, self.inputs)
        self.truth.t_us += self.tick_us

    def log(self, seconds: float, move: Move | None = None) -> np.ndarray:
        """Return the inputs of every tick."""
        log = rows(INPUTS, round(1e6 * seconds / self.tick_us))
        self.gps_error_ned = np.zeros((len(log), 3))
        if move is None:
            record(self.sensors, self.presets, self.truth, self.inputs, log, self.gps_error_ned, self.tick_us)
            return log
        for k in range(len(log)):
            self.tick(move)
            log[k] = self.inputs
        return log

    def samples(self, group: str, seconds: float, *fields: str, move: Move | None = None) -> np.ndarray:
        """Return time in seconds and the chosen fields of every fresh sample, one row each."""
        log = self.log(seconds, move)[group]
        fresh = log[log.fresh == 1]
        return np.column_stack([1e-6 * fresh.t_us, *(fresh[field] for field in fields)])
