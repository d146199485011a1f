"""A small rigid body for the control's tests: Newton, Euler, lagging rotors and late sensors, and nothing of sim.

It knows the rotors' places and spins and works out forces on its own, so that a sign wrong in the mixer shows.
"""

import math
from dataclasses import dataclass

import numpy as np

from flight.command import COMMAND
from flight.control import control
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.mixer import mixer
from flight.modes import Arming, Level
from flight.parameter import store
from flight.params import BY_ID, defaults
from flight.quaternion import (
    Quat,
    euler,
    from_rotation_vector,
    normalize,
    put_quat,
    quat,
    rotate,
    rotate_back,
)
from flight.record import FLAG, INTEGER, PER_ROTOR, QUATERNION, REAL, VECTOR, record, rows
from flight.vector import Vec3, cross, put, vec

GRAVITY = 9.80665
DT = 0.001
DELAY = 8
QUAD_X = ((0.16, 0.16, -1), (-0.16, -0.16, -1), (0.16, -0.16, 1), (-0.16, 0.16, 1))
# push_* act from outside; throttle and gyro are rings of what is still under way.
BODY = record(
    tick=INTEGER,
    mass=REAL,
    inertia=VECTOR,
    thrust_max=REAL,
    lag_s=REAL,
    drag=VECTOR,
    throttle_delay=INTEGER,
    gyro_delay=INTEGER,
    p_ned=VECTOR,
    v_ned=VECTOR,
    a_ned=VECTOR,
    q_ned_frd=QUATERNION,
    omega_frd=VECTOR,
    speed=PER_ROTOR,
    push_ned=VECTOR,
    push_torque_frd=VECTOR,
    throttle=("f8", (DELAY, 8)),
    gyro=("f8", (DELAY, 3)),
    is_held=FLAG,
)
# One row of the log per tick.
TRACE = record(
    p_ned=VECTOR,
    v_ned=VECTOR,
    euler=VECTOR,
    omega_frd=VECTOR,
    q_ned_frd=QUATERNION,
    motor=PER_ROTOR,
    torque=VECTOR,
)


@kernel
def spin_rotors(body, airframe, dt):
    """Let the rotors follow the throttle of some ticks ago, and return thrust and torque."""
    late = (body.tick - body.throttle_delay) % DELAY
    torque, thrust = vec(body.push_torque_frd), 0.0
    for i in range(airframe.rotor_count):
        throttle = body.throttle[late, i]
        aim = math.sqrt(
            airframe.throttle_curve * throttle * throttle + (1.0 - airframe.throttle_curve) * throttle
        )
        body.speed[i] += (1.0 - math.exp(-dt / body.lag_s)) * (aim - body.speed[i])
        push = body.thrust_max * body.speed[i] * body.speed[i]
        arm = Vec3(airframe.rotor_x[i], airframe.rotor_y[i], 0.0)
        # A rotor turning clockwise seen from above turns about +z, and the air turns the body the other way.
        twist = Vec3(0.0, 0.0, -airframe.rotor_spin[i] * airframe.torque_per_thrust_m * push)
        torque = torque + cross(arm, Vec3(0.0, 0.0, -push)) + twist
        thrust += push
    return thrust, torque


@kernel
def advance(body, airframe, dt):
    """Move the body by one tick."""
    thrust, torque = spin_rotors(body, airframe, dt)
    q, omega, inertia, v = quat(body.q_ned_frd), vec(body.omega_frd), vec(body.inertia), vec(body.v_ned)
    drag = vec(body.drag) * rotate_back(q, v)
    force = rotate(q, Vec3(0.0, 0.0, -thrust) - drag) + vec(body.push_ned)
    a = force * (1.0 / body.mass) + Vec3(0.0, 0.0, GRAVITY)
    omega = omega + dt * ((torque - cross(omega, inertia * omega)) / inertia)
    if body.is_held:
        a = Vec3(0.0, 0.0, 0.0)
    put(body.a_ned, a)
    put(body.p_ned, vec(body.p_ned) + dt * v + (0.5 * dt * dt) * a)
    put(body.v_ned, v + dt * a)
    put(body.omega_frd, omega)
    put_quat(body.q_ned_frd, normalize(q * from_rotation_vector(dt * omega)))


@kernel
def sense(body, inputs, estimate):
    """Tell the loop the truth, the gyro late."""
    now, late = body.tick % DELAY, (body.tick - body.gyro_delay) % DELAY
    put(body.gyro[now], vec(body.omega_frd))
    inputs.t_us = 1000 * (body.tick + 1)
    inputs.imu.fresh = 1
    put(inputs.imu.gyro_frd, vec(body.gyro[late]))
    put(inputs.imu.accel_frd, rotate_back(quat(body.q_ned_frd), vec(body.a_ned) - Vec3(0.0, 0.0, GRAVITY)))
    put(estimate.p_ned, vec(body.p_ned))
    put(estimate.v_ned, vec(body.v_ned))
    put(estimate.a_ned, vec(body.a_ned))
    put_quat(estimate.q_ned_frd, quat(body.q_ned_frd))
    put(estimate.omega_frd, vec(body.omega_frd))


