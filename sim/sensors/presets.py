"""Which sensors a vehicle carries, where on the Earth it flies and how it shakes them."""

import math
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.errors import ConfigError
from flight.physics import STANDARD_GRAVITY
from flight.record import field, rows
from sim.sensors.baro import LAPSE_K_M, SEA_LEVEL_K
from sim.sensors.geodesy import DEGREE, radii
from sim.sensors.parts import CALIBRATION, PARTS, VIBRATION
from sim.sensors.sensors import PRESETS

EXTRAS: dict[str, Any] = {"vibration": VIBRATION, "calibration": CALIBRATION}
DEFAULTS = {"vibration": "typical", "calibration": "calibrated", "pilot": "sbus"}
SENSOR_SETS = ("consumer", "mocap", "ideal")
# Zurich, as PX4's simulators have it: degrees, degrees, metres; its magnetic field: uT, degrees, degrees.
HOME = (47.397742, 8.545594, 488.0)
FIELD = (48.0, 65.0, 3.0)
# For presets without an airframe: a 450 mm quadrotor.
HOVER_SPEED_RAD_S = 550.0
HOVER_THRUST_N = 14.0
SEA_LEVEL_PA = 101325.0
FREEZING_K = 273.15
TIMING_KEYS = ("rate_hz", "delay_ms", "jitter_ms", "loss")


def sensor_set(own: dict[str, str], kind: str = "consumer") -> dict[str, str]:
    """Return the part names of a sensor set.

    `own` is the airframe's `[sensors]` table. consumer is just that; mocap adds motion capture and takes GPS away;
    ideal replaces every part by a perfect one and stops the shaking. Raises ConfigError for another kind.
    """
    if kind not in SENSOR_SETS:
        raise ConfigError(f"sensor set {kind!r} is not known; known: {', '.join(SENSOR_SETS)}")
    if kind == "mocap":
        room = own.get("mocap", "none")
        return own | {"gps": "none", "mocap": "mocap" if room == "none" else room}
    if kind == "ideal":
        present = {name: "ideal" for name, part in own.items() if name in PARTS and part != "none"}
        return present | {"vibration": "none", "calibration": "calibrated"}
    return dict(own)


def presets_for(names: dict[str, str], airframe: Airframe | None = None) -> np.recarray:
    """Return the PRESETS of a vehicle from part names per sensor; a sensor not named is absent.

    Besides the sensors, `vibration` (none, smooth, typical, rough) and `calibration` (calibrated, uncalibrated) may be
    named. Raises ConfigError for an unknown sensor or part, listing the known ones.
    """
    presets = rows(PRESETS)
    chosen = DEFAULTS | check_names(names)
    for name, table in PARTS.items():
        part = chosen.get(name, "none")
        if part != "none":
            fill(presets[0][name], table[part])
    vibration = presets[0].imu.vibration
    for key, value in VIBRATION[chosen["vibration"]].items():
        vibration[key] = value
    presets[0].imu.residual = presets[0].mag.residual = CALIBRATION[chosen["calibration"]]
    set_home(presets[0], *HOME)
    set_field(presets[0], *FIELD)
    mount(presets[0], airframe)
    return presets


def check_names(names: dict[str, str]) -> dict[str, str]:
    """Return the names, or raise ConfigError listing what is known."""
    for name, part in names.items():
        known = PARTS.get(name) or EXTRAS.get(name)
        if known is None:
            raise ConfigError(f"sensor {name!r} is not known; known: {', '.join((*PARTS, *EXTRAS))}")
        if part not in known and not (name in PARTS and part == "none"):
            more = "none, " if name in PARTS else ""
            raise ConfigError(f"{name} = {part!r} is not known; known: {more}{', '.join(known)}")
    return names


def fill(preset: np.void, figures: dict[str, Any]) -> None:
    """Write a part's figures into its preset record."""
    timing = preset.timing
    timing.interval_us = round(1e6 / figures["rate_hz"])
    timing.delay_us = round(1e3 * figures.get("delay_ms", 0.0))
    timing.jitter_us = 1e3 * figures.get("jitter_ms", 0.0)
    timing.loss = figures.get("loss", 0.0)
    for key, value in figures.items():
        if key not in TIMING_KEYS:
            *group, leaf = key.split(".")
            (field(preset, group[0]) if group else preset)[leaf] = value


def set_home(presets: np.void, lat_deg: float, lon_deg: float, alt_amsl_m: float) -> None:
    """Say where on the Earth the vehicle starts."""
    gps, baro = presets.gps, presets.baro
    gps.lat_deg, gps.lon_deg, gps.alt_amsl_m = lat_deg, lon_deg, alt_amsl_m
    along, across = radii(lat_deg * DEGREE)
    gps.metres_per_deg_lat = (along + alt_amsl_m) * DEGREE
    gps.metres_per_deg_lon = (across + alt_amsl_m) * math.cos(lat_deg * DEGREE) * DEGREE
    baro.alt_amsl_m, baro.sea_level_pa = alt_amsl_m, SEA_LEVEL_PA
    baro.ambient_c = presets.imu.ambient_c = SEA_LEVEL_K - LAPSE_K_M * alt_amsl_m - FREEZING_K


def set_field(presets: np.void, strength_ut: float, inclination_deg: float, declination_deg: float) -> None:
    """Say how the Earth's magnetic field lies at home: inclination down, declination east."""
    north, down = math.cos(inclination_deg * DEGREE), math.sin(inclination_deg * DEGREE)
    east = north * math.sin(declination_deg * DEGREE)
    presets.mag.field_ut_ned[:] = strength_ut * np.array(
        [north * math.cos(declination_deg * DEGREE), east, down]
    )


def mount(presets: np.void, airframe: Airframe | None) -> None:
    """Tell the sensors where they sit and how the vehicle hovers."""
    vibration = presets.imu.vibration
    shakes = vibration.plane_m_s2 > 0.0
    vibration.imbalance_spread = 0.3
    vibration.hover_speed_rad_s, presets.baro.hover_thrust_n = HOVER_SPEED_RAD_S, HOVER_THRUST_N
    vibration.rotor_count = 4 if shakes else 0
    if airframe is None:
        return
    body, rotors = airframe.physics["body"], airframe.physics["rotors"]
    count = len(airframe.physics["rotor"])
    weight_n = body["mass_kg"] * STANDARD_GRAVITY
    presets.imu.position_frd[:] = np.subtract(body["imu_position_m_frd"], body["centre_of_mass_m_frd"])
    presets.baro.hover_thrust_n = weight_n
    vibration.hover_speed_rad_s = math.sqrt(weight_n / (count * rotors["thrust_coefficient_n_s2"]))
    vibration.rotor_count = count if shakes else 0
