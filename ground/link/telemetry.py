"""What the vehicle tells about its flight: one function per message, from the loop's newest records."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from flight.modes import Level, Mode
from flight.quaternion import Quat, rotate_back
from flight.vector import Vec3
from ground.link import high_latency
from ground.link.dialect import mavlink
from ground.link.landed import Landed
from ground.link.sensor_telemetry import SensorTelemetry
from ground.link.service import Message
from ground.link.vehicle import Vehicle

NAN = math.nan
LOCAL_NED, BODY_FRD = 1, 12
UNKNOWN_16 = 65535
EKF_STATUS = 193
# POSITION_TARGET_TYPEMASK: what a setpoint does not say.
NO_PLACE, NO_VELOCITY, NO_ACCELERATION, NO_YAW, NO_YAW_RATE = 0x007, 0x038, 0x1C0, 0x400, 0x800


def euler(q: list[float]) -> tuple[float, float, float]:
    """Return roll, pitch and yaw in radians."""
    w, x, y, z = q
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2.0 * (w * y - z * x))))
    return roll, pitch, math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def floats(values: Any) -> list[float]:
    """Return a field as plain numbers."""
    return np.asarray(values, float).tolist()


def whole_deg(angle_deg: float) -> int:
    """Return degrees as MAVLink's 1e-7 degrees."""
    return round(angle_deg * 1e7)


