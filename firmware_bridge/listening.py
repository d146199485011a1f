"""Listen to a board for a while without flying it: every sample, when it was taken and when it came."""

from dataclasses import dataclass, field, replace

import numpy as np

from firmware_bridge import mpu, protocol
from firmware_bridge.clocks import Unwrapped
from firmware_bridge.protocol import Flag, Imu
from firmware_bridge.serial_world import SerialWorld

# A board that has been silent for so long says nothing more.
SILENCE_US = 1_000_000
SETTLING_S = 0.3


@dataclass
class Heard:
    """What came: one row per live sample, SI units, vehicle's axes; times in microseconds of board and Pi.

    `lost` and `damaged` count frames, `stale` those without a live sample; `slow` is indexed by protocol.Slow.
    """

    board_us: np.ndarray
    arrival_us: np.ndarray
    gyro_frd: np.ndarray
    accel_frd: np.ndarray
    temperature_c: np.ndarray
    lost: int = 0
    damaged: int = 0
    stale: int = 0
    flags: int = 0
    slow: list[int] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Return how much of the board's time the samples span."""
        return 1e-6 * float(self.board_us[-1] - self.board_us[0]) if len(self.board_us) > 1 else 0.0

    @property
    def rate_hz(self) -> float:
        """Return the sampling rate by the board's clock; what was lost on the way was sampled too."""
        return (len(self.board_us) - 1 + self.lost) / self.seconds if self.seconds > 0.0 else 0.0

    def between(self, begin_us: int, end_us: int) -> "Heard":
        """Return the samples taken in a stretch of the board's time."""
        chosen = (self.board_us >= begin_us) & (self.board_us < end_us)
        return replace(
            self,
            board_us=self.board_us[chosen],
            arrival_us=self.arrival_us[chosen],
            gyro_frd=self.gyro_frd[chosen],
            accel_frd=self.accel_frd[chosen],
            temperature_c=self.temperature_c[chosen],
        )


class Listener:
    """Collects what a world's wire brings."""

    def __init__(self, world: SerialWorld) -> None:
        self.world, self.unwrap = world, Unwrapped()
        self.rows: list[tuple[int, int, Imu]] = []
        self.stale, self.flags = 0, 0
        self.lost, self.damaged = world.lost, world.splitter.damaged

    def listen(self, seconds: float) -> None:
        """Listen for so long by the board's clock, or until it falls silent."""
        wire, begin_us = self.world.wire, self.newest_us
        self.world.heard_us = wire.now_us()
        while self.newest_us - begin_us < 1e6 * seconds and wire.now_us() - self.world.heard_us < SILENCE_US:
            self.take_in(wire.now_us() + 20_000)
            begin_us = begin_us or self.newest_us

    @property
    def newest_us(self) -> int:
        """Return the board's time, without wraps, of the newest frame."""
        return self.unwrap.total or 0

    def take_in(self, until_us: int) -> None:
        """Sort what arrives until a time; frames that are no samples are the world's alone."""
        arrived = self.world.wire.read(until_us)
        now_us = self.world.wire.now_us()
        for frame in self.world.splitter.feed(arrived):
            said = protocol.parse(frame)
            self.world.take(said)
            if isinstance(said, Imu):
                self.note(said, now_us)

    def note(self, said: Imu, now_us: int) -> None:
        """Keep a sample; a stale one is only counted."""
        board_us = self.unwrap(said.t_us)
        self.flags = said.flags
        if said.flags & Flag.IMU_STALE:
            self.stale += 1
        else:
            self.rows.append((board_us, now_us, said))

    def heard(self) -> Heard:
        """Return everything heard so far."""
        world, rows = self.world, self.rows
        who = world.hello.who_am_i if world.hello else 0
        told = [mpu.decode(said.raw, world.wiring.frd_from_chip, who) for _, _, said in rows]
        return Heard(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            np.array([one[0] for one in told]).reshape(-1, 3),
            np.array([one[1] for one in told]).reshape(-1, 3),
            np.array([one[2] for one in told]),
            world.lost - self.lost,
            world.splitter.damaged - self.damaged,
            self.stale,
            self.flags,
            list(world.slow),
        )


def collect(world: SerialWorld, seconds: float) -> Heard:
    """Listen to an opened board for so long, once its sensor runs at the rate it was told."""
    Listener(world).listen(SETTLING_S)
    listener = Listener(world)
    listener.listen(seconds)
    return listener.heard()
