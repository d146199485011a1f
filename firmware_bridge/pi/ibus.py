"""iBUS: what a FlySky receiver sends, 115200 baud: 32 bytes, fourteen channels in microseconds, a checksum."""

from firmware_bridge.pi.channels import Channels

BAUD = 115200
HEADER, FRAME, COUNT = b"\x20\x40", 32, 14
CENTRE_US, HALF_US = 1500.0, 500.0
# Above twelve bits lie further channels of newer receivers.
MASK = 0x0FFF
# A receiver set to failsafe sends less than any stick does.
LEAST_US = 900


class Ibus:
    """Cuts frames out of a stream."""

    name = "iBUS"

    def __init__(self) -> None:
        self.kept, self.damaged = b"", 0

    def feed(self, data: bytes) -> Channels | None:
        """Return the newest frame these bytes complete."""
        self.kept += data
        newest = None
        while (at := self.kept.find(HEADER)) >= 0 and len(self.kept) >= at + FRAME:
            frame = self.kept[at : at + FRAME]
            is_whole = 0xFFFF - sum(frame[:-2]) & 0xFFFF == int.from_bytes(frame[-2:], "little")
            self.damaged += not is_whole
            self.kept = self.kept[at + (FRAME if is_whole else 1) :]
            newest = channels(frame) if is_whole else newest
        self.kept = self.kept[-2 * FRAME :]
        return newest


def channels(frame: bytes) -> Channels:
    """Return a frame's channels."""
    width_us = [int.from_bytes(frame[at : at + 2], "little") & MASK for at in range(2, 2 + 2 * COUNT, 2)]
    is_lost = any(width < LEAST_US for width in width_us[:4])
    return Channels(tuple((width - CENTRE_US) / HALF_US for width in width_us), is_lost)
