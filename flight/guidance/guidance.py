"""Guidance: turn the mode into a setpoint that moves no faster than the vehicle can follow."""

from flight.command import is_refused
from flight.guidance import (
    goto,
    hold,
    land,
    leg,
    mission,
    offboard,
    orbit,
    pilot,
    return_home,
    takeoff,
    wishes,
)
from flight.guidance.curve import CURVE
from flight.guidance.leg import LEG
from flight.guidance.mission import LIST
from flight.guidance.shaping import (
    SHAPE,
    advance,
    begin,
    glue,
    restart,
    set_pace,
    stopping_place,
)
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Level, Mode
from flight.quaternion import conjugate, put_quat, quat, wrap_angle, yaw_of
from flight.record import FLAG, INTEGER, QUATERNION, REAL, VECTOR, record
from flight.vector import ZERO, Vec3, norm, put, vec

STATE = record(
    mode=INTEGER,
    phase=INTEGER,
    phase_s=REAL,
    level=INTEGER,
    level_before=INTEGER,
    is_armed=FLAG,
    is_done=FLAG,
    is_on_curve=FLAG,
    asked_speed=REAL,
    return_ned=VECTOR,
    return_height=REAL,
    spot_ned=VECTOR,
    seen_p_ned=VECTOR,
    seen_q_ned_frd=QUATERNION,
    hold_yaw=REAL,
    is_yaw_asked=FLAG,
    asked_yaw=REAL,
    climb_to=REAL,
    blind_s=REAL,
    touch_s=REAL,
    carried=REAL,
    sinking=REAL,
    motion=SHAPE,
    leg=LEG,
    curve=CURVE,
    mission=LIST,
)


@kernel
def reset(state, params):
    """Forget everything: no mission, no motion."""
    state.mode = Mode.NONE
    state.is_armed = 0
    state.is_done = 0
    wishes.forget(state)
    state.mission.count = 0
    state.mission.index = 0
    state.blind_s = 0.0
    state.motion.pace = 1.0
    state.motion.wait_s = 0.0


@kernel
def configure(state, params, ceiling):
    """Learn the height above home to return at: the parameter's, but not above the fence's ceiling (0: none)."""
    state.return_height = min(params.return_height, ceiling) if ceiling > 0.0 else params.return_height


@kernel
def follow_jump(state, params, estimate, dt):
    """Move the setpoint along when the estimate steps, so that the vehicle does not."""
    shape = state.motion
    step = vec(estimate.p_ned) - vec(state.seen_p_ned) - dt * vec(estimate.v_ned)
    if norm(step) > params.jump_m:
        put(shape.p_ned, vec(shape.p_ned) + step)
    q = quat(estimate.q_ned_frd)
    seen = quat(state.seen_q_ned_frd)
    turn = conjugate(seen) * q
    if norm(Vec3(turn.x, turn.y, turn.z)) > 0.5 * params.jump_yaw:
        shape.yaw = wrap_angle(shape.yaw + yaw_of(q) - yaw_of(seen))


@kernel
def remember(state, estimate):
    """Keep this tick's estimate, to notice when it steps."""
    put(state.seen_p_ned, vec(estimate.p_ned))
    put_quat(state.seen_q_ned_frd, quat(estimate.q_ned_frd))


@kernel
def is_renewed(state, demand, mode):
    """Tell whether an accepted demand begins the present mode afresh."""
    kind = demand.kind
    if kind == Demand.MODE:
        return mode == Mode.MISSION and state.is_done == 1
    if kind == Demand.TAKEOFF:
        return mode == Mode.TAKEOFF
    if kind == Demand.GOTO:
        return mode == Mode.GOTO
    if kind == Demand.MISSION_START:
        return mode == Mode.MISSION
    return (kind == Demand.ORBIT and mode == Mode.ORBIT) or (kind == Demand.FIGURE8 and mode == Mode.FIGURE8)


@kernel
def is_called_elsewhere(state, status):
    """Tell whether a return has been given another goal on its way."""
    is_returning = state.mode == Mode.RETURN and status.mode == Mode.RETURN and not status.is_landed
    return is_returning and norm(vec(status.return_ned) - vec(state.return_ned)) > 0.0


@kernel
def keeps_heading(state, demand, status):
    """Tell whether a mode that begins goes on turning to the heading asked for: nobody has taken it back."""
    if demand.fresh and demand.kind == Demand.YAW:
        return True
    if status.mode == Mode.HOLD:
        return state.is_done == 1
    if status.mode == Mode.GOTO:
        return not demand.uses >> 3 & 1
    return status.mode == Mode.TAKEOFF and state.mode == Mode.TAKEOFF


