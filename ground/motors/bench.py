"""Spin one motor of a vehicle that is held or stands, and keep what its IMU felt."""

import time
from dataclasses import dataclass, field

import numpy as np

from flight.command import COMMAND
from flight.errors import LinkError
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.record import rows
from ground.loop import World

REST_S, STOP_S = 1.0, 0.7
# A board takes a few frames to arm; one that has not after this long will not.
ARM_S = 2.0
# A machine that is full may emulate a vehicle at a tenth of its pace.
PATIENCE_S = 30.0
# More lifts a corner of an unfastened vehicle, or hurts a hand.
THROTTLE_MOST = 0.3


@dataclass
class Felt:
    """What the IMU measured, one row per sample in the vehicle's axes; the motor was told to turn at 0 s."""

    t_s: np.ndarray
    gyro_frd: np.ndarray
    accel_frd: np.ndarray
    spun_s: float

    @property
    def is_resting(self) -> np.ndarray:
        """Return which samples were taken before."""
        return self.t_s < 0.0


@dataclass
class Bench:
    """A vehicle on its world, with nobody flying it."""

    world: World
    inputs: np.void = field(default_factory=lambda: rows(INPUTS)[0])
    command: np.void = field(default_factory=lambda: rows(COMMAND)[0])
    kept: list[tuple[int, list[float], list[float]]] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Let time pass by the samples' clock; raise LinkError when none come."""
        # The first sample of a simulated vehicle may take a minute to compile.
        self.world.read(self.inputs)
        self.world.write(self.command)
        begin_us, patience_s = int(self.inputs.t_us), time.monotonic() + 4.0 * seconds + PATIENCE_S
        while self.inputs.t_us - begin_us < 1e6 * seconds:
            self.world.read(self.inputs)
            self.world.write(self.command)
            imu = self.inputs.imu
            if imu.fresh:
                self.kept.append((int(self.inputs.t_us), imu.gyro_frd.tolist(), imu.accel_frd.tolist()))
            if time.monotonic() > patience_s:
                raise LinkError("the vehicle's samples come far too slowly: run `quadloop doctor`")

    def spin(self, motor: int, throttle: float, seconds: float) -> Felt:
        """Spin a motor (the first is 0) for so long; whatever happens, all are told to stop."""
        self.kept.clear()
        try:
            self.arm()
            self.kept.clear()
            self.run(REST_S)
            begin_us = int(self.inputs.t_us)
            self.command.motors.motor[motor] = throttle
            self.run(seconds)
        finally:
            self.stop()
        t_us, gyro, accel = zip(*self.kept, strict=True)
        return Felt(1e-6 * (np.array(t_us) - begin_us), np.array(gyro), np.array(accel), seconds)

    def arm(self) -> None:
        """Arm with all motors at minimum; raise LinkError with the board's reason when it refuses."""
        self.command.motors.motor[:] = 0.0
        self.run(0.1)
        self.command.status.arming = Arming.ARMED
        waited_s = 0.0
        while not self.is_armed() and waited_s < ARM_S:
            self.run(0.1)
            waited_s += 0.1
        if not self.is_armed():
            raise LinkError(f"the board does not arm: {refusal_of(self.world)}")

    def is_armed(self) -> bool:
        """Tell whether motors would turn; a world without a board of its own never refuses."""
        last = getattr(board_of(self.world), "last", None)
        return board_of(self.world) is None or (last is not None and last.state == Arming.ARMED)

    def stop(self) -> None:
        """Stop the motors, then disarm."""
        self.command.motors.motor[:] = 0.0
        self.run(STOP_S)
        self.command.status.arming = Arming.DISARMED
        self.run(0.1)


def board_of(world: World) -> object | None:
    """Return the world's serial board, None for one that has none."""
    return world if hasattr(world, "refusal") else getattr(world, "serial", None)


def refusal_of(world: World) -> str:
    """Return in words why a board does not arm."""
    from firmware_bridge.protocol import ADVICE

    return ADVICE.get(getattr(board_of(world), "refusal", None), "it does not say why")  # type: ignore[arg-type]
