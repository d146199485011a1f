"""An IMU on the Pi's own bus: a sample of motion, and a pace that follows the chip's clock."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from firmware_bridge.clocks import WRAP, Alignment
from firmware_bridge.pi.clock import Clock

# When a sample is there at the first look, the next look is so much earlier: until the chip's pace is known, and then.
EARLY_AT_FIRST_US, EARLY_US = 60, 20
# Between two looks for a sample that is not there yet.
AGAIN_US = 40
# A tick waits so many periods for its sample, then goes on without.
PATIENCE = 1.5
# An IMU's own oscillator is within a per cent or two (MPU-6050 PS 6.3).
CLOCK_OFF_MOST = 0.05
# After so long a silence the chip is set up again, and then as often.
SILENT_US, REVIVE_US = 50_000, 200_000


class Motion(NamedTuple):
    """Gyro (rad/s) and specific force (m/s2) in the vehicle's axes, temperature in degrees Celsius."""

    gyro_frd: Sequence[float]
    accel_frd: Sequence[float]
    temperature_c: float


class Source(Protocol):
    """An IMU's driver; `rotation` turns the chip's axes into the vehicle's."""

    name: str
    rotation: np.ndarray

    def open(self, clock: Clock) -> None:
        """Find the chip and set it up; raise LinkError."""
        ...

    def sample(self) -> Motion | None:
        """Return a sample taken since the last call, None when there is none."""
        ...

    def revive(self) -> bool:
        """Set the chip up again."""
        ...


class PacedImu:
    """Waits for each sample as a flywheel: looks shortly before it is due, again until it is there."""

    def __init__(self, source: Source, clock: Clock, dt: float) -> None:
        self.source, self.clock = source, clock
        self.period_us = round(1e6 * dt)
        self.due_us = self.heard_us = self.revived_us = self.sampled_us = 0
        self.count, self.lost = 0, 0
        self.alignment = Alignment(CLOCK_OFF_MOST)

    def wait(self) -> Motion | None:
        """Return this tick's sample, taken at `sampled_us`; None when none came in one and a half periods."""
        now_us = self.clock.now_us()
        until_us = max(self.due_us, now_us) + round((PATIENCE - 1.0) * self.period_us)
        self.due_us = self.due_us or now_us
        looks, looked_us, motion = 0, now_us, None
        while motion is None and now_us <= until_us:
            self.clock.sleep_until_us(self.due_us if looks == 0 else now_us + AGAIN_US)
            looked_us = self.clock.now_us()
            motion = self.source.sample()
            now_us, looks = self.clock.now_us(), looks + 1
        self.pace(motion is not None, looks, looked_us)
        return motion

    def pace(self, is_heard: bool, looks: int, looked_us: int) -> None:
        """Say when to look for the next sample, and when this one was taken."""
        if not is_heard:
            # The chip goes on counting, heard or not.
            self.due_us = max(self.due_us + self.period_us, looked_us)
            self.miss(looked_us)
            return
        steps = max(1, round((looked_us - self.heard_us) / self.period_us)) if self.heard_us else 1
        self.lost += steps - 1
        self.count += steps
        early_us = EARLY_US if self.alignment.slope else EARLY_AT_FIRST_US
        pace_us = round(self.period_us * (1.0 + self.alignment.slope))
        self.due_us = looked_us + pace_us - (early_us if looks == 1 else 0)
        self.heard_us = looked_us
        # The chip counts, the Pi's clock tells: lowest arrivals lie on a line, as for a board behind a wire.
        self.sampled_us = self.alignment.align(self.count * self.period_us % WRAP, looked_us)

    def miss(self, now_us: int) -> None:
        """Set a chip that has been silent up again, now and then."""
        self.sampled_us = 0
        if now_us - self.heard_us > SILENT_US and now_us - self.revived_us > REVIVE_US:
            self.revived_us = now_us
            self.source.revive()
