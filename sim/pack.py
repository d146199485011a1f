"""A full pack for a vehicle that stands disarmed, as whoever flies all day has one ready after each flight."""

from flight.kernel import kernel
from flight.modes import Arming
from flight.record import INTEGER, record

# How long it has to stand, 0 for never; since when it has stood.
PACK = record(wait_us=INTEGER, since_us=INTEGER)
WAIT_US = 3_000_000


@kernel
def change(pack, body, truth, status):
    """Put a full pack in once the vehicle has stood on the ground, disarmed, for long enough."""
    is_standing = truth.is_touching and status.arming == Arming.DISARMED
    pack.since_us = pack.since_us if is_standing else truth.t_us
    if 0 < pack.wait_us <= truth.t_us - pack.since_us:
        body.battery.charge_used_ah = 0.0
        body.battery.energy_used_wh = 0.0
