"""Who is there: heartbeat, versions, modes, time."""

import time
from importlib.metadata import PackageNotFoundError, version
from weakref import WeakSet

from flight.modes import Arming, Mode
from ground.link import px4_modes
from ground.link.channel import Channel
from ground.link.dialect import mavlink
from ground.link.service import ACCEPTED, DENIED, NOTICE, Link, Message, Microservice, Order, Sender
from ground.link.vehicle import Vehicle

HEARTBEAT_S = 1.0
# However often the mode changes.
SOONEST_S = 0.1
# Ours alone, so that nobody mistakes the vehicle for a PX4 board.
VENDOR, PRODUCT = 0x514C, 1
RELEASE_TYPE = 64  # alpha
STATES = {Arming.DISARMED: 3, Arming.ARMED: 4, Arming.KILLED: 8}
PILOTED = (Mode.RATE, Mode.ANGLE, Mode.ALTITUDE, Mode.POSITION)
# The dialect's own numbers lag behind the specification, which counts these by hand.
PROTOCOL = 200
HEAR_S = 0.2
GROUND_TYPES = (mavlink.MAV_TYPE_GCS, mavlink.MAV_TYPE_ONBOARD_CONTROLLER)


def release() -> tuple[int, int, int]:
    """Return our version."""
    try:
        numbers = [int(part) for part in version("quadloop").split(".")[:3]]
    except (PackageNotFoundError, ValueError):
        return 0, 1, 0
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch


