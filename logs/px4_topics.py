"""The topics PX4's users know, by their names and in their units, computed from inputs, commands and truth.

Each field is an expression over the chosen ticks. Fields of PX4 that have no counterpart here are left out: readers
look fields up by name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight.geodesy import ECCENTRICITY_2, SEMI_MAJOR_M
from flight.modes import Arming, Failsafe, Level, Mode

GAUSS_PER_MICROTESLA = 0.01
MAH_PER_AH = 1000.0
PX4_MOTORS = 12
STANDARD_PRESSURE = 101325.0
SCALE_HEIGHT_M, BARO_EXPONENT = 44330.77, 0.190263
DRY_AIR_GAS_CONSTANT, ZERO_CELSIUS = 287.05, 273.15
MILLI = 1e-3
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

F, D, U8, U16, U32, U64, B = "f4", "f8", "u1", "u2", "u4", "u8", "?"
V, Q = ("f4", 3), ("f4", 4)
Expression = Callable[[Any], Any]


class Chosen:
    """Some rows of an array of records: a leaf is picked when it is asked for, nothing else is copied."""

    def __init__(self, rows: np.ndarray, ticks: np.ndarray) -> None:
        self.rows = rows
        self.ticks = ticks

    def __getitem__(self, name: str) -> Any:
        part = self.rows[name]
        return Chosen(part, self.ticks) if part.dtype.names else part[self.ticks]


class Flown:
    """Some ticks: `i` inputs, `c` commands, `e` estimates, `s` setpoints, `t` truth, and the airframe's parameters."""

    def __init__(
        self, inputs: np.ndarray, commands: np.ndarray, truth: Any, airframe: Any, ticks: Any = None
    ) -> None:
        self.ticks = np.arange(len(inputs)) if ticks is None else ticks
        self.i = Chosen(inputs, self.ticks)
        self.c = Chosen(commands, self.ticks)
        self.e = Chosen(commands["estimate"], self.ticks)
        self.s = Chosen(commands["setpoint"], self.ticks)
        self.t = None if truth is None else Chosen(truth, self.ticks)
        self.airframe = airframe

    def at(self, ticks: np.ndarray) -> "Flown":
        """Return only these ticks."""
        truth = None if self.t is None else self.t.rows
        return Flown(self.i.rows, self.c.rows, truth, self.airframe, ticks)


@dataclass(frozen=True)
class Px4Topic:
    """One topic: written at most `rate_hz` times a second, for a sensor only where a fresh sample came."""

    name: str
    rate_hz: int
    fields: dict[str, tuple[Any, Expression]]
    sensor: str = ""
    needs_truth: bool = False
    dtype: np.dtype = field(init=False)

    def __post_init__(self) -> None:
        kinds = [(n, *k) if isinstance(k, tuple) else (n, k) for n, (k, _) in self.fields.items()]
        object.__setattr__(self, "dtype", np.dtype([("timestamp", "<u8"), *kinds]))

    def rows(self, flown: Flown) -> np.ndarray:
        """Return the topic's rows for these ticks."""
        rows = np.zeros(len(flown.ticks), self.dtype)
        rows["timestamp"] = flown.i["t_us"]
        for name, (_, expression) in self.fields.items():
            rows[name] = expression(flown)
        return rows


def along(axis: int, get: Expression) -> Expression:
    """Return one component of a vector expression."""
    return lambda f: get(f)[:, axis]


def up(collective: np.ndarray) -> np.ndarray:
    """Return a thrust share as PX4's body vector: up is minus z."""
    thrust = np.zeros((len(collective), 3))
    thrust[:, 2] = -collective
    return thrust


def heading(q: np.ndarray) -> np.ndarray:
    """Return the yaw of quaternions in radians."""
    w, x, y, z = q.T
    return np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def motors(f: Flown) -> np.ndarray:
    """Return PX4's twelve motor ratios; NaN where there is no motor or it is stopped."""
    ratios = np.full((len(f.ticks), PX4_MOTORS), np.nan)
    count = int(f.airframe["rotor_count"])
    ratios[:, :count] = f.c["motors"]["motor"][:, :count]
    return ratios


