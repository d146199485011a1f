"""The aids of flight logs: what GPS, barometer and range finder said, when the vehicle was armed, how late they are."""

import math

import numpy as np

from flight.estimator.calibration_rows import ROWS as CALIBRATION
from flight.inputs import INPUTS
from ground.estimation import aids
from ground.estimation.aids import DOWNWARD, Aids
from ground.estimation.columns import first_instance, has
from logs.foreign.recording import Recording

DEG_E7, MILLI = 1e-7, 1e-3
RAD_PER_DEG = math.pi / 180.0
OWN_SENSORS = ("gps", "baro", "range", "flow", "mocap")
# Where PX4 and ArduPilot state what the flight estimator calls otherwise, and in which unit.
STATED = {
    "EKF2_GPS_DELAY": ("EKF_GPS_DELAY", MILLI),
    "EKF2_BARO_DELAY": ("EKF_BARO_DELAY", MILLI),
    "EKF2_MAG_DELAY": ("EKF_MAG_DELAY", MILLI),
    "EKF2_RNG_DELAY": ("EKF_RNG_DELAY", MILLI),
    "GPS_DELAY_MS": ("EKF_GPS_DELAY", MILLI),
    "GPS1_DELAY_MS": ("EKF_GPS_DELAY", MILLI),
    "EKF2_MAG_DECL": ("EKF_MAG_DECL", RAD_PER_DEG),
    "COMPASS_DEC": ("EKF_MAG_DECL", 1.0),
}
# Zero in these says that nobody has set them.
ZERO_IS_UNTOLD = ("GPS_DELAY_MS", "GPS1_DELAY_MS", "EKF2_MAG_DECL", "COMPASS_DEC")
EV_ARMED, EV_DISARMED = 10, 11


def read(log: Recording) -> Aids:
    """Return what stands beside the IMU in a log of any autopilot."""
    if "quadloop_in_imu" in log:
        return from_own(log)
    return from_px4(log) if "sensor_combined" in log else from_ardupilot(log)


def stated(log: Recording) -> dict[str, float]:
    """Return the parameters of ours that a log of others states."""
    found = {}
    for name, (ours, unit) in STATED.items():
        value = log.parameters.get(name)
        if value is not None and math.isfinite(value) and (value != 0.0 or name not in ZERO_IS_UNTOLD):
            found[ours] = unit * value
    return found


def from_own(log: Recording) -> Aids:
    """Take the samples the autopilot was told, and its own sensors' delays and calibration."""
    found = Aids()
    for sensor in OWN_SENSORS:
        topic = log.get(f"quadloop_in_{sensor}")
        if topic is not None:
            names = [name for name in INPUTS[sensor].names or () if name not in ("fresh", "t_us")]
            fresh = topic[topic["fresh"] != 0]
            t_us = fresh["t_us_inside"].astype(np.int64)
            found.samples[sensor] = aids.told(sensor, t_us, **{name: fresh[name] for name in names})
    found.armed_us, found.is_armed = armed(log, "quadloop_status", "arming")
    known = [row.id for row in CALIBRATION] + ["EKF_MAG_DECL"]
    known += [name for name in log.parameters if name.startswith("EKF_") and name.endswith("_DELAY")]
    found.settings = {name: log.parameters[name] for name in known if name in log.parameters}
    return found


def from_px4(log: Recording) -> Aids:
    """Take what PX4's estimator saw."""
    found = Aids(settings=stated(log))
    for topic in ("vehicle_gps_position", "sensor_gps"):
        if "gps" not in found.samples and has(log, topic, "vel_n_m_s"):
            found.samples["gps"] = px4_gps(log[topic])
    if has(log, "vehicle_air_data", "baro_pressure_pa"):
        seen = log["vehicle_air_data"]
        found.samples["baro"] = aids.told("baro", seen["t_us"], pressure_pa=seen["baro_pressure_pa"])
    elif has(log, "sensor_combined", "baro_alt_meter"):
        seen = log["sensor_combined"]
        found.samples["baro"] = aids.baro_at(seen["t_us"], seen["baro_alt_meter"].astype(float))
    if has(log, "distance_sensor", "current_distance", "orientation"):
        seen = log["distance_sensor"]
        seen = seen[seen["orientation"] == DOWNWARD]
        limits = seen["min_distance"], seen["max_distance"]
        found.samples["range"] = aids.range_down(seen["t_us"], seen["current_distance"], *limits)
    found.armed_us, found.is_armed = armed(log, "actuator_armed", "armed")
    return found


