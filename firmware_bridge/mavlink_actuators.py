"""Single motors through another autopilot: the ways there are, and what stops the motors when we fall silent.

Each far side holds the last value it was told for a while. A way is taken only where its own settings, read before the
flight, say that it ends soon: otherwise a broken link leaves the motors turning.
"""

import math
from typing import Any, Protocol

from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge.mavlink_far import ARDUPILOT, PX4, Far
from firmware_bridge.mavlink_sensors import Senses

MOTORS = 4
# A motor that keeps its thrust for so long after we fall silent is the most that is accepted, in seconds.
SILENCE_MOST_S = 0.5
# A capability that MAVLink has since taken back.
SET_ACTUATOR_TARGET = 1024
# PX4 ended group controls with the mixers.
NO_GROUPS_SINCE = (1, 14)
ATTITUDE_GROUP, GROUP_SIZE = 0, 8
# PX4's output functions "Peripheral via Actuator Set", and what it does once offboard control is lost.
FIRST_SET, PX4_OUTPUTS = (
    301,
    tuple(f"{bank}_FUNC{k}" for bank in ("PWM_MAIN", "PWM_AUX", "HIL_ACT") for k in range(1, 9)),
)
ENDING = {6: "terminates", 7: "disarms"}
# ArduPilot's output functions RCIN1 to RCIN16.
FIRST_RCIN, LAST_RCIN, ARDUPILOT_OUTPUTS = 51, 66, tuple(f"SERVO{k}_FUNCTION" for k in range(1, 17))
# Whose overrides it listens to; renamed in 4.7.
ARDUPILOT_MASTERS = ("SYSID_MYGCS", "MAV_GCS_SYSID")
STOP_US, SPAN_US, IDLE_MOST_US = 1000, 1000, 1050
RC_MOST, LEAVE_LOW, LEAVE_HIGH = 18, 65535, 0
Corners = tuple[tuple[float, float, float], ...]


class Way(Protocol):
    """How single motors are told.

    `asks` are the parameters it hangs on; `is_armed_there`: the far side has to be armed and in its guided mode for it;
    `takes_targets`: attitude targets have to go on beside it.
    """

    name: str
    asks: tuple[str, ...]
    motors: int
    is_armed_there: bool
    takes_targets: bool

    def objection(self, far: Far, senses: Senses) -> str:
        """Return why this way cannot be gone, nothing when it can."""
        ...

    def deadman(self, far: Far) -> str:
        """Return what happens when we fall silent, in words."""
        ...

    def messages(self, far: Far, ratios: list[float]) -> list[Any]:
        """Return what tells throttle ratios 0 to 1, in our airframe's rotor order."""
        ...


class Group:
    """PX4 up to 1.13: roll, pitch, yaw and thrust straight to its mixer; without us its own loops take over."""

    name, motors = "SET_ACTUATOR_CONTROL_TARGET", MOTORS
    # A target would wake its own attitude loop up.
    is_armed_there, takes_targets = True, False
    asks: tuple[str, ...] = ("COM_OF_LOSS_T", "THR_MDL_FAC")

    def __init__(self, corners: Corners) -> None:
        self.corners = corners

    def objection(self, far: Far, senses: Senses) -> str:
        """Return why not: the capability, the version, a thrust curve of its own on top of ours, a long silence."""
        if not (far.capabilities or 0) & SET_ACTUATOR_TARGET:
            return "it says that it does not take it"
        if far.autopilot == PX4 and (far.version is None or far.version >= NO_GROUPS_SINCE):
            return "PX4 ended it with version 1.14"
        if far.params.get("THR_MDL_FAC", 0.0) != 0.0:
            return "THR_MDL_FAC must be 0, our mixer knows the thrust curve"
        return too_long(far, "COM_OF_LOSS_T")

    def deadman(self, far: Far) -> str:
        """Return what PX4 does without us."""
        return f"after {far.params['COM_OF_LOSS_T']:g} s of silence its own loops take over"

    def messages(self, far: Far, ratios: list[float]) -> list[Any]:
        """Return the group's controls: what a quad X mixer turns into these ratios (PX4's scale: sqrt 1/2, and 1)."""
        parts = [
            sum(row[axis] * ratio for row, ratio in zip(self.corners, ratios, strict=True)) / len(ratios)
            for axis in range(3)
        ]
        roll, pitch, yaw = math.sqrt(2.0) * parts[0], math.sqrt(2.0) * parts[1], parts[2]
        controls = [roll, pitch, yaw, sum(ratios) / len(ratios), *[0.0] * (GROUP_SIZE - 4)]
        return [mavlink.MAVLink_set_actuator_control_target_message(
            0, ATTITUDE_GROUP, far.system, far.component, controls
        )]  # fmt: skip


