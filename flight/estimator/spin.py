"""How the rotors should turn the vehicle: it stands in for the gyro while that is silent or hangs.

An observer of the rate: the throttles' torque, as late as the motors give it, and what else turns the vehicle (wind, a
centre of mass off its place), learned while the gyro is heard (Luenberger, "An introduction to observers", 1971).
"""

import math

from flight.filters import step_share
from flight.kernel import kernel
from flight.rotor import thrust_share_of, torque_of
from flight.vector import ZERO, Vec3, dot, norm, put, vec

# A jump is looked for within so long, smoothed over so long; what is usual is averaged for so long.
SURPRISE_S, SMOOTH_S, USUAL_S = 0.008, 0.002, 5.0
# So long after it began, a jump shows most: so much of it.
PEAK_S, PEAK = 0.004, 0.57
# The share of the torque that may be wrong: thrust, inertia and the motors' lag are known no better.
WRONG_TORQUE = 0.4


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
def listen(spin, params, airframe, motors, gyro_frd, bias_frd, is_heard, dt):
    """Predict the rate in rad/s, body FRD; while the gyro is heard, correct it and what else turns the vehicle."""
    told = vec(spin.told_frd)
    told = told + step_share(dt, airframe.motor_lag_s) * (asked_for(airframe, motors) - told)
    put(spin.told_frd, told)
    omega = vec(spin.omega_frd) + dt * (told + vec(spin.other_frd))
    if is_heard:
        change = gyro_frd - vec(spin.heard_frd) - dt * (told + vec(spin.other_frd))
        note_surprise(spin, params, change, norm(told), dt)
        put(spin.heard_frd, gyro_frd)
        error = gyro_frd - bias_frd - omega
        share = dt / (params.spin_tau + dt)
        omega = omega + 2.0 * share * error
        put(spin.other_frd, vec(spin.other_frd) + (share / (params.spin_tau + dt)) * error)
    put(spin.omega_frd, omega)


@kernel
def note_surprise(spin, params, change, told, dt):
    """Follow how the gyro has changed just now other than the rotors turn the vehicle, and how much is usual."""
    past = vec(spin.past_frd) + change
    past = past - step_share(dt, SURPRISE_S) * past
    put(spin.past_frd, past)
    lately = vec(spin.lately_frd)
    lately = lately + step_share(dt, SMOOTH_S) * (past - lately)
    put(spin.lately_frd, lately)
    spin.calm_s += dt
    spin.usual += step_share(dt, USUAL_S) * (min(dot(lately, lately), 9.0 * spin.usual + dt) - spin.usual)
    expected = WRONG_TORQUE * told * SURPRISE_S
    spin.surprise = norm(lately) - max(params.gyro_step_sigmas * math.sqrt(spin.usual), expected)


@kernel
def has_stepped(spin, params, dt):
    """Tell whether the rate has just jumped as no torque can: then it may be the gyro's bias; not again for a while."""
    if spin.surprise >= params.gyro_step and spin.calm_s >= params.gyro_step_wait:
        spin.calm_s = 0.0
    return spin.calm_s - dt < PEAK_S <= spin.calm_s


@kernel
def step_of(spin):
    """Return in rad/s by how much the rate has jumped."""
    return vec(spin.lately_frd) / PEAK
