"""Who pushes how much: the pseudo-inverse of the rotors' effect, and what fits between idle and full thrust."""

import math

from flight.kernel import kernel
from flight.rotor import torque_of
from flight.vector import clamp

# Relative damping of the pseudo-inverse: an axis the rotors cannot turn about gets no command instead of infinity.
DAMPING = 1e-12
# More for yaw: rotors that all turn one way still lift, whatever yaw that brings.
DAMPING_YAW = 1e-9
# A rotor whose part in the collective is below this does not limit the collective.
NO_PART = 0.02


@kernel
def fill_effect(effect, airframe, lost):
    """Write each rotor's effect at full thrust: collective share, torque about x, y, z in N m; none of a lost one."""
    for i in range(airframe.rotor_count):
        push = 0.0 if i + 1 == lost else 1.0
        torque = torque_of(airframe, i, push * airframe.thrust_max_n)
        effect[i, 0] = push / airframe.rotor_count
        effect[i, 1] = torque.x
        effect[i, 2] = torque.y
        effect[i, 3] = torque.z


@kernel
def column_length(effect, count, k):
    """Return the length of one column of the effect, 1 where it is zero."""
    total = 0.0
    for i in range(count):
        total += effect[i, k] * effect[i, k]
    return math.sqrt(total) if total > 0.0 else 1.0


@kernel
def fill_gram(work, effect, count):
    """Write effect' * effect, scaled to a unit diagonal and damped, beside an identity."""
    for k in range(4):
        for m in range(4):
            total = 0.0
            for i in range(count):
                total += effect[i, k] * effect[i, m]
            length = column_length(effect, count, k) * column_length(effect, count, m)
            work[k, m] = total / length
            work[k, 4 + m] = 1.0 if k == m else 0.0
        work[k, k] += DAMPING_YAW if k == 3 else DAMPING


@kernel
def invert(work):
    """Turn the left half into an identity, so that the right half becomes its inverse (Gauss-Jordan).

    No pivoting: the matrix is symmetric and positive definite.
    """
    for k in range(4):
        pivot = work[k, k]
        for m in range(8):
            work[k, m] /= pivot
        for row in range(4):
            factor = work[row, k]
            if row != k:
                for m in range(8):
                    work[row, m] -= factor * work[k, m]


@kernel
def fill_allocation(allocation, work, effect, airframe, lost):
    """Write rotor thrust shares per unit of collective and torque: the damped pseudo-inverse, without a lost rotor."""
    count = airframe.rotor_count
    fill_effect(effect, airframe, lost)
    fill_gram(work, effect, count)
    invert(work)
    for i in range(count):
        for k in range(4):
            total = 0.0
            for m in range(4):
                total += effect[i, m] * work[m, 4 + k] / column_length(effect, count, m)
            allocation[i, k] = total / column_length(effect, count, k)


@kernel
def share_of(allocation, i, collective, torque):
    """Return rotor i's thrust share for a collective share and a torque in N m."""
    turning = allocation[i, 1] * torque.x + allocation[i, 2] * torque.y + allocation[i, 3] * torque.z
    return allocation[i, 0] * collective + turning


@kernel
def collective_range(allocation, count, torque, floor, ceiling):
    """Return the lowest and highest collective at which a torque fits; low > high where none does."""
    low, high = -math.inf, math.inf
    for i in range(count):
        part = allocation[i, 0]
        if part > NO_PART:
            turning = share_of(allocation, i, 0.0, torque)
            low = max(low, (floor - turning) / part)
            high = min(high, (ceiling - turning) / part)
    return low, high


@kernel
def room(allocation, count, collective, torque, change, floor, ceiling):
    """Return which part of a change of torque fits on top of what is there, 0 to 1."""
    part = 1.0
    for i in range(count):
        more = share_of(allocation, i, 0.0, change)
        now = share_of(allocation, i, collective, torque)
        if more > 0.0:
            part = min(part, (ceiling - now) / more)
        elif more < 0.0:
            part = min(part, (floor - now) / more)
    return clamp(part, 0.0, 1.0)


@kernel
def fitting_part(allocation, count, torque, floor, ceiling):
    """Return the largest part of a torque, 0 to 1, for which some collective fits: every pair of rotors must."""
    part = 1.0
    for i in range(count):
        for j in range(count):
            a, b = allocation[i, 0], allocation[j, 0]
            if a > NO_PART and b > NO_PART:
                spread = share_of(allocation, j, 0.0, torque) / b - share_of(allocation, i, 0.0, torque) / a
                if spread > 0.0:
                    part = min(part, (ceiling / b - floor / a) / spread)
    return clamp(part, 0.0, 1.0)
