"""A vehicle in somebody's hands: nobody flies it, it is held and turned; its sensors say what they then would."""

from collections import deque

import numpy as np
from scipy.spatial.transform import Rotation

from flight.airframe import Airframe
from flight.record import rows
from sim.sensors import presets, sensors
from sim.truth import TRUTH

STEP_S = 0.005
# Hands are never quite still, rad/s.
TREMBLE = 0.01
# What computer and radio draw with the motors off.
IDLE_A = 0.4
# Turned about all axes at once, no two at the same pace, rad/s.
TUMBLE = np.array([1.17, 0.83, 0.54])


class Held:
    """A world whose vehicle is where its holder turns it; its sensors are as bought, not calibrated."""

    def __init__(self, airframe: Airframe, seed: int = 1) -> None:
        self.dt = STEP_S
        parts = dict(airframe.sensors) | {"calibration": "uncalibrated", "vibration": "none"}
        self.presets, self.sensors, self.truth = (
            presets.presets_for(parts, airframe),
            rows(sensors.SENSORS),
            rows(TRUTH)[0],
        )
        sensors.reset(self.sensors[0], self.presets[0], seed)
        self.random = np.random.default_rng(seed)
        self.attitude = Rotation.identity()
        self.rates: deque[np.ndarray] = deque()
        self.is_in_hand = False

    def turn_to(self, attitude: Rotation, seconds: float = 1.0) -> None:
        """Turn it to a body-to-world attitude within so long, and hold it there."""
        self.rates.clear()
        steps = max(1, round(seconds / STEP_S))
        self.rates.extend([(self.attitude.inv() * attitude).as_rotvec() / (steps * STEP_S)] * steps)
        self.is_in_hand = True

    def tumble(self, seconds: float) -> None:
        """Turn it about all its axes for so long."""
        t = STEP_S * np.arange(round(seconds / STEP_S))
        self.rates.extend(TUMBLE * np.c_[np.ones_like(t), 1.5 * np.sin(0.31 * t), np.cos(0.17 * t)])
        self.is_in_hand = True

    def put_down(self) -> None:
        """Stand it on the ground, level, and let go."""
        self.turn_to(Rotation.identity())
        self.is_in_hand = False

    def read(self, inputs: np.void) -> bool:
        """Let a step pass and measure."""
        omega = self.rates.popleft() if self.rates else np.zeros(3)
        if self.is_in_hand:
            omega = omega + TREMBLE * self.random.normal(size=3)
        self.attitude = self.attitude * Rotation.from_rotvec(STEP_S * omega)
        self.truth.t_us += round(1e6 * STEP_S)
        self.truth.q_ned_frd, self.truth.omega_frd = self.attitude.as_quat(scalar_first=True), omega
        self.truth.current_a = inputs.battery.current_a = IDLE_A
        inputs.t_us = self.truth.t_us
        sensors.imu.measure(self.sensors[0].imu, self.presets[0].imu, self.truth, inputs.imu)
        sensors.mag.measure(self.sensors[0].mag, self.presets[0].mag, self.truth, inputs.mag)
        return True

    def write(self, command: np.void) -> None:
        """Nothing: its motors are off."""