@kernel
def enter(state, params, inputs, command):
    """Begin a mode from where the setpoint is."""
    is_underway = state.mode == command.status.mode
    if not keeps_heading(state, inputs.demand, command.status):
        state.is_yaw_asked = 0
    state.mode = command.status.mode
    state.phase = 0
    state.phase_s = 0.0
    state.is_done = 0
    state.blind_s = 0.0
    state.motion.wait_s = 0.0
    mode = state.mode
    if mode == Mode.TAKEOFF:
        takeoff.enter(state, params, inputs, command)
    elif mode == Mode.GOTO:
        goto.enter(state, params, inputs, is_underway)
    elif mode == Mode.MISSION:
        mission.enter(state, params, command)
    elif mode == Mode.ORBIT or mode == Mode.FIGURE8:
        orbit.enter(state, params, inputs, command)
    elif mode == Mode.RETURN:
        return_home.enter(state, params, command)
    elif mode == Mode.LAND:
        land.choose_spot(state, stopping_place(state.motion, params))


@kernel
def fly(state, params, inputs, command, dt):
    """Let the mode steer the setpoint."""
    mode = state.mode
    state.is_on_curve = 0
    state.level_before = state.level
    state.level = Level.POSITION
    if mode <= Mode.POSITION:
        pilot.step(state, params, inputs, command)
    elif mode == Mode.TAKEOFF:
        takeoff.step(state, params, command)
    elif mode == Mode.GOTO:
        goto.step(state, params, command)
    elif mode == Mode.MISSION:
        mission.step(state, params, command, dt)
    elif mode == Mode.ORBIT or mode == Mode.FIGURE8:
        orbit.step(state, params, dt)
    elif mode == Mode.RETURN:
        return_home.step(state, params, command, dt)
    elif mode == Mode.LAND:
        land.descend(state, params, command, dt)
    elif mode == Mode.OFFBOARD:
        offboard.step(state, params, inputs, command)
    elif mode == Mode.BRAKE:
        hold.brake(state, params, command)
    else:
        hold.step(state, params, command)


@kernel
def hand_over(state, setpoint):
    """Write the setpoint, derivatives slowed with the pace."""
    shape = state.motion
    pace = shape.pace
    setpoint.level = state.level
    put(setpoint.p_sp_ned, vec(shape.p_ned))
    put(setpoint.v_ff_ned, pace * vec(shape.v_ned))
    put(setpoint.a_ff_ned, (pace * pace) * vec(shape.a_ned))
    put(setpoint.jerk_ff_ned, (pace * pace * pace) * vec(shape.jerk_ned))
    setpoint.yaw_sp = shape.yaw
    setpoint.yaw_rate_ff = shape.yaw_rate
    put(setpoint.omega_dot_ff_frd, ZERO)
    if state.level == Level.VELOCITY:
        put(setpoint.v_sp_ned, pace * vec(shape.v_ned))
    if state.level == Level.IDLE:
        setpoint.thrust_sp = 0.0


@kernel
def wait_disarmed(state, estimate):
    """Keep the setpoint at the vehicle until it is armed."""
    state.mode = Mode.NONE
    state.is_done = 0
    if state.is_armed:
        wishes.forget(state)
    state.level = Level.IDLE
    state.touch_s = 0.0
    state.carried = 0.0
    state.sinking = 0.0
    restart(state.motion, estimate)
    put(state.motion.v_ned, ZERO)


@kernel
def step(state, params, inputs, command, dt):
    """Write `command.setpoint` for the mode the supervisor decided; read the estimate and the demands."""
    status, estimate, shape = command.status, command.estimate, state.motion
    is_armed = status.arming == Arming.ARMED
    is_told = inputs.demand.fresh == 1 and not is_refused(status, inputs.demand.kind)
    if is_told:
        mission.listen(state.mission, inputs.demand, status)
        wishes.listen(state, params, inputs.demand, status)
    follow_jump(state, params, estimate, dt)
    if not is_armed:
        wait_disarmed(state, estimate)
    else:
        begin(shape, params, dt)
        is_renewed_now = is_told and is_renewed(state, inputs.demand, status.mode)
        if state.mode != status.mode or is_renewed_now or is_called_elsewhere(state, status):
            enter(state, params, inputs, command)
            shape.is_due = 1
        state.phase_s += dt
        set_pace(shape, params, estimate, dt)
        land.feel_ground(state, params, command, dt)
        leg.wait(state, params, dt)
        fly(state, params, inputs, command, dt)
        glue(shape, params, estimate, state.level)
        if state.is_on_curve == 0:
            advance(shape, dt)
    hand_over(state, command.setpoint)
    remember(state, estimate)
    state.is_armed = 1 if is_armed else 0
    status.is_done = state.is_done
    status.mission_index = state.mission.index
    status.mission_count = state.mission.count
