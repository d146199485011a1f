"""`quadloop params list/show/diff/doc`: the parameter table."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    from flight.airframe import Airframe
    from flight.parameter import Param

ABOUT = "list, show and compare parameters, or write their documentation"
EXAMPLE = "quadloop params show RATE_ROLL_KP --airframe racer5"


def add_arguments(parser: ArgumentParser) -> None:
    """Take one of four actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every parameter with its value on an airframe")
    listing.add_argument(
        "begin", nargs="?", default="", metavar="BEGIN", help="only ids that begin so, as RATE_"
    )
    showing = actions.add_parser("show", help="one parameter with unit, range and meaning")
    showing.add_argument("id", metavar="ID")
    for action, show in ((listing, list_all), (showing, show_one)):
        options.add_airframe(action)
        options.add_json(action)
        action.set_defaults(show=show)
    comparing = actions.add_parser("diff", help="what two airframes, or one and the defaults, do not share")
    comparing.add_argument("airframe", metavar="AIRFRAME")
    comparing.add_argument("other", nargs="?", metavar="OTHER", help="without it the table's defaults")
    options.add_json(comparing)
    comparing.set_defaults(show=show_difference)
    writing = actions.add_parser("doc", help="the whole table as Markdown, as in docs/parameters.md")
    writing.set_defaults(show=show_documentation)


def run(arguments: Namespace) -> int:
    """Do the chosen action."""
    arguments.show(arguments)
    return 0


def described(row: "Param", vehicle: "Airframe") -> dict[str, Any]:
    """Return everything about one parameter, with its value on an airframe."""
    from flight.parameter import stored

    value = stored(vehicle.params[0], row)
    names = ("id", "unit", "default", "low", "high", "about")
    return {"value": value} | {name: getattr(row, name) for name in names}


def list_all(arguments: Namespace) -> None:
    """Show every parameter's value."""
    from flight import params

    vehicle = options.chosen_airframe(arguments)
    begin = arguments.begin.upper()
    found = [described(row, vehicle) for row in params.TABLE if row.id.startswith(begin)]
    if arguments.json:
        terminal.tell_json({"airframe": vehicle.name, "parameters": found})
        return
    lines = [(p["id"], f"{p['value']:g}", f"{p['default']:g}", p["unit"], p["about"]) for p in found]
    terminal.tell(terminal.table(lines, ("id", vehicle.name, "default", "unit", "about")))


def show_one(arguments: Namespace) -> None:
    """Show one parameter."""
    from flight import params

    row = params.find(arguments.id, "params show")
    whole = described(row, options.chosen_airframe(arguments))
    if arguments.json:
        terminal.tell_json(whole)
        return
    terminal.tell(f"{row.id} = {whole['value']:g} {row.unit}\n{row.about}")
    terminal.tell(f"default {row.default:g}, {row.allowed()}")


def show_difference(arguments: Namespace) -> None:
    """Show the parameters that differ."""
    from flight import airframe, params
    from flight.parameter import stored

    first = airframe.load(arguments.airframe)
    second = airframe.load(arguments.other).params[0] if arguments.other else params.defaults()[0]
    pairs = [(row, stored(first.params[0], row), stored(second, row)) for row in params.TABLE]
    names = (first.name, arguments.other or "default")
    differing = [(row, a, b) for row, a, b in pairs if a != b]
    if arguments.json:
        terminal.tell_json({row.id: {"first": a, "second": b, "unit": row.unit} for row, a, b in differing})
        return
    lines = [(row.id, f"{a:g}", f"{b:g}", row.unit) for row, a, b in differing]
    terminal.tell(terminal.table(lines, ("id", *names, "unit")))


def show_documentation(_: Namespace) -> None:
    """Write the table as Markdown."""
    from ground.parameter_page import page

    terminal.tell(page().rstrip())