def pressure_altitude(pressure: np.ndarray) -> np.ndarray:
    """Return the height in the standard atmosphere in metres (ISA, troposphere)."""
    return SCALE_HEIGHT_M * (1.0 - np.power(np.maximum(pressure, 1.0) / STANDARD_PRESSURE, BARO_EXPONENT))


def latitude(f: Flown) -> np.ndarray:
    """Return the latitude in degrees, on the ellipsoid's curvature at the origin."""
    sine = np.sin(np.radians(f.e["origin_lat_deg"]))
    radius = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / (1.0 - ECCENTRICITY_2 * sine * sine) ** 1.5
    return f.e["origin_lat_deg"] + np.degrees(f.e["p_ned"][:, 0] / radius)


def longitude(f: Flown) -> np.ndarray:
    """Return the longitude in degrees, on the ellipsoid's curvature at the origin."""
    lat = np.radians(f.e["origin_lat_deg"])
    radius = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY_2 * np.sin(lat) ** 2)
    return f.e["origin_lon_deg"] + np.degrees(f.e["p_ned"][:, 1] / (radius * np.cos(lat)))


def where(level: Level, get: Expression) -> Expression:
    """Return a setpoint where it steers the vehicle, NaN - PX4's "not controlled" - where guidance hands over below."""

    def expression(f: Flown) -> np.ndarray:
        value = get(f)
        is_used = f.s["level"] >= level
        return np.where(is_used if value.ndim == 1 else is_used[:, None], value, np.nan)

    return expression


def held_height(f: Flown) -> np.ndarray:
    """Return the setpoint of z where position or height is controlled, else NaN."""
    is_held = (f.s["level"] == Level.POSITION) | (f.s["level"] == Level.ALTITUDE)
    return np.where(is_held, f.s["p_sp_ned"][:, 2], np.nan)


def sigma_xy(sigma: np.ndarray) -> np.ndarray:
    """Return the horizontal standard deviation."""
    return np.hypot(sigma[:, 0], sigma[:, 1])


def is_on(flags: np.ndarray) -> np.ndarray:
    """Return flags as truth values."""
    return flags != 0


SAMPLED = {"timestamp_sample": (U64, lambda f: f.i["t_us"])}
ORIGIN = {
    "ref_lat": (D, lambda f: f.e["origin_lat_deg"]),
    "ref_lon": (D, lambda f: f.e["origin_lon_deg"]),
    "ref_alt": (F, lambda f: f.e["origin_alt_amsl_m"]),
}


def sampled(sensor: str) -> dict[str, tuple[Any, Expression]]:
    """Return the field that tells when a sensor measured."""
    return {"timestamp_sample": (U64, lambda f: f.i[sensor]["t_us"])}


def local_position(
    p: Expression, v: Expression, a: Expression, q: Expression
) -> dict[str, tuple[Any, Expression]]:
    """Return the kinematic fields of a local position topic."""
    fields: dict[str, tuple[Any, Expression]] = dict(SAMPLED)
    for axis, letter in enumerate("xyz"):
        fields[letter] = F, along(axis, p)
        fields[f"v{letter}"] = F, along(axis, v)
        fields[f"a{letter}"] = F, along(axis, a)
    return fields | {"heading": (F, lambda f: heading(q(f)))}


