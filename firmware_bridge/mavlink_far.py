"""The autopilot on the far side: what it is, whether it obeys us, and how it is brought to obey.

PX4 wants a stream of setpoints before its offboard mode, ArduPilot is flown in GUIDED_NOGPS. Neither is taken over from
its pilot: left once, the mode is not asked for again before the loop has disarmed.
"""

import struct
from collections import deque
from typing import Any

from pymavlink.dialects.v20 import common as mavlink

from flight.modes import Arming

PX4, ARDUPILOT = 12, 3
NAMES = {PX4: "PX4", ARDUPILOT: "ArduPilot"}
PX4_OFFBOARD = 6
GUIDED, GUIDED_NOGPS = 4, 20
ARMED_BIT, CUSTOM_BIT, PREARM_BIT = 128, 1, 1 << 28
FORCE = 21196.0
REPEAT_US, GIVE_UP_US = 300_000, 4_000_000
MOST_TEXTS = 50
NOT_AN_AUTOPILOT, GROUND_STATION = 8, 6
INT32 = 6


def result_name(number: int) -> str:
    """Return a MAV_RESULT in words."""
    result = mavlink.enums["MAV_RESULT"].get(number)
    return result.name.removeprefix("MAV_RESULT_").lower() if result else str(number)


class Far:
    """What the far side says of itself."""

    def __init__(self) -> None:
        self.system = self.component = self.autopilot = 0
        self.is_armed = False
        self.custom_mode = 0
        self.capabilities: int | None = None
        self.version: tuple[int, int] | None = None
        self.is_ready = True
        self.params: dict[str, float] = {}
        # How each command was answered last.
        self.results: dict[int, int] = {}
        self.texts: deque[str] = deque(maxlen=MOST_TEXTS)
        self.refusal = ""
        self.is_arming_asked = False

    @property
    def name(self) -> str:
        """Return what it calls itself."""
        return NAMES.get(self.autopilot, f"autopilot {self.autopilot}")

    @property
    def is_guided(self) -> bool:
        """Tell whether it is in a mode that obeys attitude targets."""
        if self.autopilot == PX4:
            return (self.custom_mode >> 16) & 0xFF == PX4_OFFBOARD
        return self.custom_mode in (GUIDED, GUIDED_NOGPS)

    def take(self, m: Any) -> None:
        """Take in what is not a sensor."""
        kind = m.get_type()
        if kind == "HEARTBEAT" and m.autopilot != NOT_AN_AUTOPILOT and m.type != GROUND_STATION:
            self.system, self.component = m.get_srcSystem(), m.get_srcComponent()
            self.autopilot, self.custom_mode = m.autopilot, m.custom_mode
            self.is_armed = bool(m.base_mode & ARMED_BIT)
        elif kind == "COMMAND_ACK":
            self.take_ack(m)
        elif kind == "STATUSTEXT":
            self.texts.append(m.text)
        elif kind == "AUTOPILOT_VERSION":
            self.capabilities = int(m.capabilities)
            self.version = (m.flight_sw_version >> 24, m.flight_sw_version >> 16 & 0xFF)
        elif kind == "PARAM_VALUE":
            self.params[m.param_id] = self.number(m)
        elif kind == "SYS_STATUS":
            watched = m.onboard_control_sensors_present & m.onboard_control_sensors_enabled & PREARM_BIT
            self.is_ready = not watched or bool(m.onboard_control_sensors_health & PREARM_BIT)

    def number(self, m: Any) -> float:
        """Return a parameter's value: PX4 sends the bits of a whole number, ArduPilot the number."""
        if self.autopilot == PX4 and m.param_type == INT32:
            return float(struct.unpack("<i", struct.pack("<f", m.param_value))[0])
        return float(m.param_value)

    def take_ack(self, m: Any) -> None:
        """Take in how a command was answered: a heartbeat would tell it up to a second later."""
        self.results[m.command] = m.result
        names = {mavlink.MAV_CMD_COMPONENT_ARM_DISARM: "arming", mavlink.MAV_CMD_DO_SET_MODE: "the mode"}
        if m.command in names and m.result == mavlink.MAV_RESULT_ACCEPTED:
            if m.command == mavlink.MAV_CMD_DO_SET_MODE:
                self.custom_mode = PX4_OFFBOARD << 16 if self.autopilot == PX4 else GUIDED_NOGPS
            else:
                self.is_armed = self.is_arming_asked
        elif m.command in names and m.result != mavlink.MAV_RESULT_IN_PROGRESS:
            self.refusal = f"{self.name} refuses {names[m.command]}: {result_name(m.result)}"
            self.texts.append(self.refusal)

    def command(self, number: int, *values: float) -> Any:
        """Return a command for it."""
        values = (*values, *[0.0] * (7 - len(values)))
        return mavlink.MAVLink_command_long_message(self.system, self.component, number, 0, *values)

    def arm(self, is_wanted: bool, is_forced: bool = False) -> Any:
        """Return the command to arm or disarm."""
        self.is_arming_asked = is_wanted
        return self.command(
            mavlink.MAV_CMD_COMPONENT_ARM_DISARM, float(is_wanted), FORCE if is_forced else 0.0
        )

    def guide(self) -> Any:
        """Return the command for the mode that obeys."""
        mode = PX4_OFFBOARD if self.autopilot == PX4 else GUIDED_NOGPS
        return self.command(mavlink.MAV_CMD_DO_SET_MODE, float(CUSTOM_BIT), float(mode))


class Handshake:
    """Brings the far side to the loop's arming state, once per arming. Knows no wire and no clock."""

    def __init__(self, far: Far) -> None:
        self.far = far
        self.wanted_us = self.asked_us = 0
        self.is_flying = self.is_ours = self.is_lost = self.was_guided = False

    def requests(self, arming: int, now_us: int) -> list[Any]:
        """Return what to ask for now."""
        return self.on_armed(now_us) if arming == Arming.ARMED else self.on_disarmed(arming, now_us)

    def on_disarmed(self, arming: int, now_us: int) -> list[Any]:
        """Disarm what was armed for us; a kill is forced."""
        self.wanted_us = 0
        self.is_flying = self.is_lost = self.was_guided = False
        self.is_ours &= self.far.is_armed
        if not self.is_ours or not self.is_due(now_us):
            return []
        return [self.far.arm(False, is_forced=arming == Arming.KILLED)]

    def on_armed(self, now_us: int) -> list[Any]:
        """Ask for the mode, then for arming; what refuses for too long, or is taken away, is lost."""
        self.wanted_us = self.wanted_us or now_us
        obeys = self.far.is_armed and self.far.is_guided
        if self.is_flying:
            self.is_lost |= not obeys
            return []
        self.is_flying = self.is_ours = obeys
        if obeys:
            return []
        self.is_lost = now_us - self.wanted_us > GIVE_UP_US
        is_next = self.far.is_guided and not self.was_guided
        if self.is_lost or not (is_next or self.is_due(now_us)):
            return []
        self.was_guided, self.asked_us = self.far.is_guided, now_us
        return [self.far.arm(True)] if self.far.is_guided else [self.far.guide()]

    def is_due(self, now_us: int) -> bool:
        """Tell whether it is time to ask again."""
        if now_us - self.asked_us < REPEAT_US:
            return False
        self.asked_us = now_us
        return True
