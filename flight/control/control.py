"""The cascade: from wherever guidance hands over down to torque and collective."""

from flight.control import attitude, gyro, hover, position, rate, reference, thrust, unseen, velocity
from flight.excitation import excitation
from flight.kernel import kernel
from flight.modes import Arming, Level
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import body_z_ned, quat
from flight.record import record
from flight.vector import ZERO, Vec3, put, vec

IDLE, RATE, ATTITUDE = int(Level.IDLE), int(Level.RATE), int(Level.ATTITUDE)
ALTITUDE, POSITION = int(Level.ALTITUDE), int(Level.POSITION)
ARMED = int(Arming.ARMED)
STATE = record(
    gyro=gyro.STATE,
    hover=hover.STATE,
    velocity=velocity.STATE,
    thrust=thrust.STATE,
    unseen=unseen.STATE,
    reference=reference.STATE,
    rate=rate.STATE,
)


@kernel
def reset(state, params):
    """Start afresh: integrals, filters and the learned hover thrust."""
    gyro.reset(state.gyro)
    hover.reset(state.hover)
    velocity.reset(state.velocity)
    thrust.reset(state.thrust)
    unseen.reset(state.unseen)
    rate.reset(state.rate)
    state.reference.is_running = 0


@kernel
def configure(state, params, airframe, dt_nominal):
    """Work out everything that follows from parameters, airframe and the tick's nominal length in s."""
    gyro.configure(state.gyro, params.filter, dt_nominal)
    hover.configure(state.hover, airframe)
    velocity.configure(state.velocity, params.velocity, dt_nominal)
    thrust.configure(state.thrust, params.thrust)
    unseen.configure(state.unseen, params.unseen, dt_nominal)
    rate.configure(state.rate, params.rate, airframe)


@kernel
def mixer_shortfall_ned(command, full):
    """Return the acceleration that the last tick's collective went without, for `full` m/s2 at full collective."""
    return full * command.motors.unallocated_thrust * body_z_ned(quat(command.estimate.q_ned_frd))


@kernel
def follow_path(state, params, airframe, command, is_holding, dt):
    """Run position, velocity and thrust: p_sp_ned or v_sp_ned to attitude, rate feed-forward and collective."""
    setpoint, estimate, full = command.setpoint, command.estimate, hover.push_per_share(state.hover)
    sure = position.sureness(params.position, estimate)
    eager = 1.0 + (params.position.sure_gain - 1.0) * sure
    if setpoint.level >= POSITION:
        position.step(params.position, setpoint, estimate, eager)
    velocity.step(state.velocity, params.velocity, setpoint, estimate, eager, command.terms)
    drag_ned = thrust.drag_of_motion(params.thrust, airframe, estimate)
    if is_holding:
        unseen.reset(state.unseen)
    else:
        unseen.step(state.unseen, params.unseen, estimate, state.hover.thrust * full, drag_ned, dt)
    free_ned = Vec3(0.0, 0.0, STANDARD_GRAVITY) + drag_ned + sure * vec(state.unseen.push_ned)
    given = thrust.step(
        state.thrust, params.thrust, params.attitude, airframe, setpoint, estimate, full, free_ned, dt
    )
    if not is_holding:
        given = given + mixer_shortfall_ned(command, full)
        velocity.integrate(state.velocity, params.velocity, setpoint, estimate, given, dt)


@kernel
def hold_altitude(state, params, command, is_holding, dt):
    """Run the vertical half of position and velocity under an attitude that guidance has chosen."""
    setpoint, estimate, full = command.setpoint, command.estimate, hover.push_per_share(state.hover)
    position.step(params.position, setpoint, estimate, 1.0)
    put(setpoint.v_sp_ned, Vec3(estimate.v_ned[0], estimate.v_ned[1], setpoint.v_sp_ned[2]))
    put(state.velocity.integral_ned, Vec3(0.0, 0.0, state.velocity.integral_ned[2]))
    velocity.step(state.velocity, params.velocity, setpoint, estimate, 1.0, command.terms)
    put(setpoint.a_sp_ned, Vec3(0.0, 0.0, setpoint.a_sp_ned[2]))
    given = thrust.climb(state.thrust, params.thrust, setpoint, estimate, full)
    if not is_holding:
        given = given + mixer_shortfall_ned(command, full)
        velocity.integrate(state.velocity, params.velocity, setpoint, estimate, given, dt)


@kernel
def rest(state, setpoint):
    """Ask for nothing."""
    setpoint.thrust_sp = 0.0
    put(setpoint.omega_sp_frd, ZERO)
    put(setpoint.torque_sp_frd, ZERO)
    rate.reset(state.rate)


@kernel
def step(state, params, airframe, command, inputs, dt):
    """Run every stage below the level at which guidance handed over; fill torque_sp_frd and thrust_sp.

    While landed the rate loop's integrals hold and the velocity loop's are empty; all are empty while not armed.
    The gyro's filters always run.
    """
    level, is_armed = command.setpoint.level, command.status.arming == ARMED
    is_holding = not is_armed or command.status.is_landed != 0
    gyro.step(state.gyro, params.filter, airframe, command, inputs, dt)
    hover.learn(state.hover, params.hover, airframe, command, inputs, not is_holding, dt)
    if not is_armed:
        put(state.rate.integral_frd, ZERO)
    if level < ALTITUDE or is_holding:
        put(state.velocity.integral_ned, ZERO)
    if level > ALTITUDE:
        follow_path(state, params, airframe, command, is_holding, dt)
    else:
        thrust.reset(state.thrust)
        unseen.reset(state.unseen)
    if level == ALTITUDE:
        hold_altitude(state, params, command, is_holding, dt)
    if is_armed and ATTITUDE <= level <= ALTITUDE and params.attitude.reference_hz > 0.0:
        reference.step(state.reference, params.attitude, command.setpoint, command.estimate, dt)
    else:
        state.reference.is_running = 0
    if level >= ATTITUDE:
        excitation.lean(command)
        attitude.step(params.attitude, command.setpoint, command.estimate)
    if level >= RATE:
        excitation.turn(command)
        rate.step(state.rate, params.rate, airframe, command, state.gyro, is_holding, dt)
        excitation.push(command, airframe)
    else:
        rest(state, command.setpoint)
