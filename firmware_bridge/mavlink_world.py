"""The vehicle behind a MAVLink autopilot: its sensors in, attitude or rate targets out; `flight.world` has the seam."""

import logging
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge.clocks import WRAP, Alignment
from firmware_bridge.mavlink_far import ARDUPILOT, Far, Handshake
from firmware_bridge.mavlink_sensors import IMU_KINDS, Sample, Senses
from firmware_bridge.wire import Wire
from flight.airframe import Airframe
from flight.errors import ConfigError, LinkError
from flight.inputs import BridgeFault
from flight.modes import Arming, Level

events = logging.getLogger("quadloop.bridge")
# A tick waits this many periods for its sample, then goes on without.
PATIENCE = 1.5
ANSWER_US, LISTEN_US, ASK_US = 10_000_000, 3_000_000, 200_000
OUTPUT_US, HEARTBEAT_US, SPEAK_US = 10_000, 1_000_000, 1_000_000
STEP_BACK_US = 100_000
LEAST_HZ = 50.0
MOST_WAITING = 200
# A computer on board, as MAVLink numbers them.
OUR_COMPONENT, COMPANION = 191, 18
IGNORE_RATES, IGNORE_ATTITUDE = 0b0000_0111, 0b1000_0000
SET_ATTITUDE_TARGET = 64
# ArduPilot's GUID_OPTIONS: thrust is thrust, not a climb rate.
THRUST_AS_THRUST = 8
OUTPUTS = ("attitude", "rate")
LEVEL = (1.0, 0.0, 0.0, 0.0)
GROUPS = ("imu", "mag", "baro", "gps", "range", "battery", "pilot")
# What is asked for, and how often a second; the inertial ones as often as the loop ticks.
ASKED = {
    "SCALED_PRESSURE": 25.0, "GPS_RAW_INT": 10.0, "GPS2_RAW": 10.0, "GLOBAL_POSITION_INT": 10.0, "RC_CHANNELS": 25.0,
    "BATTERY_STATUS": 2.0, "SYS_STATUS": 2.0, "DISTANCE_SENSOR": 25.0,
}  # fmt: skip


# The far side has the inner loop: what the motors do does not follow from what ours says, so nothing may be concluded
# from the difference, and nothing may wind up over it.
LOOP_HZ = 250.0
PARAMETERS = {
    "ROT_LOSS": 1.0, "ROT_LOSS_T": 2.0, "ROT_LOSS_MIN": 2.0,
    "RATE_ROLL_KI": 0.0, "RATE_PITCH_KI": 0.0, "RATE_YAW_KI": 0.0,
}  # fmt: skip


def adapt(airframe: Airframe) -> None:
    """Set an airframe's loop up for a far side that has an inner loop of its own."""
    airframe.loop_rate_hz = LOOP_HZ
    for name, value in PARAMETERS.items():
        airframe.set(name, value)


@dataclass(frozen=True)
class Settings:
    """The airframe's `[bridge.mavlink]` table: what is sent, and whether the far side's receiver is the pilot's."""

    outputs: str = "attitude"
    receiver: bool = False


