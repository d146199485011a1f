"""Open the board of an airframe: its port, its rate, how it is wired."""

from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wire import SerialWire
from firmware_bridge.wiring import from_table
from flight.airframe import Airframe


def opened(airframe: Airframe, port: str) -> SerialWorld:
    """Return the world behind a board that has answered; raise LinkError or ConfigError saying what to do."""
    wiring = from_table(airframe.bridge, airframe.name)
    world = SerialWorld(SerialWire(port), 1.0 / airframe.loop_rate_hz, wiring)
    world.open()
    return world
