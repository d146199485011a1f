"""`quadloop failsafe`: what the supervisor watches for, what it does then, and what it would do if."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from flight.airframe import Airframe
    from flight.modes import Failsafe
    from flight.parameter import Param

ABOUT = "explain what keeps the vehicle from arming and what it does when something fails"
EXAMPLE = "quadloop failsafe --explain --given battery=low,pilot=lost,mode=position"


def add_arguments(parser: ArgumentParser) -> None:
    """Take the vehicle and, if wished, troubles to play with."""
    parser.add_argument("--explain", action="store_true", help="show the tables (what this does anyway)")
    parser.add_argument(
        "--given",
        metavar="TROUBLES",
        help="say what the vehicle would do: comma-separated, as in battery=low,pilot=lost,mode=mission",
    )
    options.add_airframe(parser)
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Show the tables, or play."""
    vehicle = options.chosen_airframe(arguments)
    if arguments.given is not None:
        play(vehicle, arguments)
        return 0
    found = {
        "airframe": vehicle.name,
        "failsafes": failsafes(vehicle),
        "refusals": refusals(vehicle),
        "endings": endings(vehicle),
    }
    if arguments.json:
        terminal.tell_json(found)
    else:
        show(found)
    return 0


def row_of(group: str, bit: "Failsafe") -> "Param":
    """Return a failsafe's row among those of its time or its action."""
    from flight.params import TABLE

    place = int(bit).bit_length() - 1
    return next(row for row in TABLE if row.path == f"supervisor.{group}" and row.index == place)


def failsafes(vehicle: "Airframe") -> list[dict[str, Any]]:
    """Return every failsafe with its parameters' values."""
    from flight.modes import Action, Failsafe
    from flight.parameter import stored
    from flight.params import find
    from flight.supervisor.reasons import FAILSAFES, THRESHOLDS
    from flight.supervisor.table import OPERATOR_OVERRULES, PATIENT, PILOT_OVERRULES
    from logs.events import words

    lines = []
    for bit, told in FAILSAFES.items():
        hold, action = row_of("hold_s", bit), row_of("action", bit)
        does = Action(
            SAME.get(int(stored(vehicle.params[0], action)), int(stored(vehicle.params[0], action)))
        )
        after = " after FS_WAIT_T of hold" if PATIENT & bit and does > Action.HOLD else ""
        overrulers = [
            who for who, bits in (("pilot", PILOT_OVERRULES), ("operator", OPERATOR_OVERRULES)) if bits & bit
        ]
        lines.append(
            {
                "name": words(Failsafe(bit).name),
                "trigger": told.reason,
                "thresholds": {i: stored(vehicle.params[0], find(i)) for i in THRESHOLDS.get(bit, ())},
                "hold": {hold.id: stored(vehicle.params[0], hold)},
                "action": {action.id: words(does.name) + after},
                "clears": told.clears,
                "overruled_by": overrulers,
                "remedy": told.remedy,
            }
        )
    return lines


# NAV_RCL_ACT and NAV_DLL_ACT leave 4 to land.
SAME = {4: 3}


def refusals(vehicle: "Airframe") -> list[dict[str, Any]]:
    """Return every reason not to arm with its parameters' values."""
    from flight.parameter import stored
    from flight.params import find
    from flight.supervisor.reasons import LIMITS, REFUSALS
    from logs.events import words

    return [
        {
            "name": words(bit.name),
            "reason": told.reason,
            "thresholds": {i: stored(vehicle.params[0], find(i)) for i in LIMITS.get(bit, ())},
            "remedy": told.remedy,
        }
        for bit, told in REFUSALS.items()
    ]


def endings(vehicle: "Airframe") -> list[dict[str, Any]]:
    """Return what disarms an armed vehicle without being asked, with its parameters' values."""
    from flight.parameter import stored
    from flight.params import find
    from flight.supervisor.reasons import ENDINGS, TIMES

    return [
        {
            "reason": ENDINGS[signs].reason,
            "thresholds": {i: stored(vehicle.params[0], find(i)) for i in ids},
            "remedy": ENDINGS[signs].remedy,
        }
        for signs, ids in TIMES.items()
    ]


def numbers(values: dict[str, float]) -> str:
    """Return parameters and their values as a person reads them."""
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def show(found: dict[str, Any]) -> None:
    """Print both tables."""
    terminal.tell("Before arming: what refuses it, and what to do")
    lines = [(r["name"], r["reason"], r["remedy"], numbers(r["thresholds"])) for r in found["refusals"]]
    terminal.tell(terminal.table(lines, ("refusal", "because", "so", "limits")))
    terminal.tell(f"\nIn the air, on {found['airframe']}; of several the most severe wins:")
    terminal.tell("warn < hold < return < land < disarm < terminate\n")
    for f in found["failsafes"]:
        action = ", ".join(f"{i}: {v}" for i, v in f["action"].items())
        overruled = f"; the {' or the '.join(f['overruled_by'])} may overrule it" if f["overruled_by"] else ""
        terminal.tell(f"{f['name']}: {f['trigger']}  ({numbers({**f['thresholds'], **f['hold']})})")
        terminal.tell(f"    does {action}; ends with {f['clears']}{overruled}; you: {f['remedy']}")
    terminal.tell("\nDisarmed without being asked:")
    ends = [(e["reason"], e["remedy"], numbers(e["thresholds"])) for e in found["endings"]]
    terminal.tell(terminal.table(ends, ("because", "so", "limits")))


def play(vehicle: "Airframe", arguments: Namespace) -> None:
    """Say what the vehicle would do."""
    from ground.supervising import outcome

    with compiling.shown():
        result = outcome(arguments.given, vehicle.params)
    if arguments.json:
        terminal.tell_json(result)
        return
    for line in result["timeline"]:
        terminal.tell(f"{line['t_s']:6.2f} s  {line['text']}")
        if line["advice"]:
            terminal.tell(f"          {line['advice']}")
    terminal.tell(f"in the end: {result['arming']}, mode {result['mode']}")
