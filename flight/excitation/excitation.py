"""Add a known signal to one point of the loop when a demand asks for it, within guards.

What is added is said in `command.terms`; the control's stages take it from there.
"""

import math
from enum import IntEnum

from flight.command import refuse, say
from flight.excitation.signals import Signal, value
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Level, Mode, Why
from flight.quaternion import from_rotation_vector, put_quat, quat
from flight.record import INTEGER, REAL, VECTOR, record
from flight.vector import Vec3, norm, put, vec

STATE = record(
    point=INTEGER,
    signal=INTEGER,
    mode=INTEGER,
    amplitude=REAL,
    seconds=REAL,
    low_hz=REAL,
    high_hz=REAL,
    elapsed_s=REAL,
    start_ned=VECTOR,
)
EXCITE = int(Demand.EXCITE)
VELOCITY = int(Level.VELOCITY)
CHIRP, MULTISINE = float(Signal.CHIRP), float(Signal.MULTISINE)
DEGREE = math.pi / 180.0
UNKNOWN, NOT_A_NUMBER, OUT_OF_RANGE = int(Why.UNKNOWN), int(Why.NOT_A_NUMBER), int(Why.OUT_OF_RANGE)
NEEDS_AIRBORNE, NOT_IN_MODE, FAILSAFE = int(Why.NEEDS_AIRBORNE), int(Why.NOT_IN_MODE), int(Why.FAILSAFE)


class Point(IntEnum):
    """Where the signal is added; groups of three are about x, y, z of body or world."""

    TORQUE_ROLL = 1  # amplitudes as angular acceleration in rad/s2, so that they fit vehicles of every size
    TORQUE_PITCH = 2
    TORQUE_YAW = 3
    RATE_ROLL = 4  # rad/s
    RATE_PITCH = 5
    RATE_YAW = 6
    ANGLE_ROLL = 7  # rad
    ANGLE_PITCH = 8
    ANGLE_YAW = 9
    VELOCITY_NORTH = 10  # m/s
    VELOCITY_EAST = 11
    VELOCITY_DOWN = 12
    THRUST = 13  # share of full collective


TORQUE, RATE, ANGLE, SPEED = 1, 4, 7, 10
THRUST = int(Point.THRUST)


@kernel
def most(params, point):
    """Return the largest amplitude allowed at a point."""
    if point < RATE:
        return params.angular_max
    if point < ANGLE:
        return params.rate_max
    if point < SPEED:
        return params.angle_max
    return params.velocity_max if point < THRUST else params.thrust_max


@kernel
def is_flown_by(mode):
    """Tell whether somebody holds the vehicle in this mode: a person with the sticks, or the hold itself."""
    return mode == Mode.HOLD or Mode.ANGLE <= mode <= Mode.POSITION


@kernel
def objection(params, demand, status, tick_hz):
    """Return Why an excitation cannot begin now, 0 when it can."""
    signal, amplitude, seconds = demand.argument[0], demand.argument[1], demand.argument[2]
    low_hz, high_hz = demand.argument[3], demand.argument[4]
    if not TORQUE <= demand.index <= THRUST or not CHIRP <= signal <= MULTISINE:
        return UNKNOWN
    if not math.isfinite(amplitude + seconds + low_hz + high_hz):
        return NOT_A_NUMBER
    if status.arming != Arming.ARMED or status.is_landed:
        return NEEDS_AIRBORNE
    if status.failsafes != 0:
        return FAILSAFE
    if not is_flown_by(status.mode):
        return NOT_IN_MODE
    is_short = 0.0 < seconds <= params.seconds_max and 0.0 < amplitude <= most(params, demand.index)
    return 0 if is_short and 0.01 <= low_hz <= high_hz <= 0.25 * tick_hz else OUT_OF_RANGE


