"""Where a vehicle will be by its rotor speeds alone: a rigid body with rotors, one step after another.

Structure: thrust quadratic in rotor speed with inflow and lift, linear rotor drag (Faessler 2018, eq. 4), the moment of
flapping and of drag above the centre of mass, damping, reaction torque of spinning up, and a lag from speed to force.

Flights under control hide torques that nobody told: a centre of mass aside, gusts, flapping by a velocity misjudged.
Whoever chose the rotor speeds was balancing them. Of all unseen torques up to a bound, the one that keeps the body rate
closest to where it was heading is taken: a soft threshold, the proximal step of an absolute-value prior (Parikh & Boyd
2014, section 6.5.2). It is a predictor's device and no physics; the simulator has none of it.
"""

import math

import numpy as np

from flight.filters import step_share
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import (
    conjugate,
    from_rotation_vector,
    normalize,
    put_quat,
    quat,
    rotate,
    rotate_back,
    rotation_vector,
)
from flight.record import REAL, record
from flight.vector import Vec3, norm, put, vec

# Rotor speeds count in thousands of rad/s; forces and torques are per mass and per inertia.
KILO = 1e-3
MODEL = record(
    thrust=REAL,  # m/s2 per squared speed, summed over the rotors
    inflow=REAL,  # 1/s per speed
    inflow_square=REAL,  # 1/m
    lift=REAL,  # 1/m
    drag_x=REAL,  # 1/s per speed
    drag_y=REAL,
    roll=REAL,  # rad/s2 per squared speed
    pitch=REAL,
    yaw=REAL,
    spin_up=REAL,  # yaw, rad/s2 per change of speed per second
    flap_roll=REAL,  # rad/s2 per m/s
    flap_pitch=REAL,
    damping=REAL,  # 1/s, roll and pitch
    damping_yaw=REAL,
    lag_s=REAL,
    unseen=REAL,  # rad/s2, roll and pitch
    unseen_moving=REAL,  # rad/s2 per squared level air speed
    heading_s=REAL,  # how long a body rate stays where it was heading
    heading_lead=REAL,
)


@kernel
def force_of(model: np.void, air_frd: Vec3, speed: np.ndarray) -> Vec3:
    """Return the rotors' force per mass in the body."""
    total, square = 0.0, 0.0
    for i in range(4):
        total += speed[i]
        square += speed[i] * speed[i]
    level = air_frd.x * air_frd.x + air_frd.y * air_frd.y
    push = model.thrust * square + model.lift * level
    axial = model.inflow * total + model.inflow_square * abs(air_frd.z)
    return Vec3(
        -model.drag_x * total * air_frd.x, -model.drag_y * total * air_frd.y, -push - axial * air_frd.z
    )


@kernel
def turn_of(model: np.void, air_frd: Vec3, speed: np.ndarray, spinning: float) -> Vec3:
    """Return the angular acceleration but for the damping; `spinning` is the signed sum of the rotors' own."""
    a, b, c, d = speed[0] * speed[0], speed[1] * speed[1], speed[2] * speed[2], speed[3] * speed[3]
    roll = model.roll * (c + d - a - b) - model.flap_roll * air_frd.y
    pitch = model.pitch * (a + d - b - c) + model.flap_pitch * air_frd.x
    yaw = model.yaw * (a + c - b - d) + model.spin_up * spinning
    return Vec3(roll, pitch, yaw)


@kernel
def towards(value: float, goal: float, most: float) -> float:
    """Return a value moved towards a goal by at most so much."""
    short = goal - value
    return goal if abs(short) <= most else value + (most if short > 0.0 else -most)


@kernel
def quieted(model: np.void, omega: Vec3, heading: Vec3, level: float, dt: float) -> Vec3:
    """Return the body rate that is left when unseen torques have held it to its heading as far as they can."""
    most = dt * (model.unseen + model.unseen_moving * level)
    return Vec3(towards(omega.x, heading.x, most), towards(omega.y, heading.y, most), omega.z)


@kernel
def follow_speeds(model: np.void, told: np.ndarray, speed: np.ndarray, dt: float) -> float:
    """Let lagging rotor speeds follow the recorded ones; return the signed sum of their accelerations."""
    share = step_share(dt, model.lag_s)
    spinning = 0.0
    for i in range(4):
        change = share * (KILO * told[i] - speed[i])
        speed[i] += change
        spinning += (change if i == 0 or i == 2 else -change) / dt
    return spinning


@kernel
def foresee(
    model: np.void, motion: np.ndarray, start: int, told: np.ndarray, speed: np.ndarray, dt: float
) -> None:
    """Fill told (horizon, 13) with p, v, q, omega after each step from row `start` of a motion; speed is scratch.

    Of the motion only that row and the rotor speeds from it on are read.
    """
    p, v = vec(motion[start, 0:3]), vec(motion[start, 3:6])
    q, omega = quat(motion[start, 6:10]), vec(motion[start, 10:13])
    heading = omega
    for i in range(4):
        speed[i] = KILO * motion[start, 13 + i]
    fade = math.exp(-dt / max(model.heading_s, 1e-3))
    for k in range(len(told)):
        spinning = follow_speeds(model, motion[start + k, 13:17], speed, dt)
        air = rotate_back(q, v)
        a_ned = rotate(q, force_of(model, air, speed)) + Vec3(0.0, 0.0, STANDARD_GRAVITY)
        turn = turn_of(model, air, speed, spinning)
        damped = Vec3(model.damping * omega.x, model.damping * omega.y, model.damping_yaw * omega.z)
        heading = fade * heading + (dt * model.heading_lead) * turn
        after = quieted(model, omega + dt * (turn - damped), heading, air.x * air.x + air.y * air.y, dt)
        p = p + dt * v + (0.5 * dt * dt) * a_ned
        v = v + dt * a_ned
        q = normalize(q * from_rotation_vector((0.5 * dt) * (omega + after)))
        omega = after
        put(told[k, 0:3], p)
        put(told[k, 3:6], v)
        put_quat(told[k, 6:10], q)
        put(told[k, 10:13], omega)


@kernel
def error_of(told: np.ndarray, truth: np.ndarray, out: np.ndarray) -> None:
    """Write the errors of one step: position, velocity, rotation vector, body rate."""
    put(out[0], vec(told[0:3]) - vec(truth[0:3]))
    put(out[1], vec(told[3:6]) - vec(truth[3:6]))
    put(out[2], rotation_vector(conjugate(quat(truth[6:10])) * quat(told[6:10])))
    put(out[3], vec(told[10:13]) - vec(truth[10:13]))


@kernel
def miss(
    model: np.void,
    motion: np.ndarray,
    starts: np.ndarray,
    steps: np.ndarray,
    dt: float,
    work: tuple[np.ndarray, np.ndarray, np.ndarray],
    errors: np.ndarray,
    totals: np.ndarray,
) -> None:
    """Predict from every start; fill errors (starts, steps, 4, 3) at the steps named, add sizes to totals (horizon, 4).

    `work` is scratch: a told motion (horizon, 13), four speeds and errors (4, 3).
    """
    told, speed, error = work
    for n in range(len(starts)):
        foresee(model, motion, starts[n], told, speed, dt)
        kept = 0
        for k in range(len(totals)):
            error_of(told[k], motion[starts[n] + k + 1], error)
            for i in range(4):
                totals[k, i] += norm(vec(error[i]))
            if kept < len(steps) and steps[kept] == k + 1:
                errors[n, kept, :, :] = error
                kept += 1
