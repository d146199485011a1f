"""What the numbers of a blackbox log mean: units, as header and firmware version tell, and events in words.

Source: Betaflight, docs/development/Blackbox Internals, and the field names its Blackbox Explorer presents.
"""

import re
from collections.abc import Iterator

import numpy as np

from logs.foreign.blackbox_header import Header, number, scale

BETAFLIGHT = re.compile(r"Betaflight (\d+)\.(\d+)\.(\d+)")
EVENTS = {
    0: "sync beep",
    13: "adjusted",
    14: "logging resumes",
    15: "disarmed",
    30: "flight mode",
    255: "log ends",
}
FIXED = {
    "time": "us",
    "setpoint": "deg/s",
    "BaroAlt": "cm",
    "baroAlt": "cm",
    "eRPM": "100 rpm",
    "imuQuaternion": "1/32767",
    "GPS_coord": "1e-07 deg",
    "GPS_home": "1e-07 deg",
    "GPS_speed": "cm/s",
    "GPS_ground_course": "0.1 deg",
}
INAV = {"attitude": "0.1 deg", "navPos": "cm", "navVel": "cm/s"}
# The third stick's setpoint is no rate.
THROTTLE = "setpoint[3]"


def field_units(names: list[str], header: Header) -> dict[str, str]:
    """Return the units of fields, as far as the format or the header states them."""
    known = FIXED | _of_sensors(header) | _of_battery(header)
    if "INAV" in header.get("Firmware revision", ""):
        known |= INAV
    found = {name: known.get(name.partition("[")[0], "") for name in names if name != THROTTLE}
    return {name: unit for name, unit in found.items() if unit}


def _of_sensors(header: Header) -> dict[str, str]:
    gyro, gravity = scale(header, "gyro_scale"), number(header, "acc_1G", 0)
    units = {}
    # What is of type Cleanflight, Betaflight and INAV too, states degrees; others state radians per microsecond.
    if header.get("Firmware type") == "Cleanflight" and np.isfinite(gyro):
        units = dict.fromkeys(("gyroADC", "gyroUnfilt"), "deg/s" if gyro == 1.0 else f"{gyro:g} deg/s")
    return units | ({"accSmooth": f"1/{gravity} g"} if gravity > 0 else {})


def _of_battery(header: Header) -> dict[str, str]:
    """Return the units of voltage and current, which Betaflight changed twice."""
    found = BETAFLIGHT.match(header.get("Firmware revision", ""))
    version = tuple(map(int, found.groups())) if found else (0, 0, 0)
    units = {}
    if version >= (3, 1, 0):
        units["vbatLatest"] = "0.01 V" if version >= (4, 0, 0) else "0.1 V"
    if version >= (3, 1, 7):
        units["amperageLatest"] = "0.01 A"
    return units


def event_texts(rows: np.ndarray) -> Iterator[tuple[int, str]]:
    """Give time in microseconds and words of each event."""
    for row in rows:
        event, value, detail = int(row["event"]), int(row["value"]), int(row["detail"])
        words = {
            13: f" function {value & 0x7F}",
            15: f", reason {value}",
            30: f" flags {detail:#x} to {value:#x}",
        }
        yield int(row["t_us"]), EVENTS.get(event, f"event {event}") + words.get(event, "")
