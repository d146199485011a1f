"""Options that several commands share, and what they mean."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flight.airframe import Airframe
    from flight.parameter import Param

# A 450 mm quad with a Raspberry Pi.
DEFAULT_AIRFRAME = "pi450"
# The world of a Raspberry Pi's own buses, as the airframe's [pi] table describes them.
PI = "pi"
# Before the place of an autopilot that speaks MAVLink.
MAVLINK = "mavlink:"
TURBULENCE = ("none", "light", "moderate", "severe")
# A vehicle's own, motion capture in their place, or none with errors.
SENSORS = ("consumer", "mocap", "ideal")
WORLDS = "sim, serial:/dev/ttyUSB0 and the like, pi, mavlink:udpin:0.0.0.0:14550 and the like"
ABOUT_WORLD = (
    "sim (default), serial:PORT for a vehicle behind the Arduino board, pi for the Raspberry Pi's own buses, "
    "mavlink:PLACE for one behind an autopilot (udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT, serial:DEVICE:BAUD)"
)


def add_conditions(parser: ArgumentParser) -> None:
    """Take what the simulator does to the vehicle."""
    add = parser.add_argument
    add("--seed", type=int, default=1, metavar="N", help="fixes every random number (default 1)")
    add(
        "--sensors",
        choices=SENSORS,
        default="consumer",
        help="the airframe's own, motion capture, or without error",
    )
    add("--wind", type=float, default=0.0, metavar="M_S", help="mean wind at 6 m height")
    add("--turbulence", choices=TURBULENCE, default="none", help="Dryden turbulence to MIL-F-8785C")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="WHAT@WHEN",
        help="motor2@12s, motor2:0.5@12s (half its speed), gps:dropout@20s-30s; may be repeated",
    )


def add_json(parser: ArgumentParser) -> None:
    """Offer machine-readable output."""
    parser.add_argument(
        "--json", action="store_true", help="print exactly one JSON object, SI units in its keys"
    )


def add_airframe(parser: ArgumentParser) -> None:
    """Offer the choice of the vehicle and its parameters."""
    parser.add_argument(
        "--airframe",
        default=DEFAULT_AIRFRAME,
        metavar="NAME",
        help=f"a name from `quadloop airframes` or a path to a .toml (default {DEFAULT_AIRFRAME})",
    )
    add_set(parser)


def add_set(parser: ArgumentParser) -> None:
    """Offer to override parameters."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="ID=VALUE", help="override a parameter; may be repeated"
    )


def far_side(world: str) -> str:
    """Return what is on the far side: nothing for the simulator, else "pi", a board's port, or "mavlink:" and a place.

    Raises ConfigError for what is none of these.
    """
    if world == "sim":
        return ""
    if world == PI or world.startswith(MAVLINK):
        return world
    if world.startswith("serial:/"):
        return world.removeprefix("serial:")
    from flight.errors import ConfigError

    raise ConfigError(f"--world {world}: is not known; known: {WORLDS}")


def overrides(arguments: Namespace) -> dict[str, float]:
    """Return the parameters given with --set, or raise ConfigError."""
    from flight import params

    return settings(arguments, params.find)


def settings(arguments: Namespace, find: "Callable[[str, str], Param]") -> dict[str, float]:
    """Return the numbers given with --set for the rows that `find` finds, or raise ConfigError."""
    from flight.errors import ConfigError

    found = {}
    for text in arguments.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text}: must read ID=VALUE, for example --set RATE_ROLL_KP=20")
        row = find(name.strip(), f"--set {text}")
        try:
            found[row.id] = row.checked(float(value), f"--set {text}")
        except ValueError:
            raise ConfigError(f"--set {text}: {value!r} is not a number; {row.allowed()}") from None
    return found


def chosen_airframe(arguments: Namespace, given: dict[str, float] | None = None) -> "Airframe":
    """Return the airframe of --airframe with every --set applied, or these parameters, or raise ConfigError."""
    from flight import airframe

    vehicle = airframe.load(arguments.airframe)
    for name, value in (overrides(arguments) if given is None else given).items():
        vehicle.set(name, value)
    return vehicle