def px4_gps(fixes: np.ndarray) -> np.ndarray:
    """Return PX4's fixes: degrees and metres today, integers of 1e-7 degrees and millimetres once."""
    names = fixes.dtype.names or ()
    if "latitude_deg" in names:
        place = fixes["latitude_deg"], fixes["longitude_deg"], fixes["altitude_msl_m"]
    else:
        place = DEG_E7 * fixes["lat"], DEG_E7 * fixes["lon"], MILLI * fixes["alt"]
    return aids.gps(
        fixes["t_us"],
        np.stack([fixes[f"vel_{axis}_m_s"] for axis in "ned"], -1),
        lat_deg=place[0],
        lon_deg=place[1],
        alt_amsl_m=place[2],
        fix_type=fixes["fix_type"],
        satellites=fixes["satellites_used"],
        horizontal_accuracy_m=fixes["eph"],
        vertical_accuracy_m=fixes["epv"],
        speed_accuracy_m_s=fixes["s_variance_m_s"],
    )


def from_ardupilot(log: Recording) -> Aids:
    """Take the first receiver and barometer."""
    found = Aids(settings=stated(log))
    if has(log, "GPS", "Lat", "Lng", "Alt", "Spd", "GCrs", "VZ"):
        found.samples["gps"] = ardupilot_gps(log)
    if has(log, "BARO", "Press"):
        seen = first_instance(log["BARO"])
        found.samples["baro"] = aids.told("baro", seen["t_us"], pressure_pa=seen["Press"])
    if has(log, "ARM", "ArmState"):
        found.armed_us, found.is_armed = armed(log, "ARM", "ArmState")
    elif has(log, "EV", "Id"):
        found.armed_us, found.is_armed = armed_by_events(log["EV"])
    return found


def ardupilot_gps(log: Recording) -> np.ndarray:
    """Return ArduPilot's fixes; the accuracies come from GPA where there is one for every fix."""
    fixes = first_instance(log["GPS"])
    course = RAD_PER_DEG * fixes["GCrs"].astype(float)
    speed = fixes["Spd"].astype(float)
    v_ned = np.stack([speed * np.cos(course), speed * np.sin(course), fixes["VZ"].astype(float)], -1)
    columns = {"lat_deg": fixes["Lat"], "lon_deg": fixes["Lng"], "alt_amsl_m": fixes["Alt"]}
    if has(log, "GPA", "HAcc", "VAcc", "SAcc"):
        accuracy = first_instance(log["GPA"])
        if len(accuracy) == len(fixes):
            names = ("horizontal_accuracy_m", "vertical_accuracy_m", "speed_accuracy_m_s")
            columns |= {
                name: accuracy[key] for name, key in zip(names, ("HAcc", "VAcc", "SAcc"), strict=True)
            }
    return aids.gps(fixes["t_us"], v_ned, fix_type=fixes["Status"], satellites=fixes["NSats"], **columns)


def armed(log: Recording, topic: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return since when the vehicle is armed or not, nothing where the log is silent."""
    told = log.get(topic)
    if told is None or not len(told):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return told["t_us"].astype(np.int64), (told[name] == 1).astype(np.int64)


def armed_by_events(events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same from ArduPilot's events; before the first of them the opposite held."""
    said = events[np.isin(events["Id"], (EV_ARMED, EV_DISARMED))]
    is_armed = (said["Id"] == EV_ARMED).astype(np.int64)
    if not len(said):
        return said["t_us"].astype(np.int64), is_armed
    t_us = np.concatenate([[np.iinfo(np.int64).min], said["t_us"].astype(np.int64)])
    return t_us, np.concatenate([1 - is_armed[:1], is_armed])
