"""The vehicle behind a MAVLink autopilot: its sensors in, attitudes, rates or motors out (see `flight.world`)."""

import logging
import math
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge import mavlink_opening as opening
from firmware_bridge.clocks import WRAP, Alignment
from firmware_bridge.mavlink_actuators import Corners, Way
from firmware_bridge.mavlink_far import Far, Handshake
from firmware_bridge.mavlink_line import ASK_US, Line
from firmware_bridge.mavlink_sensors import Senses
from firmware_bridge.mavlink_settings import Settings
from firmware_bridge.wire import Wire
from flight.inputs import BridgeFault
from flight.modes import Arming, Level

events = logging.getLogger("quadloop.bridge")
# A tick waits this many periods for its sample, then goes on without.
PATIENCE = 1.5
OUTPUT_US, SPEAK_US, COUNT_US = 10_000, 1_000_000, 1_000_000
STEP_BACK_US = 100_000
IGNORE_RATES, IGNORE_ATTITUDE = 0b0000_0111, 0b1000_0000
LEVEL = (1.0, 0.0, 0.0, 0.0)
GROUPS = ("imu", "mag", "baro", "gps", "range", "battery", "pilot")


class Told:
    """The inputs' fields as plain arrays: opening a record by name costs more than a whole message."""

    def __init__(self, inputs: np.void) -> None:
        self.inputs = inputs
        told = np.asarray(inputs).reshape(1).view(np.ndarray)
        self.t_us, self.age_us = told["t_us"], told["link"]["bridge_age_us"]
        self.faults = told["system"]["bridge_faults"]
        self.groups = {name: told[name] for name in GROUPS}
        self.fresh = [told[name]["fresh"] for name in GROUPS]


