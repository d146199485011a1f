"""TFmini ranger on a serial port. Frames: Benewake SJ-PM-TFmini-T-01 A04, table 6."""

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample
from firmware_bridge.wire import Wire

HEADER = b"\x59\x59"
FRAME = 9
LEAST_CM, MOST_CM = 30, 1200
# Below this strength, and at the end of the scale, the distance is a guess.
WEAKEST, BLINDED = 100, 0xFFFF
BAUD = 115200


class Tfmini:
    """A Device: the distance along its beam, 100 times a second."""

    name, group, interval_us = "TFmini", "range", 5_000

    def __init__(self, wire: Wire) -> None:
        self.wire, self.kept, self.damaged = wire, b"", 0

    def open(self, clock: Clock) -> None:
        """It talks by itself."""

    def revive(self) -> bool:
        """There is nothing to set."""
        return True

    def poll(self, now_us: int) -> Sample | None:
        """Return the newest range."""
        self.kept += self.wire.read(now_us)
        newest = None
        while (at := self.kept.find(HEADER)) >= 0 and len(self.kept) >= at + FRAME:
            frame = self.kept[at : at + FRAME]
            is_whole = sum(frame[:-1]) & 0xFF == frame[-1]
            self.damaged += not is_whole
            self.kept = self.kept[at + (FRAME if is_whole else 1) :]
            newest = frame if is_whole else newest
        self.kept = self.kept[-2 * FRAME :]
        return None if newest is None else ranged(newest)


def ranged(frame: bytes) -> Sample:
    """Return a frame as the inputs' fields."""
    distance_cm, strength = (int.from_bytes(frame[at : at + 2], "little") for at in (2, 4))
    is_valid = LEAST_CM <= distance_cm <= MOST_CM and WEAKEST <= strength < BLINDED
    return {"distance_m": 1e-2 * distance_cm, "is_valid": int(is_valid)}
