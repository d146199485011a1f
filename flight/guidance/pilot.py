"""What the sticks mean in RATE, ANGLE, ALTITUDE and POSITION mode."""

import math

from flight.guidance.land import descent_speed, height_left, hover_thrust_of, is_touching
from flight.guidance.shaping import plan_to_velocity_xy, plan_to_velocity_z, plan_to_yaw_rate, restart
from flight.kernel import kernel
from flight.modes import Level, Mode
from flight.quaternion import from_rotation_vector, from_yaw, put_quat, quat, rotate_back, wrap_angle, yaw_of
from flight.vector import DOWN, ZERO, Vec3, clamp, put, shorten


@kernel
def curved(stick, deadzone, expo):
    """Return a stick without its deadzone, soft around the centre."""
    size = max(0.0, (abs(stick) - deadzone) / (1.0 - deadzone))
    x = min(size, 1.0)
    return math.copysign((1.0 - expo) * x + expo * x * x * x, stick)


@kernel
def sticks(pilot, params, expo):
    """Return roll, pitch and yaw sticks as meant."""
    deadzone = params.pilot.deadzone
    return Vec3(
        curved(pilot.roll, deadzone, expo),
        curved(pilot.pitch, deadzone, expo),
        curved(pilot.yaw, deadzone, expo),
    )


@kernel
def thrust_by_stick(params, command, throttle):
    """Return the collective: hover thrust at the centre, nothing and everything at the ends."""
    hover = hover_thrust_of(params, command)
    t = clamp(throttle, 0.0, 1.0)
    if t < 0.5:
        return 2.0 * t * hover
    return hover + (2.0 * t - 1.0) * (max(params.pilot.thrust, hover) - hover)


@kernel
def climb_by_stick(params, command, throttle):
    """Return the vertical velocity, down positive; the centre holds, sinking is as slow near the ground as landing."""
    stick = curved(2.0 * clamp(throttle, 0.0, 1.0) - 1.0, 2.0 * params.pilot.deadzone, params.pilot.expo)
    if stick > 0.0:
        return -stick * params.speed_up
    return min(-stick * params.speed_down, descent_speed(params, height_left(command)))


@kernel
def rates(state, params, inputs, command):
    """Fly body rates and collective."""
    stick = sticks(inputs.pilot, params, params.pilot.rate_expo)
    fast = Vec3(params.pilot.rate, params.pilot.rate, params.pilot.yaw_rate)
    put(command.setpoint.omega_sp_frd, stick * fast)
    command.setpoint.thrust_sp = thrust_by_stick(params, command, inputs.pilot.throttle)
    state.motion.yaw = yaw_of(quat(command.estimate.q_ned_frd))
    state.level = Level.RATE


@kernel
def lean(state, params, inputs, command):
    """Set the attitude the sticks ask for: tilt by roll and pitch, heading by yaw rate."""
    stick = sticks(inputs.pilot, params, params.pilot.expo)
    tilt = shorten(Vec3(stick.x, stick.y, 0.0), 1.0) * params.pilot.tilt
    shape = state.motion
    plan_to_yaw_rate(shape, params, stick.z * params.pilot.yaw_rate)
    heading = yaw_of(quat(command.estimate.q_ned_frd))
    lead = params.pilot.yaw_lead
    shape.yaw = wrap_angle(heading + clamp(wrap_angle(shape.yaw - heading), -lead, lead))
    q = from_yaw(shape.yaw) * from_rotation_vector(tilt)
    put_quat(command.setpoint.q_sp_ned_frd, q)
    put(command.setpoint.omega_ff_frd, rotate_back(q, DOWN * shape.yaw_rate))


@kernel
def angles(state, params, inputs, command):
    """Fly attitude and collective."""
    lean(state, params, inputs, command)
    command.setpoint.thrust_sp = thrust_by_stick(params, command, inputs.pilot.throttle)
    state.level = Level.ATTITUDE


@kernel
def is_waiting(state, params, inputs, command):
    """Tell whether the vehicle stands and the throttle does not ask to leave, or has touched down and asks for more."""
    climb = climb_by_stick(params, command, inputs.pilot.throttle)
    return (command.status.is_landed == 1 and climb >= 0.0) or (is_touching(state, params) and climb > 0.0)


@kernel
def altitude(state, params, inputs, command):
    """Fly attitude by stick and hold the height unless the throttle asks otherwise."""
    lean(state, params, inputs, command)
    plan_to_velocity_z(state.motion, params, climb_by_stick(params, command, inputs.pilot.throttle))
    state.level = Level.ALTITUDE


@kernel
def position(state, params, inputs, command):
    """Fly velocities in the heading's frame; centred sticks brake and hold the place."""
    stick = sticks(inputs.pilot, params, params.pilot.expo)
    wish = shorten(Vec3(-stick.y, stick.x, 0.0), 1.0) * min(params.pilot.speed_xy, params.speed_xy)
    c, s = math.cos(state.motion.yaw), math.sin(state.motion.yaw)
    plan_to_velocity_xy(state.motion, params, c * wish.x - s * wish.y, s * wish.x + c * wish.y)
    plan_to_velocity_z(state.motion, params, climb_by_stick(params, command, inputs.pilot.throttle))
    plan_to_yaw_rate(state.motion, params, stick.z * params.pilot.yaw_rate)
    state.level = Level.POSITION


@kernel
def step(state, params, inputs, command):
    """Do as the pilot's mode says."""
    if state.mode == Mode.RATE:
        rates(state, params, inputs, command)
    elif state.mode == Mode.ANGLE:
        angles(state, params, inputs, command)
    elif is_waiting(state, params, inputs, command):
        restart(state.motion, command.estimate)
        put(state.motion.v_ned, ZERO)
        state.level = Level.IDLE
    elif state.mode == Mode.ALTITUDE:
        altitude(state, params, inputs, command)
    else:
        position(state, params, inputs, command)
