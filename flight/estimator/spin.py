"""How the rotors should turn the vehicle: it stands in for the gyro while that is silent or hangs.

An observer of the rate: the throttles' torque, as late as the motors give it, and what else turns the vehicle (wind, a
centre of mass off its place), learned while the gyro is heard (Luenberger, "An introduction to observers", 1971).
"""

from flight.filters import step_share
from flight.kernel import kernel
from flight.rotor import thrust_share_of, torque_of
from flight.vector import ZERO, Vec3, put, vec


@kernel
def asked_for(airframe, motors):
    """Return the angular acceleration in rad/s2, body FRD, that the throttles' torque means."""
    torque = ZERO
    for i in range(airframe.rotor_count):
        share = thrust_share_of(motors.motor[i], airframe.throttle_curve)
        torque = torque + torque_of(airframe, i, share * airframe.thrust_max_n)
    inertia = airframe.inertia
    return torque / Vec3(max(inertia[0], 1e-9), max(inertia[1], 1e-9), max(inertia[2], 1e-9))


@kernel
def listen(spin, params, airframe, motors, omega_frd, is_heard, dt):
    """Predict the rate in rad/s, body FRD; while the gyro is heard, correct it and what else turns the vehicle."""
    told = vec(spin.told_frd)
    told = told + step_share(dt, airframe.motor_lag_s) * (asked_for(airframe, motors) - told)
    put(spin.told_frd, told)
    omega = vec(spin.omega_frd) + dt * (told + vec(spin.other_frd))
    if is_heard:
        error = omega_frd - omega
        share = dt / (params.spin_tau + dt)
        omega = omega + 2.0 * share * error
        put(spin.other_frd, vec(spin.other_frd) + (share / (params.spin_tau + dt)) * error)
    put(spin.omega_frd, omega)