class Identity(Microservice):
    """Heartbeat, AUTOPILOT_VERSION, modes, PING and TIMESYNC."""

    messages = ("HEARTBEAT", "PING", "TIMESYNC")
    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_MAVLINK2

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.due_s = self.beat_s = 0.0
        # Whether it was armed, and the mode, when it last said so.
        self.beaten = (False, -1)
        self.heard_s = 0.0
        self.greeted: WeakSet[Channel] = WeakSet()
        self.told_mode = -1
        self.requestable = {
            0: self.send_heartbeat,
            148: self.send_version,
            300: self.send_protocol,
            435: self.send_modes,
            436: self.send_mode,
            437: self.send_monitor,
        }
        self.commands = {
            519: self.send_protocol,
            520: self.send_version,
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer a sign of life."""
        kind = message.get_type()
        if kind == "HEARTBEAT":
            self.hear(message)
        elif kind == "PING":
            self.pong(message, sender)
        else:
            self.sync(message, sender)

    def hear(self, message: Message) -> None:
        """Tell the loop of a ground station or program, a few times a second at most."""
        now = time.monotonic()
        if message.type in GROUND_TYPES and now - self.heard_s > HEAR_S:
            self.heard_s = now
            self.vehicle.hear_ground()

    def pong(self, message: Message, sender: Sender) -> None:
        """Send a ping back to who asked."""
        if message.target_system == 0 and message.target_component == 0:
            self.link.send(
                mavlink.MAVLink_ping_message(message.time_usec, message.seq, sender.system, sender.component),
                sender,
            )

    def sync(self, message: Message, sender: Sender) -> None:
        """Send the clock that our messages' stamps are of, with theirs; 0 would be a question."""
        if message.tc1 == 0:
            self.link.send(mavlink.MAVLink_timesync_message(max(1, self.vehicle.now_ns), message.ts1), sender)

    def tick(self, now: float) -> None:
        """Beat, greet newcomers, tell of a new mode at once."""
        self.beat(now)
        if self.vehicle.is_flying and self.vehicle.shown_mode.custom != self.told_mode:
            self.told_mode = self.vehicle.shown_mode.custom
            self.link.broadcast(self.current_mode())
        for channel in self.link.channels:  # type: ignore[attr-defined]
            if channel not in self.greeted and channel.heard_s:
                self.greeted.add(channel)
                self.greet(Sender(0, 0, channel))

    def beat(self, now: float) -> None:
        """Beat once a second, and at once when armed, disarmed or in another mode: who watches need not wait for it."""
        state = self.vehicle.is_armed, self.vehicle.shown_mode.custom
        is_news = state != self.beaten and now >= self.beat_s + SOONEST_S
        if now >= self.due_s or is_news:
            self.due_s = now + HEARTBEAT_S if is_news else max(self.due_s + HEARTBEAT_S, now)
            self.beaten, self.beat_s = state, now
            self.link.broadcast(self.heartbeat())

    def greet(self, newcomer: Sender) -> None:
        """Say who speaks."""
        world = "in the simulator" if self.vehicle.facts.is_simulated else "on the airframe"
        number = ".".join(map(str, release()))
        self.link.say(f"Quadloop {number}: {self.vehicle.facts.airframe} {world}", NOTICE, newcomer)

    def heartbeat(self) -> Message:
        """Return the heartbeat."""
        vehicle = self.vehicle
        status = vehicle.command.status
        state = STATES.get(Arming(int(status.arming)), 3) if vehicle.is_flying else 1
        if state == mavlink.MAV_STATE_ACTIVE and status.failsafes:
            state = mavlink.MAV_STATE_CRITICAL
        kind = int(vehicle.settings["LINK_AUTOPILOT"])
        custom = vehicle.shown_mode.custom
        return mavlink.MAVLink_heartbeat_message(
            mavlink.MAV_TYPE_QUADROTOR, kind, self.base_mode(), custom, state, 3
        )

    def base_mode(self) -> int:
        """Return MAV_MODE_FLAG bits."""
        bits = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED | mavlink.MAV_MODE_FLAG_STABILIZE_ENABLED
        if self.vehicle.mode in PILOTED:
            bits |= mavlink.MAV_MODE_FLAG_MANUAL_INPUT_ENABLED
        else:
            bits |= mavlink.MAV_MODE_FLAG_AUTO_ENABLED | mavlink.MAV_MODE_FLAG_GUIDED_ENABLED
        return bits | (mavlink.MAV_MODE_FLAG_SAFETY_ARMED if self.vehicle.is_armed else 0)

    def current_mode(self) -> Message:
        """Return CURRENT_MODE."""
        mode = self.vehicle.shown_mode
        return mavlink.MAVLink_current_mode_message(mode.standard, mode.custom, mode.custom)

    def send_heartbeat(self, _: Order | None, sender: Sender) -> int:
        """Send a heartbeat."""
        self.link.send(self.heartbeat(), sender)
        return ACCEPTED

    def send_mode(self, _: Order | None, sender: Sender) -> int:
        """Send the present mode."""
        self.link.send(self.current_mode(), sender)
        return ACCEPTED

    def send_monitor(self, _: Order | None, sender: Sender) -> int:
        """Say that the list of modes never changes."""
        self.link.send(mavlink.MAVLink_available_modes_monitor_message(0), sender)
        return ACCEPTED

    def send_modes(self, order: Order, sender: Sender) -> int:
        """Send one available mode, counted from 1, or all for 0."""
        wanted = int(order.p2) if order.p2 == order.p2 else 0
        modes = (*px4_modes.MODES, px4_modes.FOLLOW)
        if not 0 <= wanted <= len(modes):
            return DENIED
        for number, mode in enumerate(modes, 1):
            if wanted in (0, number):
                self.link.send(
                    mavlink.MAVLink_available_modes_message(
                        len(modes), number, mode.standard, mode.custom, 0, mode.name.encode()
                    ),
                    sender,
                )
        return ACCEPTED

    def send_version(self, _: Order | None, sender: Sender) -> int:
        """Send what flies here."""
        major, minor, patch = release()
        number = major << 24 | minor << 16 | patch << 8 | RELEASE_TYPE
        name = self.vehicle.facts.airframe.encode()[:8].ljust(8, b"\0")
        self.link.send(
            mavlink.MAVLink_autopilot_version_message(
                self.link.capabilities,  # type: ignore[attr-defined]
                number, number, 0, 0, [0] * 8, [0] * 8, [0] * 8, VENDOR, PRODUCT,
                int.from_bytes(name, "little"), list(name.ljust(18, b"\0")),
            ),
            sender,
        )  # fmt: skip
        return ACCEPTED

    def send_protocol(self, _: Order | None, sender: Sender) -> int:
        """Send which MAVLink is spoken."""
        kind = mavlink.mavlink_map[300]
        self.link.send(kind(PROTOCOL, PROTOCOL, PROTOCOL, [0] * 8, [0] * 8), sender)
        return ACCEPTED
