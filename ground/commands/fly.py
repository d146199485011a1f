"""`quadloop fly`: the main job. Fly a mission, write a log, print a scorecard, save a picture."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from flight.airframe import Airframe
    from ground.missions.mission import Mission
    from ground.session import Flight

ABOUT = "fly a mission in the simulator, write a log, print a scorecard, save a picture"
EXAMPLE = 'quadloop fly square --wind 5 --turbulence moderate --fault "gps:dropout@20s-30s" --seed 7'


def add_arguments(parser: ArgumentParser) -> None:
    """Take a mission, a vehicle and the conditions of the flight."""
    parser.add_argument(
        "mission",
        nargs="?",
        default="square",
        metavar="MISSION",
        help="square (default), hover, circle, figure8, rounds, room, chirp, autotune, a QGroundControl .plan, a .toml",
    )
    options.add_airframe(parser)
    options.add_json(parser)
    parser.add_argument("--world", default="sim", help=options.ABOUT_WORLD)
    parser.add_argument(
        "--log", metavar="PATH", help="the log's file (.ulg) or folder (default logs/flights)"
    )
    parser.add_argument(
        "--save",
        action="store_true",
        help="with autotune: write verified gains to the airframe's NAME.gains.toml",
    )
    parser.add_argument("--no-picture", action="store_true", help="do not draw the flight")
    add_conditions(parser)


def add_conditions(parser: ArgumentParser) -> None:
    """Take what the simulator does to the vehicle, and to how many."""
    options.add_conditions(parser)
    add = parser.add_argument
    add("--wind-from", type=float, metavar="DEG", help="where it comes from, 0 north, 90 east (default 217)")
    add("--realtime", action="store_true", help="fly at the pace of the clock")
    add(
        "--vehicles",
        type=int,
        default=1,
        metavar="N",
        help="fly N vehicles at once, seeds counting up from --seed",
    )


def run(arguments: Namespace) -> int:
    """Fly; return 0 when the vehicle landed, 1 when it did not."""
    check(arguments)
    from ground.missions.load import load

    mission = load(arguments.mission)
    vehicle = options.chosen_airframe(arguments)
    if arguments.world != "sim":
        return fly_real(arguments, vehicle, mission)
    return (
        fly_many(arguments, vehicle, mission)
        if arguments.vehicles > 1
        else fly_one(arguments, vehicle, mission)
    )


def check(arguments: Namespace) -> None:
    """Raise ConfigError for conditions nobody can fly in."""
    from flight.errors import ConfigError
    from ground import faults

    if options.far_side(arguments.world) and (arguments.vehicles > 1 or arguments.fault or arguments.wind):
        raise ConfigError("--vehicles, --fault and --wind are the simulator's; a real vehicle has its own")
    if not 0.0 <= arguments.wind <= 40.0:
        raise ConfigError(f"--wind {arguments.wind:g}: out of range; allowed 0 to 40 m/s")
    if arguments.wind_from is not None and not -360.0 <= arguments.wind_from <= 360.0:
        raise ConfigError(f"--wind-from {arguments.wind_from:g}: out of range; allowed -360 to 360 degrees")
    if not 1 <= arguments.vehicles <= 100_000:
        raise ConfigError(f"--vehicles {arguments.vehicles}: out of range; allowed 1 to 100000")
    if not 0 <= arguments.seed < 2**63:
        raise ConfigError(f"--seed {arguments.seed}: out of range; allowed 0 to {2**63 - 1}")
    if arguments.save and (arguments.mission != "autotune" or arguments.vehicles > 1):
        raise ConfigError(
            "--save keeps what `quadloop fly autotune` finds on one vehicle; nothing else finds gains"
        )
    for text in arguments.fault:
        faults.parse(text)


def fly_one(arguments: Namespace, vehicle: "Airframe", mission: "Mission") -> int:
    """Fly one vehicle and show its flight."""
    from ground import scorecard, session

    with compiling.shown(), terminal.Progress(f"flying {mission.name}") as progress:
        compiling.ahead()
        flight = session.fly(vehicle, mission, conditions(arguments), arguments.log, progress.share)
    figures = flight.figures | {"picture": picture(flight, arguments)}
    if arguments.json:
        terminal.tell_json(figures)
    else:
        terminal.tell(scorecard.text(figures))
    return ended(flight, arguments)


def ended(flight: "Flight", arguments: Namespace) -> int:
    """Save what an autotune found if it shall be; return 0 when the flight came to what it was for."""
    figures = flight.figures
    if flight.is_interrupted:
        raise KeyboardInterrupt
    found = figures.get("autotune")
    if found and found["is_verified"] and arguments.save:
        save(arguments.airframe, found)
    return 0 if figures["landed"] and (found is None or found["is_verified"]) else 1


def save(name: str, found: dict[str, Any]) -> None:
    """Write the gains an autotune has verified beside the airframe, over those that are there."""
    from flight.airframe import beside, read_toml
    from ground.tuning import overlay

    place = beside(name, "gains")
    there = read_toml(place).get("gains", {}) if place.is_file() else {}
    remark = f"verified in flight within {found['seconds']:.0f} s"
    overlay.write(place, there | found["gains"], remark, "quadloop fly autotune --save")
    terminal.note(f"verified gains written to {place}")


def fly_real(arguments: Namespace, vehicle: "Airframe", mission: "Mission") -> int:
    """Fly the vehicle behind a board or an autopilot and show its flight."""
    from ground import errand
    from ground.board import apart, prepared
    from ground.choice import Choice
    from ground.commands.serve import ENDPOINTS, tell_privileges

    port = prepared(vehicle, options.far_side(arguments.world))
    kept = Path(f"logs/{vehicle.name}.params")
    tell_privileges()
    choice = Choice(
        vehicle, conditions(arguments), 1.0, apart(ENDPOINTS, port), arguments.log, kept,
        overrides=options.overrides(arguments), port=port,
    )  # fmt: skip
    with compiling.shown(), terminal.Progress(f"flying {mission.name}") as progress:
        flight = errand.fly(choice, mission, progress.share)
    figures = flight.figures | {"picture": picture(flight, arguments)}
    if arguments.json:
        terminal.tell_json(figures)
    else:
        terminal.tell(errand.text(figures))
    return ended(flight, arguments)


def fly_many(arguments: Namespace, vehicle: "Airframe", mission: "Mission") -> int:
    """Fly many vehicles at once and show how they fared together."""
    from ground import scorecard, session

    with compiling.shown(), terminal.Progress(f"flying {arguments.vehicles} vehicles") as progress:
        compiling.ahead()
        seeds = range(arguments.seed, arguments.seed + arguments.vehicles)
        figures = session.fly_many(vehicle, mission, conditions(arguments), list(seeds), progress.share)
    if arguments.json:
        terminal.tell_json(figures)
    else:
        terminal.tell(scorecard.fleet_text(figures))
    return 0 if figures["landed"] == arguments.vehicles else 1


def picture(flight: "Flight", arguments: Namespace) -> str | None:
    """Draw the flight beside its log; return the picture's path, None when it was not wanted or cannot be."""
    if arguments.no_picture or not flight.figures["log"]:
        return None
    from flight.errors import LogError
    from logs.plot import plot

    terminal.note("drawing the flight")
    try:
        return str(plot(flight.figures["log"])[0])
    except LogError as error:
        # The disk that ended the log has no room for a picture either; the flight's figures are not lost for it.
        terminal.complain(f"quadloop: {error}")
        return None


def conditions(arguments: Namespace) -> Any:
    """Return the conditions the arguments ask for."""
    from ground.session import Conditions

    return Conditions(
        seed=arguments.seed,
        sensors=arguments.sensors,
        wind_m_s=arguments.wind,
        wind_from_deg=arguments.wind_from,
        turbulence=arguments.turbulence,
        faults=tuple(arguments.fault),
        is_realtime=arguments.realtime,
    )
