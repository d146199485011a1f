"""Return: climb to a safe height, fly home or to a rally point in a straight line, land."""

from flight.guidance import land
from flight.guidance.leg import climb_leg, enter_phase, fly_leg, is_within, set_leg
from flight.guidance.shaping import stopping_place
from flight.kernel import kernel
from flight.vector import Vec3, norm_xy, put, vec

CLIMB = 0
CROSS = 1
DESCEND = 2


@kernel
def cross_over(state, params, home_ned):
    """Head for the place above home at the present height and the leg's speed."""
    enter_phase(state, CROSS)
    above = Vec3(home_ned.x, home_ned.y, stopping_place(state.motion, params).z)
    set_leg(state, params, above, state.leg.speed)


@kernel
def crossing_height(state, params, away, height):
    """Return the height above home to cross at: near home any that does not drag the legs, at home the present one."""
    if away > params.return_near:
        return state.return_height
    return min(state.return_height, params.land_slow_height) if away > params.arrival else height


@kernel
def enter(state, params, command):
    """Climb first unless the vehicle is high enough."""
    here = stopping_place(state.motion, params)
    home = vec(command.status.return_ned)
    put(state.return_ned, home)
    safe = home.z - crossing_height(state, params, norm_xy(home - here), home.z - here.z)
    state.leg.speed = params.cruise
    if here.z <= safe:
        cross_over(state, params, home)
        return
    enter_phase(state, CLIMB)
    climb_leg(state, params, safe)
    state.leg.speed = params.cruise


@kernel
def step(state, params, command, dt):
    """Climb, cross, land."""
    home = vec(state.return_ned)
    if state.phase == DESCEND:
        land.descend(state, params, command, dt)
        return
    fly_leg(state, params)
    if state.phase == CLIMB and is_within(state, params, command.estimate, params.acceptance):
        cross_over(state, params, home)
    elif state.phase == CROSS and is_within(state, params, command.estimate, params.arrival):
        enter_phase(state, DESCEND)
        land.choose_spot(state, home)
