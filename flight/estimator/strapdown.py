"""Carry attitude, velocity and position from one IMU sample to the next (Savage 1998, first-order sculling)."""

from flight.estimator import thrust
from flight.estimator.imu import is_hung
from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat, rotate
from flight.vector import Vec3, cross, put, vec

GRAVITY_NED = Vec3(0.0, 0.0, STANDARD_GRAVITY)


@kernel
def step(state, params, airframe, dt):
    """Integrate half the sum of the last two samples over dt; about the centre of mass."""
    nominal = state.nominal
    imu = state.imu
    lever_frd = vec(airframe.imu_position_frd)
    turn = dt * (0.5 * (vec(imu.gyro_frd) + vec(imu.gyro_before_frd)) - vec(nominal.gyro_bias_frd))
    force = felt(state, params, airframe)
    push = dt * (force + 0.5 * cross(turn, force))
    dq = from_rotation_vector(turn)
    before = quat(nominal.q_ned_frd)
    q = normalize(before * dq)
    force_dv = rotate(before, push) - lever_change(state, q, lever_frd)
    put_quat(nominal.q_ned_frd, q)
    move(nominal, force_dv + dt * GRAVITY_NED, dt)
    move(state.history.now, force_dv + dt * GRAVITY_NED, dt)
    coast_dv = coast(state.coast, nominal, turn, force, dt) if state.coast.is_adrift else force_dv
    put(state.history.now.coast_v_ned, vec(state.history.now.coast_v_ned) + (coast_dv + dt * GRAVITY_NED))
    put_quat(state.history.now.q, quat(state.history.now.q) * dq)
    tremble(state.tremor, params, force_dv + dt * GRAVITY_NED, dt)
    gather(state, params, force_dv, force, turn, dt)


@kernel
def felt(state, params, airframe):
    """Return the mean specific force of the tick; what the rotors should make while the accelerometer hangs."""
    imu = state.imu
    if is_hung(imu, params):
        return thrust.stand_in(state, airframe)
    return 0.5 * (vec(imu.accel_frd) + vec(imu.accel_before_frd)) - vec(state.nominal.accel_bias_frd)


@kernel
def coast(body, nominal, turn, force, dt):
    """Carry on the attitude that no correction reaches, with its own biases; return the change of velocity."""
    turn = turn + dt * (vec(nominal.gyro_bias_frd) - vec(body.gyro_bias_frd))
    force = force + vec(nominal.accel_bias_frd) - vec(body.accel_bias_frd)
    before = quat(body.q_ned_frd)
    put_quat(body.q_ned_frd, normalize(before * from_rotation_vector(turn)))
    return rotate(before, dt * (force + 0.5 * cross(turn, force)))


@kernel
def move(body, dv_ned, dt):
    """Add a change of velocity that came evenly over dt."""
    v = vec(body.v_ned)
    put(body.p_ned, vec(body.p_ned) + dt * (v + 0.5 * dv_ned))
    put(body.v_ned, v + dv_ned)


@kernel
def tremble(tremor, params, dv_ned, dt):
    """Follow the velocity of shaking: a second-order high-pass, which a steady acceleration does not move."""
    keep = params.tremor_tau / (params.tremor_tau + dt)
    stage = keep * (vec(tremor.stage_ned) + dv_ned)
    put(tremor.v_ned, keep * (vec(tremor.v_ned) + stage - vec(tremor.stage_ned)))
    put(tremor.stage_ned, stage)


@kernel
def lever_change(state, q, lever_frd):
    """Return by how much the IMU's velocity about the centre of mass has changed.

    The difference of omega x r holds centripetal and angular acceleration at once, with nothing differentiated.
    """
    omega = vec(state.imu.gyro_frd) - vec(state.nominal.gyro_bias_frd)
    lever_v = rotate(q, cross(omega, lever_frd))
    change = lever_v - vec(state.imu.lever_v_ned)
    put(state.imu.lever_v_ned, lever_v)
    return change


@kernel
def gather(state, params, force_dv, force, turn, dt):
    """Add up what the covariance's next step and the slower readers need."""
    pending = state.pending
    pending.time_s += dt
    put(pending.force_dv_ned, vec(pending.force_dv_ned) + force_dv)
    put(pending.turn_frd, vec(pending.turn_frd) + turn)
    a = vec(state.a_ned)
    put(state.a_ned, a + (dt / (params.accel_tau + dt)) * (force_dv / dt + GRAVITY_NED - a))
    mean = vec(state.mean_force_frd)
    put(state.mean_force_frd, mean + (dt / (params.still_tau + dt)) * (force - mean))
