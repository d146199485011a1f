"""PX4's topics of the sensors, written where a fresh sample came."""

import numpy as np

from flight.modes import Failsafe
from logs.px4.topic import U8, U32, B, D, F, Px4Topic, V
from logs.px4.values import along, sampled

GAUSS_PER_MICROTESLA = 0.01
STANDARD_PRESSURE = 101325.0
SCALE_HEIGHT_M, BARO_EXPONENT = 44330.77, 0.190263
DRY_AIR_GAS_CONSTANT, ZERO_CELSIUS = 287.05, 273.15


def pressure_altitude(pressure: np.ndarray) -> np.ndarray:
    """Return the height in the standard atmosphere in metres (ISA, troposphere)."""
    return SCALE_HEIGHT_M * (1.0 - np.power(np.maximum(pressure, 1.0) / STANDARD_PRESSURE, BARO_EXPONENT))


def battery_warning(failsafes: np.ndarray) -> np.ndarray:
    """Return PX4's battery warning: 0 none, 1 low, 2 critical, 3 emergency."""
    bits = (Failsafe.BATTERY_EMERGENCY, Failsafe.BATTERY_CRITICAL, Failsafe.BATTERY_LOW)
    return np.select([failsafes & bit != 0 for bit in bits], [3, 2, 1], 0)


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
    gps("sensor_gps"),
    gps("vehicle_gps_position"),
)