@kernel
def fly_ticks(body, states, mixers, params, inputs, commands, traces, dt):
    """Close the loop for as many ticks as the trace has rows."""
    b, command, airframe = body[0], commands[0], params[0].airframe
    for k in range(len(traces)):
        sense(b, inputs[0], command.estimate)
        control.step(states[0], params[0].control, airframe, command, inputs[0], dt)
        mixer.step(mixers[0], params[0].mixer, airframe, command, inputs[0].battery)
        for i in range(airframe.rotor_count):
            b.throttle[b.tick % DELAY, i] = command.motors.motor[i]
            traces[k].motor[i] = command.motors.motor[i]
        advance(b, airframe, dt)
        b.tick += 1
        put(traces[k].p_ned, vec(b.p_ned))
        put(traces[k].v_ned, vec(b.v_ned))
        put(traces[k].euler, euler(quat(b.q_ned_frd)))
        put_quat(traces[k].q_ned_frd, quat(b.q_ned_frd))
        put(traces[k].omega_frd, vec(b.omega_frd))
        put(traces[k].torque, vec(command.setpoint.torque_sp_frd))


def told_airframe(airframe, layout=QUAD_X):
    """Describe a 1 kg quad with twice its weight in thrust, 30 ms motors."""
    airframe.mass_kg, airframe.inertia[:] = 1.0, (0.010, 0.011, 0.018)
    airframe.rotor_count = len(layout)
    airframe.thrust_max_n = 24.0 / len(layout)
    airframe.torque_per_thrust_m, airframe.motor_lag_s = 0.016, 0.03
    airframe.throttle_curve, airframe.speed_idle, airframe.speed_max = 0.4, 0.12, 900.0
    airframe.cells = 4
    for i, (x, y, spin) in enumerate(layout):
        airframe.rotor_x[i], airframe.rotor_y[i], airframe.rotor_spin[i] = x, y, spin


@dataclass
class Flight:
    """One vehicle and its loop, hovering level at the start."""

    params: np.ndarray
    body: np.ndarray
    states: np.ndarray
    mixers: np.ndarray
    inputs: np.ndarray
    commands: np.ndarray

    @property
    def setpoint(self):
        return self.commands[0].setpoint

    def set(self, **values):
        for name, value in values.items():
            store(self.params[0], BY_ID[name], value)
        self.configure()

    def configure(self):
        control.configure(self.states[0], self.params[0].control, self.params[0].airframe, DT)
        mixer.configure(self.mixers[0], self.params[0].mixer, self.params[0].airframe)

    def point(self, q):
        put_quat(self.body[0].q_ned_frd, Quat(*map(float, q)))

    def fly(self, seconds):
        """Return the trace of the next seconds."""
        traces = rows(TRACE, round(seconds / DT))
        fly_ticks(
            self.body, self.states, self.mixers, self.params, self.inputs, self.commands, traces, DT
        )  # fmt: skip
        return traces


def hovering(level=Level.POSITION, layout=QUAD_X, **values):
    """Return a flight in trimmed hover; keyword arguments are parameters."""
    flight = Flight(
        defaults(), rows(BODY), rows(control.STATE), rows(mixer.STATE), rows(INPUTS), rows(COMMAND)
    )
    airframe, body = flight.params[0].airframe, flight.body[0]
    told_airframe(airframe, layout)
    body.mass, body.inertia[:], body.thrust_max = airframe.mass_kg, airframe.inertia, airframe.thrust_max_n
    body.lag_s, body.throttle_delay, body.gyro_delay = airframe.motor_lag_s, 2, 2
    body.q_ned_frd[0] = 1.0
    share = GRAVITY * body.mass / (airframe.thrust_max_n * airframe.rotor_count)
    body.speed[: airframe.rotor_count] = math.sqrt(share)
    body.throttle[:] = 2.0 * share / (0.6 + math.sqrt(0.36 + 1.6 * share))
    control.reset(flight.states[0], flight.params[0].control)
    mixer.reset(flight.mixers[0], flight.params[0].mixer)
    # This body tells its acceleration at once.
    flight.set(**{"VEL_D_LAG": 0.0} | values)
    flight.commands[0].status.arming = Arming.ARMED
    flight.setpoint.level = level
    flight.setpoint.q_sp_ned_frd[0] = 1.0
    flight.setpoint.thrust_sp = share
    return flight
