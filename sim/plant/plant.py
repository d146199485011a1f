"""The plant: one step of the truth under the motors' throttle ratios, a Runge-Kutta step of fourth order."""

import numpy as np

from flight.kernel import kernel
from flight.quaternion import (
    Quat,
    from_yaw,
    normalize,
    put_quat,
    quat,
    rotate,
    rotate_back,
    yaw_of,
)
from flight.record import FLAG, INTEGER, MATRIX, PER_ROTOR, QUATERNION, REAL, VECTOR, record
from flight.vector import Vec3, cross, mat, norm, put, vec
from sim.plant import battery, esc, ground, rotors
from sim.plant.atmosphere import SEA_LEVEL_DENSITY, density_ratio
from sim.plant.build import built_from
from sim.plant.motion import Motion, motion_of, moved, put_motion, simpson

# Lengths count from the centre of mass; coefficients are for one rotor and sea level.
PLANT = record(
    mass_kg=REAL,
    gravity=REAL,
    inertia=MATRIX,
    inertia_inverse=MATRIX,
    centre_frd=VECTOR,  # the frame's centre, where body drag acts
    drag_area_m2=VECTOR,
    turn_drag_n_m_s=VECTOR,
    ground_amsl_m=REAL,
    rotor_count=INTEGER,
    arm_frd=("f8", (8, 3)),
    spin=PER_ROTOR,  # +1 clockwise, -1 counter-clockwise, seen from above
    thrust_n_s2=PER_ROTOR,
    torque_per_thrust_m=REAL,
    rotor_inertia=REAL,
    radius_m=REAL,
    speed_max=REAL,
    speed_min=REAL,
    spin_up_s=REAL,
    spin_down_s=REAL,
    throttle_curve=REAL,
    voltage_sensitivity=REAL,
    command_delay_s=REAL,
    drag_n_s_m=VECTOR,  # per rad/s of rotor speed
    flapping=REAL,  # per rad/s of rotor speed
    lift=REAL,
    lift_speed=REAL,  # translational lift is full above this rotor speed
    induced_per_speed=REAL,  # hover inflow in m/s per rad/s
    vortex_ring_loss=REAL,
    ground_effect=REAL,
    point_count=INTEGER,
    point_frd=("f8", (ground.MAX_POINTS, 3)),
    reach_m=REAL,  # the furthest contact point
    standing_m=REAL,  # the centre of mass above the ground
    contact_stiffness=REAL,
    contact_damping=REAL,
    grip_stiffness=REAL,
    grip_damping=REAL,
    friction=REAL,
    cells=REAL,
    nominal_v=REAL,
    capacity_ah=REAL,
    resistance_ohm=REAL,
    load_w=REAL,
    efficiency=REAL,
)
# What one step works out before it integrates; speed and spin_up at its start, middle and end.
WORK = record(
    speed=("f8", (3, 8)),
    spin_up=("f8", (3, 8)),
    pull=PER_ROTOR,
    twist=PER_ROTOR,
    density_ratio=REAL,
    is_near_ground=FLAG,
)
# health scales the speed a motor reaches, blade what its propeller does at that speed: 1 sound, 0 gone.
BODY = record(
    p_ned=VECTOR,
    v_ned=VECTOR,
    q_ned_frd=QUATERNION,
    omega_frd=VECTOR,
    rotor_speed=PER_ROTOR,
    health=PER_ROTOR,
    blade=PER_ROTOR,
    battery=battery.STATE,
    ground_d=REAL,
    anchor_ned=("f8", (ground.MAX_POINTS, 2)),
    has_anchor=("i8", ground.MAX_POINTS),
    delay_at=INTEGER,
    delay_line=("f8", (esc.DELAY_SLOTS, 8)),
    work=WORK,
)
# Stages of a Runge-Kutta step.
START, MIDDLE, END = 0, 1, 2


def plant_from(airframe) -> np.recarray:
    """Return the parameters of an airframe's physics; `airframe` is a flight.airframe.Airframe."""
    return built_from(airframe.physics, PLANT)


@kernel
def set_upright(body, plant):
    """Set the vehicle on its legs where it lies, with the heading it has."""
    still = Vec3(0.0, 0.0, 0.0)
    standing_d = body.ground_d - plant.standing_m
    p_ned = Vec3(body.p_ned[0], body.p_ned[1], standing_d)
    put_motion(body, Motion(p_ned, still, from_yaw(yaw_of(quat(body.q_ned_frd))), still))
    for i in range(ground.MAX_POINTS):
        body.has_anchor[i] = 0
    ground.drag_anchors(body, plant, motion_of(body))


@kernel
def reset(body, plant, p_ned, yaw):
    """Stand the vehicle on the ground, rotors still and battery full, its centre of mass at p_ned.

    The ground lies as far below as the vehicle needs, so p_ned counts from the take-off point.
    """
    put_motion(body, Motion(vec(p_ned), Vec3(0.0, 0.0, 0.0), from_yaw(yaw), Vec3(0.0, 0.0, 0.0)))
    body.ground_d = p_ned[2] + plant.standing_m
    for i in range(8):
        body.rotor_speed[i] = 0.0
        body.health[i] = 1.0
        body.blade[i] = 1.0
    for i in range(ground.MAX_POINTS):
        body.has_anchor[i] = 0
    for slot in range(esc.DELAY_SLOTS):
        for i in range(8):
            body.delay_line[slot, i] = 0.0
    body.delay_at = 0
    body.battery.charge_used_ah = 0.0
    body.battery.energy_used_wh = 0.0
    battery.drain(body.battery, plant, 0.0, 0.0, 0.0)
    ground.drag_anchors(body, plant, motion_of(body))


