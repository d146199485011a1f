"""Component metadata: where a ground station finds units, ranges and help for every parameter."""

from ground.link.dialect import mavlink
from ground.link.pages import GENERAL, general
from ground.link.parameter_wire import crc32
from ground.link.service import ACCEPTED, Link, Microservice, Order, Sender
from ground.link.vehicle import Vehicle

COMPONENT_METADATA = 397


class Metadata(Microservice):
    """Tells the address and CRC-32 of the page that names the others."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.requestable[COMPONENT_METADATA] = self.tell

    def tell(self, _: Order, sender: Sender) -> int:
        """Send COMPONENT_METADATA."""
        message = mavlink.mavlink_map[COMPONENT_METADATA](
            time_boot_ms=(self.vehicle.t_us // 1000) & 0xFFFFFFFF,
            file_crc=crc32(general()),
            uri=f"mftp://{GENERAL}".encode(),
        )
        self.link.send(message, sender)
        return ACCEPTED
