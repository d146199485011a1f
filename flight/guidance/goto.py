"""Go to a place with a heading and a speed, and stay there."""

from flight.guidance.leg import face, fly_leg, is_within, set_leg
from flight.guidance.shaping import NORTH, stopping_place
from flight.inputs import Demand
from flight.kernel import kernel
from flight.vector import Vec3, norm, put, unit, vec

# Metres by which a place told again may differ from itself.
SAME = 0.01


@kernel
def asked(demand, k, otherwise):
    """Return argument k of a demand where it is meant, else what holds now."""
    return demand.argument[k] if (demand.uses >> k) & 1 else otherwise


@kernel
def go_on(leg, before_ned, way_ned):
    """Keep the way to the same place; to another fly over ground and climb each by itself.

    A new line begins where braking would end, and begun anew several times a second it would pull the height along.
    """
    goal = vec(leg.goal_ned)
    if norm(goal - before_ned) < SAME:
        put(leg.way_ned, way_ned)
    else:
        put(leg.way_ned, unit(Vec3(leg.way_ned[0], leg.way_ned[1], 0.0), NORTH))


@kernel
def enter(state, params, inputs, is_underway):
    """Take place, heading and speed from the demand; what it does not mean stays as it is."""
    before, way = vec(state.leg.goal_ned), vec(state.leg.way_ned)
    here = stopping_place(state.motion, params)
    demand = inputs.demand
    if not (demand.fresh and demand.kind == Demand.GOTO):
        set_leg(state, params, here, 0.0)
        return
    goal = Vec3(asked(demand, 0, here.x), asked(demand, 1, here.y), asked(demand, 2, here.z))
    set_leg(state, params, goal, asked(demand, 4, 0.0))
    if is_underway:
        go_on(state.leg, before, way)
    face(state.leg, asked(demand, 3, state.motion.yaw))


@kernel
def step(state, params, command):
    """Fly the leg; the setpoint stays at its end."""
    fly_leg(state, params)
    if is_within(state, command.estimate, params.acceptance):
        state.is_done = 1
