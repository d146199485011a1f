"""Open the real vehicle of an airframe: the board at a port, the Raspberry Pi's own buses, or another autopilot."""

from contextlib import suppress
from typing import TypeVar

from firmware_bridge.mavlink_actuators import corners_of
from firmware_bridge.mavlink_settings import adapt, settings_from
from firmware_bridge.mavlink_wire import checked_url, opened_wire
from firmware_bridge.mavlink_world import MavlinkWorld
from firmware_bridge.pi.buses import Buses
from firmware_bridge.pi.setup import BOARD, MOTORS, Setup, made_outputs
from firmware_bridge.pi.table import Table
from firmware_bridge.pi_world import PiWorld
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wire import SerialWire
from firmware_bridge.wiring import from_table
from flight.airframe import Airframe
from flight.errors import ConfigError, FlightError, LinkError
from ground.options import MAVLINK, PI

World = TypeVar("World", PiWorld, MavlinkWorld)


def opened(airframe: Airframe, port: str) -> SerialWorld | PiWorld | MavlinkWorld:
    """Return the world behind a port, or on the Pi, that has answered; raise LinkError or ConfigError."""
    return opened_autopilot(airframe, port) if port.startswith(MAVLINK) else opened_own(airframe, port)


def opened_own(airframe: Airframe, port: str) -> SerialWorld | PiWorld:
    """Return the world behind a board's port, or on the Pi; raise LinkError or ConfigError."""
    if port != PI:
        return opened_board(airframe, port)
    return answering(parts(airframe).world())


def opened_autopilot(airframe: Airframe, port: str) -> MavlinkWorld:
    """Return the world behind an autopilot; raise LinkError or ConfigError saying what to do."""
    settings = settings_from(airframe.bridge.get("mavlink", {}), airframe.name)
    corners = corners_of(airframe.physics["rotor"])
    wire = opened_wire(port.removeprefix(MAVLINK))
    return answering(MavlinkWorld(wire, 1.0 / airframe.loop_rate_hz, settings, corners))


def answering(world: World) -> World:
    """Return the world once its far side has answered; close it where it does not."""
    try:
        world.open()
    except LinkError:
        world.close()
        raise
    return world


def prepared(airframe: Airframe, port: str) -> str:
    """Set an airframe's loop up for the far side at a port and return the port; raise ConfigError for no place."""
    if port.startswith(MAVLINK):
        checked_url(port.removeprefix(MAVLINK))
        adapt(airframe)
    return port


def apart(endpoints: tuple[str, ...], port: str) -> tuple[str, ...]:
    """Return the endpoints that do not talk to the far side's own port: the loop would hear itself."""
    taken = port.rpartition(":")[2] if port.startswith(f"{MAVLINK}udpin:") else ""
    return tuple(endpoint for endpoint in endpoints if not taken or endpoint.rpartition(":")[2] != taken)


def opened_board(airframe: Airframe, port: str) -> SerialWorld:
    """Return the world behind a board that has answered; raise LinkError or ConfigError saying what to do."""
    wiring = from_table(airframe.bridge, airframe.name)
    world = SerialWorld(SerialWire(port), 1.0 / airframe.loop_rate_hz, wiring)
    world.open()
    return world


def parts(airframe: Airframe, buses: Buses | None = None) -> Setup:
    """Return what an airframe's `[pi]` table sets up; raise LinkError or ConfigError."""
    count = len(airframe.physics["rotor"])
    if count != len(MOTORS):
        raise ConfigError(f"{airframe.name}: has {count} rotors; so far the Pi drives {len(MOTORS)}")
    wiring = from_table(airframe.bridge, airframe.name)
    return Setup(airframe.pi, wiring, 1.0 / airframe.loop_rate_hz, airframe.name, buses or Buses())


def has_pulses(airframe: Airframe, port: str) -> bool:
    """Tell whether the Pi makes the motors' pulses itself, so that nobody else would end them."""
    return port == PI and airframe.pi.get("outputs", {}).get("part", BOARD) != BOARD


def silence(airframe: Airframe, port: str, buses: Buses | None = None) -> None:
    """End the pulses of motors that nobody else would stop; for whoever outlives the loop. Never raises."""
    if not has_pulses(airframe, port):
        return
    with suppress(FlightError):
        outputs = made_outputs(Table("outputs", airframe.pi["outputs"], airframe.name), buses or Buses())
        if outputs is not None:
            outputs.silence()
