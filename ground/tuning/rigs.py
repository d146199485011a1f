"""Vehicles that hover in still air, each with its whole autopilot: where every analysis and trial flight begins."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flight import autopilot
from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Level
from flight.physics import STANDARD_GRAVITY
from flight.record import rows
from ground.tuning import plants
from sim import vehicle as one
from sim.plant import plant as physics
from sim.plant.atmosphere import SEA_LEVEL_DENSITY
from sim.probe import ROW, TRACE, fly_scripts

HEIGHT_M = 50.0
# How long a vehicle takes to find its hover, and the gains it does so with: slow enough for any motor.
SETTLE_S, HALTS = 3.0, 2
SAFE = {
    "RATE_ROLL_KP": 10.0, "RATE_PITCH_KP": 10.0, "RATE_YAW_KP": 4.0,
    "RATE_ROLL_KI": 20.0, "RATE_PITCH_KI": 20.0, "RATE_YAW_KI": 4.0,
    "RATE_ROLL_KD": 0.0, "RATE_PITCH_KD": 0.0, "RATE_YAW_KD": 0.0, "RATE_LEAD": 0.0,
    "ATT_ROLL_P": 2.0, "ATT_PITCH_P": 2.0, "ATT_YAW_P": 1.0,
    "VEL_XY_P": 1.0, "VEL_XY_I": 0.5, "VEL_XY_D": 0.0, "VEL_Z_P": 2.0, "VEL_Z_I": 1.0, "VEL_Z_D": 0.0,
    "POS_XY_P": 0.3, "POS_Z_P": 0.6, "HOVER_LAG": 0.3,
    "FILT_GYRO_HZ": 100.0, "FILT_D_HZ": 60.0, "VEL_D_HZ": 5.0, "RATE_YAW_HZ": 10.0,
}  # fmt: skip
ARRAYS = ("vehicles", "setups", "states", "params", "inputs", "commands")


@dataclass
class Tally:
    """What has been flown so far in this process."""

    flights: int = 0
    simulated_s: float = 0.0


tally = Tally()


@dataclass
class Rigs:
    """N vehicles, one row of each array per vehicle."""

    dt: float
    vehicles: np.recarray
    setups: np.recarray
    states: np.recarray
    params: np.recarray
    inputs: np.recarray
    commands: np.recarray

    def __len__(self) -> int:
        return len(self.vehicles)

    def pick(self, which: Sequence[int] | np.ndarray) -> "Rigs":
        """Return copies of some of the vehicles as they are now."""
        vehicles, setups, states, params, inputs, commands = (
            getattr(self, name)[which].copy().view(np.recarray) for name in ARRAYS
        )
        return Rigs(self.dt, vehicles, setups, states, params, inputs, commands)

    def tune(self, params: np.recarray) -> "Rigs":
        """Give vehicles their parameters: one row for all, or one each; what they remember stays."""
        self.params[:] = params
        configure_all(self)
        return self

    def fly(self, scripts: np.ndarray, which: np.ndarray) -> np.recarray:
        """Fly vehicle i through script which[i]; return the trace of every tick."""
        tally.flights += len(self)
        tally.simulated_s += len(self) * scripts.shape[1] * self.dt
        kept = np.zeros((len(self), scripts.shape[1]), TRACE).view(np.recarray)
        fly_scripts(
            scripts,
            which,
            kept,
            self.vehicles,
            self.setups,
            self.states,
            self.params,
            self.inputs,
            self.commands,
        )
        return kept


def configure_all(rigs: Rigs) -> None:
    """Derive the filters' coefficients of every vehicle."""
    for state, params in zip(rigs.states, rigs.params, strict=True):
        autopilot.control.configure(state.control, params.control, params.airframe, rigs.dt)
        autopilot.mixer.configure(state.mixer, params.mixer, params.airframe)


def script(ticks: int, level: Level = Level.POSITION, count: int = 1) -> np.recarray:
    """Return scripts that ask to stay: one row per tick of each."""
    made = np.zeros((count, ticks), ROW).view(np.recarray)
    made.level = level
    made.p_sp_ned[..., 2] = -HEIGHT_M
    made.thrust_sp = -1.0
    return made


def quieten(presets: np.void, dt: float) -> None:
    """Take noise, errors, rounding and shaking from the sensors; filters and delays stay.

    What is sampled slower than the tick would hear a pulse in one vehicle and miss it in the next.
    """
    for name in ("battery", "rpm"):
        presets[name].timing.interval_us = round(1e6 * dt)
    for name in ("imu", "battery", "rpm"):
        preset = presets[name]
        preset.timing.jitter_us = preset.timing.loss = 0.0
    for triad in (presets.imu.gyro, presets.imu.accel):
        for name in triad.dtype.names:
            triad[name] = math.inf if name == "limit" else 0.0
    presets.imu.residual = 0.0
    presets.imu.vibration.rotor_count = 0
    for name in presets.battery.dtype.names[1:]:
        presets.battery[name] = 0.0
    presets.rpm.sigma_share = presets.rpm.step_rad_s = 0.0


