"""Land: straight down, fast while high, slowly near the ground, with whatever the estimator can still tell."""

import math

from flight.guidance.leg import face
from flight.guidance.shaping import (
    plan_to_place_xy,
    plan_to_velocity_xy,
    plan_to_velocity_z,
    stopping_place,
)
from flight.kernel import kernel
from flight.modes import Failsafe, Level
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import from_rotation_vector, from_yaw, put_quat, quat, yaw_of
from flight.vector import ZERO, Vec3, clamp, norm, norm_xy, put, shorten, vec

# Rounding of a setpoint that no longer accelerates, m/s2.
SETTLED = 1e-6


@kernel
def height_left(command):
    """Return how near the ground may be: as near as the estimate has it, or as home's level is.

    A range finder that says too much would let the vehicle hit the ground at full speed. Where the ground is lower than
    home, passing home's level slowly costs seconds.
    """
    above_home = command.status.home_ned[2] - command.estimate.p_ned[2]
    return min(command.estimate.height_m, abs(above_home))


@kernel
def descent_speed(params, height):
    """Return the speed that braking turns into the landing speed at the slow height."""
    left = max(0.0, height - params.land_slow_height)
    fastest = math.sqrt(params.land_speed * params.land_speed + 2.0 * params.land_brake * left)
    return min(fastest, params.speed_down)


@kernel
def sinking_speed(state, params, height):
    """Return how fast to sink; near the ground a landing that has just begun waits until the plan has braked."""
    is_fast = norm_xy(vec(state.motion.v_ned)) > params.land_speed and state.phase_s < params.patience_s
    return 0.0 if is_fast and height < params.land_slow_height else descent_speed(params, height)


@kernel
def hover_thrust_of(params, command):
    """Return the collective that carries the weight, as far as it is known."""
    return command.terms.hover_thrust if command.terms.hover_thrust > 0.0 else params.hover_thrust


@kernel
def blind_thrust(state, params, command):
    """Return slightly less than hover thrust, less and less with time."""
    return hover_thrust_of(params, command) * max(0.0, params.open_thrust - params.open_rate * state.blind_s)


@kernel
def sink_blindly(state, params, command, dt):
    """Keep level, or at least from spinning, and sink."""
    setpoint, estimate = command.setpoint, command.estimate
    state.blind_s += dt
    state.level = Level.ATTITUDE if estimate.is_attitude_valid else Level.RATE
    state.motion.yaw = yaw_of(quat(estimate.q_ned_frd))
    put_quat(setpoint.q_sp_ned_frd, from_yaw(state.motion.yaw))
    put(setpoint.omega_sp_frd, ZERO)
    put(setpoint.omega_ff_frd, ZERO)
    setpoint.thrust_sp = clamp(blind_thrust(state, params, command), 0.0, 1.0)


@kernel
def rest(state):
    """Leave the motors idle on the ground."""
    state.level = Level.IDLE


@kernel
def is_touching(state, params):
    """Tell whether the ground has been felt for long enough to let go of the air."""
    return state.touch_s >= params.touch_time


@kernel
def listen(state, params, command, dt):
    """Average over gusts and bounces how fast the vehicle sinks and how much of its weight thrust does not explain."""
    estimate = command.estimate
    share = command.setpoint.thrust_sp / hover_thrust_of(params, command)
    carried = 1.0 - estimate.a_ned[2] / STANDARD_GRAVITY - share
    gain = dt / (params.touch_filter + dt)
    state.carried += gain * (carried - state.carried)
    state.sinking += gain * (estimate.v_ned[2] - state.sinking)
    # An accelerometer that hangs feels no ground: then not sinking on little thrust must do.
    is_numb = command.status.failsafes & Failsafe.IMU_STUCK != 0
    return share < params.touch_thrust and (state.carried > params.touch_force or is_numb)


