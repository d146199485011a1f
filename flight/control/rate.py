"""Body-rate error to torque: PID on angular acceleration, so that gains do not depend on the vehicle's size."""

import math

from flight.control.gyro import delay
from flight.filters import step_share, step_share_hz
from flight.kernel import kernel
from flight.record import REAL, VECTOR, record
from flight.vector import ZERO, Vec3, clamp, cross, put, vec

RADIAN = math.pi / 180.0
# Torque that the mixer could not give counts from this angular acceleration on; below it is rounding.
LOST_LEAST = 0.01
STATE = record(integral_frd=VECTOR, integral_max_frd=VECTOR, yaw_torque=REAL, lagged_torque_frd=VECTOR)


@kernel
def configure(state, params, airframe):
    """Let the integral reach a share of what the rotors can turn with: a weak one asks for it at any size."""
    reach = ZERO
    for i in range(airframe.rotor_count):
        arm = Vec3(abs(airframe.rotor_y[i]), abs(airframe.rotor_x[i]), airframe.torque_per_thrust_m)
        reach = reach + 0.5 * airframe.thrust_max_n * arm
    reach = params.integral_share * reach
    state.integral_max_frd[0] = limit(params.integral_max[0], reach.x, airframe.inertia[0])
    state.integral_max_frd[1] = limit(params.integral_max[1], reach.y, airframe.inertia[1])
    state.integral_max_frd[2] = limit(params.integral_max[2], reach.z, airframe.inertia[2])


@kernel
def limit(least, torque, inertia):
    """Return an integral's limit as angular acceleration."""
    return max(least, torque / inertia) if inertia > 0.0 else least


@kernel
def reset(state):
    """Forget imbalance and filters."""
    put(state.integral_frd, ZERO)
    put(state.lagged_torque_frd, ZERO)
    state.yaw_torque = 0.0


@kernel
def integrated(integral, error, gain, limit, fade, lost, dt):
    """Return one axis' integral: fading out in fast rotation, held where the rotors have no more to give.

    `lost` is angular acceleration asked for and not given in the last tick.
    """
    if abs(lost) > LOST_LEAST and lost * error > 0.0:
        return integral
    share = max(1.0 - (error / fade) * (error / fade), 0.0)
    return clamp(integral + dt * gain * share * error, -limit, limit)


@kernel
def integrate(state, params, airframe, error, motors, dt):
    """Integrate the rate error of every axis."""
    i_term, ki, most = vec(state.integral_frd), vec(params.ki), vec(state.integral_max_frd)
    fade = RADIAN * params.fade_deg_s
    lost = vec(motors.unallocated_torque_frd) / vec(airframe.inertia)
    x = integrated(i_term.x, error.x, ki.x, most.x, fade, lost.x, dt)
    y = integrated(i_term.y, error.y, ki.y, most.y, fade, lost.y, dt)
    z = integrated(i_term.z, error.z, ki.z, most.z, fade, lost.z, dt)
    put(state.integral_frd, Vec3(x, y, z))


@kernel
def led(state, params, airframe, torque, dt):
    """Return the torque ahead of the motors: (1 + T s) / (1 + (1 - lead) T s) with the motor lag T."""
    if not params.lead > 0.0:
        return torque
    rest = (1.0 - params.lead) * airframe.motor_lag_s
    lagged = vec(state.lagged_torque_frd)
    lagged = lagged + step_share(dt, rest) * (torque - lagged)
    put(state.lagged_torque_frd, lagged)
    return torque + (1.0 / (1.0 - params.lead) - 1.0) * (torque - lagged)


@kernel
def carried(command):
    """Return the share of the weight that is asked of the rotors, at most 1."""
    hover = command.terms.hover_thrust
    return clamp(command.setpoint.thrust_sp / hover, 0.0, 1.0) if hover > 0.0 else 1.0


@kernel
def step(state, params, airframe, command, gyro, is_holding, dt):
    """Fill torque_sp_frd from omega_sp_frd and the filtered gyro."""
    setpoint, terms = command.setpoint, command.terms
    omega, inertia = vec(gyro.omega_frd), vec(airframe.inertia)
    omega_dot_ff_frd = vec(setpoint.omega_dot_ff_frd)
    # What the late gyro would show now if the vehicle followed exactly.
    omega_sp_frd = vec(setpoint.omega_sp_frd) - delay(gyro) * omega_dot_ff_frd
    is_seen = command.estimate.is_rate_lost == 0
    if not is_holding and is_seen:
        integrate(state, params, airframe, omega_sp_frd - omega, command.motors, dt)
    kd = vec(params.kd)
    p_term = vec(params.kp) * (params.weight * omega_sp_frd - omega)
    # It stands for a weak rotor or an off-centre mass, which turn nothing while the rotors hardly push.
    i_term = carried(command) * vec(state.integral_frd)
    d_term = -kd * vec(gyro.omega_dot_frd)
    # The D term brakes what is fed forward as well: give that back.
    ff_term = (Vec3(1.0, 1.0, 1.0) + kd) * vec(params.ff) * omega_dot_ff_frd
    if not is_seen:
        # Nobody sees the rotation: leave it as it is rather than push for ever.
        p_term, d_term, ff_term, omega = ZERO, ZERO, ZERO, ZERO
    put(terms.rate_p, p_term)
    put(terms.rate_i, i_term)
    put(terms.rate_d, d_term)
    put(terms.rate_ff, ff_term)
    torque = inertia * (p_term + i_term + d_term + ff_term) + cross(omega, inertia * omega)
    state.yaw_torque += step_share_hz(dt, params.yaw_cutoff_hz) * (torque.z - state.yaw_torque)
    smooth = Vec3(torque.x, torque.y, state.yaw_torque)
    put(setpoint.torque_sp_frd, led(state, params, airframe, smooth, dt))
