"""Rows of inputs and commands as wild as bits can be, for the tests of the flight log."""

import numpy as np

from flight.command import COMMAND
from flight.inputs import INPUTS


def wild(dtype: np.dtype, count: int, seed: int, change: float = 0.3) -> np.ndarray:
    """Return rows of random bits - NaNs with payloads, -0.0, extreme integers - whose words change now and then."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 2**64, (count, dtype.itemsize // 8), dtype=np.uint64)
    special = np.array([0, 1 << 63, 0x7FF8000000000001, 0xFFF0000000000000, (1 << 63) - 1], np.uint64)
    words = np.where(random.random(words.shape) < 0.5, random.choice(special, words.shape), words)
    latest = np.where(random.random(words.shape) < change, np.arange(count)[:, None], 0)
    held = np.take_along_axis(words, np.maximum.accumulate(latest, axis=0), axis=0)
    return np.ascontiguousarray(held).view(dtype).reshape(-1)


def wild_flight(count: int, seed: int = 1, change: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and commands with ordinary time stamps and events, all else wild."""
    inputs, commands = wild(INPUTS, count, seed, change), wild(COMMAND, count, seed + 1, change)
    inputs["t_us"] = 5_000_000 + 1000 * np.arange(count)
    commands["status"]["events"] = 0
    return inputs, commands


def smooth_flight(
    seconds: float = 20.0, truth: np.dtype | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, commands and truth of a made-up flight at 1 kHz: up, round a circle, down."""
    count = round(1000 * seconds)
    t = np.arange(count) / 1000.0
    random = np.random.default_rng(4)
    inputs, commands = np.zeros(count, INPUTS), np.zeros(count, COMMAND)
    real = np.zeros(count, truth if truth is not None else TRUTH_LIKE)
    inputs["t_us"] = commands["t_us"] = 1000 * np.arange(count) + 1_000_000
    air = (t > 2.0) & (t < seconds - 2.0)
    angle = 2.0 * np.pi * np.clip(t - 4.0, 0.0, seconds - 8.0) / (seconds - 8.0)
    height = np.interp(t, [2.0, 4.0, seconds - 4.0, seconds - 2.0], [0.0, 5.0, 5.0, 0.0])
    p = np.stack((5.0 * np.sin(angle), 5.0 - 5.0 * np.cos(angle), -height), axis=-1)
    _fill_imu(inputs, air, t, random)
    _fill_command(commands, p, air, angle, random)
    real["t_us"] = inputs["t_us"]
    real["p_ned"], real["q_ned_frd"], real["rotor_speed"][:, :4] = p, commands["estimate"]["q_ned_frd"], 600.0
    real["v_ned"] = np.gradient(p, 0.001, axis=0)
    return inputs, commands, real


TRUTH_LIKE = np.dtype(
    [("t_us", "i8")]
    + [(name, "f8", 3) for name in ("p_ned", "v_ned", "a_ned", "omega_frd")]
    + [("q_ned_frd", "f8", 4), ("rotor_speed", "f8", 8)]
)


def _fill_imu(inputs, air, t, random):
    inputs["imu"]["fresh"] = 1
    inputs["imu"]["t_us"] = inputs["t_us"]
    shaking = 2.0 * air * np.sin(2.0 * np.pi * 95.5 * t)
    inputs["imu"]["accel_frd"] = random.normal(0.0, 0.3, (len(t), 3)) + shaking[:, None] - [0.0, 0.0, 9.8]
    inputs["imu"]["gyro_frd"] = random.normal(0.0, 0.02, (len(t), 3))
    inputs["battery"]["fresh"][::100] = 1
    inputs["battery"]["voltage_v"] = 16.6 - 0.04 * t - 0.5 * air
    inputs["battery"]["current_a"] = 1.0 + 15.0 * air


def _fill_command(commands, p, air, angle, random):
    status, estimate, setpoint = commands["status"], commands["estimate"], commands["setpoint"]
    first, last = np.flatnonzero(air)[[0, -1]]
    status["tick"], status["dt_s"] = np.arange(len(p)), 0.001
    status["mode"] = np.select([~air, np.arange(len(p)) < first + 2000, p[:, 2] > -4.99], [5, 6, 11], 8)
    status["arming"], status["is_landed"] = air, ~air
    status["events"][[first, last], 0] = 1, 2
    status["failsafes"][last - 3000 : last] = 8
    status["events"][last - 3000, 0], status["event_values"][last - 3000, 0] = 7, 8.0
    estimate["q_ned_frd"] = np.stack((np.cos(angle / 2), 0 * angle, 0 * angle, np.sin(angle / 2)), axis=-1)
    estimate["p_ned"] = p + np.cumsum(random.normal(0.0, 0.002, p.shape), axis=0)
    estimate["v_ned"] = np.gradient(p, 0.001, axis=0)
    setpoint["level"] = 5 * air
    setpoint["p_sp_ned"], setpoint["v_sp_ned"] = p, estimate["v_ned"]
    setpoint["q_sp_ned_frd"] = estimate["q_ned_frd"]
    commands["motors"]["motor"][:, :4] = (air * 0.5)[:, None] + 0.02 * random.normal(size=(len(p), 4))
