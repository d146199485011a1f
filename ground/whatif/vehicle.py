"""The vehicle that a log shows, put where the log begins: its plant, its IMU without noise, its battery."""

import math
from dataclasses import dataclass, replace

import numpy as np

from flight.airframe import Airframe
from flight.physics import NOMINAL_CELL_V
from flight.quaternion import put_quat, quat, yaw_of
from flight.record import rows
from flight.rotor import thrust_share_of
from ground.identification.built import Numbers, physics_of, thrusts, turn_drag
from ground.tuning.rigs import quieten
from sim import vehicle as one
from sim.plant import plant as physics
from sim.plant.battery import open_circuit_cell_v

# Fine enough for delays of half a millisecond.
PLANT_HZ = 2000.0


@dataclass
class Model:
    """One vehicle of the simulator and what it is made of; arrays of one record."""

    vehicles: np.recarray
    setups: np.recarray


def model_of(airframe: Airframe, x: Numbers) -> Model:
    """Return the simulator's vehicle for unknowns that a fit has found, without noise in its sensors."""
    built = physics_of(airframe.physics, x)
    setups = one.setup_for(replace(airframe, physics=built), "consumer", PLANT_HZ)
    setup, plant = setups[0], setups[0].plant
    quieten(setup.presets, 1.0 / airframe.loop_rate_hz)
    plant.thrust_n_s2[: plant.rotor_count] = thrusts(x, int(plant.rotor_count))
    plant.turn_drag_n_m_s[:] = turn_drag(built, x)
    plant.command_delay_s = max(x["total_delay"] - imu_delay_s(setup.presets.imu), 0.0)
    return Model(rows(one.VEHICLE), setups)


def imu_delay_s(preset: np.void) -> float:
    """Return how late an IMU's samples are: their travel, and the filter's group delay."""
    cutoff = float(preset.cutoff_hz)
    return 1e-6 * float(preset.timing.delay_us) + (
        math.sqrt(0.5) / (math.pi * cutoff) if cutoff > 0.0 else 0.0
    )


def stand(
    model: Model, t_us: int, estimate: np.void, battery: np.void, motor: np.ndarray, in_air: bool
) -> float:
    """Put the vehicle where an estimate says; return how far down the ground is.

    On the ground it stands with still rotors, in the air the rotors turn as `motor` asks.
    """
    vehicle, plant, body = model.vehicles[0], model.setups[0].plant, model.vehicles[0].body
    physics.reset(body, plant, np.asarray(estimate.p_ned), yaw_of(quat(estimate.q_ned_frd)))
    one.sensors.reset(vehicle.sensors, model.setups[0].presets, 1)
    below = float(estimate.height_m)
    charge(body.battery, plant, battery)
    if in_air:
        body.ground_d = estimate.p_ned[2] + max(below, float(plant.standing_m))
        body.v_ned[:], body.omega_frd[:] = estimate.v_ned, estimate.omega_frd
        put_quat(body.q_ned_frd, quat(estimate.q_ned_frd))
        body.delay_line[:] = motor
        speed = plant.speed_max * np.sqrt(thrust_share_of(motor, float(plant.throttle_curve)))
        body.rotor_speed[:] = speed * (np.arange(len(motor)) < plant.rotor_count)
    vehicle.truth.t_us = t_us
    physics.tell(body, plant, vehicle.wind, vehicle.truth)
    return float(estimate.p_ned[2]) + below


def charge(pack: np.void, plant: np.void, told: np.void) -> None:
    """Take out of a pack what makes its voltage the measured one, its resistance and load allowed for."""
    cells = float(plant.cells)
    if not told.voltage_v > 0.5 * cells * NOMINAL_CELL_V:
        return
    wanted = (float(told.voltage_v) + float(plant.resistance_ohm) * max(float(told.current_a), 0.0)) / cells
    shares = np.linspace(0.0, 1.0, 1001)
    volts = np.array([open_circuit_cell_v(share) for share in shares])
    pack.charge_used_ah = (1.0 - float(np.interp(wanted, volts, shares))) * plant.capacity_ah
    pack.voltage_v = told.voltage_v
