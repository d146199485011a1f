"""What commands tell of a flight: rates, attitude, velocity, position and how far each is from what was asked for."""

from dataclasses import dataclass

import numpy as np

from flight.modes import Arming, Level
from logs.series import euler_deg

# Faster than this the gyro shows shaking rather than motion.
MOTION_HZ = 20.0
MOTORS_HZ = 20.0
# What was held for less of the flight than this has no figure.
LEAST_PART = 0.1
# Nearer to the ground than this it is the ground that moves the vehicle.
FREE_M = 0.25


@dataclass(frozen=True)
class Kind:
    """A quantity: its axes, its unit for people and in keys, the level from which on the autopilot holds it.

    Motion smaller than `floor` is nobody's: an error is then compared with it.
    """

    axes: tuple[str, ...]
    unit: str
    key: str
    level: Level
    floor: float


BODY, WORLD = ("roll", "pitch", "yaw"), ("north", "east", "down")
KINDS = {
    "rate": Kind(BODY, "deg/s", "deg_s", Level.RATE, 4.0),
    "attitude": Kind(BODY, "deg", "deg", Level.ATTITUDE, 0.5),
    "velocity": Kind(WORLD, "m/s", "m_s", Level.VELOCITY, 0.1),
    "position": Kind(WORLD, "m", "m", Level.POSITION, 0.2),
}


@dataclass
class Motion:
    """Rows are ticks: rates in deg/s without shaking, attitude in deg, velocity, position in m, their errors."""

    t_s: np.ndarray
    is_free: np.ndarray
    level: np.ndarray
    rate: np.ndarray
    attitude: np.ndarray
    velocity: np.ndarray
    position: np.ndarray
    errors: dict[str, np.ndarray]
    motors: np.ndarray
    is_saturated: np.ndarray
    failsafes: int
    is_armed: np.ndarray


def motion_of(commands: np.recarray, dt: float) -> Motion:
    """Return what a flight's commands tell."""
    estimate, setpoint, status = commands.estimate, commands.setpoint, commands.status
    rate = smooth(np.degrees(estimate.omega_frd), dt)
    rate_sp = smooth(np.degrees(setpoint.omega_sp_frd), dt)
    attitude = np.degrees(np.unwrap(np.radians(euler_deg(estimate.q_ned_frd)), axis=0))
    errors = {
        "rate": rate_sp - rate,
        "attitude": turned_deg(estimate.q_ned_frd, setpoint.q_sp_ned_frd),
        "velocity": np.array(setpoint.v_sp_ned - estimate.v_ned),
        "position": np.array(setpoint.p_sp_ned - estimate.p_ned),
    }
    is_armed = status.arming == Arming.ARMED
    is_free = is_armed & (status.is_landed == 0) & (estimate.height_m > FREE_M)
    lost = np.abs(commands.motors.unallocated_torque_frd).max(axis=1)
    count = max(int((commands.motors.motor != 0.0).any(axis=0).sum()), 1)
    return Motion(
        1e-6 * (commands.t_us - commands.t_us[0]), is_free, np.array(setpoint.level), rate, attitude,
        np.array(estimate.v_ned), np.array(estimate.p_ned), errors, np.array(commands.motors.motor[:, :count]),
        lost > 1e-6, int(np.bitwise_or.reduce(status.failsafes)), is_armed,
    )  # fmt: skip


def smooth(columns: np.ndarray, dt: float) -> np.ndarray:
    """Return what is slower than MOTION_HZ, without delay."""
    from scipy.signal import butter, sosfiltfilt

    return np.asarray(sosfiltfilt(butter(4, MOTION_HZ, fs=1.0 / dt, output="sos"), columns, axis=0))


def turned_deg(q: np.ndarray, q_sp: np.ndarray) -> np.ndarray:
    """Return the rotation from an attitude to its setpoint about the body's axes in degrees, row by row."""
    w = q[:, :1] * q_sp[:, :1] + (q[:, 1:] * q_sp[:, 1:]).sum(axis=1, keepdims=True)
    v = q[:, :1] * q_sp[:, 1:] - q_sp[:, :1] * q[:, 1:] - np.cross(q[:, 1:], q_sp[:, 1:])
    sine = np.linalg.norm(v, axis=1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, np.abs(w)) * np.where(w < 0.0, -1.0, 1.0)
    return np.degrees(v * angle / np.maximum(sine, 1e-12))


def scores(motion: Motion, flown: Motion) -> dict[str, float]:
    """Return how well a flight followed, over the ticks in which the recorded one was free and at each level."""
    found, is_free, level = {}, flown.is_free, flown.level
    for name, kind in KINDS.items():
        chosen = is_free & (level >= kind.level)
        if chosen.sum() > LEAST_PART * is_free.sum():
            for i, axis in enumerate(kind.axes):
                found[f"{name}_{axis}_error_rms_{kind.key}"] = rms(motion.errors[name][chosen, i])
    quick = motion.motors - smooth_motors(motion)
    found["motor_activity_percent"] = 100.0 * rms(quick[is_free])
    found["saturated_percent"] = 100.0 * float(motion.is_saturated[is_free].mean())
    found["tilt_max_deg"] = float(tilt(motion)[is_free].max(initial=0.0))
    return found


def smooth_motors(motion: Motion) -> np.ndarray:
    """Return the motors' ratios without what is faster than MOTORS_HZ."""
    from scipy.signal import butter, sosfiltfilt

    dt = float(np.median(np.diff(motion.t_s)))
    return np.asarray(sosfiltfilt(butter(2, MOTORS_HZ, fs=1.0 / dt, output="sos"), motion.motors, axis=0))


def tilt(motion: Motion) -> np.ndarray:
    """Return the angle from upright in degrees."""
    roll, pitch = np.radians(motion.attitude[:, 0]), np.radians(motion.attitude[:, 1])
    return np.degrees(np.arccos(np.clip(np.cos(roll) * np.cos(pitch), -1.0, 1.0)))


def rms(values: np.ndarray) -> float:
    """Return the root mean square, 0 of nothing."""
    return float(np.sqrt(np.mean(values * values))) if values.size else 0.0
