"""Calibration on demand: MAV_CMD_PREFLIGHT_CALIBRATION, told step by step in the "[cal]" lines ground stations parse.

QGroundControl and MAVSDK know PX4's wording: started, progress, done, failed, cancelled. What was measured is told
and kept as parameters.
"""

import math

import numpy as np

from flight.errors import ConfigError
from ground.link import calibration_steps
from ground.link.dialect import mavlink
from ground.link.parameter_values import ParameterValues
from ground.link.parameters import Parameters
from ground.link.service import (
    ACCEPTED,
    CRITICAL,
    INFO,
    REJECTED,
    UNSUPPORTED,
    WARNING,
    Link,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle

VERSION = 2
LONGEST_S = 300.0
SAMPLE_S = 0.02
MOST_LINES = 8


class Calibration(Microservice):
    """Runs one calibration at a time, on the ground."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands[mavlink.MAV_CMD_PREFLIGHT_CALIBRATION] = self.obey
        self.steps: calibration_steps.Steps | None = None
        self.name = ""
        self.deadline_us = self.due_us = 0

    def say(self, text: str, severity: int = INFO) -> None:
        """Say one line to everyone."""
        self.link.say(f"[cal] {text}", severity)

    def obey(self, order: Order, sender: Sender) -> int | None:
        """Begin the calibration a command names; one that names none cancels. The ACK goes before the first line."""
        given = (order.p1, order.p2, order.p3, order.p4, order.x, order.y, order.z)
        wanted = [(place, value) for place, value in enumerate(given) if value and not math.isnan(value)]
        if not wanted:
            self.link.acknowledge(order, sender, ACCEPTED)
            self.cancel()
            return None
        name = chosen_name(wanted)
        if name is None:
            self.link.say("Calibration refused: there is gyro, mag, baro, accel and level", WARNING, sender)
            return UNSUPPORTED
        if self.vehicle.is_armed or self.steps is not None:
            self.link.say(
                f"Calibration refused: {'disarm first' if self.vehicle.is_armed else 'one is running'}",
                WARNING,
                sender,
            )
            return REJECTED
        self.link.acknowledge(order, sender, ACCEPTED)
        if len(wanted) > 1:
            self.link.say(f"Calibrating one thing at a time: {name} now", WARNING, sender)
        self.begin(name)
        return None

    def begin(self, name: str) -> None:
        """Begin a calibration."""
        self.name, self.steps = name, STEPS[name]()
        self.vehicle.is_calibrating = True
        self.deadline_us = self.vehicle.t_us + round(1e6 * LONGEST_S)
        self.due_us = 0
        self.say(f"calibration started: {VERSION} {name}")
        self.go_on(None)

    def cancel(self) -> None:
        """End what is running."""
        if self.steps is None:
            self.link.say("No calibration to cancel", INFO)
            return
        self.steps = None
        self.say("calibration cancelled")

    def finish(self, found: calibration_steps.Found) -> None:
        """Keep what was found for the next start: an estimator that already trusts its biases is not upset."""
        kept = "; it holds from the next start on" if found.values else ""
        try:
            self.parameters.keep_for_start(found.values)
        except ConfigError as error:
            self.fail(str(error))
            return
        self.link.say(f"{self.name}: {found.text}{kept}", INFO)
        self.say(f"calibration done: {self.name}")

    def fail(self, reason: str) -> None:
        """End with a reason."""
        self.steps = None
        self.say(f"calibration failed: {reason}", CRITICAL)

    def tick(self, now: float) -> None:
        """Look at the newest sample."""
        self.vehicle.is_calibrating = self.steps is not None
        if self.steps is None or not self.due_us <= self.vehicle.t_us:
            return
        if self.vehicle.is_armed:
            self.fail("the vehicle was armed")
        elif self.vehicle.t_us > self.deadline_us:
            self.fail("it took too long")
        else:
            self.due_us = self.vehicle.t_us + round(1e6 * SAMPLE_S)
            self.go_on(self.sample())

    @property
    def parameters(self) -> ParameterValues:
        """Return the parameters' values."""
        return self.link.service(Parameters).values  # type: ignore[attr-defined]

    def sample(self) -> calibration_steps.Sample:
        """Return what the sensors read now."""
        inputs = self.vehicle.inputs
        imu = inputs.imu
        return calibration_steps.Sample(
            1e-6 * self.vehicle.t_us,
            vector(imu.gyro_frd),
            vector(imu.accel_frd),
            vector(inputs.mag.field_ut_frd),
            float(imu.temperature_c),
            self.parameters.at_start,
        )

    def go_on(self, sample: calibration_steps.Sample | None) -> None:
        """Give the steps a sample and say what they say, until they want the next one."""
        try:
            line = self.steps.send(sample) if sample and self.steps else next(self.steps)  # type: ignore[arg-type]
            for _ in range(MOST_LINES):
                if not line or self.steps is None:
                    return
                self.say(line)
                line = next(self.steps)
        except StopIteration as ended:
            self.steps = None
            self.finish(ended.value)
        except ValueError as error:
            self.fail(str(error))


def baro() -> calibration_steps.Steps:
    """Take the pressure here for the ground's: the estimator does so at every start."""
    yield from calibration_steps.still()
    return calibration_steps.Found("the pressure on the ground is taken at every start", {})


STEPS = {
    "gyro": calibration_steps.gyro,
    "mag": calibration_steps.mag,
    "baro": baro,
    "accel": calibration_steps.accel,
    "level": calibration_steps.level,
}
# Which parameter of the command names what, and with which value.
NAMES = {(0, 1.0): "gyro", (1, 1.0): "mag", (2, 1.0): "baro", (4, 1.0): "accel", (4, 2.0): "level"}


def chosen_name(wanted: list[tuple[int, float]]) -> str | None:
    """Return the first of the things a command asks for, as PX4 takes it, None when it cannot be done."""
    return NAMES.get(wanted[0])


def vector(values: np.ndarray) -> np.ndarray:
    """Return three numbers."""
    return np.array([float(v) for v in values])