class Telemetry(SensorTelemetry):
    """Makes messages of the newest records; `builders` has one for each message id, which may return None."""

    def __init__(self, vehicle: Vehicle) -> None:
        super().__init__(vehicle)
        # Which MAV_CMD the mission is at; the missions tell.
        self.flown: Callable[[], int] = lambda: 0
        self.landed = Landed()
        self.builders: dict[int, Callable[[], Message | None]] = self.sensor_builders() | {
            2: self.system_time,
            30: self.attitude,
            31: self.attitude_quaternion,
            32: self.local_position,
            33: self.global_position,
            49: self.origin,
            74: self.hud,
            83: self.attitude_target,
            85: self.position_target,
            87: self.global_target,
            141: self.altitude,
            EKF_STATUS: self.ekf_status,
            230: self.estimator_status,
            231: self.wind,
            235: self.high_latency,
            242: self.home,
            245: self.extended_state,
            264: self.flight_information,
            331: self.odometry,
            360: self.orbit,
        }

    def high_latency(self) -> Message | None:
        """Return HIGH_LATENCY2."""
        return high_latency.summary(self.vehicle, self.boot_ms, self.hud(), self.remaining())

    @property
    def estimate(self) -> Any:
        """Return the newest estimate."""
        return self.vehicle.command.estimate

    def system_time(self) -> Message:
        """Return the clock's time and ours."""
        return mavlink.MAVLink_system_time_message(round(time.time() * 1e6), self.boot_ms)

    def attitude(self) -> Message:
        """Return ATTITUDE."""
        e = self.estimate
        return mavlink.MAVLink_attitude_message(
            self.boot_ms, *euler(floats(e.q_ned_frd)), *floats(e.omega_frd)
        )

    def attitude_quaternion(self) -> Message:
        """Return ATTITUDE_QUATERNION."""
        e = self.estimate
        return mavlink.MAVLink_attitude_quaternion_message(
            self.boot_ms, *floats(e.q_ned_frd), *floats(e.omega_frd)
        )

    def local_position(self) -> Message | None:
        """Return LOCAL_POSITION_NED."""
        e = self.estimate
        if not e.is_altitude_valid:
            return None
        return mavlink.MAVLink_local_position_ned_message(self.boot_ms, *floats(e.p_ned), *floats(e.v_ned))

    def global_position(self) -> Message | None:
        """Return GLOBAL_POSITION_INT: relative altitude is above home."""
        here = self.vehicle.here
        e = self.estimate
        if here is None or not e.is_position_valid:
            return None
        above = self.above_home(here.alt_amsl_m)
        yaw_deg = math.degrees(euler(floats(e.q_ned_frd))[2]) % 360.0
        return mavlink.MAVLink_global_position_int_message(
            self.boot_ms, whole_deg(here.lat_deg), whole_deg(here.lon_deg), round(1e3 * here.alt_amsl_m),
            round(1e3 * above), *(round(100.0 * v) for v in floats(e.v_ned)), round(100.0 * yaw_deg) % 36000,
        )  # fmt: skip

    def above_home(self, alt_amsl_m: float) -> float:
        """Return the height above home, above the origin while there is no home."""
        home = self.vehicle.home
        return alt_amsl_m - home.alt_amsl_m if home else -float(self.estimate.p_ned[2])

    def origin(self) -> Message | None:
        """Return GPS_GLOBAL_ORIGIN."""
        place = self.vehicle.origin
        if place is None:
            return None
        return mavlink.MAVLink_gps_global_origin_message(
            whole_deg(place.lat_deg),
            whole_deg(place.lon_deg),
            round(1e3 * place.alt_amsl_m),
            self.vehicle.t_us,
        )

    def home(self) -> Message | None:
        """Return HOME_POSITION."""
        place = self.vehicle.home
        if place is None:
            return None
        return mavlink.MAVLink_home_position_message(
            whole_deg(place.lat_deg), whole_deg(place.lon_deg), round(1e3 * place.alt_amsl_m),
            *floats(self.vehicle.command.status.home_ned), [1.0, 0.0, 0.0, 0.0], NAN, NAN, NAN, self.vehicle.t_us,
        )  # fmt: skip

    def hud(self) -> Message:
        """Return VFR_HUD."""
        e = self.estimate
        v = floats(e.v_ned)
        here = self.vehicle.here
        yaw_deg = round(math.degrees(euler(floats(e.q_ned_frd))[2])) % 360
        throttle = round(100.0 * min(1.0, max(0.0, float(self.vehicle.command.setpoint.thrust_sp))))
        speed = math.hypot(v[0], v[1])
        height = here.alt_amsl_m if here else -float(e.p_ned[2])
        return mavlink.MAVLink_vfr_hud_message(
            speed, speed, yaw_deg, throttle if self.vehicle.is_armed else 0, height, -v[2]
        )

    def attitude_target(self) -> Message:
        """Return ATTITUDE_TARGET."""
        s = self.vehicle.command.setpoint
        mask = 0 if s.level >= Level.ATTITUDE else 0x80
        # Before the first flight there is no setpoint: no turn, rather than no quaternion.
        q = floats(s.q_sp_ned_frd) if any(s.q_sp_ned_frd) else [1.0, 0.0, 0.0, 0.0]
        return mavlink.MAVLink_attitude_target_message(
            self.boot_ms, mask, q, *floats(s.omega_sp_frd), float(s.thrust_sp)
        )

    def target_mask(self) -> int:
        """Return what the present setpoint does not say."""
        level = int(self.vehicle.command.setpoint.level)
        mask = NO_ACCELERATION
        if level < Level.POSITION:
            mask |= NO_PLACE
        if level < Level.VELOCITY:
            mask |= NO_VELOCITY | NO_YAW | NO_YAW_RATE
        return mask

    def position_target(self) -> Message:
        """Return POSITION_TARGET_LOCAL_NED."""
        s = self.vehicle.command.setpoint
        return mavlink.MAVLink_position_target_local_ned_message(
            self.boot_ms, LOCAL_NED, self.target_mask(), *floats(s.p_sp_ned), *floats(s.v_sp_ned),
            *floats(s.a_sp_ned), float(s.yaw_sp), float(s.yaw_rate_ff),
        )  # fmt: skip

    def global_target(self) -> Message | None:
        """Return POSITION_TARGET_GLOBAL_INT."""
        s = self.vehicle.command.setpoint
        place = self.vehicle.place(s.p_sp_ned)
        if place is None or s.level < Level.POSITION:
            return None
        return mavlink.MAVLink_position_target_global_int_message(
            self.boot_ms, 5, self.target_mask(), whole_deg(place.lat_deg), whole_deg(place.lon_deg),
            place.alt_amsl_m, *floats(s.v_sp_ned), *floats(s.a_sp_ned), float(s.yaw_sp), float(s.yaw_rate_ff),
        )  # fmt: skip

    def altitude(self) -> Message | None:
        """Return ALTITUDE."""
        here, e = self.vehicle.here, self.estimate
        if here is None or not e.is_altitude_valid:
            return None
        alt, up = here.alt_amsl_m, -float(e.p_ned[2])
        return mavlink.MAVLink_altitude_message(
            self.vehicle.t_us, up, alt, up, self.above_home(alt), NAN, float(e.height_m)
        )

    def estimator_flags(self) -> int:
        """Return ESTIMATOR_STATUS_FLAGS, ArduPilot's too; the highest says that arming needs no better place."""
        e = self.estimate
        place, height = bool(e.is_position_valid), bool(e.is_altitude_valid)
        flags = int(e.is_attitude_valid) | 2 * bool(e.is_velocity_valid) | 4 * height | 8 * place
        flags |= 16 * place | 32 * height | 64 * place | 256 * place
        return flags | 512 * (place and int(self.vehicle.command.status.refusals) == 0)

    def ratios(self) -> dict[str, float]:
        """Return how well each sensor agrees with the estimate: 1 is the limit."""
        return dict(zip(("p", "v", "baro", "mag", "range"), floats(self.estimate.test_ratios), strict=False))

    def estimator_status(self) -> Message:
        """Return ESTIMATOR_STATUS."""
        ratio, sigma = self.ratios(), floats(self.estimate.sigma_p)
        return mavlink.MAVLink_estimator_status_message(
            self.vehicle.t_us, self.estimator_flags(), ratio["v"], ratio["p"], ratio["baro"], ratio["mag"],
            ratio["range"], 0.0, math.hypot(sigma[0], sigma[1]), sigma[2],
        )  # fmt: skip

    def ekf_status(self) -> Message:
        """Return EKF_STATUS_REPORT."""
        ratio = self.ratios()
        return mavlink.mavlink_map[EKF_STATUS](
            self.estimator_flags(), ratio["v"], ratio["p"], ratio["baro"], ratio["mag"], ratio["range"]
        )

    def wind(self) -> Message:
        """Return WIND_COV."""
        e, here = self.estimate, self.vehicle.here
        return mavlink.MAVLink_wind_cov_message(
            self.vehicle.t_us, *floats(e.wind_ned), NAN, NAN, here.alt_amsl_m if here else NAN, NAN, NAN
        )

    def extended_state(self) -> Message:
        """Return EXTENDED_SYS_STATE."""
        return mavlink.MAVLink_extended_sys_state_message(0, self.landed.look(self.vehicle, self.flown()))

    def flight_information(self) -> Message:
        """Return FLIGHT_INFORMATION: arming and take-off in microseconds since boot, 0 before the first."""
        armed_us, took_off_us = self.begun_us
        return mavlink.MAVLink_flight_information_message(
            self.boot_ms, armed_us, took_off_us, round(self.vehicle.boot_unix_s)
        )

    def odometry(self) -> Message | None:
        """Return ODOMETRY: place in local NED, velocity in body axes as the message says."""
        e = self.estimate
        if not e.is_position_valid:
            return None
        q = floats(e.q_ned_frd)
        place = [NAN] * 21
        speed = [NAN] * 21
        for k, at in enumerate((0, 6, 11)):
            place[at] = float(e.sigma_p[k]) * float(e.sigma_p[k])
            speed[at] = float(e.sigma_v[k]) * float(e.sigma_v[k])
        return mavlink.MAVLink_odometry_message(
            self.vehicle.t_us, LOCAL_NED, BODY_FRD, *floats(e.p_ned), q, *into_body(q, floats(e.v_ned)),
            *floats(e.omega_frd), place, speed, 0, 8, 100,
        )  # fmt: skip

    def orbit(self) -> Message | None:
        """Return ORBIT_EXECUTION_STATUS while a circle is flown."""
        if self.vehicle.mode != Mode.ORBIT or self.circle is None:
            return None
        radius, centre = self.circle
        place = self.vehicle.place(centre)
        if place is None:
            return None
        return mavlink.MAVLink_orbit_execution_status_message(
            self.vehicle.t_us, radius, 0, whole_deg(place.lat_deg), whole_deg(place.lon_deg), place.alt_amsl_m
        )


def into_body(q: list[float], v_ned: list[float]) -> list[float]:
    """Return a world vector in body axes."""
    return list(rotate_back(Quat(*q), Vec3(*v_ned)))
