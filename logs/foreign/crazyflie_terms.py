"""What a Crazyflie's logs hold, as PX4's topics; its body axes are forward, left, up and its world's z is up."""

import numpy as np

from flight.frames import swap_attitude, swap_frd_flu, swap_ned_enu
from flight.quaternion import Quat
from flight.vector import Vec3
from logs.foreign.recording import Recording
from logs.foreign.terms import DEGREE, Terms, rows_of, stack, topic_with

GRAVITY = 9.80665
FULL_THROTTLE = 65535.0


def crazyflie_terms(recording: Recording) -> Terms:
    """Give what a pilot looks at first, whatever the events are called that hold it."""
    yield from _attitude(recording)
    yield from _sensors(recording)
    for prefix in ("stateEstimate", "locSrv", "kalman"):
        names = [f"{prefix}.{axis}" for axis in "xyz"]
        rows = topic_with(recording, *names)
        if rows is not None:
            place = swap_ned_enu(Vec3(*stack(rows, *names).T))
            yield "vehicle_local_position", rows_of(rows["t_us"], x=place.x, y=place.y, z=place.z)
            break
    for names in ([f"motor.m{k}" for k in range(1, 5)], [f"pwm.m{k}_pwm" for k in range(1, 5)]):
        rows = topic_with(recording, *names)
        if rows is not None:
            yield "actuator_motors", rows_of(rows["t_us"], control=stack(rows, *names) / FULL_THROTTLE)
            break
    rows = topic_with(recording, "pm.vbat")
    if rows is not None:
        yield "battery_status", rows_of(rows["t_us"], voltage_v=rows["pm.vbat"])


def _attitude(recording: Recording) -> Terms:
    for prefix in ("stateEstimate", "locSrv"):
        names = [f"{prefix}.q{axis}" for axis in "wxyz"]
        rows = topic_with(recording, *names)
        if rows is not None:
            q = swap_attitude(Quat(*stack(rows, *names).T))
            yield "vehicle_attitude", rows_of(rows["t_us"], q=np.stack(q, axis=-1))
            return


def _sensors(recording: Recording) -> Terms:
    gyro, accel = ([f"{kind}.{axis}" for axis in "xyz"] for kind in ("gyro", "acc"))
    turning, pushing = topic_with(recording, *gyro), topic_with(recording, *accel)
    if turning is None:
        return
    times = turning["t_us"]
    rates = np.stack(swap_frd_flu(Vec3(*(DEGREE * stack(turning, *gyro)).T)), axis=-1)
    if pushing is None:
        yield "vehicle_angular_velocity", rows_of(times, xyz=rates)
        return
    force = swap_frd_flu(Vec3(*(GRAVITY * stack(pushing, *accel)).T))
    # Both are sampled together and logged one after the other.
    there = np.stack([np.interp(times, pushing["t_us"], part) for part in force], axis=-1)
    yield "sensor_combined", rows_of(times, gyro_rad=rates, accelerometer_m_s2=there)
