"""Force and torque of the rotors at their hubs: thrust, drag, flapping, reaction and inflow."""

from typing import NamedTuple

from flight.kernel import kernel
from flight.vector import Vec3, cross
from sim.plant.motion import Wrench


class Spin(NamedTuple):
    """The rotors' own angular momentum along body z and its rate."""

    momentum: float
    momentum_dot: float


@kernel
def spin_of(body, plant, stage):
    """Return the summed angular momentum of all rotors (clockwise from above is positive)."""
    momentum = 0.0
    momentum_dot = 0.0
    for i in range(plant.rotor_count):
        momentum += plant.spin[i] * body.work.speed[stage, i]
        momentum_dot += plant.spin[i] * body.work.spin_up[stage, i]
    return Spin(plant.rotor_inertia * momentum, plant.rotor_inertia * momentum_dot)


@kernel
def vortex_ring_share(air_frd, induced, loss):
    """Return the share of thrust that survives descent into the rotor's own wake.

    The loss is greatest where the rotor sinks as fast as its hover inflow blows (0 and 2: none) and fades as the
    rotor flies out of its wake sideways; range and shape after Leishman 2006, section 2.13.
    """
    sinking = air_frd.z
    if sinking <= 0.0 or sinking >= 2.0 * induced:
        return 1.0
    x = sinking / induced
    side = (air_frd.x * air_frd.x + air_frd.y * air_frd.y) / (induced * induced)
    bump = x * (2.0 - x) / (1.0 + side)
    return 1.0 - loss * bump * bump


@kernel
def thrust_of(body, plant, air_frd, speed, i):
    """Return one rotor's thrust in the air that meets its hub.

    Quadratic in speed; axial inflow takes thrust in proportion to rotor and climb speed (blade-element theory,
    linearised at hover); horizontal air speed adds translational lift (Svacha 2017, eq. 6).
    """
    level = air_frd.x * air_frd.x + air_frd.y * air_frd.y
    static = body.work.pull[i] * speed * speed
    inflow = plant.drag_n_s_m[2] * speed * air_frd.z
    lift = plant.lift * level * min(1.0, speed / plant.lift_speed)
    ring = vortex_ring_share(air_frd, plant.induced_per_speed * speed, plant.vortex_ring_loss)
    return static * ring + body.work.density_ratio * body.blade[i] * (lift + inflow)


@kernel
def wrench_of(body, plant, air_frd, omega_frd, stage):
    """Return what the rotors do to the body, which moves through the air with air_frd and turns.

    Each hub feels the drag of its own air speed, so that turning is damped too.
    """
    force = Vec3(0.0, 0.0, 0.0)
    torque = Vec3(0.0, 0.0, 0.0)
    for i in range(plant.rotor_count):
        speed = body.work.speed[stage, i]
        if speed > 0.0:
            arm = Vec3(plant.arm_frd[i, 0], plant.arm_frd[i, 1], plant.arm_frd[i, 2])
            air = air_frd + cross(omega_frd, arm)
            drag = body.work.density_ratio * body.blade[i] * speed
            thrust = thrust_of(body, plant, air, speed, i)
            push = Vec3(-drag * plant.drag_n_s_m[0] * air.x, -drag * plant.drag_n_s_m[1] * air.y, -thrust)
            flap = drag * plant.flapping
            # The air's drag torque turns the body against the rotor; flapping tips it back from the wind.
            shaft = -plant.spin[i] * body.work.twist[i] * speed * speed
            force = force + push
            torque = torque + cross(arm, push) + Vec3(-flap * air.y, flap * air.x, shaft)
    return Wrench(force, torque)


@kernel
def shaft_power(body, plant):
    """Return the mechanical power of all motors at the end of the step; braking gives none back."""
    power = 0.0
    for i in range(plant.rotor_count):
        speed = body.work.speed[2, i]
        torque = body.work.twist[i] * speed * speed + plant.rotor_inertia * body.work.spin_up[2, i]
        power += max(torque * speed, 0.0)
    return power


@kernel
def eagerness(body, plant):
    """Return how much more power motors that drive their rotors would take at once for a higher supply, W/V."""
    supply = 1.0 + plant.voltage_sensitivity * (body.battery.voltage_v / plant.nominal_v - 1.0)
    if not supply > 0.0:
        return 0.0
    eager = 0.0
    for i in range(plant.rotor_count):
        speed = body.work.speed[2, i]
        eager += plant.rotor_inertia * speed * speed
    return eager / plant.spin_up_s * plant.voltage_sensitivity / (supply * plant.nominal_v)


@kernel
def total_thrust(body, plant):
    """Return the static thrust of all rotors at the end of the step."""
    thrust = 0.0
    for i in range(plant.rotor_count):
        thrust += body.work.pull[i] * body.work.speed[2, i] * body.work.speed[2, i]
    return thrust
