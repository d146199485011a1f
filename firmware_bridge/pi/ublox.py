"""A u-blox satellite receiver (M8, M9, M10) on a serial port: set up by itself, then NAV-PVT."""

from firmware_bridge.pi import ubx
from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample, wait_ms
from firmware_bridge.wire import Port
from flight.errors import LinkError

# What receivers leave the factory with, and what others set.
BAUDS = (9600, 38400, 115200, 57600, 230400, 460800)
FIX_OK = 0x01
# NAV-PVT's fix types: dead reckoning and time alone are no fix; with dead reckoning aided is one.
FIXES = {2: 2, 3: 3, 4: 3}
SETTLE_MS, ANSWER_MS, LOOK_MS = 100.0, 1200.0, 10.0


class Ublox:
    """A Device: position, velocity and how good they are, `rate_hz` times a second."""

    name, group, interval_us = "u-blox", "gps", 5_000

    def __init__(self, wire: Port, where: str, baud: int = 115200, rate_hz: int = 5) -> None:
        self.wire, self.where, self.baud, self.rate_ms = wire, where, baud, round(1000 / rate_hz)
        self.splitter = ubx.Splitter()

    def open(self, clock: Clock) -> None:
        """Find the receiver's speed, change it, ask for fixes; raise LinkError when none come."""
        for speed in dict.fromkeys((self.baud, *BAUDS)):
            self.wire.change(speed)
            self.wire.write(ubx.set_baud(self.baud))
            wait_ms(clock, SETTLE_MS)
            self.wire.change(self.baud)
            self.wire.write(ubx.set_up(self.rate_ms))
            if self.hears_fixes(clock):
                return
        raise LinkError(
            f"GPS at {self.where}: no NAV-PVT at any speed; swap TX and RX? is the port free of a console?"
        )

    def hears_fixes(self, clock: Clock) -> bool:
        """Tell whether position messages come, fix or not."""
        until_us = clock.now_us() + round(1e3 * ANSWER_MS)
        while clock.now_us() < until_us:
            if self.poll(clock.now_us()) is not None:
                return True
            wait_ms(clock, LOOK_MS)
        return False

    def revive(self) -> bool:
        """Ask for fixes again."""
        return self.wire.write(ubx.set_up(self.rate_ms))

    def poll(self, now_us: int) -> Sample | None:
        """Return the newest position."""
        messages = self.splitter.feed(self.wire.read(now_us))
        told = [body for kind, body in messages if kind == ubx.NAV_PVT and len(body) == ubx.PVT.size]
        return decoded(told[-1]) if told else None


def decoded(payload: bytes) -> Sample:
    """Return a NAV-PVT message as the inputs' fields."""
    fix, flags, satellites, lon, lat, height, across, up, north, east, down, speed = ubx.PVT.unpack(payload)
    return {
        "fix_type": FIXES.get(fix, 0) if flags & FIX_OK else 0,
        "satellites": satellites,
        "lat_deg": 1e-7 * lat,
        "lon_deg": 1e-7 * lon,
        "alt_amsl_m": 1e-3 * height,
        "v_ned": (1e-3 * north, 1e-3 * east, 1e-3 * down),
        "horizontal_accuracy_m": 1e-3 * across,
        "vertical_accuracy_m": 1e-3 * up,
        "speed_accuracy_m_s": 1e-3 * speed,
    }
