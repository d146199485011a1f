"""The specific force the rotors should make: it stands in for the accelerometer's when that hangs.

Thrust from the throttles as the airframe's file has it, times what the accelerometer last showed of it (battery, mass);
across the rotor axis the rotors' drag.
"""

from flight.filters import step_share
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import conjugate, down_frd, quat, rotate
from flight.rotor import thrust_share_of
from flight.vector import Vec3, clamp, vec

# Less than this in m/s2 is no flight: the ground may carry the vehicle.
LEAST = 3.0
SCALE_LOW, SCALE_HIGH = 0.5, 2.0


@kernel
def asked_for(airframe, motors):
    """Return the throttles' thrust over mass in m/s2."""
    total = 0.0
    for i in range(airframe.rotor_count):
        total += thrust_share_of(motors.motor[i], airframe.throttle_curve)
    return total * airframe.thrust_max_n / max(airframe.mass_kg, 1e-3)


@kernel
def listen(model, params, airframe, motors, accel_z, hangs, dt):
    """Follow the thrust as late as the motors give it, and learn how much of it is felt."""
    model.told += step_share(dt, airframe.motor_lag_s) * (asked_for(airframe, motors) - model.told)
    if not hangs and is_carrying(model):
        felt = clamp(-accel_z / model.told, SCALE_LOW, SCALE_HIGH)
        model.scale += step_share(dt, params.thrust_tau) * (felt - model.scale)


@kernel
def is_carrying(model):
    """Tell whether the rotors' thrust is that of a flight, so that they feel the wind."""
    return model.told > LEAST


@kernel
def stand_in(state, airframe):
    """Return the specific force in m/s2, body FRD; that of hover near the ground's."""
    q, model = quat(state.nominal.q_ned_frd), state.thrust
    if not is_carrying(model):
        return Vec3(0.0, 0.0, -STANDARD_GRAVITY / max(down_frd(q).z, 0.5))
    air = rotate(conjugate(q), vec(state.nominal.v_ned) - vec(state.nominal.wind_ned))
    drag = vec(airframe.rotor_drag) * (1.0 / max(airframe.mass_kg, 1e-3))
    return Vec3(-drag.x * air.x, -drag.y * air.y, -model.scale * model.told)
