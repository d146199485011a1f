"""SBUS: 100 kbaud 8E2 inverted, 25 bytes, sixteen channels of eleven bits, no checksum."""

from firmware_bridge.pi.channels import Channels, packed_channels, ratios

BAUD, PARITY, STOP_BITS = 100_000, "E", 2
HEADER, FRAME = 0x0F, 25
# The last byte: plain SBUS, or SBUS2 with its slot number.
ENDS = (0x00, 0x04, 0x14, 0x24, 0x34)
LOST, FAILSAFE = 0x04, 0x08


class Sbus:
    """Cuts frames out of a stream; without a checksum, a frame out of step is believed once the next one follows it."""

    name = "SBUS"

    def __init__(self) -> None:
        self.kept, self.is_in_step = b"", False
        self.damaged = 0

    def feed(self, data: bytes) -> Channels | None:
        """Return the newest frame these bytes complete."""
        self.kept += data
        newest = None
        while len(self.kept) >= (FRAME if self.is_in_step else 2 * FRAME):
            if is_frame(self.kept) and (self.is_in_step or is_frame(self.kept[FRAME:])):
                newest, self.is_in_step = channels(self.kept[:FRAME]), True
                self.kept = self.kept[FRAME:]
            else:
                self.damaged += self.is_in_step
                self.is_in_step, self.kept = False, self.kept[1:]
        return newest


def is_frame(data: bytes) -> bool:
    """Tell whether a frame may begin here."""
    return data[0] == HEADER and data[FRAME - 1] in ENDS


def channels(frame: bytes) -> Channels:
    """Return a frame's channels; a receiver that lost its transmitter says so."""
    flags = frame[23]
    return Channels(ratios(packed_channels(frame[1:23])), bool(flags & (FAILSAFE | LOST)))
