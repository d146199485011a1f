"""A straight way to a place with a heading: what take-off, go-to, mission and return fly."""

import math

from flight.guidance.shaping import NORTH, plan_to_place, plan_to_yaw, plan_to_yaw_rate, stopping_place
from flight.kernel import kernel
from flight.record import REAL, VECTOR, record
from flight.vector import Vec3, norm, norm_xy, put, unit, vec

# waited_s: how long the setpoint has been at the goal.
LEG = record(goal_ned=VECTOR, way_ned=VECTOR, speed=REAL, yaw=REAL, waited_s=REAL)


@kernel
def usual_speed(state, params):
    """Return the speed of legs that do not name one."""
    return state.asked_speed if state.asked_speed > 0.0 else params.cruise


@kernel
def heading(state):
    """Return the heading somebody has asked for, else the leg's own."""
    return state.asked_yaw if state.is_yaw_asked else state.leg.yaw


@kernel
def face(state, params):
    """Turn to the heading asked for, else keep the present one."""
    if state.is_yaw_asked:
        plan_to_yaw(state.motion, params, state.asked_yaw)
    else:
        plan_to_yaw_rate(state.motion, params, 0.0)


@kernel
def set_leg(state, params, goal_ned, speed):
    """Aim at a place, at a speed or (0) the usual one; the line starts where braking would end: old speed dies out."""
    leg = state.leg
    way = goal_ned - stopping_place(state.motion, params)
    put(leg.goal_ned, goal_ned)
    put(leg.way_ned, unit(way, NORTH))
    leg.waited_s = 0.0
    leg.speed = min(speed if speed > 0.0 else usual_speed(state, params), params.speed_xy)
    leg.yaw = state.motion.yaw
    if params.yaw_mode == 1 and norm_xy(way) > params.journey:
        leg.yaw = math.atan2(way.y, way.x)


@kernel
def climb_apart(state):
    """If it moves already, fly over ground and climb each by itself.

    A new line begins where braking would end, and begun anew several times a second it would pull the height along.
    """
    if norm(vec(state.motion.v_ned)) > 0.0:
        put(state.leg.way_ned, unit(Vec3(state.leg.way_ned[0], state.leg.way_ned[1], 0.0), NORTH))


@kernel
def fly_leg(state, params):
    """Move the setpoint along the leg."""
    leg = state.leg
    plan_to_place(state.motion, params, vec(leg.goal_ned), vec(leg.way_ned), leg.speed)
    plan_to_yaw(state.motion, params, heading(state))


@kernel
def leg_left(state):
    """Return how far the setpoint is from the leg's goal."""
    return norm(vec(state.leg.goal_ned) - vec(state.motion.p_ned))


@kernel
def wait(state, params, dt):
    """Count how long the setpoint has been at the leg's goal."""
    state.leg.waited_s = state.leg.waited_s + dt if leg_left(state) <= params.arrival else 0.0


@kernel
def is_within(state, params, estimate, distance):
    """Tell whether setpoint and vehicle are this close to the leg's goal; near is close enough after long waiting."""
    behind = norm(vec(state.leg.goal_ned) - vec(estimate.p_ned))
    has_waited = state.leg.waited_s >= params.patience_s and behind <= params.error_stop
    return leg_left(state) <= distance and (behind <= distance or has_waited)


@kernel
def climb_leg(state, params, down):
    """Aim straight up or down at a height, from where the vehicle can stop."""
    place = stopping_place(state.motion, params)
    set_leg(state, params, Vec3(place.x, place.y, down), 0.0)


@kernel
def enter_phase(state, phase):
    """Begin a part of a mode."""
    state.phase = phase
    state.phase_s = 0.0
