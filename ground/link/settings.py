"""The parameters of the link itself: rows like the loop's, but nothing in the loop depends on them."""

from flight.parameter import Param

PX4, GENERIC = 12, 0

ROWS: tuple[Param, ...] = (
    Param("MAV_SYS_ID", "link.system", None, "", 1, 1, 250, "MAVLink system id, from the next start on", True),
    Param("MAV_COMP_ID", "link.component", None, "", 1, 1, 250, "MAVLink component id, from the next start on", True),
    Param(
        "LINK_AUTOPILOT", "link.autopilot", None, "", PX4, 0, 20,
        "MAV_AUTOPILOT in the heartbeat: 12 as PX4, whose modes it speaks; 0 generic", True,
    ),
    Param(
        "SYS_FAILURE_EN", "link.failures", None, "", 0, 0, 1,
        "1: failures may be injected by MAV_CMD_INJECT_FAILURE, in the simulator", True,
    ),
    Param("FLW_TGT_HT", "link.follow_height", None, "m", 8.0, 1.0, 500.0, "follow me: height above home or target"),
    Param("FLW_TGT_DST", "link.follow_distance", None, "m", 8.0, 1.0, 500.0, "follow me: distance from the target"),
    Param(
        "FLW_TGT_FA", "link.follow_angle", None, "deg", 180.0, -180.0, 180.0,
        "follow me: side of the target, clockwise from its course; 180 is behind",
    ),
    Param(
        "FLW_TGT_ALT_M", "link.follow_altitude", None, "", 0, 0, 2,
        "follow me: 0 height above home, 1 the same, 2 height above the target", True,
    ),
    Param(
        "FLW_TGT_RS", "link.follow_response", None, "", 0.1, 0.0, 1.0,
        "follow me: how slowly a change of the target's velocity is believed",
    ),
    Param(
        "FLW_TGT_MAX_VEL", "link.follow_speed", None, "m/s", 5.0, 0.0, 20.0,
        "follow me: speed around the target when it turns",
    ),
    Param("CAL_GYRO0_ID", "link.gyro", None, "", 1, 0, 2**24, "the calibrated gyroscope; 0: not calibrated", True),
    Param("CAL_ACC0_ID", "link.accel", None, "", 1, 0, 2**24, "the calibrated accelerometer; 0: not calibrated", True),
    Param("CAL_MAG0_ID", "link.mag", None, "", 1, 0, 2**24, "the calibrated magnetometer; 0: not calibrated", True),
)  # fmt: skip
BY_ID = {row.id: row for row in ROWS}


class Settings:
    """The present values by id: `settings["SYS_FAILURE_EN"]`."""

    def __init__(self) -> None:
        self.values = {row.id: row.default for row in ROWS}

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def take(self, values: dict[str, float]) -> None:
        """Take over those of these values that are the link's own."""
        self.values |= {name: value for name, value in values.items() if name in BY_ID}
