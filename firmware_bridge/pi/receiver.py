"""A radio receiver on a serial port: whose stick is which channel, and what a lost transmitter looks like."""

from typing import Protocol

from firmware_bridge.pi.channels import Channels
from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.crsf import Crsf
from firmware_bridge.pi.device import Sample
from firmware_bridge.pi.ibus import Ibus
from firmware_bridge.pi.sbus import Sbus
from firmware_bridge.wire import Wire
from flight.errors import ConfigError
from flight.modes import Mode

# What a channel may be; a leading minus turns it round.
USES = ("roll", "pitch", "throttle", "yaw", "kill", "arm", "mode", "none")
USUAL = ("roll", "pitch", "throttle", "yaw", "kill", "arm")
# A switch with three places selects these, low to high.
MODES = (Mode.ANGLE, Mode.ALTITUDE, Mode.POSITION)
ON = 0.3


class Decoder(Protocol):
    """Cuts channels out of a stream of bytes."""

    name: str
    damaged: int

    def feed(self, data: bytes) -> Channels | None:
        """Return the newest channels these bytes complete."""
        ...


DECODERS: dict[str, type[Sbus] | type[Ibus] | type[Crsf]] = {"sbus": Sbus, "ibus": Ibus, "crsf": Crsf}


class Receiver:
    """A Device: sticks and switches. A receiver without its transmitter brings nothing, so that the sticks grow old."""

    group, interval_us = "pilot", 4_000

    def __init__(self, wire: Wire, decoder: Decoder, uses: tuple[str, ...] = USUAL) -> None:
        self.wire, self.decoder, self.name = wire, decoder, decoder.name
        self.places = places(uses)
        self.is_lost = False

    def open(self, clock: Clock) -> None:
        """It talks by itself, once its transmitter is on."""

    def revive(self) -> bool:
        """There is nothing to set."""
        return True

    def poll(self, now_us: int) -> Sample | None:
        """Return the newest sticks."""
        heard = self.decoder.feed(self.wire.read(now_us))
        if heard is None:
            return None
        self.is_lost = heard.is_lost
        return None if heard.is_lost else self.sticks(heard.ratios)

    def sticks(self, ratios: tuple[float, ...]) -> Sample:
        """Return channels as the inputs' fields."""
        told = {use: sign * ratios[at] for use, (at, sign) in self.places.items() if at < len(ratios)}
        roll, pitch, throttle, yaw = (within(told[use]) for use in ("roll", "pitch", "throttle", "yaw"))
        return {
            "roll": roll,
            "pitch": pitch,
            "yaw": yaw,
            "throttle": 0.5 * (throttle + 1.0),
            "mode": selected(told.get("mode")),
            "is_kill_switch_on": int(told.get("kill", -1.0) > ON),
            "is_arm_switch_on": int(told.get("arm", -1.0) > ON),
        }


def within(ratio: float) -> float:
    """Return a stick's travel, -1 to 1."""
    return min(max(ratio, -1.0), 1.0)


def selected(ratio: float | None) -> int:
    """Return the mode a switch selects; 0 without one."""
    if ratio is None:
        return 0
    return int(MODES[0 if ratio < -ON else 2 if ratio > ON else 1])


def places(uses: tuple[str, ...]) -> dict[str, tuple[int, float]]:
    """Return each use's channel from 0 and its sign; raise ConfigError for what is no use of a channel."""
    found = {}
    for at, use in enumerate(uses):
        name = use.removeprefix("-")
        if name not in USES or name in found:
            raise ConfigError(f"pi.pilot.channels: {use!r} is not known or twice; known: {', '.join(USES)}")
        if name != "none":
            found[name] = (at, -1.0 if use.startswith("-") else 1.0)
    for name in USES[:4]:
        if name not in found:
            raise ConfigError(f"pi.pilot.channels: no channel is {name}")
    return found
