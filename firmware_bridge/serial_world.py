"""The vehicle behind a serial line: the Arduino's IMU frames in, throttles out. See `flight.world` for the seam."""

from collections.abc import Callable

import numpy as np

from firmware_bridge import mpu, protocol
from firmware_bridge.clocks import WRAP, Alignment
from firmware_bridge.protocol import ADVICE, Answer, Flag, Frame, Hello, Imu, Refused, Slow, State
from firmware_bridge.views import Said, Told, put
from firmware_bridge.wire import Wire
from firmware_bridge.wiring import Wiring
from flight.errors import LinkError
from flight.inputs import BridgeFault
from flight.modes import Arming

RATES_HZ = (500, 1000)
# A tick waits this many periods for its sample, then goes on without.
PATIENCE = 1.5
HELLO_S = 4.0
# Between two requests for the same thing.
REPEAT_US = 20_000
SUPPLY_LEAST_MV = 4300
# A board whose time goes back by more has begun anew.
STEP_BACK_US = 100_000
PPM_CENTRE_US, PPM_HALF_US = 1500.0, 500.0
PPM_LEAST_US, PPM_MOST_US = 1000.0, 2000.0
PPM_LAST = Slow.PPM + 7
# A plain number: the flag's own & takes longer than a whole sum.
STALE = int(Flag.IMU_STALE)


