"""The IMU on the Pi, and a vehicle without a board: the Pi drives the motors, too."""

import numpy as np

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.imu import PATIENCE, PacedImu, Source
from firmware_bridge.pi.pulses import Outputs
from firmware_bridge.views import Said, Told
from flight.inputs import BridgeFault
from flight.modes import Arming

# So often the pulse generator is asked whether it still runs.
CHECK_US = 50_000


class OwnImu:
    """Half a World: `fill` waits for the next sample of the Pi's own IMU and writes it into the inputs."""

    def __init__(self, source: Source, clock: Clock, dt: float) -> None:
        self.dt, self.clock = dt, clock
        self.imu = PacedImu(source, clock, dt)
        self.sampled_us = 0
        self.told: Told | None = None

    @property
    def overruns(self) -> int:
        """Return how many samples nobody read in time."""
        return self.imu.lost

    @property
    def free_until_us(self) -> int:
        """Return when the IMU wants to be read next."""
        return self.imu.due_us

    def places(self, inputs: np.void) -> Told:
        """Return the inputs' fields as arrays."""
        if self.told is None or self.told.inputs is not inputs:
            self.told = Told(inputs)
        return self.told

    def fill(self, told: Told) -> bool:
        """Wait for the next sample, or one and a half periods; tell whether there was one."""
        for fresh in told.fresh:
            fresh[0] = 0
        motion = self.imu.wait()
        self.sampled_us, now_us = self.imu.sampled_us, self.clock.now_us()
        # What did not come was taken a period after the last, as far as anybody knows.
        missed_us = now_us - round(1e6 * (PATIENCE - 1.0) * self.dt)
        told.t_us[0] = max(self.sampled_us or missed_us, int(told.t_us[0]) + 1)
        if motion is not None:
            told.imu_fresh[0], told.sampled_us[0] = 1, told.t_us[0]
            told.gyro_frd[:], told.accel_frd[:] = motion.gyro_frd, motion.accel_frd
            told.temperature_c[0] = motion.temperature_c
        told.bridge_age_us[0] = now_us - self.imu.heard_us if self.imu.heard_us else -1
        return motion is not None


class Bare(OwnImu):
    """A World: `read` waits for the IMU's next sample, `write` sends pulses.

    Nothing raises in flight: silence is `inputs.link.bridge_age_us`, faults are `inputs.system.bridge_faults`.
    """

    def __init__(self, source: Source, outputs: Outputs, clock: Clock, dt: float, rotors: int = 4) -> None:
        super().__init__(source, clock, dt)
        self.outputs, self.rotors = outputs, rotors
        self.checked_us = 0
        self.is_fed, self.restarts = True, 0
        self.said: Said | None = None

    def open(self) -> None:
        """Idle the motors, then find the IMU; raise LinkError."""
        self.outputs.open(self.clock)
        self.imu.source.open(self.clock)

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill IMU and link."""
        told = self.places(inputs)
        told.bridge_faults[0] = self.faults(self.fill(told))
        return True

    def faults(self, is_heard: bool) -> int:
        """Return what is wrong, as BridgeFault bits."""
        found = 0 if is_heard else BridgeFault.BUS
        found |= 0 if self.is_fed else BridgeFault.OUTPUTS
        return int(found | (BridgeFault.RESTARTED if self.restarts else 0))

    def write(self, command: np.void) -> None:
        """Send this tick's pulses: idle ones unless the loop is armed."""
        if self.said is None or self.said.command is not command:
            self.said = Said(command)
        is_armed = int(self.said.arming[0]) == Arming.ARMED
        throttles = self.said.motor[: self.rotors].tolist() if is_armed else [0.0] * self.rotors
        self.is_fed = self.outputs.write(tuple(throttles))
        if self.clock.now_us() - self.checked_us > CHECK_US:
            self.check()

    def check(self) -> None:
        """See whether pulses are still made; a generator that lost its power is woken up."""
        self.checked_us = self.clock.now_us()
        if self.outputs.is_running() is False:
            self.restarts += 1
            self.outputs.revive()

    def close(self) -> None:
        """End all pulses."""
        self.outputs.silence()
