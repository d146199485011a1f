"""Flat ground: contact points with springs, dampers and friction that sticks, and the cushion of air above it.

Normal force after Hunt & Crossley 1975: spring times (1 + damping times penetration speed), continuous at touch-down.
Friction is a spring and damper to an anchor on the ground; the anchor is dragged along where Coulomb's limit is met,
so a vehicle at rest stays at rest, in wind too.
"""

import math

from flight.kernel import kernel
from flight.quaternion import body_z_ned, matrix
from flight.record import MAX_ROTORS
from flight.vector import Vec3, cross, norm_xy, transpose
from sim.plant.motion import Wrench

LEGS = 4
MAX_POINTS = LEGS + MAX_ROTORS


@kernel
def point_of(plant, i):
    """Return a contact point's place from the centre of mass."""
    return Vec3(plant.point_frd[i, 0], plant.point_frd[i, 1], plant.point_frd[i, 2])


@kernel
def normal_force(plant, depth, sinking):
    """Return the ground's push on one point."""
    return max(plant.contact_stiffness * depth * (1.0 + plant.contact_damping * sinking), 0.0)


@kernel
def friction_force(body, plant, i, place, v_point, normal):
    """Return the ground's sideways hold on one point."""
    x = -plant.grip_damping * v_point.x
    y = -plant.grip_damping * v_point.y
    if body.has_anchor[i]:
        x -= plant.grip_stiffness * (place.x - body.anchor_ned[i, 0])
        y -= plant.grip_stiffness * (place.y - body.anchor_ned[i, 1])
    size = math.sqrt(x * x + y * y)
    most = plant.friction * normal
    share = most / size if size > most else 1.0
    return Vec3(x * share, y * share, 0.0)


@kernel
def contact(body, plant, motion):
    """Return the ground's force in the world and its torque in the body."""
    turn = matrix(motion.q_ned_frd)
    force = Vec3(0.0, 0.0, 0.0)
    torque_ned = Vec3(0.0, 0.0, 0.0)
    for i in range(plant.point_count):
        point = point_of(plant, i)
        arm_ned = turn @ point
        place = motion.p_ned + arm_ned
        depth = place.z - body.ground_d
        if depth > 0.0:
            v_point = motion.v_ned + turn @ cross(motion.omega_frd, point)
            normal = normal_force(plant, depth, v_point.z)
            push = friction_force(body, plant, i, place, v_point, normal) + Vec3(0.0, 0.0, -normal)
            force = force + push
            torque_ned = torque_ned + cross(arm_ned, push)
    return Wrench(force, transpose(turn) @ torque_ned)


@kernel
def drag_anchors(body, plant, motion):
    """Set anchors where points touched down, drag those that slid, lift the others."""
    turn = matrix(motion.q_ned_frd)
    for i in range(plant.point_count):
        place = motion.p_ned + turn @ point_of(plant, i)
        depth = place.z - body.ground_d
        if depth > 0.0:
            hold_anchor(body, plant, i, place, plant.friction * normal_force(plant, depth, 0.0))
        body.has_anchor[i] = 1 if depth > 0.0 else 0


@kernel
def hold_anchor(body, plant, i, place, most):
    """Keep one anchor within reach of what friction can hold."""
    stretch = Vec3(place.x - body.anchor_ned[i, 0], place.y - body.anchor_ned[i, 1], 0.0)
    pull = plant.grip_stiffness * norm_xy(stretch)
    share = 0.0 if not body.has_anchor[i] else (min(1.0, most / pull) if pull > 0.0 else 1.0)
    body.anchor_ned[i, 0] = place.x - share * stretch.x
    body.anchor_ned[i, 1] = place.y - share * stretch.y


@kernel
def cushion(body, plant, motion, air_speed, i):
    """Return a rotor's thrust over its thrust far from the ground (Cheeseman & Bennett 1955, eq. 9 in forward flight).

    Height counts along the thrust axis; tilting away spreads the cushion until none is left at the horizon.
    """
    axis = body_z_ned(motion.q_ned_frd)
    arm = Vec3(plant.arm_frd[i, 0], plant.arm_frd[i, 1], plant.arm_frd[i, 2])
    hub_d = motion.p_ned.z + (matrix(motion.q_ned_frd) @ arm).z
    height = body.ground_d - hub_d
    if axis.z <= 0.0 or height > 10.0 * plant.radius_m:
        return 1.0
    induced = plant.induced_per_speed * body.rotor_speed[i]
    along = max(height / max(axis.z, 0.1), 0.5 * plant.radius_m)
    ratio = 0.25 * plant.radius_m / along
    blown = 1.0 + (air_speed * air_speed) / (induced * induced) if induced > 0.0 else 1.0
    return 1.0 / (1.0 - plant.ground_effect * axis.z * axis.z * ratio * ratio / blown)
