"""What a rotor does: how much of full thrust a throttle ratio gives, and back, and how its thrust turns the vehicle.

Throttle curve: s = f t^2 + (1 - f) t with f between a linear ESC (0) and a quadratic one (1), as PX4's THR_MDL_FAC.
"""

import math

from flight.kernel import kernel
from flight.vector import Vec3


@kernel
def thrust_share_of(throttle, curve):
    """Return the share of full thrust, 0 to 1, a throttle ratio settles at."""
    return throttle * (curve * throttle + 1.0 - curve)


@kernel
def throttle_of(share, curve):
    """Return the throttle ratio for a share of full thrust: the curve solved for t."""
    linear = 1.0 - curve
    share = max(share, 0.0)
    root = linear + math.sqrt(linear * linear + 4.0 * curve * share)
    return min(2.0 * share / root, 1.0) if root > 0.0 else 0.0


@kernel
def torque_of(airframe, i, thrust):
    """Return the torque in N m of rotor i at a thrust in N: r x F, and drag torque against its spin."""
    yaw = -airframe.rotor_spin[i] * airframe.torque_per_thrust_m
    return thrust * Vec3(-airframe.rotor_y[i], airframe.rotor_x[i], yaw)