class ActuatorSet:
    """PX4 from 1.14: four outputs that follow MAV_CMD_DO_SET_ACTUATOR 1 to 4; our targets keep it in offboard mode."""

    name, motors = "MAV_CMD_DO_SET_ACTUATOR", MOTORS
    # With true ones: told no thrust for a while it believes to have landed, and disarms.
    is_armed_there, takes_targets = True, True
    asks: tuple[str, ...] = ("COM_OF_LOSS_T", "COM_OBL_RC_ACT", *PX4_OUTPUTS)

    def objection(self, far: Far, senses: Senses) -> str:
        """Return why not: no outputs for it, a long silence, or one after which somebody else is to fly."""
        functions = {int(far.params.get(name, 0.0)) for name in PX4_OUTPUTS}
        missing = [k for k in range(FIRST_SET, FIRST_SET + MOTORS) if k not in functions]
        if missing:
            return f"no output has the function {missing[0]} (Peripheral via Actuator Set {missing[0] - FIRST_SET + 1})"
        if int(far.params.get("COM_OBL_RC_ACT", -1.0)) not in ENDING:
            return "COM_OBL_RC_ACT must be 6 or 7: PX4 has no hold of these motors, it can only end them"
        return too_long(far, "COM_OF_LOSS_T")

    def deadman(self, far: Far) -> str:
        """Return what PX4 does without us."""
        return f"after {far.params['COM_OF_LOSS_T']:g} s of silence it {ENDING[int(far.params['COM_OBL_RC_ACT'])]}"

    def messages(self, far: Far, ratios: list[float]) -> list[Any]:
        """Return one command: -1 is a stopped motor, 1 full throttle."""
        values = [2.0 * ratio - 1.0 for ratio in ratios]
        return [far.command(mavlink.MAV_CMD_DO_SET_ACTUATOR, *values, math.nan, math.nan)]


class Overrides:
    """ArduPilot: four outputs that pass channels through, and we are the channels' receiver; it stays disarmed."""

    name, motors = "RC_CHANNELS_OVERRIDE", MOTORS
    is_armed_there, takes_targets = False, False
    asks: tuple[str, ...] = ("RC_OVERRIDE_TIME", *ARDUPILOT_MASTERS, *ARDUPILOT_OUTPUTS)

    def channels(self, far: Far) -> list[int]:
        """Return the channels that are passed through, counted from 1, in the order of their outputs."""
        functions = [int(far.params.get(name, 0.0)) for name in ARDUPILOT_OUTPUTS]
        return [f - FIRST_RCIN + 1 for f in functions if FIRST_RCIN <= f <= LAST_RCIN]

    def objection(self, far: Far, senses: Senses) -> str:
        """Return why not: no outputs for it, a long silence, or a receiver that would then turn the motors itself."""
        channels = self.channels(far)
        if len(channels) != MOTORS or len(set(channels)) != MOTORS:
            return f"four outputs must be RCINn (SERVOn_FUNCTION {FIRST_RCIN} to {LAST_RCIN}), found {len(channels)}"
        masters = {name: int(far.params[name]) for name in ARDUPILOT_MASTERS if name in far.params}
        if far.system not in masters.values():
            return f"{next(iter(masters), ARDUPILOT_MASTERS[0])} must be {far.system}: it listens to nobody else's"
        # Without a receiver ArduPilot keeps the last override until its own failsafe, if it has one.
        heard = [senses.channels.get(channel, 0) for channel in channels]
        if not all(0 < width <= IDLE_MOST_US for width in heard):
            widths = ", ".join(
                f"{channel}: {width} us" for channel, width in zip(channels, heard, strict=True)
            )
            return f"a receiver must hold those channels at {STOP_US} us: they count once we are silent ({widths})"
        return too_long(far, "RC_OVERRIDE_TIME")

    def deadman(self, far: Far) -> str:
        """Return what ArduPilot does without us."""
        return (
            f"after {far.params['RC_OVERRIDE_TIME']:g} s of silence the receiver's channels stop the motors"
        )

    def messages(self, far: Far, ratios: list[float]) -> list[Any]:
        """Return the channels as pulses; all others are left to the receiver."""
        widths = [LEAVE_LOW] * 8 + [LEAVE_HIGH] * (RC_MOST - 8)
        for channel, ratio in zip(self.channels(far), ratios, strict=True):
            widths[channel - 1] = STOP_US + round(SPAN_US * ratio)
        return [mavlink.MAVLink_rc_channels_override_message(far.system, far.component, *widths)]


def too_long(far: Far, name: str) -> str:
    """Return an objection to a far side that would wait too long, or for ever, before it ends what we began."""
    wait_s = far.params.get(name)
    if wait_s is None:
        return f"it does not tell {name}"
    if not 0.0 < wait_s <= SILENCE_MOST_S:
        return f"{name} is {wait_s:g} s; above 0 and at most {SILENCE_MOST_S:g} are allowed"
    return ""


def ways_to(far: Far, corners: Corners) -> list[Way]:
    """Return the ways a far side may know, the best first."""
    if far.autopilot == ARDUPILOT:
        return [Overrides()]
    groups: list[Way] = [Group(corners)] if len(corners) == MOTORS else []
    return [*groups, ActuatorSet()] if far.autopilot == PX4 else groups


def corners_of(rotors: list[dict[str, Any]]) -> Corners:
    """Return how each of an X's rotors rolls right, pitches up and yaws right, as signs; nothing for other frames."""
    found = [
        (-math.copysign(1.0, y), math.copysign(1.0, x), 1.0 if rotor["spin"] == "ccw" else -1.0)
        for rotor in rotors
        for x, y, _ in [rotor["position_m_frd"]]
        if x and y
    ]
    is_x = len(found) == len(rotors) == MOTORS and all(sum(row[k] for row in found) == 0.0 for k in range(3))
    return tuple(found) if is_x else ()