@kernel
def advance(body, plant, wind, motor, truth, t_us, dt):
    """Let dt seconds pass from t_us on under motor throttle ratios 0 to 1, and write the truth at the end.

    Rotor speeds follow exactly, the rigid body by a Runge-Kutta step; air density, ground effect, supply voltage
    and wind hold over the step. Accelerations in the truth are means over the step.
    """
    start = motion_of(body)
    esc.push_command(body, motor, plant.rotor_count)
    esc.follow(body, plant, esc.delayed_slot(body, plant, dt), dt)
    prepare(body, plant, start, vec(wind.v_ned))
    end = runge_kutta(body, plant, start, vec(wind.v_ned), dt)
    put_motion(body, end)
    for i in range(plant.rotor_count):
        body.rotor_speed[i] = body.work.speed[END, i]
    battery.drain(body.battery, plant, rotors.shaft_power(body, plant), rotors.eagerness(body, plant), dt)
    if body.work.is_near_ground:
        ground.drag_anchors(body, plant, end)
    put(truth.a_ned, (end.v_ned - start.v_ned) / dt)
    put(truth.omega_dot_frd, (end.omega_frd - start.omega_frd) / dt)
    truth.t_us = t_us + int(1e6 * dt + 0.5)
    tell(body, plant, wind, truth)


@kernel
def prepare(body, plant, start, wind_ned):
    """Work out what changes slowly: density, nearness of the ground, thrust and torque coefficients."""
    work = body.work
    height = body.ground_d - start.p_ned.z
    work.density_ratio = density_ratio(plant.ground_amsl_m + height)
    # A step covers little way; twice the reach is a safe margin for any speed a contact survives.
    work.is_near_ground = 1 if height < 2.0 * plant.reach_m + 0.1 else 0
    air_speed = norm(start.v_ned - wind_ned)
    is_cushioned = height < 12.0 * plant.radius_m
    for i in range(plant.rotor_count):
        coefficient = work.density_ratio * body.blade[i] * plant.thrust_n_s2[i]
        work.twist[i] = coefficient * plant.torque_per_thrust_m
        work.pull[i] = coefficient * (
            ground.cushion(body, plant, start, air_speed, i) if is_cushioned else 1.0
        )


@kernel
def runge_kutta(body, plant, start, wind_ned, dt):
    """Return the motion after a classical fourth-order step."""
    k1 = slope(body, plant, start, wind_ned, START)
    k2 = slope(body, plant, moved(start, k1, 0.5 * dt), wind_ned, MIDDLE)
    k3 = slope(body, plant, moved(start, k2, 0.5 * dt), wind_ned, MIDDLE)
    k4 = slope(body, plant, moved(start, k3, dt), wind_ned, END)
    end = moved(start, simpson(k1, k2, k3, k4), dt)
    return Motion(end.p_ned, end.v_ned, normalize(end.q_ned_frd), end.omega_frd)


@kernel
def slope(body, plant, motion, wind_ned, stage):
    """Return how fast the motion changes: Newton's and Euler's equations with the rotors' angular momentum."""
    q, omega = motion.q_ned_frd, motion.omega_frd
    air = rotate_back(q, motion.v_ned - wind_ned)
    pushed = rotors.wrench_of(body, plant, air, omega, stage)
    # Quadratic drag of the airframe in the air-relative velocity.
    drag = (-0.5 * SEA_LEVEL_DENSITY * body.work.density_ratio * norm(air)) * (vec(plant.drag_area_m2) * air)
    force_ned = rotate(q, pushed.force + drag) + Vec3(0.0, 0.0, plant.mass_kg * plant.gravity)
    torque = pushed.torque + cross(vec(plant.centre_frd), drag) - vec(plant.turn_drag_n_m_s) * omega
    if body.work.is_near_ground:
        stood = ground.contact(body, plant, motion)
        force_ned = force_ned + stood.force
        torque = torque + stood.torque
    spin = rotors.spin_of(body, plant, stage)
    momentum = mat(plant.inertia) @ omega + Vec3(0.0, 0.0, spin.momentum)
    omega_dot = mat(plant.inertia_inverse) @ (
        torque - cross(omega, momentum) - Vec3(0.0, 0.0, spin.momentum_dot)
    )
    q_dot = q * Quat(0.0, 0.5 * omega.x, 0.5 * omega.y, 0.5 * omega.z)
    return Motion(motion.v_ned, force_ned / plant.mass_kg, q_dot, omega_dot)


@kernel
def tell(body, plant, wind, truth):
    """Write into the truth what can be read off the body; `advance` adds time and accelerations."""
    end = motion_of(body)
    put(truth.p_ned, end.p_ned)
    put(truth.v_ned, end.v_ned)
    put_quat(truth.q_ned_frd, end.q_ned_frd)
    put(truth.omega_frd, end.omega_frd)
    put(truth.wind_ned, vec(wind.v_ned))
    for i in range(8):
        truth.rotor_speed[i] = body.rotor_speed[i]
    truth.thrust_n = rotors.total_thrust(body, plant)
    truth.height_m = body.ground_d - (end.p_ned + rotate(end.q_ned_frd, vec(plant.centre_frd))).z
    truth.air_density_kg_m3 = SEA_LEVEL_DENSITY * density_ratio(plant.ground_amsl_m + truth.height_m)
    truth.voltage_v = body.battery.voltage_v
    truth.current_a = body.battery.current_a
    truth.charge_used_ah = body.battery.charge_used_ah
    truth.energy_used_wh = body.battery.energy_used_wh
    truth.is_touching = 0
    for i in range(plant.point_count):
        truth.is_touching |= body.has_anchor[i]
