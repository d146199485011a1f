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
# A setpoint that sinks faster than this goes down, in m/s; one that goes up or aside by as much lands no more.
MOVING = 0.1


class Landed:
    """Follows a flight; `state` is the MAV_LANDED_STATE."""

    def __init__(self) -> None:
        self.state = ON_GROUND

    def look(self, vehicle: Vehicle, item: int) -> int:
        """Return the state now; `item` is the MAV_CMD a mission is at.

        A return, and a mission's last item, lands from where its setpoint sinks straight down.
        """
        mode = vehicle.mode
        is_last = mode == Mode.RETURN or (mode == Mode.MISSION and item in ENDING)
        is_landing = mode == Mode.LAND or (is_last and self.comes_down(vehicle))
        if vehicle.is_landed:
            self.state = ON_GROUND
        elif mode == Mode.TAKEOFF or (mode == Mode.MISSION and item in CLIMBING):
            self.state = TAKING_OFF
        else:
            self.state = LANDING if is_landing else IN_AIR
        return self.state

    def comes_down(self, vehicle: Vehicle) -> bool:
        """Tell whether the setpoint goes down and nowhere else, or has done so and now feels for the ground."""
        north, east, down = np.asarray(vehicle.command.setpoint.v_ff_ned, float).tolist()
        aside = math.hypot(north, east)
        is_feeling = self.state == LANDING and down > -MOVING and aside < MOVING
        return is_feeling or down > max(MOVING, aside)
