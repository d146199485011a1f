"""`quadloop airframes`: which vehicles there are, and the numbers of one."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    from flight.airframe import Airframe

ABOUT = "list the airframes, or show the numbers of one"
EXAMPLE = "quadloop airframes pi450"


def add_arguments(parser: ArgumentParser) -> None:
    """Take an optional airframe."""
    parser.add_argument(
        "airframe", nargs="?", metavar="NAME", help="a name or a path to a .toml; shows its numbers"
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """List all airframes or show one."""
    from flight import airframe

    if arguments.airframe:
        return show(airframe.load(arguments.airframe), arguments.json)
    vehicles = [summary(airframe.load(name)) for name in airframe.names()]
    if arguments.json:
        terminal.tell_json({"airframes": vehicles})
    else:
        heads = ("name", "mass_kg", "rotors", "thrust/weight", "about")
        terminal.tell(terminal.table([cells(v) for v in vehicles], heads))
    return 0


def summary(vehicle: "Airframe") -> dict[str, Any]:
    """Return an airframe's main numbers."""
    from flight.physics import STANDARD_GRAVITY

    known = vehicle.params[0].airframe
    weight_n = float(known.mass_kg) * STANDARD_GRAVITY
    return {
        "name": vehicle.name,
        "mass_kg": float(known.mass_kg),
        "rotors": int(known.rotor_count),
        "thrust_to_weight": float(known.rotor_count * known.thrust_max_n) / weight_n,
        "about": vehicle.about,
    }


def cells(numbers: dict[str, Any]) -> tuple[str, ...]:
    """Return a table row of an airframe's main numbers."""
    return (
        numbers["name"],
        f"{numbers['mass_kg']:.3f}",
        str(numbers["rotors"]),
        f"{numbers['thrust_to_weight']:.2f}",
        numbers["about"],
    )


def show(vehicle: "Airframe", as_json: bool) -> int:
    """Show one airframe's physics, sensors and gains."""
    whole = summary(vehicle) | {
        "loop_rate_hz": vehicle.loop_rate_hz,
        "physics": vehicle.physics,
        "sensors": vehicle.sensors,
        "gains": vehicle.gains,
    }
    if as_json:
        terminal.tell_json(whole)
    else:
        terminal.tell("\n".join(f"{path} = {value}" for path, value in flat(whole)))
    return 0


def flat(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return the dotted path and text of every leaf."""
    found = []
    for key, value in tree.items():
        if isinstance(value, dict):
            found += flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            found += flat({str(i): inner for i, inner in enumerate(value)}, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", f"{value:g}" if isinstance(value, float) else str(value)))
    return found
