"""Air speed from rotor drag: across the rotor axis the accelerometer feels nothing else (Martin & Salaün 2010)."""

from flight.estimator import doubt, gusts, update
from flight.estimator.imu import is_hung
from flight.estimator.layout import ACCEL_BIAS, DRAG, THETA, VELOCITY, WIND
from flight.estimator.thrust import is_carrying
from flight.kernel import kernel
from flight.quaternion import quat, rotate
from flight.vector import cross, dot, vec

# A larger spread switches the model off.
OFF_SD = 9.0
# After a longer one nothing is learnt from how the felt wind has changed.
LONGEST_GAP_S = 1.0


@kernel
def step(state, params, airframe, status, now_us):
    """Fuse the mean specific force along body x and y as drag against the air."""
    since_s = 1e-6 * (now_us - state.drag_us)
    is_off = params.drag_sd > OFF_SD or is_hung(state.imu, params)
    if since_s < params.drag_period or is_off or status.is_landed or not is_carrying(state.thrust):
        return
    state.drag_us = now_us
    worst = 0.0
    is_aided = 1e-6 * (now_us - state.aided_us) < params.aid_time
    if since_s > LONGEST_GAP_S or not is_aided:
        gusts.forget(state.gusts)
    is_doubted = doubt.is_doubted(state.strain, params, now_us)
    felt = vec(state.nominal.wind_ned)
    for i in range(2):
        coefficient = airframe.rotor_drag[i] / max(airframe.mass_kg, 1e-3)
        if coefficient > 0.0:
            innovation = unexpected(state, i, coefficient)
            felt = felt + innovation / coefficient * along(state, i)
            worst = max(worst, fuse(state, params, i, coefficient, innovation, is_aided and not is_doubted))
    if is_aided:
        gusts.listen(state.gusts, params, felt, since_s)
    update.note(state.aid, DRAG, worst, now_us)


@kernel
def along(state, i):
    """Return one body axis in the world."""
    return rotate(quat(state.nominal.q_ned_frd), update.axis(i))


@kernel
def air(state):
    """Return the velocity through the air."""
    return vec(state.nominal.v_ned) - vec(state.nominal.wind_ned)


@kernel
def unexpected(state, i, coefficient):
    """Return the mean specific force along one body axis beyond -coefficient * (v - wind)."""
    return state.mean_force_frd[i] + coefficient * dot(along(state, i), air(state))


@kernel
def fuse(state, params, i, coefficient, innovation, is_aided):
    """Correct along one body axis by the force that was not expected.

    The model's errors last, so where another aid tells the velocity only the wind learns from it.
    """
    filter = state.filter
    direction = along(state, i)
    update.clear(filter)
    update.depend_along(filter, VELOCITY, -coefficient * direction)
    update.depend_along(filter, THETA, -coefficient * cross(direction, air(state)))
    update.depend(filter, WIND, coefficient * direction.x)
    update.depend(filter, WIND + 1, coefficient * direction.y)
    update.depend(filter, ACCEL_BIAS + i, 1.0)
    variance = params.drag_sd * params.drag_sd
    if is_aided:
        return update.fuse_into(filter, WIND, 2, innovation, variance, params.drag_gate)
    return update.fuse(filter, innovation, variance, 1.0, params.drag_gate)
