"""A full pack, and a stand on its legs, for a vehicle that lies disarmed: whoever flies all day sees to both."""

from flight.kernel import kernel
from flight.modes import Arming
from flight.quaternion import quat, tilt_of
from flight.record import INTEGER, record
from sim.plant.plant import set_upright

# How long it has to stand, 0 for never; since when it has stood.
PACK = record(wait_us=INTEGER, since_us=INTEGER)
WAIT_US = 3_000_000
# Who leans more than this has fallen over, rad.
FALLEN = 0.2


@kernel
def change(pack, body, plant, truth, status):
    """Put a full pack in once the vehicle has stood or lain on the ground, disarmed, for long enough."""
    is_standing = truth.is_touching and status.arming == Arming.DISARMED
    pack.since_us = pack.since_us if is_standing else truth.t_us
    if 0 < pack.wait_us <= truth.t_us - pack.since_us:
        body.battery.charge_used_ah = 0.0
        body.battery.energy_used_wh = 0.0
        if tilt_of(quat(body.q_ned_frd)) > FALLEN:
            set_upright(body, plant)
