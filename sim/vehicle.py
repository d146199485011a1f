"""One simulated vehicle: plant, wind, sensors, faults and operator in one record, and its tick with the autopilot."""

import numpy as np

from flight import autopilot
from flight.airframe import Airframe
from flight.kernel import kernel
from flight.record import INTEGER, PER_ROTOR, REAL, record, rows
from flight.vector import norm, vec
from sim.operator import OPERATOR, operate
from sim.pack import PACK, change
from sim.plant import plant as physics
from sim.plant.spread import NOMINAL, Spread, varied
from sim.plant.wind import WIND, blow
from sim.score import SCORE, judge
from sim.sensors import imu, presets, sensors
from sim.troubles import TROUBLES, tell, ticks_lost
from sim.truth import TRUTH

# Where rotors fail: from start_us on, each rotor's health (1 sound, 0 dead); 0 us is never.
ROTOR_FAULT = record(start_us=("i8", 8), health=PER_ROTOR)
VEHICLE = record(
    truth=TRUTH,
    body=physics.BODY,
    wind=WIND,
    sensors=sensors.SENSORS,
    rotor_fault=ROTOR_FAULT,
    troubles=TROUBLES,
    operator=OPERATOR,
    pack=PACK,
    score=SCORE,
)
# What stays the same in flight.
SETUP = record(
    plant=physics.PLANT, presets=sensors.PRESETS, tick_us=INTEGER, substeps=INTEGER, plant_dt_s=REAL
)


def setup_for(airframe: Airframe, sensor_set: str = "consumer", plant_rate_hz: float = 1000.0) -> np.recarray:
    """Return what an airframe's simulation needs; `sensor_set` is consumer, mocap or ideal."""
    setup = rows(SETUP)
    setup[0].plant = physics.plant_from(airframe)[0]
    setup[0].presets = presets.presets_for(presets.sensor_set(airframe.sensors, sensor_set), airframe)[0]
    setup[0].plant.ground_amsl_m = setup[0].presets.gps.alt_amsl_m
    setup[0].tick_us = round(1e6 / airframe.loop_rate_hz)
    setup[0].substeps = max(1, round(plant_rate_hz / airframe.loop_rate_hz))
    setup[0].plant_dt_s = 1.0 / (airframe.loop_rate_hz * setup[0].substeps)
    return setup


def place(vehicle: np.void, setup: np.void, seed: int, spread: Spread = NOMINAL, yaw: float = 0.0) -> None:
    """Stand a vehicle at the origin; its sensors, and how it differs from its file, come from the seed."""
    setup.plant = varied(setup.plant, seed, spread)[0]
    physics.reset(vehicle.body, setup.plant, np.zeros(3), yaw)
    sensors.reset(vehicle.sensors, setup.presets, seed)
    vehicle.truth.t_us = 0
    physics.tell(vehicle.body, setup.plant, vehicle.wind, vehicle.truth)


@kernel
def measure(vehicle, setup, status, inputs):
    """Fill one tick's inputs from the truth; `status` is what the operator's telemetry shows."""
    inputs.t_us = vehicle.truth.t_us
    sensors.measure(vehicle.sensors, setup.presets, vehicle.truth, inputs)
    tell(vehicle.troubles, inputs)
    operate(vehicle.operator, status, inputs.demand, vehicle.truth.t_us)


@kernel
def advance(vehicle, setup, motor):
    """Let one tick of time pass under the given throttle ratios."""
    fail_rotors(vehicle)
    for _ in range(setup.substeps):
        air_speed = norm(vec(vehicle.truth.v_ned) - vec(vehicle.wind.v_ned))
        blow(vehicle.wind, vehicle.truth.height_m, air_speed, setup.plant_dt_s)
        physics.advance(
            vehicle.body,
            setup.plant,
            vehicle.wind,
            motor,
            vehicle.truth,
            vehicle.truth.t_us,
            setup.plant_dt_s,
        )


@kernel
def fail_rotors(vehicle):
    """Weaken the rotors whose time has come."""
    for i in range(8):
        start_us = vehicle.rotor_fault.start_us[i]
        if 0 < start_us <= vehicle.truth.t_us:
            vehicle.body.health[i] = vehicle.rotor_fault.health[i]


@kernel
def tick(vehicle, setup, state, params, inputs, command):
    """Fly one tick: sensors to motors to physics."""
    measure(vehicle, setup, command.status, inputs)
    autopilot.step(state, params, inputs, command)
    obey(vehicle, setup, command)


@kernel
def obey(vehicle, setup, command):
    """Judge the flight as it stands, then let one tick pass under the command; several where the loop is late."""
    judge(vehicle.score, vehicle.truth, command, vehicle.sensors.gps.error_ned)
    change(vehicle.pack, vehicle.body, setup.plant, vehicle.truth, command.status)
    for _ in range(ticks_lost(vehicle.troubles, vehicle.truth.t_us)):
        advance(vehicle, setup, command.motors.motor)
        # Whoever reads the IMU for a loop that is late keeps what comes.
        imu.hear(vehicle.sensors.imu, setup.presets.imu, vehicle.truth)
    advance(vehicle, setup, command.motors.motor)


def fault_rotor(vehicle: np.void, rotor: int, start_s: float, health: float = 0.0) -> None:
    """Let a rotor (1 is the first) reach no more than a share of its speed from a time on."""
    vehicle.rotor_fault.start_us[rotor - 1] = max(1, round(start_s * 1e6))
    vehicle.rotor_fault.health[rotor - 1] = health