ATTITUDE = (
    Px4Topic("vehicle_attitude", 100, SAMPLED | {"q": (Q, lambda f: f.e["q_ned_frd"])}),
    Px4Topic(
        "vehicle_angular_velocity", 250, SAMPLED | {"xyz": (V, lambda f: f.c["terms"]["gyro_filtered_frd"])}
    ),
    Px4Topic(
        "vehicle_attitude_setpoint",
        100,
        {
            "yaw_sp_move_rate": (F, lambda f: f.s["yaw_rate_ff"]),
            "q_d": (Q, where(Level.ATTITUDE, lambda f: f.s["q_sp_ned_frd"])),
            "thrust_body": (V, lambda f: up(f.s["thrust_sp"])),
        },
    ),
    Px4Topic(
        "vehicle_rates_setpoint",
        250,
        {
            "roll": (F, where(Level.RATE, along(0, lambda f: f.s["omega_sp_frd"]))),
            "pitch": (F, where(Level.RATE, along(1, lambda f: f.s["omega_sp_frd"]))),
            "yaw": (F, where(Level.RATE, along(2, lambda f: f.s["omega_sp_frd"]))),
            "thrust_body": (V, lambda f: up(f.s["thrust_sp"])),
        },
    ),
    Px4Topic("vehicle_thrust_setpoint", 100, SAMPLED | {"xyz": (V, lambda f: up(f.s["thrust_sp"]))}),
    Px4Topic("vehicle_torque_setpoint", 100, SAMPLED | {"xyz": (V, lambda f: f.s["torque_sp_frd"])}),
    Px4Topic("actuator_motors", 100, SAMPLED | {"control": (("f4", PX4_MOTORS), motors)}),
)
POSITION = (
    Px4Topic(
        "vehicle_local_position",
        50,
        local_position(
            lambda f: f.e["p_ned"], lambda f: f.e["v_ned"], lambda f: f.e["a_ned"], lambda f: f.e["q_ned_frd"]
        )
        | ORIGIN
        | {
            "dist_bottom": (F, lambda f: f.e["height_m"]),
            "eph": (F, lambda f: sigma_xy(f.e["sigma_p"])),
            "epv": (F, lambda f: f.e["sigma_p"][:, 2]),
            "evh": (F, lambda f: sigma_xy(f.e["sigma_v"])),
            "evv": (F, lambda f: f.e["sigma_v"][:, 2]),
            "xy_valid": (B, lambda f: is_on(f.e["is_position_valid"])),
            "z_valid": (B, lambda f: is_on(f.e["is_altitude_valid"])),
            "v_xy_valid": (B, lambda f: is_on(f.e["is_velocity_valid"])),
            "v_z_valid": (B, lambda f: is_on(f.e["is_altitude_valid"])),
            "xy_global": (B, lambda f: is_on(f.e["is_position_valid"])),
            "z_global": (B, lambda f: is_on(f.e["is_altitude_valid"])),
            "heading_good_for_control": (B, lambda f: is_on(f.e["is_attitude_valid"])),
        },
    ),
    Px4Topic(
        "vehicle_local_position_setpoint",
        50,
        {
            **{
                k: (F, where(Level.POSITION, along(n, lambda f: f.s["p_sp_ned"]))) for n, k in enumerate("xy")
            },
            "z": (F, held_height),
            **{
                f"v{k}": (F, where(Level.VELOCITY, along(n, lambda f: f.s["v_sp_ned"])))
                for n, k in enumerate("xyz")
            },
            "acceleration": (V, where(Level.VELOCITY, lambda f: f.s["a_sp_ned"])),
            "thrust": (V, lambda f: up(f.s["thrust_sp"])),
            "yaw": (F, lambda f: f.s["yaw_sp"]),
            "yawspeed": (F, lambda f: f.s["yaw_rate_ff"]),
        },
    ),
    Px4Topic(
        "trajectory_setpoint",
        50,
        {
            "position": (V, where(Level.POSITION, lambda f: f.s["p_sp_ned"])),
            "velocity": (V, where(Level.VELOCITY, lambda f: f.s["v_ff_ned"])),
            "acceleration": (V, where(Level.VELOCITY, lambda f: f.s["a_ff_ned"])),
            "jerk": (V, lambda f: f.s["jerk_ff_ned"]),
            "yaw": (F, lambda f: f.s["yaw_sp"]),
            "yawspeed": (F, lambda f: f.s["yaw_rate_ff"]),
        },
    ),
    Px4Topic(
        "vehicle_global_position",
        10,
        SAMPLED
        | {
            "lat": (D, latitude),
            "lon": (D, longitude),
            "alt": (F, lambda f: f.e["origin_alt_amsl_m"] - f.e["p_ned"][:, 2]),
            "eph": (F, lambda f: sigma_xy(f.e["sigma_p"])),
            "epv": (F, lambda f: f.e["sigma_p"][:, 2]),
            "lat_lon_valid": (B, lambda f: is_on(f.e["is_position_valid"])),
            "alt_valid": (B, lambda f: is_on(f.e["is_altitude_valid"])),
        },
    ),
    Px4Topic(
        "hover_thrust_estimate",
        5,
        SAMPLED
        | {
            "hover_thrust": (F, lambda f: f.c["terms"]["hover_thrust"]),
            "valid": (B, lambda f: f.c["terms"]["hover_thrust"] > 0.0),
        },
    ),
    Px4Topic(
        "estimator_status",
        5,
        SAMPLED
        | {
            "pos_horiz_accuracy": (F, lambda f: sigma_xy(f.e["sigma_p"])),
            "pos_vert_accuracy": (F, lambda f: f.e["sigma_p"][:, 2]),
            "pos_test_ratio": (F, along(0, lambda f: f.e["test_ratios"])),
            "vel_test_ratio": (F, along(1, lambda f: f.e["test_ratios"])),
            "hgt_test_ratio": (F, along(2, lambda f: f.e["test_ratios"])),
            "hdg_test_ratio": (F, along(3, lambda f: f.e["test_ratios"])),
            "hagl_test_ratio": (F, along(4, lambda f: f.e["test_ratios"])),
        },
    ),
    Px4Topic(
        "estimator_sensor_bias",
        5,
        SAMPLED
        | {
            "gyro_bias": (V, lambda f: f.e["gyro_bias_frd"]),
            "accel_bias": (V, lambda f: f.e["accel_bias_frd"]),
            "gyro_bias_valid": (B, lambda f: is_on(f.e["is_attitude_valid"])),
            "accel_bias_valid": (B, lambda f: is_on(f.e["is_attitude_valid"])),
        },
    ),
)
SENSORS = (
    Px4Topic(
        "sensor_combined",
        250,
        {
            "gyro_rad": (V, lambda f: f.i["imu"]["gyro_frd"]),
            "gyro_integral_dt": (U32, lambda f: 1e6 * f.c["status"]["dt_s"]),
            "accelerometer_timestamp_relative": ("i4", lambda f: 0),
            "accelerometer_m_s2": (V, lambda f: f.i["imu"]["accel_frd"]),
            "accelerometer_integral_dt": (U32, lambda f: 1e6 * f.c["status"]["dt_s"]),
        },
        "imu",
    ),
    Px4Topic(
        "vehicle_magnetometer",
        50,
        sampled("mag")
        | {"magnetometer_ga": (V, lambda f: GAUSS_PER_MICROTESLA * f.i["mag"]["field_ut_frd"])},
        "mag",
    ),
    Px4Topic(
        "vehicle_air_data",
        25,
        sampled("baro")
        | {
            "baro_alt_meter": (F, lambda f: pressure_altitude(f.i["baro"]["pressure_pa"])),
            "baro_pressure_pa": (F, lambda f: f.i["baro"]["pressure_pa"]),
            "ambient_temperature": (F, lambda f: f.i["baro"]["temperature_c"]),
            "rho": (
                F,
                lambda f: (
                    f.i["baro"]["pressure_pa"]
                    / (DRY_AIR_GAS_CONSTANT * np.maximum(f.i["baro"]["temperature_c"] + ZERO_CELSIUS, 1.0))
                ),
            ),
        },
        "baro",
    ),
    Px4Topic(
        "distance_sensor",
        25,
        {
            "current_distance": (F, lambda f: f.i["range"]["distance_m"]),
            "signal_quality": ("i1", lambda f: np.where(f.i["range"]["is_valid"] != 0, 100, 0)),
            "orientation": (U8, lambda f: 25),
        },
        "range",
    ),
    Px4Topic(
        "manual_control_setpoint",
        25,
        sampled("pilot")
        | {
            "roll": (F, lambda f: f.i["pilot"]["roll"]),
            "pitch": (F, lambda f: -f.i["pilot"]["pitch"]),  # PX4: stick forward is positive
            "yaw": (F, lambda f: f.i["pilot"]["yaw"]),
            "throttle": (F, lambda f: 2.0 * f.i["pilot"]["throttle"] - 1.0),
            "valid": (B, lambda f: True),
            "data_source": (U8, lambda f: 1),
        },
        "pilot",
    ),
    Px4Topic(
        "battery_status",
        10,
        {
            "voltage_v": (F, lambda f: f.i["battery"]["voltage_v"]),
            "current_a": (F, lambda f: f.i["battery"]["current_a"]),
            "remaining": (F, lambda f: -1.0),
            "cell_count": (U8, lambda f: f.airframe["cells"]),
            "connected": (B, lambda f: True),
            "id": (U8, lambda f: 1),
            "warning": (U8, lambda f: battery_warning(f.c["status"]["failsafes"])),
        },
        "battery",
    ),
)


