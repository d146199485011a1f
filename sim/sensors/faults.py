"""How a sensor fails: one fault per sensor, between two times, applied alike in every model.

Magnitudes: BIAS, SPIKE and NOISE in the sensor's own unit (metres for GPS, rad/s for the gyro, volts for the battery,
metres of position for motion capture), on every component; DELAY in seconds.
"""

from enum import IntEnum

import numpy as np

from flight.errors import ConfigError
from flight.kernel import kernel
from flight.record import INTEGER, REAL, record
from flight.vector import Vec3
from sim.random import RANDOM, normal, uniform

FOREVER_US = 1 << 62
SPIKE_CHANCE = 0.02


class Fault(IntEnum):
    """What is wrong."""

    NONE = 0
    STUCK = 1  # samples keep coming, their values do not change
    DROPOUT = 2  # no samples
    SPIKE = 3  # one sample in fifty is off by plus or minus the magnitude
    BIAS = 4  # a step by the magnitude
    DELAY = 5  # samples travel that many seconds longer
    NOISE = 6  # more white noise: one standard deviation


# Its own random stream, so that a fault leaves the sensor's ordinary noise as it was.
FAULT = record(kind=INTEGER, start_us=INTEGER, stop_us=INTEGER, magnitude=REAL, random=RANDOM)
TIMING_FAULTS = (Fault.DROPOUT, Fault.DELAY)


@kernel
def acts(fault, kind, t_us):
    """Tell whether a kind of fault is present now."""
    return fault.kind == kind and fault.start_us <= t_us < fault.stop_us


@kernel
def disturbance(fault):
    """Draw what a present fault adds to one number."""
    if fault.kind == Fault.BIAS:
        return fault.magnitude
    if fault.kind == Fault.NOISE:
        return fault.magnitude * normal(fault.random)
    if fault.kind == Fault.SPIKE:
        draw = uniform(fault.random)
        if draw < SPIKE_CHANCE:
            return fault.magnitude if draw < 0.5 * SPIKE_CHANCE else -fault.magnitude
    return 0.0


@kernel
def disturbed(fault, t_us, value):
    """Return a measured number with the fault's share added."""
    if fault.kind == Fault.NONE or not fault.start_us <= t_us < fault.stop_us:
        return value
    return value + disturbance(fault)


@kernel
def disturbed_vector(fault, t_us, v):
    """Return a measured vector with the fault's share added to each component."""
    if fault.kind == Fault.NONE or not fault.start_us <= t_us < fault.stop_us:
        return v
    return v + Vec3(disturbance(fault), disturbance(fault), disturbance(fault))


def set_fault(
    sensors: np.void,
    name: str,
    kind: str,
    start_s: float = 0.0,
    stop_s: float | None = None,
    magnitude: float = 0.0,
) -> None:
    """Let a sensor of a vehicle's SENSORS record fail between two times of the world's clock.

    `name` is a sensor group of the inputs, or gyro or accel for one half of the IMU. Raises ConfigError naming
    what is known.
    """
    known = {member.name.lower(): member for member in Fault}
    if kind not in known:
        raise ConfigError(f"sensor fault {kind!r} is not known; known: {', '.join(known)}")
    if name in ("gyro", "accel") and known[kind] in TIMING_FAULTS:
        raise ConfigError(f"gyro and accel share their samples: a {kind} concerns the 'imu'")
    for fault in ended_by(sensors, name) if kind == "none" else faults_of(sensors, name):
        fault.kind = int(known[kind])
        fault.start_us = round(start_s * 1e6)
        fault.stop_us = FOREVER_US if stop_s is None else round(stop_s * 1e6)
        fault.magnitude = magnitude


def ended_by(sensors: np.void, name: str) -> list[np.void]:
    """Return the fault records that end when a sensor is well: to half an IMU belong the samples both halves share."""
    shared = sensors.imu.line.fault
    is_shared = name == "accel" and shared.kind in TIMING_FAULTS
    return [*faults_of(sensors, name), *([shared] if is_shared else [])]


def faults_of(sensors: np.void, name: str) -> list[np.void]:
    """Return the fault records that a sensor's name stands for."""
    if name == "imu":
        return [sensors.imu.line.fault, sensors.imu.accel_fault]
    if name == "gyro":
        return [sensors.imu.line.fault]
    if name == "accel":
        return [sensors.imu.accel_fault]
    if name not in (sensors.dtype.names or ()):
        raise ConfigError(
            f"sensor {name!r} is not known; known: gyro, accel, {', '.join(sensors.dtype.names)}"
        )
    return [sensors[name].line.fault]
