"""Plant and cascade alone, on the true state: what other Python simulators time, and the fastest way to try gains."""

import math

import numba

from flight import autopilot
from flight.kernel import kernel
from flight.modes import Arming, Level
from flight.quaternion import put_quat, quat
from flight.vector import Vec3, put, vec
from sim.plant import plant as physics

ARMED, POSITION = int(Arming.ARMED), int(Level.POSITION)


@kernel
def see(truth, estimate):
    """Give the truth to the autopilot as if it were its estimate."""
    put_quat(estimate.q_ned_frd, quat(truth.q_ned_frd))
    put(estimate.omega_frd, vec(truth.omega_frd))
    put(estimate.v_ned, vec(truth.v_ned))
    put(estimate.p_ned, vec(truth.p_ned))
    put(estimate.a_ned, vec(truth.a_ned))


@kernel
def circle(setpoint, radius, speed, height, t):
    """Ask for a circle about the take-off point, radius in m, speed in m/s, with its feed-forwards."""
    rate = speed / radius
    s, c = math.sin(rate * t), math.cos(rate * t)
    put(setpoint.p_sp_ned, Vec3(radius * c, radius * s, -height))
    put(setpoint.v_ff_ned, Vec3(-speed * s, speed * c, 0.0))
    put(setpoint.a_ff_ned, Vec3(-speed * rate * c, -speed * rate * s, 0.0))
    put(setpoint.jerk_ff_ned, Vec3(speed * rate * rate * s, -speed * rate * rate * c, 0.0))


@kernel
def tick(vehicle, setup, state, params, inputs, command, dt):
    """Fly one tick on the truth, without sensors, estimator, supervisor and guidance."""
    see(vehicle.truth, command.estimate)
    command.status.arming = ARMED
    command.status.is_landed = vehicle.truth.is_touching
    command.setpoint.level = POSITION
    circle(command.setpoint, 1.0, 1.0, 1.0, 1e-6 * vehicle.truth.t_us)
    inputs.imu.fresh = 1
    inputs.t_us = vehicle.truth.t_us
    put(inputs.imu.gyro_frd, vec(vehicle.truth.omega_frd))
    autopilot.fly(state, params, inputs, command, dt)
    physics.advance(
        vehicle.body, setup.plant, vehicle.wind, command.motors.motor, vehicle.truth, vehicle.truth.t_us, dt
    )


@kernel
def fly_ticks(vehicle, setup, state, params, inputs, command, dt, ticks):
    """Fly one vehicle round a circle of 1 m for a number of ticks of dt seconds."""
    for _ in range(ticks):
        tick(vehicle, setup, state, params, inputs, command, dt)


@kernel(parallel=True)
def fly_batch(vehicles, setups, states, params, inputs, commands, dt, ticks):
    """Fly every vehicle, spread over the threads."""
    for i in numba.prange(len(vehicles)):
        fly_ticks(vehicles[i], setups[i], states[i], params[i], inputs[i], commands[i], dt, ticks)