def gps(name: str) -> Px4Topic:
    """Return the satellite receiver's topic: PX4 has it raw and as chosen by its voter."""
    g = "gps"
    return Px4Topic(
        name,
        20,
        sampled(g)
        | {
            "latitude_deg": (D, lambda f: f.i[g]["lat_deg"]),
            "longitude_deg": (D, lambda f: f.i[g]["lon_deg"]),
            "altitude_msl_m": (D, lambda f: f.i[g]["alt_amsl_m"]),
            "altitude_ellipsoid_m": (D, lambda f: f.i[g]["alt_amsl_m"]),
            "s_variance_m_s": (F, lambda f: f.i[g]["speed_accuracy_m_s"]),
            "eph": (F, lambda f: f.i[g]["horizontal_accuracy_m"]),
            "epv": (F, lambda f: f.i[g]["vertical_accuracy_m"]),
            "vel_m_s": (F, lambda f: np.hypot(f.i[g]["v_ned"][:, 0], f.i[g]["v_ned"][:, 1])),
            "vel_n_m_s": (F, along(0, lambda f: f.i[g]["v_ned"])),
            "vel_e_m_s": (F, along(1, lambda f: f.i[g]["v_ned"])),
            "vel_d_m_s": (F, along(2, lambda f: f.i[g]["v_ned"])),
            "cog_rad": (F, lambda f: np.arctan2(f.i[g]["v_ned"][:, 1], f.i[g]["v_ned"][:, 0])),
            "fix_type": (U8, lambda f: f.i[g]["fix_type"]),
            "vel_ned_valid": (B, lambda f: f.i[g]["fix_type"] >= 3),
            "satellites_used": (U8, lambda f: f.i[g]["satellites"]),
        },
        g,
    )


