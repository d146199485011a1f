"""Go to a place with a heading and a speed, and stay there."""

from flight.guidance.leg import climb_apart, fly_leg, is_within, set_leg
from flight.guidance.shaping import stopping_place
from flight.inputs import Demand
from flight.kernel import kernel
from flight.vector import Vec3, norm, put, vec

# Metres by which a place told again may differ from itself.
SAME = 0.01


@kernel
def asked(demand, k, otherwise):
    """Return argument k of a demand where it is meant, else what holds now."""
    return demand.argument[k] if (demand.uses >> k) & 1 else otherwise


@kernel
def enter(state, params, inputs, is_underway):
    """Take place, heading and speed from the demand; what it does not mean stays as it is."""
    before, way, yaw = vec(state.leg.goal_ned), vec(state.leg.way_ned), state.leg.yaw
    here = stopping_place(state.motion, params)
    demand = inputs.demand
    if not (demand.fresh and demand.kind == Demand.GOTO):
        set_leg(state, params, here, 0.0)
        return
    goal = Vec3(asked(demand, 0, here.x), asked(demand, 1, here.y), asked(demand, 2, here.z))
    set_leg(state, params, goal, asked(demand, 4, 0.0))
    if is_underway and norm(goal - before) < SAME:
        put(state.leg.way_ned, way)
    else:
        climb_apart(state)
    state.leg.yaw = asked(demand, 3, yaw if is_underway else state.motion.yaw)


@kernel
def step(state, params, command):
    """Fly the leg; the setpoint stays at its end."""
    fly_leg(state, params)
    if is_within(state, params, command.estimate, params.acceptance):
        state.is_done = 1