@kernel
def feel_ground(state, params, command, dt):
    """Notice the ground: something carries the vehicle, and it does not sink although it is asked to."""
    is_carried = listen(state, params, command, dt)
    fastest = params.touch_fall if is_touching(state, params) else params.touch_speed
    is_slow = abs(state.sinking) < fastest and command.estimate.is_altitude_valid
    # A plan that gathers speed downwards wants little thrust in the air, too.
    is_steady = state.motion.a_ned[2] <= SETTLED
    state.touch_s = state.touch_s + dt if is_carried and is_slow and is_steady else 0.0


@kernel
def choose_spot(state, place_ned):
    """Take the place to come down at."""
    put(state.spot_ned, place_ned)


@kernel
def keep_over_spot(state, params, estimate):
    """Stay over the spot; without a position brake, and with a new one take the spot below."""
    if not estimate.is_position_valid:
        plan_to_velocity_xy(state.motion, params, 0.0, 0.0)
        return
    if Level.IDLE < state.level_before < Level.POSITION:
        choose_spot(state, stopping_place(state.motion, params))
    plan_to_place_xy(state.motion, params, state.spot_ned[0], state.spot_ned[1])


@kernel
def wait_for_nobody(state, params, estimate):
    """Keep the setpoint near a vehicle that is blown off or has sunk below the plan, and the spot near the setpoint.

    Who went back to a spot far away would touch the ground at speed.
    """
    shape = state.motion
    behind = vec(shape.p_ned) - vec(estimate.p_ned)
    put(shape.p_ned, vec(estimate.p_ned) + shorten(behind, params.error_slow))
    end = stopping_place(shape, params)
    if norm_xy(vec(state.spot_ned) - end) > params.error_stop:
        choose_spot(state, end)


@kernel
def is_spinning(params, command):
    """Tell whether a rotor is lost and yaw with it: only the thrust axis can still be pointed."""
    return command.status.lost_rotor != 0 and abs(command.estimate.omega_frd[2]) > params.spin_rate


@kernel
def sure_drift(estimate):
    """Return the horizontal velocity as far as it is known: where it is not valid, what exceeds its deviation."""
    v = Vec3(estimate.v_ned[0], estimate.v_ned[1], 0.0)
    if estimate.is_velocity_valid:
        return v
    sure = norm(v) - max(estimate.sigma_v[0], estimate.sigma_v[1])
    return shorten(v, sure) if sure > 0.0 else ZERO


@kernel
def against_drift(params, estimate):
    """Return the attitude that leans gently against the drift; its heading is the vehicle's."""
    drift = shorten(sure_drift(estimate) * params.spin_brake, params.spin_tilt)
    heading = from_yaw(yaw_of(quat(estimate.q_ned_frd)))
    return from_rotation_vector(Vec3(-drift.y, drift.x, 0.0)) * heading


@kernel
def sink_spinning(state, params, command):
    """Come down with the thrust axis nearly upright, wherever the wind carries the vehicle."""
    setpoint, estimate = command.setpoint, command.estimate
    state.motion.yaw = yaw_of(quat(estimate.q_ned_frd))
    put_quat(setpoint.q_sp_ned_frd, against_drift(params, estimate))
    put(setpoint.omega_ff_frd, ZERO)
    plan_to_velocity_z(state.motion, params, descent_speed(params, height_left(command)))
    state.level = Level.ALTITUDE


@kernel
def descend(state, params, command, dt):
    """Come down over the spot; position, velocity or only height is held, as far as the estimate reaches."""
    estimate = command.estimate
    if command.status.is_landed or is_touching(state, params):
        rest(state)
        return
    if not (estimate.is_attitude_valid and estimate.is_altitude_valid):
        sink_blindly(state, params, command, dt)
        return
    state.blind_s = 0.0
    wait_for_nobody(state, params, estimate)
    if is_spinning(params, command):
        sink_spinning(state, params, command)
        return
    keep_over_spot(state, params, estimate)
    plan_to_velocity_z(state.motion, params, sinking_speed(state, params, height_left(command)))
    face(state, params)
    if estimate.is_position_valid:
        state.level = Level.POSITION
    elif estimate.is_velocity_valid:
        state.level = Level.VELOCITY
    else:
        state.level = Level.ALTITUDE
        put_quat(command.setpoint.q_sp_ned_frd, against_drift(params, estimate))
