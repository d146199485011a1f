"""All sensors of one vehicle: one state, one set of parts, one call per tick."""

import numpy as np

from flight.kernel import kernel
from flight.record import record
from sim.random import seed_stream
from sim.sensors import baro, battery, flow, gps, imu, mag, mocap, pilot, rpm
from sim.sensors import range as ranger

SENSORS = record(
    imu=imu.SENSOR,
    mag=mag.SENSOR,
    baro=baro.SENSOR,
    gps=gps.SENSOR,
    range=ranger.SENSOR,
    flow=flow.SENSOR,
    mocap=mocap.SENSOR,
    battery=battery.SENSOR,
    rpm=rpm.SENSOR,
    pilot=pilot.SENSOR,
)
PRESETS = record(
    imu=imu.PRESET,
    mag=mag.PRESET,
    baro=baro.PRESET,
    gps=gps.PRESET,
    range=ranger.PRESET,
    flow=flow.PRESET,
    mocap=mocap.PRESET,
    battery=battery.PRESET,
    rpm=rpm.PRESET,
    pilot=pilot.PRESET,
)
NAMES: tuple[str, ...] = SENSORS.names or ()
# Streams of one vehicle's seed that belong to its sensors; the faults' own follow.
FIRST_STREAM = 1000
FIRST_FAULT_STREAM = 2000


def reset(sensors: np.void, presets: np.void, seed: int) -> None:
    """Switch a vehicle's sensors on: fresh random streams, biases drawn, nothing under way, faults cleared."""
    for i, name in enumerate(NAMES):
        sensors[name] = np.zeros((), sensors.dtype[name])
        seed_stream(sensors[name].line.random, seed, FIRST_STREAM + i)
        seed_stream(sensors[name].line.fault.random, seed, FIRST_FAULT_STREAM + i)
    seed_stream(sensors.imu.accel_fault.random, seed, FIRST_FAULT_STREAM + len(NAMES))
    draw(sensors, presets)


@kernel
def draw(sensors, presets):
    """Draw what is peculiar to each part of this vehicle."""
    imu.draw(sensors.imu, presets.imu)
    mag.draw(sensors.mag, presets.mag)
    baro.draw(sensors.baro, presets.baro)
    gps.draw(sensors.gps, presets.gps)
    ranger.draw(sensors.range, presets.range)
    flow.draw(sensors.flow, presets.flow)
    mocap.draw(sensors.mocap, presets.mocap)
    battery.draw(sensors.battery, presets.battery)
    rpm.draw(sensors.rpm, presets.rpm)
    pilot.draw(sensors.pilot, presets.pilot)


@kernel
def measure(sensors, presets, truth, inputs):
    """Fill one tick's sensor samples from the truth."""
    imu.measure(sensors.imu, presets.imu, truth, inputs.imu)
    mag.measure(sensors.mag, presets.mag, truth, inputs.mag)
    baro.measure(sensors.baro, presets.baro, truth, inputs.baro)
    gps.measure(sensors.gps, presets.gps, truth, inputs.gps)
    ranger.measure(sensors.range, presets.range, truth, inputs.range)
    flow.measure(sensors.flow, presets.flow, truth, inputs.flow)
    mocap.measure(sensors.mocap, presets.mocap, truth, inputs.mocap)
    battery.measure(sensors.battery, presets.battery, truth, inputs.battery)
    rpm.measure(sensors.rpm, presets.rpm, truth, inputs.rpm)
    pilot.measure(sensors.pilot, presets.pilot, truth, inputs.pilot)