class SerialWorld:
    """A World: `read` waits for the next IMU frame, `write` sends throttles and sees to arming.

    `is_alone`: the IMU is elsewhere, the board has the motors alone (see firmware_bridge.pi.split). Nothing raises in
    flight: silence is `inputs.link.bridge_age_us`, faults are `inputs.system.bridge_faults`.
    """

    def __init__(self, wire: Wire, dt: float, wiring: Wiring | None = None, is_alone: bool = False) -> None:
        if round(1.0 / dt) not in RATES_HZ:
            raise LinkError(f"the loop runs at {1.0 / dt:g} Hz; the board samples at 500 or 1000 Hz")
        self.wire, self.dt, self.wiring, self.is_alone = wire, dt, wiring or Wiring(), is_alone
        self.splitter, self.clock = protocol.Splitter(), Alignment()
        self.slow = [0] * protocol.SLOWS
        self.hello: Hello | None = None
        # The sample of this tick, and the last one there was.
        self.newest: Imu | None = None
        self.last: Imu | None = None
        self.answers: dict[int, Answer] = {}
        self.refusal = Refused.NOT
        self.seq = 0
        self.heard_us = self.asked_us = 0
        # How old a sample is when it is flown.
        self.lag_us = 0
        # When this tick's sample was taken, in the Pi's clock; 0 when none came.
        self.sampled_us = 0
        self.lost = self.skipped = self.restarts = 0
        self.was_armed = False
        self.told: Told | None = None
        self.said: Said | None = None

    def open(self) -> Hello:
        """Find the board, check its version and set it up; raise LinkError saying what to do."""
        self.insist(
            protocol.ask_hello, lambda: self.hello is not None, "does not answer: is the firmware on it?"
        )
        assert self.hello is not None
        if self.hello.protocol != protocol.PROTOCOL_VERSION:
            raise LinkError(
                f"the board speaks protocol {self.hello.protocol}, this program {protocol.PROTOCOL_VERSION}: "
                "run `quadloop firmware flash`"
            )
        rate_hz = round(1.0 / self.dt)

        def configure(seq: int) -> bytes:
            return protocol.config(seq, self.wiring.output, rate_hz, self.is_alone)

        self.answers.clear()
        self.insist(configure, lambda: Frame.CONFIG in self.answers, "does not take its settings")
        refusal = self.answers[Frame.CONFIG].refusal
        if refusal == Refused.RANGE and self.is_alone:
            raise LinkError(
                "the board's firmware is older than 1.1 and arms with its own IMU alone: run `quadloop firmware flash`"
            )
        if refusal != Refused.NOT:
            raise LinkError(f"the board refuses its settings: {ADVICE[refusal]}")
        # What came while nobody was flying is not late.
        self.lost = self.skipped = self.restarts = 0
        return self.hello

    def insist(self, request: Callable[[int], bytes], is_done: Callable[[], bool], complaint: str) -> None:
        """Send a request again and again until it is answered."""
        until_us = self.wire.now_us() + round(1e6 * HELLO_S)
        while not is_done():
            if self.wire.now_us() > until_us:
                raise LinkError(f"the board {complaint}")
            self.wire.write(request(self.next_seq()))
            self.listen(self.wire.now_us() + 5 * REPEAT_US, is_done)

    def next_seq(self) -> int:
        """Return the next frame's number."""
        self.seq = (self.seq + 1) & 0xFF
        return self.seq

    def listen(self, until_us: int, is_enough: Callable[[], bool]) -> bool:
        """Take in frames until there is enough of them or the time is over; tell which."""
        while not is_enough():
            if self.wire.now_us() >= until_us:
                return False
            for frame in self.splitter.feed(self.wire.read(until_us)):
                self.take(protocol.parse(frame))
        return True

    def take(self, said: Imu | Answer | Hello | None) -> None:
        """Sort one frame; of samples the newest counts, those before it are told as lost."""
        self.heard_us = self.wire.now_us()
        if isinstance(said, Imu):
            self.count(said)
            self.newest = self.last = said
            self.slow[said.seq % protocol.SLOWS] = said.slow
        elif isinstance(said, Answer):
            self.answers[said.asked] = said
            if said.refusal != Refused.NOT:
                self.refusal = said.refusal
        elif isinstance(said, Hello):
            self.hello = said

    def count(self, said: Imu) -> None:
        """Count the samples that did not arrive, those that arrived too late to be flown, and new beginnings."""
        if self.last is None:
            return
        self.skipped += self.newest is not None
        if (self.last.t_us - said.t_us) % WRAP in range(STEP_BACK_US, WRAP // 2):
            self.restarts += 1
            self.clock.restart()
        else:
            self.lost += (said.seq - self.last.seq - 1) & 0xFF

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill IMU, battery, receiver and link."""
        if self.told is None or self.told.inputs is not inputs:
            self.told = Told(inputs)
        told = self.told
        self.newest = None
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
        return self.wire.now_us() - self.lag_us - round(1e6 * (PATIENCE - 1.0) * self.dt)

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
            who = self.hello.who_am_i if self.hello else 0
            gyro, accel, temperature_c = mpu.decode(said.raw, self.wiring.frd_from_chip, who)
            told.imu_fresh[0], told.sampled_us[0], told.temperature_c[0] = 1, told.t_us[0], temperature_c
            told.gyro_frd[:], told.accel_frd[:] = gyro, accel
        self.fill_slow(told, said)

    def drain(self, told: Told) -> None:
        """Take in what has arrived, without waiting; fill battery and receiver."""
        for frame in self.splitter.feed(self.wire.read(self.wire.now_us())):
            said = protocol.parse(frame)
            self.newest = None
            self.take(said)
            if isinstance(said, Imu):
                self.fill_slow(told, said)

    def fill_slow(self, told: Told, said: Imu) -> None:
        """Write what rides along with a frame into the inputs."""
        place = said.seq % protocol.SLOWS
        if place == Slow.BATTERY:
            self.fill_battery(told)
        elif place == PPM_LAST and self.wiring.has_receiver:
            self.fill_pilot(told)

    def fill_battery(self, told: Told) -> None:
        """Write the battery's voltage and current, once the supply they are measured against is known."""
        supply_mv = self.slow[Slow.SUPPLY_MV]
        if supply_mv:
            put(
                told.battery,
                fresh=1,
                t_us=told.t_us[0],
                voltage_v=self.wiring.battery_v(self.slow[Slow.BATTERY], supply_mv),
                current_a=self.wiring.current_a(self.slow[Slow.CURRENT], supply_mv),
            )

    def fill_pilot(self, told: Told) -> None:
        """Write the receiver's sticks (channels in the order roll, pitch, throttle, yaw, kill, arm)."""
        channels = self.slow[Slow.PPM : PPM_LAST + 1]
        if not all(channels[:4]):
            return
        roll, pitch, yaw = (
            min(max((channels[i] - PPM_CENTRE_US) / PPM_HALF_US, -1.0), 1.0) for i in (0, 1, 3)
        )
        throttle = (channels[2] - PPM_LEAST_US) / (PPM_MOST_US - PPM_LEAST_US)
        put(told.pilot, fresh=1, t_us=told.t_us[0], roll=roll, pitch=pitch, yaw=yaw)
        put(
            told.pilot,
            throttle=min(max(throttle, 0.0), 1.0),
            is_kill_switch_on=int(channels[4] > PPM_CENTRE_US),
            is_arm_switch_on=int(channels[5] > PPM_CENTRE_US),
        )

    def faults(self) -> int:
        """Return what the board has told to be wrong, as BridgeFault bits."""
        hello, last = self.hello, self.last
        supply_mv = self.slow[Slow.SUPPLY_MV]
        found = BridgeFault.BOARD_VOLTAGE if 0 < supply_mv < SUPPLY_LEAST_MV else 0
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
            if state == State.DISARMED:
                return b""
            self.asked_us = self.wire.now_us()
            return protocol.disarm(self.next_seq())
        self.was_armed |= state == State.ARMED
        if state != State.DISARMED or self.was_armed:
            return b""
        self.asked_us = self.wire.now_us()
        return protocol.arm(self.next_seq(), nonce)

    def close(self) -> None:
        """Disarm the board and let the wire go."""
        for _ in range(3):
            self.wire.write(protocol.disarm(self.next_seq()))
            self.listen(self.wire.now_us() + REPEAT_US, lambda: False)
        self.wire.close()
