"""Serial parts as their manuals have them, and the line they hang on."""

import struct

from firmware_bridge.pi import crsf, ubx
from tests.registers.buses import Time


class Line:
    """A Wire whose far end is the test."""

    def __init__(self, time: Time | None = None) -> None:
        self.time, self.arrived, self.sent = time or Time(), b"", b""

    def say(self, data: bytes) -> None:
        """Put bytes on the line."""
        self.arrived += data

    def change(self, baud: int) -> None:
        """A line here has no speed."""

    def now_us(self) -> int:
        """Return the time."""
        return self.time.now_us()

    def read(self, until_us: int) -> bytes:
        """Return what is there."""
        data, self.arrived = self.arrived, b""
        return data

    def write(self, data: bytes) -> bool:
        """Keep what is sent."""
        self.sent += data
        return True

    def close(self) -> None:
        """Nothing to let go."""


def nav_pvt(lat_deg, lon_deg, alt_m, v_ned, accuracy, fix=3, flags=1, satellites=14) -> bytes:
    """Return a position message; accuracy is horizontal and vertical in metres, speed in metres per second."""
    payload = bytearray(92)
    payload[20], payload[21], payload[23] = fix, flags, satellites
    struct.pack_into("<ii", payload, 24, round(1e7 * lon_deg), round(1e7 * lat_deg))
    struct.pack_into("<i", payload, 36, round(1e3 * alt_m))
    struct.pack_into("<II", payload, 40, round(1e3 * accuracy[0]), round(1e3 * accuracy[1]))
    struct.pack_into("<iii", payload, 48, *(round(1e3 * v) for v in v_ned))
    struct.pack_into("<I", payload, 68, round(1e3 * accuracy[2]))
    return ubx.frame(ubx.NAV_PVT, bytes(payload))


class FakeGps(Line):
    """A u-blox receiver: silent noise at a wrong speed, NMEA until told otherwise, then positions of `fix`."""

    def __init__(self, time: Time, baud: int = 9600) -> None:
        super().__init__(time)
        self.baud = self.port_baud = baud
        self.is_silent, self.has_pvt, self.rate_ms, self.dynamic_model = False, False, 1000, 0
        self.splitter, self.said_us = ubx.Splitter(), 0
        self.position = nav_pvt(47.0, 8.0, 488.0, (0.0, 0.0, 0.0), (1.0, 1.5, 0.2))

    def change(self, baud: int) -> None:
        """Let the port speak at a speed."""
        self.port_baud, self.arrived = baud, b""

    def write(self, data: bytes) -> bool:
        """Obey what is understood; M8's messages as well as the newer keys."""
        if self.port_baud == self.baud and not self.is_silent:
            for kind, payload in self.splitter.feed(data):
                self.obey(kind, payload)
        return True

    def obey(self, kind: tuple[int, int], payload: bytes) -> None:
        """Do what a message says."""
        if kind == ubx.CFG_PRT and len(payload) == 20:
            # Eight bits, no parity, one stop bit, or nobody understands anything any more.
            assert struct.unpack_from("<I", payload, 4)[0] == 0x08D0
            self.baud = struct.unpack_from("<I", payload, 8)[0]
        elif kind == ubx.CFG_RATE and len(payload) == 6:
            self.rate_ms = struct.unpack_from("<H", payload)[0]
        elif kind == ubx.CFG_MSG and payload == bytes([1, 7, 1]):
            self.has_pvt = True
        elif kind == ubx.CFG_NAV5 and len(payload) == 36:
            self.dynamic_model = payload[2]

    def read(self, until_us: int) -> bytes:
        """Say a position when it is time; at a wrong speed nobody understands it."""
        if not self.is_silent and self.time.now_us() - self.said_us >= 1000 * self.rate_ms:
            self.said_us = self.time.now_us()
            message = self.position if self.has_pvt else b"$GNRMC,,V*28\r\n"
            self.say(message if self.port_baud == self.baud else bytes(b ^ 0x5A for b in message))
        return super().read(until_us)


def packed(ratios: tuple[float, ...]) -> bytes:
    """Return sixteen channels of eleven bits, 172 to 1811 from end to end."""
    counts = [round(991.5 + 819.5 * ratio) for ratio in (*ratios, *[0.0] * 16)][:16]
    return sum(count << 11 * i for i, count in enumerate(counts)).to_bytes(22, "little")


def sbus_frame(ratios: tuple[float, ...], flags: int = 0) -> bytes:
    """Return an SBUS frame."""
    return b"\x0f" + packed(ratios) + bytes([flags, 0])


def crsf_frame(ratios: tuple[float, ...]) -> bytes:
    """Return a CRSF frame with channels."""
    body = bytes([crsf.CHANNELS]) + packed(ratios)
    return bytes([0xC8, len(body) + 1]) + body + bytes([crsf.checksum(body)])


def ibus_frame(ratios: tuple[float, ...]) -> bytes:
    """Return an iBUS frame."""
    widths = [round(1500 + 500 * ratio) for ratio in (*ratios, *[0.0] * 14)][:14]
    body = b"\x20\x40" + struct.pack("<14H", *widths)
    return body + (0xFFFF - sum(body)).to_bytes(2, "little")


def tfmini_frame(distance_cm: int, strength: int) -> bytes:
    """Return a TFmini's frame."""
    body = b"\x59\x59" + struct.pack("<HHBB", distance_cm, strength, 2, 0)
    return body + bytes([sum(body) & 0xFF])