def settings_from(table: dict[str, Any], where: str) -> Settings:
    """Return the settings of a `[bridge.mavlink]` table; raise ConfigError naming key, value and what may stand."""
    for key, value in table.items():
        if key not in ("outputs", "receiver"):
            raise ConfigError(f"{where}: bridge.mavlink.{key} is not known; known keys: outputs, receiver")
        if key == "outputs" and value not in OUTPUTS:
            raise ConfigError(f"{where}: bridge.mavlink.outputs = {value!r}; allowed: {', '.join(OUTPUTS)}")
        if key == "receiver" and not isinstance(value, bool):
            raise ConfigError(f"{where}: bridge.mavlink.receiver = {value!r}; allowed: true, false")
    return Settings(**table)


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
    """A World: `read` waits for the next inertial sample, `write` sends targets and sees to arming.

    Nothing raises in flight: silence is `inputs.link.bridge_age_us`, faults are `inputs.system.bridge_faults`.
    """

    def __init__(self, wire: Wire, dt: float, settings: Settings | None = None) -> None:
        self.wire, self.dt, self.settings = wire, dt, settings or Settings()
        self.far, self.clock = Far(), Alignment()
        self.handshake, self.senses = Handshake(self.far), Senses(self.settings.receiver)
        self.mav = mavlink.MAVLink(None, 1, OUR_COMPONENT)
        self.mav.robust_parsing = True
        self.newest: tuple[int, Sample] | None = None
        self.last_far_us: int | None = None
        self.heard_us = self.sampled_us = self.sent_us = self.beaten_us = self.spoken_us = 0
        self.sequence: int | None = None
        self.lost = self.skipped = self.restarts = 0
        self.told: Told | None = None

    def open(self) -> Far:
        """Find the far side, ask for its sensors, and see that it will obey; raise LinkError saying what to do."""
        if not self.insist(self.beat, lambda: self.far.system != 0, ANSWER_US):
            raise LinkError("no autopilot is heard: is its MAVLink sent here, and is the baud rate right?")
        self.mav.srcSystem = self.far.system
        self.insist(self.ask_version, lambda: self.far.capabilities is not None, LISTEN_US)
        capabilities = self.far.capabilities
        if capabilities is not None and not capabilities & SET_ATTITUDE_TARGET:
            raise LinkError(f"{self.far.name} does not take attitude targets")
        if self.far.autopilot == ARDUPILOT:
            self.check_thrust()
        self.check_rate()
        return self.far

    def insist(self, ask: Any, is_done: Any, longest_us: int) -> bool:
        """Ask again and again until it is done or the time is over; tell which."""
        until_us = self.wire.now_us() + longest_us
        while not is_done() and self.wire.now_us() < until_us:
            ask()
            self.listen(self.wire.now_us() + ASK_US, is_done)
        return bool(is_done())

    def check_thrust(self) -> None:
        """Raise LinkError unless ArduPilot reads thrust as thrust."""

        def ask() -> None:
            self.send(mavlink.MAVLink_param_request_read_message(
                self.far.system, self.far.component, b"GUID_OPTIONS", -1
            ))  # fmt: skip

        if not self.insist(ask, lambda: "GUID_OPTIONS" in self.far.params, LISTEN_US):
            raise LinkError(
                "ArduPilot does not tell its GUID_OPTIONS: is it a Copter of version 4.1 or newer?"
            )
        if not int(self.far.params["GUID_OPTIONS"]) & THRUST_AS_THRUST:
            raise LinkError("ArduPilot reads thrust as a climb rate: set GUID_OPTIONS to 8 and try again")

    def check_rate(self) -> None:
        """Ask for the sensors; raise LinkError when the IMU does not come often enough."""
        counts = self.senses.counts
        # Twice: a request may be lost, and who sends some by itself has yet to be asked for the rest.
        for _ in range(2):
            self.ask_streams()
            self.listen(self.wire.now_us() + 2 * ASK_US, lambda: False)
        before = {kind: counts.get(kind, 0) for kind in IMU_KINDS}
        self.listen(self.wire.now_us() + 1_000_000, lambda: False)
        rates = {kind: counts.get(kind, 0) - before[kind] for kind in IMU_KINDS}
        if max(rates.values()) < LEAST_HZ:
            heard = ", ".join(f"{kind} {rate} Hz" for kind, rate in rates.items())
            raise LinkError(
                f"{self.far.name} sends its IMU too seldom ({heard}; at least {LEAST_HZ:g} are needed): "
                "raise the stream rate of this port or use a faster one"
            )

    def ask_version(self) -> None:
        """Ask what it can."""
        self.beat()
        self.send(
            self.far.command(mavlink.MAV_CMD_REQUEST_MESSAGE, float(mavlink.MAVLINK_MSG_ID_AUTOPILOT_VERSION))
        )

    def ask_streams(self) -> None:
        """Ask for every message that is of use."""
        for kind, rate_hz in (ASKED | dict.fromkeys(IMU_KINDS, 1.0 / self.dt)).items():
            number = float(getattr(mavlink, f"MAVLINK_MSG_ID_{kind}"))
            self.send(self.far.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, number, 1e6 / rate_hz))

    def send(self, message: Any) -> None:
        """Send one message; what the wire does not take is lost."""
        self.wire.write(bytes(message.pack(self.mav)))
        self.mav.seq = (self.mav.seq + 1) & 0xFF

    def beat(self) -> None:
        """Send a sign of life once a second."""
        if self.wire.now_us() - self.beaten_us >= HEARTBEAT_US or not self.beaten_us:
            self.beaten_us = self.wire.now_us()
            self.send(mavlink.MAVLink_heartbeat_message(COMPANION, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 4, 3))

    def listen(self, until_us: int, is_enough: Any) -> bool:
        """Take in messages until there is enough or the time is over, then what has arrived; tell which it was."""
        while not is_enough():
            if self.wire.now_us() >= until_us:
                return False
            self.take_all(self.wire.read(until_us))
        # A loop that was late must not fly old samples from now on.
        for _ in range(MOST_WAITING):
            data = self.wire.read(self.wire.now_us())
            if not data:
                break
            self.take_all(data)
        return True

    def take_all(self, data: bytes) -> None:
        """Sort the messages in some bytes."""
        for message in self.parsed(data):
            self.take(message)

    def parsed(self, data: bytes) -> list[Any]:
        """Return the good messages in some bytes."""
        try:
            return self.mav.parse_buffer(data) or []
        except (mavlink.MAVError, ValueError, TypeError):
            return []

    def take(self, message: Any) -> None:
        """Sort one message of the autopilot."""
        kind = message.get_type()
        is_its = (message.get_srcSystem(), message.get_srcComponent()) == (
            self.far.system,
            self.far.component,
        )
        if kind == "BAD_DATA" or not (is_its or (kind == "HEARTBEAT" and not self.far.system)):
            return
        self.count(message.get_seq())
        self.heard_us = self.wire.now_us()
        self.far.take(message)
        found = self.senses.take(message, self.heard_us, self.far.autopilot)
        if found is not None:
            self.skipped += self.newest is not None
            self.newest = found

    def count(self, sequence: int) -> None:
        """Count the messages that did not arrive."""
        if self.sequence is not None:
            self.lost += (sequence - self.sequence - 1) & 0xFF
        self.sequence = sequence

    @property
    def overruns(self) -> int:
        """Return how many samples came too late to be flown: a newer one was there."""
        return self.skipped

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill what has been heard since the last tick."""
        if self.told is None or self.told.inputs is not inputs:
            self.told = Told(inputs)
        told, now_us = self.told, self.wire.now_us()
        self.newest = None
        is_there = self.listen(now_us + round(1e6 * PATIENCE * self.dt), lambda: self.newest is not None)
        for fresh in told.fresh:
            fresh[0] = 0
        self.sampled_us = self.sample_time() if is_there else 0
        told_us = self.sampled_us or self.wire.now_us() - round(1e6 * (PATIENCE - 1.0) * self.dt)
        told.t_us[0] = max(told_us, int(told.t_us[0]) + 1)
        self.fill(told)
        told.age_us[0] = self.wire.now_us() - self.heard_us if self.heard_us else -1
        told.faults[0] = self.faults()
        self.speak()
        return True

    def sample_time(self) -> int:
        """Return when this tick's sample was taken, in our clock."""
        assert self.newest is not None
        far_us = self.newest[0]
        if self.last_far_us is not None and far_us < self.last_far_us - STEP_BACK_US:
            self.restarts += 1
            self.clock.restart()
        self.last_far_us = far_us
        return self.clock.align(far_us % WRAP, self.wire.now_us())

    def fill(self, told: Told) -> None:
        """Write the samples into the inputs."""
        if self.newest is not None:
            self.senses.pending["imu"] = self.newest[1]
        for group, sample in self.senses.pending.items():
            row = told.groups[group]
            for name, value in sample.items():
                row[name][0] = value
            row["fresh"][0], row["t_us"][0] = 1, told.t_us[0]
        self.senses.pending.clear()

    def faults(self) -> int:
        """Return what is wrong with the far side, as BridgeFault bits."""
        found = BridgeFault.RESTARTED if self.restarts else 0
        found |= BridgeFault.STOPPED if self.handshake.is_lost else 0
        # What keeps it from arming is its own affair once it flies.
        found |= BridgeFault.OUTPUTS if not self.far.is_ready and not self.far.is_armed else 0
        return int(found)

    def speak(self) -> None:
        """Pass on what the far side says in words, one text a second at most."""
        if self.far.texts and self.wire.now_us() - self.spoken_us > SPEAK_US:
            self.spoken_us = self.wire.now_us()
            events.warning("%s: %s", self.far.name, self.far.texts.popleft())

    def write(self, command: np.void) -> None:
        """Send the target, and whatever brings the far side to the loop's arming state."""
        now_us, arming = self.wire.now_us(), int(command.status.arming)
        self.beat()
        for request in self.handshake.requests(arming, now_us):
            self.send(request)
        if now_us - self.sent_us >= OUTPUT_US:
            self.sent_us = now_us
            self.send_target(command, is_flying=arming == Arming.ARMED and self.handshake.is_flying)

    def send_target(self, command: np.void, is_flying: bool) -> None:
        """Send attitude or rates with thrust; the present attitude without thrust while there is nothing to fly.

        The stream must not end: far sides leave the mode when it does.
        """
        setpoint = command.setpoint
        is_flying = is_flying and setpoint.level != Level.IDLE
        attitude = setpoint.q_sp_ned_frd if is_flying else command.estimate.q_ned_frd
        is_rate = is_flying and (self.settings.outputs == "rate" or setpoint.level == Level.RATE)
        q = LEVEL if is_rate else tuple(attitude.tolist())
        omega = setpoint.omega_sp_frd.tolist() if is_rate else [0.0, 0.0, 0.0]
        thrust = float(setpoint.thrust_sp) if is_flying else 0.0
        # In the core nothing but a number is sent to motors, and so here.
        if not all(map(math.isfinite, (*q, *omega, thrust))):
            return
        self.send(mavlink.MAVLink_set_attitude_target_message(
            (int(command.t_us) // 1000) & 0xFFFFFFFF, self.far.system, self.far.component,
            IGNORE_ATTITUDE if is_rate else IGNORE_RATES, q if any(q) else LEVEL, *omega, min(max(thrust, 0.0), 1.0),
        ))  # fmt: skip

    def close(self) -> None:
        """Disarm what was armed for us and let the wire go."""
        for _ in range(3):
            if self.handshake.is_ours:
                self.send(self.far.arm(False))
                self.listen(self.wire.now_us() + ASK_US // 10, lambda: False)
        self.wire.close()