class MavlinkWorld:
    """A World: `read` waits for the next inertial sample, `write` sends targets or motors and sees to arming.

    `corners` says how each rotor turns an X (see mavlink_actuators). Nothing raises in flight: silence is
    `inputs.link.bridge_age_us`, faults are `inputs.system.bridge_faults`.
    """

    def __init__(
        self, wire: Wire, dt: float, settings: Settings | None = None, corners: Corners = ()
    ) -> None:
        self.dt, self.settings, self.corners = dt, settings or Settings(), corners
        self.line = Line(wire, Senses(self.settings.receiver))
        self.clock, self.handshake = Alignment(), Handshake(self.line.far)
        # What the far side was found to take; `way` is how single motors are told, if they are.
        self.outputs = self.settings.outputs
        self.way: Way | None = None
        self.last_far_us: int | None = None
        self.sampled_us = self.sent_us = self.spoken_us = 0
        self.restarts = 0
        # How many samples came since when.
        self.counted, self.counted_us = 0, 0
        self.told: Told | None = None

    @property
    def far(self) -> Far:
        """Return what the far side says of itself."""
        return self.line.far

    def open(self) -> Far:
        """Find the far side, ask for its sensors, and see what it will obey; raise LinkError saying what to do."""
        opening.find(self.line)
        opening.check_rate(self.line, self.dt)
        self.outputs, self.way = opening.agreed(self.line, self.settings.outputs, self.corners)
        return self.far

    @property
    def overruns(self) -> int:
        """Return how many samples came too late to be flown: a newer one was there."""
        return self.line.skipped

    @property
    def is_armed_there(self) -> bool:
        """Tell whether the far side has to be armed to turn motors."""
        return self.way is None or self.way.is_armed_there

    def has_sample(self) -> bool:
        """Tell whether this tick's sample is there."""
        return self.line.newest is not None

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill what has been heard since the last tick."""
        if self.told is None or self.told.inputs is not inputs:
            self.told = Told(inputs)
        told, line, now_us = self.told, self.line, self.line.now_us()
        line.newest = None
        is_there = line.listen(now_us + round(1e6 * PATIENCE * self.dt), self.has_sample)
        for fresh in told.fresh:
            fresh[0] = 0
        self.count(is_there)
        self.sampled_us = self.sample_time() if is_there else 0
        told_us = self.sampled_us or line.now_us() - round(1e6 * (PATIENCE - 1.0) * self.dt)
        told.t_us[0] = max(told_us, int(told.t_us[0]) + 1)
        self.fill(told)
        told.age_us[0] = line.now_us() - line.heard_us if line.heard_us else -1
        told.faults[0] = self.faults()
        self.speak()
        return True

    def count(self, is_there: bool) -> None:
        """Count samples; a far side that has begun anew has forgotten what was asked of it, and is asked again."""
        self.counted += is_there
        since_us = self.line.now_us() - self.counted_us
        if since_us < COUNT_US:
            return
        if self.counted_us and self.counted < 1e-6 * since_us * opening.LEAST_HZ:
            opening.ask_streams(self.line, self.dt)
        self.counted, self.counted_us = 0, self.line.now_us()

    def sample_time(self) -> int:
        """Return when this tick's sample was taken, in our clock."""
        assert self.line.newest is not None
        far_us = self.line.newest[0]
        if self.last_far_us is not None and far_us < self.last_far_us - STEP_BACK_US:
            self.restarts += 1
            self.clock.restart()
        self.last_far_us = far_us
        return self.clock.align(far_us % WRAP, self.line.now_us())

    def fill(self, told: Told) -> None:
        """Write the samples into the inputs."""
        pending = self.line.senses.pending
        if self.line.newest is not None:
            pending["imu"] = self.line.newest[1]
        for group, sample in pending.items():
            row = told.groups[group]
            for name, value in sample.items():
                row[name][0] = value
            row["fresh"][0], row["t_us"][0] = 1, told.t_us[0]
        pending.clear()

    def faults(self) -> int:
        """Return what is wrong with the far side, as BridgeFault bits."""
        found = BridgeFault.RESTARTED if self.restarts else 0
        found |= BridgeFault.STOPPED if self.handshake.is_lost else 0
        # What keeps it from arming is its own affair once it flies, and when it need not arm.
        is_waiting = self.is_armed_there and not self.far.is_armed
        found |= BridgeFault.OUTPUTS if is_waiting and not self.far.is_ready else 0
        return int(found)

    def speak(self) -> None:
        """Pass on what the far side says in words, one text a second at most."""
        if self.far.texts and self.line.now_us() - self.spoken_us > SPEAK_US:
            self.spoken_us = self.line.now_us()
            events.warning("%s: %s", self.far.name, self.far.texts.popleft())

    def write(self, command: np.void) -> None:
        """Send motors or the target, and whatever brings the far side to the loop's arming state."""
        now_us, arming = self.line.now_us(), int(command.status.arming)
        self.line.beat()
        if self.is_armed_there:
            for request in self.handshake.requests(arming, now_us):
                self.line.send(request)
        is_flying = arming == Arming.ARMED and (self.handshake.is_flying or not self.is_armed_there)
        if self.way is not None:
            self.send_motors(self.way, command, is_flying)
        if (self.way is None or self.way.takes_targets) and now_us - self.sent_us >= OUTPUT_US:
            self.sent_us = now_us
            self.send_target(command, is_flying)

    def send_motors(self, way: Way, command: np.void, is_flying: bool) -> None:
        """Send throttles: zero while there is nothing to fly, and for what is no number."""
        ratios = command.motors.motor[: way.motors].tolist() if is_flying else [0.0] * way.motors
        for message in way.messages(self.far, [min(r, 1.0) if r > 0.0 else 0.0 for r in ratios]):
            self.line.send(message)

    def send_target(self, command: np.void, is_flying: bool) -> None:
        """Send attitude or rates with thrust; the present attitude without thrust while there is nothing to fly.

        The stream must not end: far sides leave the mode when it does.
        """
        setpoint = command.setpoint
        is_flying = is_flying and setpoint.level != Level.IDLE
        attitude = setpoint.q_sp_ned_frd if is_flying else command.estimate.q_ned_frd
        is_rate = is_flying and (self.outputs == "rate" or setpoint.level == Level.RATE)
        q = LEVEL if is_rate else tuple(attitude.tolist())
        omega = setpoint.omega_sp_frd.tolist() if is_rate else [0.0, 0.0, 0.0]
        thrust = float(setpoint.thrust_sp) if is_flying else 0.0
        # In the core nothing but a number is sent to motors, and so here.
        if not all(map(math.isfinite, (*q, *omega, thrust))):
            return
        self.line.send(mavlink.MAVLink_set_attitude_target_message(
            (int(command.t_us) // 1000) & 0xFFFFFFFF, self.far.system, self.far.component,
            IGNORE_ATTITUDE if is_rate else IGNORE_RATES, q if any(q) else LEVEL, *omega, min(max(thrust, 0.0), 1.0),
        ))  # fmt: skip

    def close(self) -> None:
        """Stop the motors, disarm what was armed for us and let the wire go."""
        last: list[Any] = self.way.messages(self.far, [0.0] * self.way.motors) if self.way else []
        for _ in range(3):
            requests = [self.far.arm(False)] if self.handshake.is_ours else []
            for message in (*last, *requests):
                self.line.send(message)
            if last or requests:
                self.line.listen(self.line.now_us() + ASK_US // 10, lambda: False)
        self.line.close()
