"""How an axis is shaken and heard: tones added to torque or collective, and what of them comes back."""

import math

from flight.autotune import tones
from flight.excitation.excitation import Point
from flight.kernel import kernel

# The axis after roll, pitch and yaw.
ALTITUDE = 3
THRUST, TORQUE = int(Point.THRUST), int(Point.TORQUE_ROLL)
# Tones swell from this part of the most within three quarters of the first period.
FIRST_PART, SWELLING = 0.1, 0.75


@kernel
def got(state, airframe, command):
    """Return the acceleration that the rotors were last asked for and could give about the axis."""
    motors, axis = command.motors, state.axis
    if axis == ALTITUDE:
        return -state.full * (command.setpoint.thrust_sp - motors.unallocated_thrust)
    return (command.setpoint.torque_sp_frd[axis] - motors.unallocated_torque_frd[axis]) / airframe.inertia[
        axis
    ]


@kernel
def answer(state, command):
    """Return the rate about the axis as the loop hears it."""
    axis = state.axis
    return command.estimate.v_ned[2] if axis == ALTITUDE else command.terms.gyro_filtered_frd[axis]


@kernel
def most(params, axis):
    """Return the most acceleration that may be added."""
    if axis == ALTITUDE:
        return params.acc_z
    return params.acc_yaw if axis == 2 else params.acc_tilt


@kernel
def swell(state, params, airframe, command, dt):
    """Let the tones grow until the vehicle swings enough or the rotors have no more to give."""
    bank, axis = state.bank, state.axis
    limit = most(params, axis)
    swing = params.swing_z if axis == ALTITUDE else params.swing
    lost = abs(command.motors.unallocated_thrust) * state.full
    if axis != ALTITUDE:
        lost = abs(command.motors.unallocated_torque_frd[axis]) / airframe.inertia[axis]
    rising_s = SWELLING * bank.period_s
    if bank.scale == 0.0:
        bank.scale = FIRST_PART * limit
    elif lost > params.lost * bank.scale:
        bank.scale *= 1.0 - min(2.0 * dt / rising_s, 0.5)
    elif state.stage_s < rising_s and abs(answer(state, command)) < swing:
        # By the same factor every tick, and at most to the limit.
        bank.scale = min(bank.scale * math.exp(-math.log(FIRST_PART) * dt / rising_s), limit)


@kernel
def shake(state, command, dt):
    """Add the tones to torque or collective."""
    tones.sound(state.bank, dt)
    terms = command.terms
    if state.axis == ALTITUDE:
        terms.excited, terms.excitation = THRUST, -state.bank.added / state.full
    else:
        terms.excited, terms.excitation = TORQUE + state.axis, state.bank.added


@kernel
def listen(state, airframe, command, periods, dt):
    """Hear the last tick; tell whether enough was heard."""
    tones.listen(state.bank, got(state, airframe, command), answer(state, command), dt)
    return state.bank.periods >= periods


@kernel
def effort_of(motors, count):
    """Return the greatest throttle of a rotor."""
    most = 0.0
    for i in range(count):
        most = max(most, motors.motor[i])
    return most
