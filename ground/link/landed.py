"""Whether the vehicle stands, takes off, flies or lands, as ground stations show it."""

import math

import numpy as np

from flight.modes import Mode
from ground.link.dialect import mavlink
from ground.link.vehicle import Vehicle

ON_GROUND, IN_AIR = mavlink.MAV_LANDED_STATE_ON_GROUND, mavlink.MAV_LANDED_STATE_IN_AIR
TAKING_OFF, LANDING = mavlink.MAV_LANDED_STATE_TAKEOFF, mavlink.MAV_LANDED_STATE_LANDING
# The mission items that climb from the ground, and those that end on it.
CLIMBING = (mavlink.MAV_CMD_NAV_TAKEOFF,)
ENDING = (mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH, mavlink.MAV_CMD_NAV_LAND)
# A setpoint that sinks faster than this goes down, in m/s.
SINKING = 0.1


def landed_state(vehicle: Vehicle, item: int) -> int:
    """Return the MAV_LANDED_STATE; `item` is the MAV_CMD a mission is at.

    A return, and a mission's last item, lands once its setpoint sinks straight down.
    """
    mode = vehicle.mode
    if vehicle.is_landed:
        return ON_GROUND
    if mode == Mode.TAKEOFF or (mode == Mode.MISSION and item in CLIMBING):
        return TAKING_OFF
    is_last = mode == Mode.RETURN or (mode == Mode.MISSION and item in ENDING)
    is_landing = mode == Mode.LAND or (is_last and sinks_straight(vehicle))
    return LANDING if is_landing else IN_AIR


def sinks_straight(vehicle: Vehicle) -> bool:
    """Tell whether the setpoint goes down and nowhere else."""
    north, east, down = np.asarray(vehicle.command.setpoint.v_ff_ned, float).tolist()
    return down > max(SINKING, math.hypot(north, east))