def battery_warning(failsafes: np.ndarray) -> np.ndarray:
    """Return PX4's battery warning: 0 none, 1 low, 2 critical, 3 emergency."""
    bits = (Failsafe.BATTERY_EMERGENCY, Failsafe.BATTERY_CRITICAL, Failsafe.BATTERY_LOW)
    return np.select([failsafes & bit != 0 for bit in bits], [3, 2, 1], 0)


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
TRUTH = (
    Px4Topic(
        "vehicle_attitude_groundtruth",
        100,
        SAMPLED | {"q": (Q, lambda f: f.t["q_ned_frd"])},
        needs_truth=True,
    ),
    Px4Topic(
        "vehicle_angular_velocity_groundtruth",
        100,
        SAMPLED | {"xyz": (V, lambda f: f.t["omega_frd"])},
        needs_truth=True,
    ),
    Px4Topic(
        "vehicle_local_position_groundtruth",
        50,
        local_position(
            lambda f: f.t["p_ned"], lambda f: f.t["v_ned"], lambda f: f.t["a_ned"], lambda f: f.t["q_ned_frd"]
        )
        | ORIGIN,
        needs_truth=True,
    ),
)
TOPICS = (*ATTITUDE, *POSITION, *SENSORS, gps("sensor_gps"), gps("vehicle_gps_position"), *STATUS, *TRUTH)
