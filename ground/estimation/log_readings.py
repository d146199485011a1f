"""Gyro, accelerometer, magnetometer and truth from a flight log of any autopilot that names them."""

import math
from pathlib import Path

import numpy as np

from ground.estimation import log_aids, log_surroundings
from ground.estimation.aids import Aids
from ground.estimation.axes import swapped_attitude, swapped_body, swapped_world, turned_body
from ground.estimation.columns import columns, first_instance, stacked
from ground.estimation.readings import Readings, Truth, checked, refuse
from logs.exact import MARK
from logs.foreign.px4 import ULogRecording
from logs.foreign.recording import Recording
from logs.sources import open_log
from logs.ticks import Ticks, is_whole

MICRO = 1e-6
MICROTESLA_PER_GAUSS, MICROTESLA_PER_MILLIGAUSS = 100.0, 0.1
RAD_PER_DEG, STANDARD_GRAVITY = math.pi / 180.0, 9.80665
Samples = tuple[np.ndarray, np.ndarray]


def read(path: Path) -> Readings:
    """Read a flight log, or raise LogError or OSError."""
    log = open_log(path)
    readers = {
        "sensor_combined": from_px4,
        "IMU": from_ardupilot,
        "estGyroscope": from_crazyflie,
    }
    if is_whole(log):
        readers = {MARK: from_own}
    reader = next((reader for topic, reader in readers.items() if topic in log and len(log[topic])), None)
    if reader:
        readings = reader(log)
        readings.around, readings.is_own = log_aids.read(log).located(), reader is from_own
        readings.aids |= log_surroundings.read(log, readings.t)
        if readings.truth:
            while_armed(readings.truth, readings.around)
        return readings
    return refuse(str(path), f"holds no gyro and accelerometer; one of the topics {', '.join(readers)} would")


def from_own(log: Recording) -> Readings:
    """Take the samples the autopilot was told."""
    assert isinstance(log, ULogRecording)
    ticks = Ticks(log.log)
    imu, mag = ticks.samples("imu"), ticks.samples("mag")
    field = fresh(mag, "field_ut_frd") if len(mag) else None
    return assembled(log, fresh(imu, "gyro_frd"), fresh(imu, "accel_frd"), field, "frd")


def from_px4(log: Recording) -> Readings:
    """Take the samples PX4's estimator saw."""
    imu = log["sensor_combined"]
    t_us = imu["t_us"]
    mag = None
    if "vehicle_magnetometer" in log:
        seen = log["vehicle_magnetometer"]
        mag = seen["t_us"], MICROTESLA_PER_GAUSS * seen["magnetometer_ga"]
    elif "magnetometer_ga" in (imu.dtype.names or ()):
        mag = t_us, MICROTESLA_PER_GAUSS * imu["magnetometer_ga"]
    return assembled(log, (t_us, imu["gyro_rad"]), (t_us, imu["accelerometer_m_s2"]), mag, "frd")


def from_ardupilot(log: Recording) -> Readings:
    """Take the first IMU and magnetometer."""
    imu = first_instance(log["IMU"])
    gyro, accel = columns(imu, "Gyr"), columns(imu, "Acc")
    mag = None
    if "MAG" in log and len(log["MAG"]):
        seen = first_instance(log["MAG"])
        mag = seen["t_us"], MICROTESLA_PER_MILLIGAUSS * columns(seen, "Mag")
    return assembled(log, (imu["t_us"], gyro), (imu["t_us"], accel), mag, "frd")


def from_crazyflie(log: Recording) -> Readings:
    """Take the samples of its card: degrees per second and g, forward-left-up."""
    gyro, accel = log["estGyroscope"], log["estAcceleration"]
    rates = swapped_body(RAD_PER_DEG * stacked(gyro, "gyro"))
    forces = swapped_body(STANDARD_GRAVITY * stacked(accel, "acc"))
    return assembled(log, (gyro["t_us"], rates), (accel["t_us"], forces), None, "flu")


def fresh(rows: np.ndarray, name: str) -> Samples:
    """Return the samples of a sensor at its own times."""
    t_us = rows["t_us"].astype(np.int64)
    is_new = np.concatenate([[True], np.diff(t_us) > 0])
    return t_us[is_new], rows[name][is_new]


def assembled(log: Recording, gyro: Samples, accel: Samples, mag: Samples | None, body: str) -> Readings:
    """Bring the samples of each sensor to the gyro's times: the accelerometer between, the field where it was new."""
    path = str(log.path)
    t_us = gyro[0].astype(np.int64)
    t = MICRO * t_us
    rates, forces = np.ascontiguousarray(gyro[1], float), np.asarray(accel[1], float)
    if len(accel[0]) != len(t) or (accel[0] != gyro[0]).any():
        forces = np.stack([np.interp(t, MICRO * accel[0], forces[:, i]) for i in range(3)], -1)
    checked(path, t, {"gyr": rates, "acc": forces})
    field = None if mag is None or not len(mag[0]) else where_new(t_us, *mag)
    return Readings(path, t, rates, np.ascontiguousarray(forces), field, body, truth(log, body))


def where_new(t_us: np.ndarray, t_mag_us: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return each of a slower sensor's samples at the first gyro sample not before it, NaN elsewhere."""
    out = np.full((len(t_us), 3), math.nan)
    place = np.searchsorted(t_us, t_mag_us.astype(np.int64))
    inside = place < len(t_us)
    out[place[inside]] = rows[inside]
    return out


def truth(log: Recording, body: str) -> Truth | None:
    """Return what a simulator wrote beside the flight, or None."""
    if "vehicle_attitude_groundtruth" not in log or not len(log["vehicle_attitude_groundtruth"]):
        return None
    told = log["vehicle_attitude_groundtruth"]
    q_enu_flu = swapped_attitude(told["q"])
    q = q_enu_flu if body == "flu" else turned_body(q_enu_flu)
    found = Truth(MICRO * told["t_us"], q, np.isfinite(q).all(1))
    if "vehicle_local_position_groundtruth" in log:
        where = log["vehicle_local_position_groundtruth"]
        found.t_position = MICRO * where["t_us"]
        found.position = swapped_world(np.stack([where[axis] for axis in "xyz"], -1))
        found.velocity = swapped_world(np.stack([where[f"v{axis}"] for axis in "xyz"], -1))
    return found


def while_armed(truth: Truth, around: Aids) -> None:
    """Let only the time count in which the vehicle was armed, where the log tells: before, estimators still align."""
    if not around.is_armed.any():
        return
    counts = truth.counts & around.armed_at(np.rint(truth.t / MICRO).astype(np.int64))
    if counts.any():
        truth.counts = counts
        if truth.t_position is not None:
            truth.position_counts = around.armed_at(np.rint(truth.t_position / MICRO).astype(np.int64))
