"""What the simulated sensors say, as the messages PX4's simulator interface takes.

Units as PX4 reads them: m/s2, rad/s, gauss, hPa, degrees Celsius; the accuracies of HIL_GPS in centimetres.
"""

import math
from collections.abc import Callable
from typing import Any

from flight.geodesy import geodetic
from flight.vector import vec
from ground.link.dialect import mavlink
from ground.physics.px4_numbers import Means, Sender, Updated, accelerated, pressure_altitude, whole
from sim.hosted import Hosted

# Far from zero: a time counted from here is never mistaken for one counted from zero.
FIRST_US = 1_000_000
TRUTH_US, SECOND_US, STICKS_US = 5000, 1_000_000, 20_000
# What is due more often than messages are sent does not pile up.
LATE_US = 4000
GAUSS_UT, PA_PER_HPA = 100.0, 100.0
DOWNWARD, LASER, UNKNOWN = 25, 0, 255
LOCAL_NED, BODY_FRD = 1, 12
# PX4's EKF reads poses of vision alone, not of motion capture.
VISION, BEST_QUALITY = 2, 100
CHANNELS, UNUSED_US, FULL_RSSI = 18, 65535, 100
SLOW_M_S = 0.2
# Sensors slower than the IMU.
SLOW = ("mag", "baro", "gps", "range", "flow", "mocap")
Sticks = Callable[[], list[int]]


