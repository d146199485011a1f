"""Stay: brake smoothly and hold the place, or stop as fast as the vehicle can."""

from flight.guidance import land
from flight.guidance.axis import jerk_to_velocity
from flight.guidance.leg import face
from flight.guidance.shaping import plan_stop, plan_to_yaw_rate, restart
from flight.kernel import kernel
from flight.vector import ZERO, norm, put, vec


@kernel
def rest(state, command):
    """Stay on the ground with the setpoint at the vehicle."""
    land.rest(state)
    restart(state.motion, command.estimate)
    put(state.motion.v_ned, ZERO)


@kernel
def step(state, params, command):
    """Brake, then stay; on the ground, rest."""
    if command.status.is_landed:
        rest(state, command)
        return
    plan_stop(state.motion, params)
    face(state, params)


@kernel
def plan_hard_stop(shape, params):
    """Choose the jerk that stops soonest."""
    if shape.is_due:
        for i in range(3):
            v, a = shape.v_ned[i], shape.a_ned[i]
            acc, jerk = params.brake_acc, params.brake_jerk
            if i == 2:
                acc, jerk = params.acc_z, params.jerk_z
            shape.jerk_ned[i] = jerk_to_velocity(v, a, 0.0, acc, jerk, shape.period_s)


@kernel
def brake(state, params, command):
    """Stop as fast as allowed; done when the setpoint stands."""
    if command.status.is_landed:
        rest(state, command)
    else:
        plan_hard_stop(state.motion, params)
        plan_to_yaw_rate(state.motion, params, 0.0)
    state.is_done = 1 if norm(vec(state.motion.v_ned)) == 0.0 else 0