def one_lag(plant: np.void) -> None:
    """Let rotors speed up as they slow down: about hover the mean of both is the slope of small motions."""
    lag = 0.5 * (plant.spin_up_s + plant.spin_down_s)
    plant.spin_up_s = plant.spin_down_s = lag


def lift(vehicle: np.void, setup: np.void, seed: int) -> None:
    """Put a vehicle into the air, its rotors carrying it."""
    charge_used = float(vehicle.body.battery.charge_used_ah)
    plant, body = setup.plant, vehicle.body
    physics.reset(body, plant, np.zeros(3), 0.0)
    body.p_ned[2] = -HEIGHT_M
    body.battery.charge_used_ah = charge_used
    one.sensors.reset(vehicle.sensors, setup.presets, seed)
    vehicle.truth.t_us = 0
    physics.tell(body, plant, vehicle.wind, vehicle.truth)
    density = vehicle.truth.air_density_kg_m3 / SEA_LEVEL_DENSITY
    total = density * plant.thrust_n_s2[: plant.rotor_count].sum()
    body.rotor_speed[: plant.rotor_count] = math.sqrt(plant.mass_kg * STANDARD_GRAVITY / total)
    speed_share = body.rotor_speed[0] / plant.speed_max
    body.delay_line[:] = throttle_for(speed_share, plant.throttle_curve)


def throttle_for(speed_share: float, curve: float) -> float:
    """Return the throttle ratio at which rotors turn with a share of their greatest speed."""
    linear = 1.0 - curve
    root = math.sqrt(linear * linear + 4.0 * curve * speed_share**2)
    return min(1.0, 2.0 * speed_share**2 / (linear + root))


def begin(rigs: Rigs) -> None:
    """Start every autopilot as if it had flown for a while; the commands show what hovers by the file."""
    for vehicle, state, params, command in zip(
        rigs.vehicles, rigs.states, rigs.params, rigs.commands, strict=True
    ):
        autopilot.start(state, params, rigs.dt)
        state.estimator.is_aligned = 1
        state.estimator.nominal.p_ned[:] = vehicle.body.p_ned
        known = params.airframe
        share = known.mass_kg * STANDARD_GRAVITY / (known.rotor_count * known.thrust_max_n)
        command.terms.hover_thrust = command.setpoint.thrust_sp = state.control.hover.thrust = share
        command.motors.motor[:] = throttle_for(math.sqrt(share), known.throttle_curve)


def build(
    airframe: Airframe,
    seed: int = 1,
    numbers: Sequence[int] = (0,),
    sensor_set: str = "consumer",
    cloud: plants.Cloud | None = None,
    is_quiet: bool = True,
) -> Rigs:
    """Return hovering vehicles: number 0 is the airframe's own, the others are of the cloud around it.

    Quiet ones have no noise and one motor lag each, so that small motions are linear; the same seed and number give
    the same plant, quiet or not.
    """
    total, setup = len(numbers), one.setup_for(airframe, sensor_set)
    made = Rigs(
        1.0 / airframe.loop_rate_hz,
        rows(one.VEHICLE, total),
        np.repeat(setup, total).view(np.recarray),
        rows(autopilot.STATE, total),
        np.repeat(airframe.params, total).view(np.recarray),
        rows(INPUTS, total),
        rows(COMMAND, total),
    )
    for i, number in enumerate(numbers):
        if number > 0 and cloud is not None:
            plants.vary(made.setups[i], made.vehicles[i].body, seed, number, cloud)
        if is_quiet:
            quieten(made.setups[i].presets, made.dt)
            one_lag(made.setups[i].plant)
        lift(made.vehicles[i], made.setups[i], plants.sensor_seed(seed, number))
    settle(made, airframe)
    return made


def settle(rigs: Rigs, airframe: Airframe) -> None:
    """Let every vehicle find its hover on gains that are safe for anyone, then take its own."""
    own, careful = rigs.params.copy(), copy.deepcopy(airframe)
    for name, value in SAFE.items():
        careful.set(name, value)
    rigs.params[:] = careful.params
    begin(rigs)
    for _ in range(HALTS):
        rigs.fly(script(round(SETTLE_S / HALTS / rigs.dt)), np.zeros(len(rigs), np.int64))
        halt(rigs)
    rigs.tune(own)


def halt(rigs: Rigs) -> None:
    """Put every vehicle level and still where it should be; what it has learned of its trim stays.

    Its loops at the speed that finding its trim has cost are others.
    """
    for where in (rigs.vehicles.body, rigs.states.estimator.nominal):
        where.q_ned_frd[:] = 1.0, 0.0, 0.0, 0.0
        where.v_ned[:] = 0.0
        where.p_ned[:] = 0.0, 0.0, -HEIGHT_M
    rigs.vehicles.body.omega_frd[:] = 0.0
    rigs.states.control.velocity.integral_ned[:] = 0.0
