"""HIGH_LATENCY2: the whole vehicle in one small message, for radios that carry no more."""

import math
from typing import Any

from flight.modes import Failsafe
from ground.link.dialect import mavlink
from ground.link.service import Message
from ground.link.vehicle import Vehicle

NUMBER, PERIOD_S = 235, 5.0
M = mavlink
FAILURES = {
    Failsafe.BATTERY_CRITICAL: M.HL_FAILURE_FLAG_BATTERY, Failsafe.BATTERY_EMERGENCY: M.HL_FAILURE_FLAG_BATTERY,
    Failsafe.FENCE: M.HL_FAILURE_FLAG_GEOFENCE, Failsafe.PILOT_LOST: M.HL_FAILURE_FLAG_RC_RECEIVER,
    Failsafe.OFFBOARD_LOST: M.HL_FAILURE_FLAG_OFFBOARD_LINK, Failsafe.ESTIMATOR: M.HL_FAILURE_FLAG_ESTIMATOR,
    Failsafe.POSITION_LOST: M.HL_FAILURE_FLAG_GPS,
}  # fmt: skip


def byte(value: float) -> int:
    """Return a number as a byte holds it."""
    return max(0, min(255, round(value)))


def half_degrees(angle_rad: float) -> int:
    """Return a heading in steps of two degrees."""
    return round(math.degrees(angle_rad) % 360.0 / 2.0) % 180


def summary(vehicle: Vehicle, boot_ms: int, hud: Any, remaining: int) -> Message | None:
    """Return the summary: speeds in 0.2 m/s, headings in 2 degrees, distances in 10 m; None without a place.

    `hud` is VFR_HUD, `remaining` the battery's percentage.
    """
    command, here = vehicle.command, vehicle.here
    if here is None:
        return None
    e, s = command.estimate, command.setpoint
    north, east, down = (float(s.p_sp_ned[k]) - float(e.p_ned[k]) for k in range(3))
    wind = [float(e.wind_ned[k]) for k in (0, 1)]
    flags = sum({flag for bit, flag in FAILURES.items() if int(command.status.failsafes) & bit})
    return M.MAVLink_high_latency2_message(
        boot_ms, M.MAV_TYPE_QUADROTOR, int(vehicle.settings["LINK_AUTOPILOT"]),
        # PX4's main and sub mode, which are the upper half of its number.
        vehicle.shown_mode.custom >> 16, round(1e7 * here.lat_deg), round(1e7 * here.lon_deg),
        round(here.alt_amsl_m), round(here.alt_amsl_m - down), hud.heading // 2, half_degrees(float(s.yaw_sp)),
        min(65535, round(0.1 * math.hypot(north, east))), hud.throttle, byte(5.0 * hud.airspeed), 0,
        byte(5.0 * hud.groundspeed), byte(5.0 * math.hypot(*wind)), half_degrees(math.atan2(wind[1], wind[0])),
        byte(10.0 * float(e.sigma_p[0])), byte(10.0 * float(e.sigma_p[2])), 0,
        max(-127, min(127, round(10.0 * hud.climb))), remaining, int(command.status.mission_index),
        flags, 0, 0, 0,
    )  # fmt: skip