class Composer:
    """Turns what the sensors say into PX4's messages; `sticks` returns a receiver's channels, if it has any."""

    def __init__(self, vehicle: Hosted, unix_us: int, sticks: Sticks = list) -> None:
        self.vehicle, self.unix_us, self.sticks = vehicle, unix_us, sticks
        self.sender, self.means, self.turned = Sender(), Means(), Means()
        # What is due now and then, and from when on.
        self.truth_us: int | None = TRUTH_US
        self.truth_due_us = self.slow_due_us = self.sticks_due_us = 0
        self.told = {name: vehicle.inputs[name] for name in ("imu", *SLOW)}
        self.is_new = {name: self.told[name]["fresh"] for name in self.told}
        presets = vehicle.records[1][0].presets
        self.home = (float(presets.gps.lat_deg), float(presets.gps.lon_deg), float(presets.gps.alt_amsl_m))
        self.range_cm = [round(100.0 * float(presets.range[name])) for name in ("low_m", "high_m")]
        self.flow_us = int(presets.flow.timing.interval_us)
        self.pose_variances = float(presets.mocap.sigma_m) ** 2, float(presets.mocap.sigma_rad) ** 2
        self.fresh: set[str] = set()

    @property
    def t_us(self) -> int:
        """Return the time as PX4 is told it."""
        return FIRST_US + self.vehicle.t_us

    def listen(self) -> None:
        """Take in one tick's samples."""
        self.vehicle.measure()
        for name in SLOW:
            if self.is_new[name][0]:
                self.fresh.add(name)
        if self.is_new["imu"][0]:
            self.means.add(self.told["imu"])
            self.turned.add(self.told["imu"])

    def said(self, name: str, field: str) -> Any:
        """Return a field of a sensor's newest sample, a plain number or a list of them."""
        return self.told[name][field][0].tolist()

    def messages(self, is_first: bool) -> bytes:
        """Return what is to be sent now: HIL_SENSOR comes last, as PX4 goes on once it has read that."""
        parts = [] if is_first else self.beside()
        return b"".join(self.sender.packed(message) for message in (*parts, self.sensor()))

    def beside(self) -> list[Any]:
        """Return everything but HIL_SENSOR that is due."""
        found: list[Any] = []
        if self.vehicle.t_us >= self.slow_due_us:
            self.slow_due_us = self.vehicle.t_us + SECOND_US
            found += [self.heartbeat(), self.system_time()]
        if self.truth_us and self.vehicle.t_us >= self.truth_due_us:
            self.truth_due_us = max(self.truth_due_us + self.truth_us, self.vehicle.t_us - LATE_US)
            found.append(self.truth())
        makers = (("gps", self.gps), ("range", self.distance), ("flow", self.flow), ("mocap", self.pose))
        found += [message() for name, message in makers if self.takes(name)]
        if self.vehicle.t_us >= self.sticks_due_us and (widths := self.sticks()):
            self.sticks_due_us = self.vehicle.t_us + STICKS_US
            found.append(self.channels(widths))
        return found

    def takes(self, name: str) -> bool:
        """Tell whether a sensor has said something new, which is then no longer new."""
        is_new = name in self.fresh
        self.fresh.discard(name)
        return is_new

    def sensor(self) -> Any:
        """Return HIL_SENSOR."""
        updated = Updated.ACCEL | Updated.GYRO
        updated |= Updated.MAG if self.takes("mag") else Updated(0)
        updated |= Updated.BARO if self.takes("baro") else Updated(0)
        pressure_pa = self.said("baro", "pressure_pa")
        return mavlink.MAVLink_hil_sensor_message(
            self.t_us,
            *self.means.take(),
            *(x / GAUSS_UT for x in self.said("mag", "field_ut_frd")),
            pressure_pa / PA_PER_HPA,
            0.0,
            pressure_altitude(pressure_pa) if pressure_pa > 0.0 else 0.0,
            self.said("baro", "temperature_c"),
            int(updated),
            0,
        )

    def gps(self) -> Any:
        """Return HIL_GPS."""
        north, east, down = self.said("gps", "v_ned")
        speed = math.hypot(north, east)
        course = math.degrees(math.atan2(east, north)) % 360.0
        return mavlink.MAVLink_hil_gps_message(
            # PX4 takes this for the time of day, and dates its logs by it.
            self.unix_us + self.vehicle.t_us,
            self.said("gps", "fix_type"),
            whole(1e7 * self.said("gps", "lat_deg"), 32),
            whole(1e7 * self.said("gps", "lon_deg"), 32),
            whole(1e3 * self.said("gps", "alt_amsl_m"), 32),
            whole(100.0 * self.said("gps", "horizontal_accuracy_m"), 17),
            whole(100.0 * self.said("gps", "vertical_accuracy_m"), 17),
            whole(100.0 * speed, 17),
            *(whole(100.0 * v) for v in (north, east, down)),
            round(100.0 * course) % 36000 if speed > SLOW_M_S else 0xFFFF,
            self.said("gps", "satellites"),
        )

    def distance(self) -> Any:
        """Return DISTANCE_SENSOR, looking down; without an echo its quality says so."""
        is_valid = bool(self.said("range", "is_valid"))
        low_cm, high_cm = self.range_cm
        distance_cm = round(100.0 * self.said("range", "distance_m")) if is_valid else high_cm + 1
        return mavlink.MAVLink_distance_sensor_message(
            self.t_us // 1000, *(min(x, 0xFFFF) for x in (low_cm, high_cm, distance_cm)),
            LASER, 0, DOWNWARD, UNKNOWN, signal_quality=100 if is_valid else 1,
        )  # fmt: skip

    def flow(self) -> Any:
        """Return HIL_OPTICAL_FLOW: angles since the last one, the ground's and the gyro's; ranges come apart."""
        dt = 1e-6 * self.flow_us
        return mavlink.MAVLink_hil_optical_flow_message(
            self.t_us, 0, self.flow_us, dt * self.said("flow", "rate_x"), dt * self.said("flow", "rate_y"),
            *(dt * rate for rate in self.turned.take()[3:]), 0, whole(self.said("flow", "quality"), 9), 0, -1.0,
        )  # fmt: skip

    def pose(self) -> Any:
        """Return ODOMETRY with place and attitude as a motion capture tells them; no velocities."""
        place, turn = self.pose_variances
        # The upper right triangle of a 6 by 6 matrix, row by row: its diagonal.
        variances = [0.0] * 21
        for at, variance in zip((0, 6, 11, 15, 18, 20), (place,) * 3 + (turn,) * 3, strict=True):
            variances[at] = variance
        unknown = [math.nan] * 21
        return mavlink.MAVLink_odometry_message(
            self.t_us, LOCAL_NED, BODY_FRD, *self.said("mocap", "p_ned"), self.said("mocap", "q_ned_frd"),
            *[math.nan] * 6, variances, unknown, 0, VISION, BEST_QUALITY,
        )  # fmt: skip

    def channels(self, widths: list[int]) -> Any:
        """Return RC_CHANNELS."""
        shown = [*widths, *[UNUSED_US] * CHANNELS][:CHANNELS]
        return mavlink.MAVLink_rc_channels_message(self.t_us // 1000, len(widths), *shown, FULL_RSSI)

    def truth(self) -> Any:
        """Return HIL_STATE_QUATERNION: what is so, for PX4's log."""
        truth, felt = self.vehicle.truth, self.vehicle.feel()
        lat_deg, lon_deg, alt_m = geodetic(vec(truth["p_ned"][0]), *self.home)
        speed = whole(100.0 * float(felt["air_speed"][0]), 17)
        return mavlink.MAVLink_hil_state_quaternion_message(
            self.t_us,
            truth["q_ned_frd"][0].tolist(),
            *truth["omega_frd"][0].tolist(),
            whole(1e7 * lat_deg, 32),
            whole(1e7 * lon_deg, 32),
            whole(1e3 * alt_m, 32),
            *(whole(100.0 * v) for v in truth["v_ned"][0].tolist()),
            speed,
            speed,
            # MAVLink means mG, PX4 reads thousandths of m/s2 in NED.
            *(whole(1e3 * a) for a in accelerated(truth["q_ned_frd"][0], felt["accel_frd"][0])),
        )

    def heartbeat(self) -> Any:
        """Return a sign of life: a simulator, not an autopilot."""
        return mavlink.MAVLink_heartbeat_message(
            mavlink.MAV_TYPE_GENERIC, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, mavlink.MAV_STATE_ACTIVE, 3
        )

    def system_time(self) -> Any:
        """Return the simulated time of day."""
        return mavlink.MAVLink_system_time_message(self.unix_us + self.vehicle.t_us, self.t_us // 1000)
