"""CRSF: what Crossfire and ExpressLRS receivers send, 420 kbaud: address, length, type, payload, checksum."""

from firmware_bridge.pi.channels import Channels, packed_channels, ratios

BAUD = 420_000
ADDRESSES = (0xC8, 0x00)
CHANNELS, STATISTICS = 0x16, 0x14
LEAST, MOST = 2, 62
QUALITY = 2
POLYNOMIAL = 0xD5


def checksum(data: bytes) -> int:
    """Return the CRC-8 of type and payload (DVB-S2's polynomial)."""
    crc = 0
    for byte in data:
        crc = TABLE[crc ^ byte]
    return crc


def shifted(crc: int) -> int:
    """Return a byte's remainder."""
    for _ in range(8):
        crc = (crc << 1 ^ (POLYNOMIAL if crc & 0x80 else 0)) & 0xFF
    return crc


TABLE = bytes(shifted(byte) for byte in range(256))


class Crsf:
    """Cuts frames out of a stream; without a link there are statistics alone, which then say so."""

    name = "CRSF"

    def __init__(self) -> None:
        self.kept, self.damaged, self.quality = b"", 0, 100

    def feed(self, data: bytes) -> Channels | None:
        """Return the newest channels these bytes complete."""
        self.kept += data
        newest = None
        while len(self.kept) >= 2:
            count = self.kept[1]
            if self.kept[0] not in ADDRESSES or not LEAST <= count <= MOST:
                self.kept = self.kept[1:]
            elif len(self.kept) < 2 + count:
                break
            elif checksum(self.kept[2 : 1 + count]) != self.kept[1 + count]:
                self.damaged += 1
                self.kept = self.kept[1:]
            else:
                newest = self.take(self.kept[2], self.kept[3 : 1 + count]) or newest
                self.kept = self.kept[2 + count :]
        return newest

    def take(self, kind: int, payload: bytes) -> Channels | None:
        """Return channels; remember how good the link is."""
        if kind == STATISTICS and len(payload) > QUALITY:
            self.quality = payload[QUALITY]
        if kind != CHANNELS or len(payload) != 22:
            return None
        return Channels(ratios(packed_channels(payload)), self.quality == 0)
