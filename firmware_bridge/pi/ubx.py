"""u-blox binary messages: pure functions between bytes and frames. UBX-13003221 (M8), UBX-21035062 (M10)."""

import struct

SYNC = b"\xb5\x62"
NAV_PVT, CFG_PRT, CFG_MSG, CFG_RATE, CFG_NAV5, CFG_VALSET = (
    (0x01, 0x07), (0x06, 0x00), (0x06, 0x01), (0x06, 0x08), (0x06, 0x24), (0x06, 0x8A),
)  # fmt: skip
# The longest message we want is 92 bytes; a length beyond this is noise, and must not be waited for.
LONGEST = 1024
# Of NAV-PVT: fix type, flags, satellites; longitude, latitude, height above sea; accuracies; velocity; its accuracy.
PVT = struct.Struct("<20x BBxB ii4xi II iii8x I20x")
UART_1, MODE_8N1, UBX_ONLY = 1, 0x08D0, 1
AIRBORNE_2G = 7
# Configuration keys (M9, M10), by how many bytes their values have.
KEYS = {
    "rate_ms": (0x30210001, 2), "pvt": (0x20910007, 1), "nmea": (0x10740002, 1),
    "baud": (0x40520001, 4), "model": (0x20110021, 1),
}  # fmt: skip
IN_MEMORY = 1


def checksum(data: bytes) -> bytes:
    """Return the eight-bit Fletcher sums of class, id, length and payload."""
    a = b = 0
    for byte in data:
        a = a + byte & 0xFF
        b = b + a & 0xFF
    return bytes([a, b])


def frame(kind: tuple[int, int], payload: bytes = b"") -> bytes:
    """Return a message as it goes over the wire."""
    body = bytes(kind) + len(payload).to_bytes(2, "little") + payload
    return SYNC + body + checksum(body)


def set_baud(baud: int) -> bytes:
    """Return what makes a receiver of either kind speak UBX alone, and so fast."""
    port = struct.pack("<BxHIIHHHxx", UART_1, 0, MODE_8N1, baud, 1, UBX_ONLY, 0)
    return frame(CFG_PRT, port) + values(nmea=0, baud=baud)


def set_up(rate_ms: int) -> bytes:
    """Return what makes a receiver of either kind tell position, velocity and time so often, flying."""
    model = struct.pack("<HB33x", 1, AIRBORNE_2G)
    old = frame(CFG_RATE, struct.pack("<HHH", rate_ms, 1, 1)) + frame(CFG_MSG, bytes([*NAV_PVT, 1]))
    return old + frame(CFG_NAV5, model) + values(rate_ms=rate_ms, pvt=1, model=AIRBORNE_2G)


def values(**chosen: int) -> bytes:
    """Return configuration values for a receiver of the ninth generation or later; older ones refuse it."""
    items = [(*KEYS[name], value) for name, value in chosen.items()]
    body = b"".join(struct.pack("<I", key) + value.to_bytes(size, "little") for key, size, value in items)
    return frame(CFG_VALSET, bytes([0, IN_MEMORY, 0, 0]) + body)


class Splitter:
    """Cut a stream of bytes into messages; counts what was damaged."""

    def __init__(self) -> None:
        self.kept = b""
        self.damaged = 0

    def feed(self, data: bytes) -> list[tuple[tuple[int, int], bytes]]:
        """Return the whole messages (class and id, payload) that these bytes complete."""
        self.kept += data
        found = []
        while (at := self.kept.find(SYNC)) >= 0 and len(self.kept) >= at + 6:
            count = int.from_bytes(self.kept[at + 4 : at + 6], "little")
            end = at + 8 + count
            if count <= LONGEST and len(self.kept) < end:
                break
            body = self.kept[at + 2 : end - 2]
            if count <= LONGEST and checksum(body) == self.kept[end - 2 : end]:
                found.append(((body[0], body[1]), body[4:]))
                self.kept = self.kept[end:]
            else:
                self.damaged += 1
                self.kept = self.kept[at + 1 :]
        self.kept = self.kept[at if at >= 0 else -1 :]
        return found
