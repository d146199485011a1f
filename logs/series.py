"""What a flight did, as curves over time: one view of our logs and of PX4's, old and new."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from logs.reader import Log

MICRO = 1e-6


@dataclass(frozen=True)
class Curve:
    """Values over time in seconds since the log began; `y` is (n,) or (n, k)."""

    t: np.ndarray
    y: np.ndarray

    def at(self, t: np.ndarray) -> np.ndarray:
        """Return the values at other times, interpolated; NaN outside."""
        columns = self.y.reshape(len(self.t), -1)
        values = [np.interp(t, self.t, c, np.nan, np.nan) for c in columns.T]
        return np.stack(values, axis=-1).reshape(len(t), *self.y.shape[1:])

    def column(self, k: int) -> "Curve":
        """Return one component."""
        return Curve(self.t, self.y[:, k])


def euler_deg(q: np.ndarray) -> np.ndarray:
    """Return roll, pitch and yaw in degrees of quaternions (n, 4); NaN where there is none."""
    w, x, y, z = q.T.astype(float)
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2.0 * (w * y - z * x), -1.0, 1.0))
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return np.degrees(np.stack((roll, pitch, yaw), axis=-1))


def tilt_deg(q: np.ndarray) -> np.ndarray:
    """Return the angle between the body's and the world's down axis in degrees."""
    return np.degrees(np.arccos(np.clip(1.0 - 2.0 * (q[:, 1] ** 2 + q[:, 2] ** 2), -1.0, 1.0)))


class Series:
    """The curves of a log. A curve that the log does not hold is None."""

    def __init__(self, log: Log) -> None:
        self.log = log
        firsts = [int(log[name]["timestamp"][0]) for name in log if self._has_time(name)]
        lasts = [int(log[name]["timestamp"][-1]) for name in log if self._has_time(name)]
        # A topic's first row may have been published long before the log began.
        first = min((t for t in firsts if t > 0), default=log.start_us)
        self.start_us = max(first, log.start_us) if log.start_us < max(lasts, default=0) else first
        self.duration_s = (max(lasts, default=self.start_us) - self.start_us) * MICRO

    def _has_time(self, name: str) -> bool:
        rows = self.log[name]
        return len(rows) > 0 and "timestamp" in (rows.dtype.names or ())

    def seconds(self, t_us: np.ndarray) -> np.ndarray:
        """Return time stamps as seconds since the log began."""
        return (t_us.astype(np.int64) - self.start_us) * MICRO

    def curve(self, topic: str, *fields: str) -> Curve | None:
        """Return one field of a topic, or several as columns; None where topic, field or rows are missing."""
        if topic not in self.log or not self._has_time(topic):
            return None
        rows = self.log[topic]
        if any(f not in (rows.dtype.names or ()) for f in fields):
            return None
        columns = [rows[f].astype(float) for f in fields]
        return Curve(
            self.seconds(rows["timestamp"]), columns[0] if len(fields) == 1 else np.stack(columns, axis=-1)
        )

    def first(self, *choices: tuple[str, ...]) -> Curve | None:
        """Return the first of several curves that the log holds."""
        return next((c for c in (self.curve(*choice) for choice in choices) if c is not None), None)

    @cached_property
    def q(self) -> Curve | None:
        """Return the estimated attitude quaternion."""
        return self.first(("vehicle_attitude", "q"), ("quadloop_estimate", "q_ned_frd"))

    @cached_property
    def attitude(self) -> Curve | None:
        """Return estimated roll, pitch, yaw in degrees."""
        return self.q and Curve(self.q.t, euler_deg(self.q.y))

    @cached_property
    def attitude_sp(self) -> Curve | None:
        """Return the setpoint of roll, pitch, yaw in degrees."""
        angles = self.curve("vehicle_attitude_setpoint", "roll_body", "pitch_body", "yaw_body")
        q = self.curve("vehicle_attitude_setpoint", "q_d")
        if q is not None and np.any(q.y):
            return Curve(q.t, euler_deg(q.y))
        return angles and Curve(angles.t, np.degrees(angles.y))

    @cached_property
    def true_q(self) -> Curve | None:
        """Return the true attitude quaternion."""
        return self.curve("vehicle_attitude_groundtruth", "q")

    @cached_property
    def true_attitude(self) -> Curve | None:
        """Return true roll, pitch, yaw in degrees."""
        return self.true_q and Curve(self.true_q.t, euler_deg(self.true_q.y))

    @cached_property
    def rates(self) -> Curve | None:
        """Return measured body rates in deg/s."""
        found = self.first(
            ("vehicle_angular_velocity", "xyz"),
            ("vehicle_attitude", "rollspeed", "pitchspeed", "yawspeed"),
            ("sensor_combined", "gyro_rad"),
        )
        return found and Curve(found.t, np.degrees(found.y))

    @cached_property
    def rates_sp(self) -> Curve | None:
        """Return the setpoint of body rates in deg/s."""
        found = self.curve("vehicle_rates_setpoint", "roll", "pitch", "yaw")
        return found and Curve(found.t, np.degrees(found.y))

    @cached_property
    def position(self) -> Curve | None:
        """Return the estimated position north, east, down in metres."""
        return self.curve("vehicle_local_position", "x", "y", "z")

    @cached_property
    def velocity(self) -> Curve | None:
        """Return the estimated velocity north, east, down in m/s."""
        return self.curve("vehicle_local_position", "vx", "vy", "vz")

    @cached_property
    def position_sp(self) -> Curve | None:
        """Return the setpoint of the position; NaN where it is not controlled."""
        return self.curve("vehicle_local_position_setpoint", "x", "y", "z")

    @cached_property
    def velocity_sp(self) -> Curve | None:
        """Return the setpoint of the velocity; NaN where it is not controlled."""
        return self.curve("vehicle_local_position_setpoint", "vx", "vy", "vz")

    @cached_property
    def true_position(self) -> Curve | None:
        """Return the true position, moved into the estimate's frame where their origins differ."""
        truth = self.curve("vehicle_local_position_groundtruth", "x", "y", "z")
        if truth is None or "quadloop_truth" in self.log:
            return truth
        mine = self.curve("vehicle_local_position", "ref_lat", "ref_lon", "ref_alt")
        theirs = self.curve("vehicle_local_position_groundtruth", "ref_lat", "ref_lon", "ref_alt")
        if mine is None or theirs is None:
            return truth
        return Curve(truth.t, truth.y + origin_offset(theirs.y[-1], mine.y[-1]))

    @cached_property
    def true_velocity(self) -> Curve | None:
        """Return the true velocity in m/s."""
        return self.curve("vehicle_local_position_groundtruth", "vx", "vy", "vz")

    @cached_property
    def motors(self) -> Curve | None:
        """Return motor ratios 0 to 1 of the motors there are."""
        found = self.curve("actuator_motors", "control")
        if found is None:
            outputs = self.curve("actuator_outputs", "output")
            found = outputs and Curve(outputs.t, np.clip((outputs.y - 1000.0) / 1000.0, 0.0, 1.0))
        if found is None:
            return None
        is_used = (np.nan_to_num(found.y) != 0.0).any(axis=0)
        return Curve(found.t, found.y[:, is_used]) if is_used.any() else None

    @cached_property
    def voltage(self) -> Curve | None:
        """Return the battery voltage in volts."""
        return self.curve("battery_status", "voltage_v")

    @cached_property
    def current(self) -> Curve | None:
        """Return the battery current in amperes; None where nobody measured it."""
        found = self.curve("battery_status", "current_a")
        return found if found is not None and found.y.max() > 0.0 else None

    @cached_property
    def accel(self) -> Curve | None:
        """Return the specific force in body axes in m/s2 at the fastest rate there is."""
        return self.first(
            ("quadloop_tick", "accel_frd"),
            ("quadloop_in_imu", "accel_frd"),
            ("sensor_combined", "accelerometer_m_s2"),
        )

    @cached_property
    def gyro(self) -> Curve | None:
        """Return the raw gyro in rad/s at the fastest rate there is."""
        return self.first(
            ("quadloop_tick", "gyro_frd"), ("quadloop_in_imu", "gyro_frd"), ("sensor_combined", "gyro_rad")
        )

    @cached_property
    def rotor_hz(self) -> Curve | None:
        """Return rotor speeds in revolutions per second, from telemetry or from truth."""
        found = self.first(("quadloop_truth", "rotor_speed"), ("quadloop_in_rpm", "speed"))
        if found is None:
            return None
        is_used = found.y.max(axis=0) > 0.0
        return Curve(found.t, found.y[:, is_used] / (2.0 * np.pi)) if is_used.any() else None


def origin_offset(from_origin: np.ndarray, to_origin: np.ndarray) -> np.ndarray:
    """Return where one origin (lat deg, lon deg, alt m) lies as seen from another, in metres north, east, down."""
    from flight.geodesy import local_ned

    return np.array(local_ned(*(float(v) for v in from_origin), *(float(v) for v in to_origin)))
