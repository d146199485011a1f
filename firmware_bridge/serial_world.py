"""The vehicle behind a serial line: the Arduino's IMU frames in, throttles out. See `flight.world` for the seam."""

import numpy as np

from firmware_bridge import mpu, protocol, slow_fields
from firmware_bridge.board_line import REPEAT_US, BoardLine
from firmware_bridge.protocol import Flag, Imu, Slow, State
from firmware_bridge.views import Said, Told
from firmware_bridge.wire import Wire
from firmware_bridge.wiring import Wiring
from flight.inputs import BridgeFault
from flight.modes import Arming

# A tick waits this many periods for its sample, then goes on without.
PATIENCE = 1.5
SUPPLY_LEAST_MV, SUPPLY_MOST_MV = 4300, 5800
# A plain number: the flag's own & takes longer than a whole sum.
STALE = int(Flag.IMU_STALE)


class SerialWorld(BoardLine):
    """A World: `read` waits for the next IMU frame, `write` sends throttles and sees to arming.

    `is_alone`: the IMU is elsewhere, the board has the motors alone (see firmware_bridge.pi.split). Nothing raises in
    flight: silence is `inputs.link.bridge_age_us`, faults are `inputs.system.bridge_faults`.
    """

    def __init__(self, wire: Wire, dt: float, wiring: Wiring | None = None, is_alone: bool = False) -> None:
        super().__init__(wire, dt, wiring, is_alone)
        self.asked_us = 0
        # When this tick's sample was taken, in the Pi's clock; 0 when none came.
        self.sampled_us = 0
        self.was_armed = False
        self.told: Told | None = None
        self.said: Said | None = None

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill IMU, battery, receiver and link."""
        if self.told is None or self.told.inputs is not inputs:
            self.told = Told(inputs)
        told = self.told
        self.newest = None
        self.passed.clear()
        until_us = self.wire.now_us() + round(1e6 * PATIENCE * self.dt)
        for fresh in told.fresh:
            fresh[0] = 0
        if self.listen(until_us, self.has_sample):
            self.fill(told)
        else:
            self.sampled_us = 0
            told.t_us[0] = max(int(told.t_us[0]) + 1, self.missed_us())
        told.bridge_age_us[0] = self.wire.now_us() - self.heard_us if self.heard_us else -1
        told.bridge_faults[0] = self.faults()
        return True

    @property
    def overruns(self) -> int:
        """Return how many samples came too late to be flown: a newer one was there."""
        return self.skipped

    @property
    def free_until_us(self) -> int:
        """Return when the next frame is expected."""
        return self.heard_us + round(1e6 * self.dt)

    def missed_us(self) -> int:
        """Return when a sample that did not come was taken, so that the next is a period later, not a moment."""
        return self.wire.now_us() - round(1e6 * (PATIENCE - 1.0) * self.dt)

    def has_sample(self) -> bool:
        """Tell whether this tick's sample is there."""
        return self.newest is not None

    def fill(self, told: Told) -> None:
        """Write a frame into the inputs; their time is the sample's, told in the Pi's clock."""
        said = self.newest
        assert said is not None
        self.sampled_us = self.clock.align(said.t_us, self.wire.now_us())
        told.t_us[0] = max(self.sampled_us, int(told.t_us[0]) + 1)
        if not said.flags & STALE:
            gyro, accel, temperature_c = self.decoded(said)
            if self.passed:
                gyro, accel = self.with_passed(gyro, accel)
            told.imu_fresh[0], told.sampled_us[0], told.temperature_c[0] = 1, told.t_us[0], temperature_c
            told.gyro_frd[:], told.accel_frd[:] = gyro, accel
        slow_fields.fill(told, said.seq % protocol.SLOWS, self.slow, self.wiring)

    def decoded(self, said: Imu) -> mpu.Decoded:
        """Return gyro, specific force and temperature of a frame."""
        return mpu.decode(said.raw, self.wiring.frd_from_chip, self.hello.who_am_i if self.hello else 0)

    def with_passed(self, gyro: list[float], accel: list[float]) -> tuple[list[float], list[float]]:
        """Return the mean with the samples before, which a late loop did not fly: none of the motion is lost."""
        passed = [self.decoded(said) for said in self.passed if not said.flags & STALE]
        return mean([gyro, *(p[0] for p in passed)]), mean([accel, *(p[1] for p in passed)])

    def drain(self, told: Told) -> None:
        """Take in what has arrived, without waiting; fill battery and receiver."""
        for frame in self.splitter.feed(self.wire.read(self.wire.now_us())):
            said = protocol.parse(frame)
            self.newest = None
            self.take(said)
            if isinstance(said, Imu):
                slow_fields.fill(told, said.seq % protocol.SLOWS, self.slow, self.wiring)

    def faults(self) -> int:
        """Return what the board has told to be wrong, as BridgeFault bits."""
        hello, last = self.hello, self.last
        supply_mv = self.slow[Slow.SUPPLY_MV]
        is_supplied = supply_mv == 0 or SUPPLY_LEAST_MV <= supply_mv <= SUPPLY_MOST_MV
        found = 0 if is_supplied else BridgeFault.BOARD_VOLTAGE
        found |= BridgeFault.RESTARTED if self.restarts else 0
        found |= BridgeFault.BUS if last and last.flags & STALE and not self.is_alone else 0
        found |= BridgeFault.STOPPED if self.was_armed and last and last.state != State.ARMED else 0
        if hello and hello.protocol != protocol.PROTOCOL_VERSION:
            found |= BridgeFault.PROTOCOL
        return int(found)

    def write(self, command: np.void) -> None:
        """Send this tick's throttles; ask the board to arm or disarm when the loop has."""
        if self.said is None or self.said.command is not command:
            self.said = Said(command)
        is_armed = int(self.said.arming[0]) == Arming.ARMED
        state = self.last.state if self.last else State.DISARMED
        throttles = (
            self.throttles(self.said.motor) if is_armed and state == State.ARMED else (0,) * protocol.MOTORS
        )
        frames = protocol.motors(self.next_seq(), throttles)
        if self.last and self.wire.now_us() - self.asked_us > REPEAT_US:
            frames += self.request(is_armed, state, self.last.nonce)
        self.wire.write(frames)

    def throttles(self, motor: np.ndarray) -> tuple[int, ...]:
        """Return motor ratios 0 to 1 as the board's numbers; what is no number is zero."""
        ratios = motor[: protocol.MOTORS].tolist()
        return tuple(round(protocol.THROTTLE_MAX * min(r, 1.0)) if r > 0.0 else 0 for r in ratios)

    def request(self, is_armed: bool, state: State, nonce: int) -> bytes:
        """Return what brings the board to the loop's state: it arms once, and never out of a cut it made itself."""
        if not is_armed:
            self.was_armed = False
            if state != State.DISARMED:
                return self.asked(protocol.disarm(self.next_seq()))
        self.was_armed |= state == State.ARMED
        if not self.is_set and state == State.DISARMED:
            return self.asked(self.settings(self.next_seq()))
        if not is_armed:
            # It has begun anew, on the ground or in a flight that is over, and is what it was.
            self.restarts = 0
            return b""
        if state != State.DISARMED or self.was_armed:
            return b""
        return self.asked(protocol.arm(self.next_seq(), nonce))

    def asked(self, frame: bytes) -> bytes:
        """Note that something is asked for now; return it."""
        self.asked_us = self.wire.now_us()
        return frame

    def close(self) -> None:
        """Disarm the board and let the wire go."""
        for _ in range(3):
            self.wire.write(protocol.disarm(self.next_seq()))
            self.listen(self.wire.now_us() + REPEAT_US, lambda: False)
        self.wire.close()


def mean(vectors: list[list[float]]) -> list[float]:
    """Return the mean of some vectors."""
    return [sum(axis) / len(vectors) for axis in zip(*vectors, strict=True)]