@kernel
def begin(state, params, demand, status, estimate):
    """Start an excitation, or say why not."""
    why = objection(params, demand, status, 1.0 / status.dt_s)
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
        return
    state.point, state.signal, state.mode = demand.index, int(demand.argument[0]), status.mode
    state.amplitude, state.seconds = demand.argument[1], demand.argument[2]
    state.low_hz, state.high_hz = demand.argument[3], demand.argument[4]
    state.elapsed_s = 0.0
    put(state.start_ned, vec(estimate.p_ned))
    say(status, Event.EXCITATION, float(state.point))


@kernel
def is_cut_short(state, params, pilot, status, estimate):
    """Tell whether anything speaks against going on: attitude, place, mode, a failsafe, a hand on the sticks."""
    q = quat(estimate.q_ned_frd)
    is_tilted = not 1.0 - 2.0 * (q.x * q.x + q.y * q.y) >= math.cos(DEGREE * params.tilt_max_deg)
    way = norm(vec(estimate.p_ned) - vec(state.start_ned))
    is_away = estimate.is_position_valid != 0 and not way <= params.drift_max
    most = params.stick
    # NaN fails every comparison: a stick that is no number is a hand, too.
    is_let_go = abs(pilot.roll) <= most and abs(pilot.pitch) <= most and abs(pilot.yaw) <= most
    is_steered = pilot.t_us > 0 and not is_let_go
    is_off = status.arming != Arming.ARMED or status.is_landed != 0 or status.failsafes != 0
    return is_off or is_tilted or is_away or is_steered or status.mode != state.mode


@kernel
def go_on(state, params, dt):
    """Let time pass and return what is added in this tick."""
    t, seconds = state.elapsed_s, state.seconds
    share = value(state.signal, t, seconds, state.low_hz, state.high_hz, params.fade_s)
    state.elapsed_s += dt
    return state.amplitude * share


@kernel
def step(state, params, inputs, command, dt):
    """Listen for a demand and say in `command.terms` what is added where in this tick."""
    status, terms = command.status, command.terms
    if inputs.demand.fresh and inputs.demand.kind == EXCITE:
        begin(state, params, inputs.demand, status, command.estimate)
    terms.excited, terms.excitation = 0, 0.0
    if state.point == 0:
        return
    if is_cut_short(state, params, inputs.pilot, status, command.estimate):
        say(status, Event.EXCITATION, -float(state.point))
        state.point = 0
    elif state.elapsed_s >= state.seconds:
        say(status, Event.EXCITATION, 0.0)
        state.point = 0
    else:
        terms.excited = state.point
        terms.excitation = go_on(state, params, dt)
        hasten(command)


@kernel
def along(terms, first):
    """Return what is added to the group of three points that begins with `first`."""
    k, x = terms.excited - first, terms.excitation
    return Vec3(x if k == 0 else 0.0, x if k == 1 else 0.0, x if k == 2 else 0.0)


@kernel
def hasten(command):
    """Add to the velocity that guidance hands over."""
    setpoint = command.setpoint
    more = along(command.terms, SPEED)
    put(setpoint.v_ff_ned, vec(setpoint.v_ff_ned) + more)
    if setpoint.level == VELOCITY:
        put(setpoint.v_sp_ned, vec(setpoint.v_sp_ned) + more)


@kernel
def lean(command):
    """Add to the attitude setpoint."""
    setpoint, more = command.setpoint, along(command.terms, ANGLE)
    if norm(more) > 0.0:
        put_quat(setpoint.q_sp_ned_frd, quat(setpoint.q_sp_ned_frd) * from_rotation_vector(more))


@kernel
def turn(command):
    """Add to the body rate setpoint."""
    setpoint, more = command.setpoint, along(command.terms, RATE)
    put(setpoint.omega_sp_frd, vec(setpoint.omega_sp_frd) + more)


@kernel
def push(command, airframe):
    """Add to torque and collective."""
    setpoint, terms = command.setpoint, command.terms
    put(setpoint.torque_sp_frd, vec(setpoint.torque_sp_frd) + vec(airframe.inertia) * along(terms, TORQUE))
    if terms.excited == THRUST:
        setpoint.thrust_sp += terms.excitation
