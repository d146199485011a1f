"""PX4's topics of position and velocity, local and on the globe."""

import numpy as np

from flight.geodesy import ECCENTRICITY_2, SEMI_MAJOR_M
from flight.modes import Level
from logs.px4.topic import B, D, F, Flown, Px4Topic, V
from logs.px4.values import ORIGIN, SAMPLED, along, is_on, local_position, sigma_xy, up, where


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


def held_height(f: Flown) -> np.ndarray:
    """Return the setpoint of z where position or height is controlled, else NaN."""
    is_held = (f.s["level"] == Level.POSITION) | (f.s["level"] == Level.ALTITUDE)
    return np.where(is_held, f.s["p_sp_ned"][:, 2], np.nan)


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
)
