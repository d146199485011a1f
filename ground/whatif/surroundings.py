"""What a log tells of everything that is not the vehicle: wind, shaking, noise, and how its estimate wandered."""

from typing import Any

import numpy as np

from flight.modes import Arming
from flight.physics import STANDARD_GRAVITY
from flight.record import rows
from ground.identification.model import SEA_LEVEL_DENSITY
from ground.identification.segment import to_body, to_world
from ground.whatif.motion import FREE_M
from logs.rebuilding import Flight
from sim.refly import AROUND

# Above this a loop has no say: what the IMU shows there is noise and shaking, good for any gains.
SHAKE_HZ = 40.0
# Gusts faster than this are lost in the accelerometer's shaking; with less drag than this they are not felt at all.
WIND_HZ = 1.0
LEAST_DRAG_PER_S = 0.05
ROUNDS = 5
# Slower than this nobody can tell a drifting estimate from a drifting sum of IMU samples.
WANDER_HZ = 0.1


def around(told: np.recarray, flown: np.recarray, flight: Flight, built: dict[str, Any]) -> np.recarray:
    """Return what surrounds the model in every tick of a stretch; `built` is the physics of the vehicle found."""
    found = rows(AROUND, len(told))
    found.air_ned = wind_of(told, flown, flight, built)
    found.gyro_shake_frd = highpass(told.imu.gyro_frd, SHAKE_HZ, flight.dt)
    found.accel_shake_frd = highpass(told.imu.accel_frd, SHAKE_HZ, flight.dt)
    found.v_wander_ned = highpass(v_corrections(told, flown, flight), WANDER_HZ, flight.dt)
    found.p_wander_ned = highpass(p_corrections(flown, flight.dt), WANDER_HZ, flight.dt)
    return found


def wind_of(told: np.recarray, flown: np.recarray, flight: Flight, built: dict[str, Any]) -> np.ndarray:
    """Return the wind that the felt drag tells of, in the air; elsewhere what the autopilot believed.

    Both ways along the body's x and y; the wind along its z cannot be told from thrust.
    """
    estimate, status, body, rotors = flown.estimate, flown.status, built["body"], built["rotors"]
    believed = np.array(estimate.wind_ned)
    is_free = (status.is_landed == 0) & (status.arming == Arming.ARMED) & (estimate.height_m > FREE_M)
    least = LEAST_DRAG_PER_S * body["mass_kg"]
    if min(rotors["drag_n_s_m"][:2]) < least or not is_free.any():
        return believed
    force = lowpass(told.imu.accel_frd - estimate.accel_bias_frd, WIND_HZ, flight.dt)
    air = to_body(estimate.q_ned_frd, estimate.v_ned - believed)
    # The rotors' drag grows with their speed: with the root of the thrust.
    load = np.sqrt(np.clip(-force[:, 2] / STANDARD_GRAVITY, 0.25, 4.0))
    for axis in range(2):
        linear = rotors["drag_n_s_m"][axis] * load
        for _ in range(ROUNDS):
            square = 0.5 * SEA_LEVEL_DENSITY * body["drag_area_m2"][axis] * np.linalg.norm(air, axis=1)
            air[:, axis] = -force[:, axis] * body["mass_kg"] / (linear + square)
    seen = lowpass(estimate.v_ned - to_world(estimate.q_ned_frd, air), WIND_HZ, flight.dt)
    seen[:, 2] = believed[:, 2]
    return np.where(is_free[:, None], seen, believed)


def lowpass(columns: np.ndarray, cutoff_hz: float, dt: float) -> np.ndarray:
    """Return what is slower than a frequency, without delay."""
    return columns - highpass(columns, cutoff_hz, dt)


def highpass(columns: np.ndarray, cutoff_hz: float, dt: float) -> np.ndarray:
    """Return what is faster than a frequency, without delay."""
    from scipy.signal import butter, sosfiltfilt

    return np.asarray(sosfiltfilt(butter(2, cutoff_hz, "high", fs=1.0 / dt, output="sos"), columns, axis=0))


def v_corrections(told: np.recarray, flown: np.recarray, flight: Flight) -> np.ndarray:
    """Return by how much the estimated velocity has left what the IMU alone would have made of it."""
    estimate, lever = flown.estimate, np.array(flight.params[0].airframe.imu_position_frd)
    force = to_world(estimate.q_ned_frd, told.imu.accel_frd - estimate.accel_bias_frd)
    force[:, 2] += STANDARD_GRAVITY
    swing = to_world(estimate.q_ned_frd, np.cross(estimate.omega_frd, lever))
    return np.asarray(estimate.v_ned - summed(force, flight.dt) + swing)


def p_corrections(flown: np.recarray, dt: float) -> np.ndarray:
    """Return by how much the estimated position has left the sum of the estimated velocity."""
    return np.asarray(flown.estimate.p_ned - summed(flown.estimate.v_ned, dt))


def summed(slope: np.ndarray, dt: float) -> np.ndarray:
    """Return the running integral by the trapezoidal rule."""
    steps = 0.5 * dt * (slope[1:] + slope[:-1])
    return np.vstack((np.zeros(3), np.cumsum(steps, axis=0)))
