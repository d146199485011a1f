"""`quadloop serve`: fly the simulator in real time and talk MAVLink to ground stations and programs."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.session import Conditions

ABOUT = "fly the simulator or a real vehicle and talk MAVLink to ground stations and programs"
EXAMPLE = "quadloop serve --mavlink udpout:127.0.0.1:14550 --wind 5"
# Where PX4's simulator sends: ground stations, then programs.
ENDPOINTS = ("udpout:127.0.0.1:14550", "udpout:127.0.0.1:14540")


def add_arguments(parser: ArgumentParser) -> None:
    """Take a vehicle, its world and where to talk."""
    options.add_airframe(parser)
    options.add_json(parser)
    add = parser.add_argument
    add("--world", default="sim", help=options.ABOUT_WORLD)
    add(
        "--mavlink",
        action="append",
        metavar="ENDPOINT",
        help="udpout:HOST:PORT, udpin:HOST:PORT, udpbcast:HOST:PORT, tcpin:HOST:PORT or serial:DEVICE[:BAUD]; may be "
        f"repeated (default {' and '.join(ENDPOINTS)})",
    )
    add("--signing", metavar="FILE", help="keys in a file: accept signed messages only, sign what is sent")
    add("--speed", type=float, default=1.0, metavar="X", help="times real time (default 1)")
    add("--log", metavar="PATH", help="the log's file (.ulg) or folder (default logs/flights)")
    add("--params", metavar="FILE", help="keeps what is set over the link (default logs/AIRFRAME.params)")
    add("--seconds", type=float, metavar="S", help="end by itself after so long")
    options.add_conditions(parser)


def run(arguments: Namespace) -> int:
    """Serve until Ctrl-C; return 0, or 1 when the flight loop died."""
    check(arguments)
    from flight import params
    from ground.board import apart, prepared
    from ground.choice import Choice
    from ground.link import parameter_file
    from ground.link.endpoints import checked_endpoint
    from ground.serving import Service

    given = options.settings(arguments, parameter_file.find)
    vehicle = options.chosen_airframe(arguments, {k: v for k, v in given.items() if k in params.BY_ID})
    port = prepared(vehicle, options.far_side(arguments.world))
    endpoints = apart(tuple(checked_endpoint(text) for text in arguments.mavlink or ENDPOINTS), port)
    choice = Choice(
        vehicle,
        chosen_conditions(arguments),
        arguments.speed,
        endpoints,
        arguments.log,
        Path(arguments.params or f"logs/{vehicle.name}.params"),
        Path(arguments.signing) if arguments.signing else None,
        arguments.seconds,
        given,
        port,
    )
    with compiling.shown():
        compiling.ahead()
    if choice.port:
        tell_privileges()
    terminal.note(f"{vehicle.name} on {', '.join(endpoints)}; Ctrl-C lands and ends")
    figures, is_interrupted = Service(choice).run()
    show(figures | {"airframe": vehicle.name, "seed": arguments.seed}, arguments.json)
    if is_interrupted:
        raise KeyboardInterrupt
    return 0 if figures["loop_exit_code"] == 0 else 1


def chosen_conditions(arguments: Namespace) -> "Conditions":
    """Return what the simulator does to the vehicle."""
    from ground.session import Conditions

    return Conditions(
        seed=arguments.seed,
        sensors=arguments.sensors,
        wind_m_s=arguments.wind,
        turbulence=arguments.turbulence,
        faults=tuple(arguments.fault),
    )


def tell_privileges() -> None:
    """Say what a real vehicle's loop has to do without."""
    from ground import realtime

    for what in realtime.missing():
        terminal.complain(f"quadloop: the loop does without {what}")


def check(arguments: Namespace) -> None:
    """Raise ConfigError for conditions nobody can fly in."""
    from flight.errors import ConfigError
    from ground import faults

    options.far_side(arguments.world)
    if not 0.0 <= arguments.wind <= 40.0:
        raise ConfigError(f"--wind {arguments.wind:g}: out of range; allowed 0 to 40 m/s")
    if not 0 <= arguments.seed < 2**63:
        raise ConfigError(f"--seed {arguments.seed}: out of range; allowed 0 to {2**63 - 1}")
    if not 0.01 <= arguments.speed <= 100.0:
        raise ConfigError(f"--speed {arguments.speed:g}: out of range; allowed 0.01 to 100")
    for text in arguments.fault:
        faults.parse(text)


def show(figures: dict[str, object], is_json: bool) -> None:
    """Show how it went."""
    if is_json:
        terminal.tell_json(figures)
        return
    from logs import timing

    boots = figures["boots"]
    logs = [log for boot in boots for log in boot["logs"]]  # type: ignore[attr-defined]
    names = ", ".join(logs) or "none: not armed"
    terminal.tell(f"{figures['duration_s']:.1f} s flown, {figures['overruns']} ticks late, log {names}")
    for boot in boots:  # type: ignore[attr-defined]
        if boot["timing"]:
            terminal.tell(f"loop: {timing.text(boot['timing'])}")
