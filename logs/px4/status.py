"""PX4's topics of the vehicle's state: mode, arming, landed."""

import numpy as np

from flight.modes import Arming, Failsafe, Mode
from logs.px4.topic import U8, B, Flown, Px4Topic
from logs.px4.values import is_on

NAV_STATES = {
    Mode.RATE: 10,
    Mode.ANGLE: 15,
    Mode.ALTITUDE: 1,
    Mode.POSITION: 2,
    Mode.HOLD: 4,
    Mode.TAKEOFF: 17,
    Mode.GOTO: 4,
    Mode.MISSION: 3,
    Mode.ORBIT: 21,
    Mode.RETURN: 5,
    Mode.LAND: 18,
    Mode.OFFBOARD: 14,
    Mode.FIGURE8: 21,
    Mode.BRAKE: 4,
}
NAV_STATE = np.array([NAV_STATES.get(Mode(m), 0) for m in Mode], np.uint8)
PX4_ARMED, PX4_DISARMED = 2, 1
PX4_QUADROTOR, PX4_ROTARY_WING = 2, 1


def nav_state(f: Flown) -> np.ndarray:
    """Return PX4's number of the flight mode."""
    return NAV_STATE[np.clip(f.c["status"]["mode"], 0, len(NAV_STATE) - 1)]


def is_armed(f: Flown) -> np.ndarray:
    """Tell in which ticks the motors may turn."""
    return f.c["status"]["arming"] == Arming.ARMED


STATUS = (
    Px4Topic(
        "vehicle_status",
        10,
        {
            "arming_state": (U8, lambda f: np.where(is_armed(f), PX4_ARMED, PX4_DISARMED)),
            "nav_state_user_intention": (U8, nav_state),
            "nav_state": (U8, nav_state),
            "vehicle_type": (U8, lambda f: PX4_ROTARY_WING),
            "failsafe": (B, lambda f: f.c["status"]["failsafes"] != 0),
            "gcs_connection_lost": (B, lambda f: f.c["status"]["failsafes"] & Failsafe.GROUND_LOST != 0),
            "system_type": (U8, lambda f: PX4_QUADROTOR),
            "system_id": (U8, lambda f: 1),
            "component_id": (U8, lambda f: 1),
            "pre_flight_checks_pass": (B, lambda f: f.c["status"]["refusals"] == 0),
        },
    ),
    Px4Topic(
        "vehicle_land_detected",
        10,
        {
            "ground_contact": (B, lambda f: is_on(f.c["status"]["is_landed"])),
            "maybe_landed": (B, lambda f: is_on(f.c["status"]["is_landed"])),
            "landed": (B, lambda f: is_on(f.c["status"]["is_landed"])),
        },
    ),
    Px4Topic(
        "actuator_armed",
        10,
        {
            "armed": (B, is_armed),
            "ready_to_arm": (B, lambda f: f.c["status"]["refusals"] == 0),
            "lockdown": (B, lambda f: f.c["status"]["arming"] == Arming.KILLED),
        },
    ),
)
