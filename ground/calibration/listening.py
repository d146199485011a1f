"""What a vehicle's sensors say while nobody flies it: kept as they come, looked at as they go."""

import math
import time
from array import array
from dataclasses import dataclass, field

import numpy as np

from flight.command import COMMAND
from flight.errors import LinkError
from flight.inputs import INPUTS
from flight.record import rows
from ground.calibration.stillness import Pose, pose, quiet
from ground.estimation.readings import Readings
from ground.loop import World

# A pose counts once it has been held for so long; meanwhile it may wander by this, m/s2, and turn by this, rad/s.
HELD_S = 1.5
MOST_WANDER, MOST_TURN = 0.15, 0.05
FASTEST_HZ = 4000
MISSING = (math.nan, math.nan, math.nan)
# One sample: time, gyro, specific force, field, temperature, current.
WIDTH = 12
TIME, GYRO, FORCE, FIELD, TEMPERATURE, CURRENT = 0, slice(1, 4), slice(4, 7), slice(7, 10), 10, 11


@dataclass
class Listener:
    """A vehicle on its world with its motors off, and all it has said: raw samples in the vehicle's axes."""

    world: World
    inputs: np.void = field(default_factory=lambda: rows(INPUTS)[0])
    command: np.void = field(default_factory=lambda: rows(COMMAND)[0])
    numbers: array = field(default_factory=lambda: array("d"))
    began: int = 0
    gyro_bias: np.ndarray = field(default_factory=lambda: np.zeros(3))

    @property
    def count(self) -> int:
        """Return how many samples there are."""
        return len(self.numbers) // WIDTH

    def since(self, first: int) -> np.ndarray:
        """Return the samples from one on, a row each."""
        return np.array(self.numbers[WIDTH * first :]).reshape(-1, WIDTH)

    def listen(self, seconds: float) -> None:
        """Let time pass by the samples' clock; raise LinkError when none come."""
        # The first sample of a simulated vehicle may take a minute to compile.
        self.take()
        until_us, patience_s = self.inputs.t_us + round(1e6 * seconds), time.monotonic() + 4.0 * seconds + 5.0
        before = self.count
        while self.inputs.t_us < until_us:
            self.take()
            if time.monotonic() > patience_s:
                raise LinkError("the vehicle's samples come far too slowly: run `quadloop doctor`")
        if self.count == before:
            raise LinkError("the IMU gives no samples: run `quadloop doctor`")

    def take(self) -> None:
        """Wait for a tick and keep what it tells."""
        self.world.read(self.inputs)
        self.world.write(self.command)
        imu, mag = self.inputs.imu, self.inputs.mag
        if not imu.fresh:
            return
        sample = [1e-6 * float(self.inputs.t_us), *imu.gyro_frd.tolist(), *imu.accel_frd.tolist()]
        if all(map(math.isfinite, sample)):
            self.numbers.extend(sample)
            self.numbers.extend(mag.field_ut_frd.tolist() if mag.fresh else MISSING)
            self.numbers.extend((float(imu.temperature_c), float(self.inputs.battery.current_a)))

    def begin(self) -> None:
        """Forget the stillness so far: what is asked for next has to be held anew."""
        self.began = self.count

    def held(self, seconds: float = HELD_S) -> Pose | None:
        """Return the pose that has been held still for the last so many seconds, None where it has not."""
        heard = self.since(max(self.began, self.count - round(FASTEST_HZ * seconds)))
        if not len(heard) or heard[-1, TIME] - heard[0, TIME] < seconds:
            return None
        heard = heard[heard[:, TIME] >= heard[-1, TIME] - seconds]
        t, gyro, accel = heard[:, TIME], heard[:, GYRO], heard[:, FORCE]
        third = len(t) // 3
        wander = np.linalg.norm(accel[-third:].mean(0) - accel[:third].mean(0)) if third else math.inf
        if wander > MOST_WANDER or not quiet(t, gyro, accel).all():
            return None
        return pose(t, gyro, accel, heard[:, TEMPERATURE], slice(None))

    def is_turning(self, held: Pose) -> bool:
        """Tell whether a pose turns evenly, which no scatter shows; the bias has to be known."""
        return bool(np.linalg.norm(held.gyro - self.gyro_bias) > MOST_TURN)

    def field(self, first: int = 0) -> np.ndarray:
        """Return the magnetometer's readings from a sample on."""
        found = self.since(first)[:, FIELD]
        return found[np.isfinite(found).all(1)]

    def readings(self) -> Readings:
        """Return everything as a recording."""
        heard = self.since(0)
        mag = heard[:, FIELD] if len(self.field()) else None
        aids = {"temperature_c": heard[:, TEMPERATURE], "current_a": heard[:, CURRENT]}
        return Readings("live", heard[:, TIME], heard[:, GYRO], heard[:, FORCE], mag, "frd", aids=aids)
