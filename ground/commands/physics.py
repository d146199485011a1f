"""`quadloop physics`: be the physics of ArduPilot or PX4 in their own simulation (SITL)."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.physics.hosting import Hosting
    from ground.physics.px4_messages import Sticks
    from ground.physics.rotors import Order
    from ground.physics.tcp import Tcp
    from ground.physics.udp import Udp
    from sim.hosted import Hosted

ABOUT = "let the simulator be the physics of ArduPilot or PX4"
EXAMPLE = "quadloop physics ardupilot --wind 5"
PORTS = {"ardupilot": 9002, "px4": 4560}
USUAL_WAIT_S = 30.0


class Scene(NamedTuple):
    """What is served, and where."""

    vehicle: "Hosted"
    order: "Order"
    hosting: "Hosting"
    sticks: "Sticks"


class Offer(NamedTuple):
    """A server for one autopilot: where that looks for it, how it is started over there, and what knows our vehicle."""

    server: "Tcp | Udp"
    tally: Any
    place: str
    command: str
    advice: list[str]


def add_arguments(parser: ArgumentParser) -> None:
    """Take whose physics, the vehicle, the conditions, and where to listen."""
    add = parser.add_argument
    add("autopilot", choices=tuple(PORTS), help="who flies: ArduPilot's JSON interface, or PX4's HIL_SENSOR")
    add("--airframe", default=options.DEFAULT_AIRFRAME, metavar="NAME", help="as for `quadloop fly`")
    add("--listen", metavar="HOST:PORT", help="where to be found (127.0.0.1:9002 or 127.0.0.1:4560)")
    add("--speed", type=float, metavar="X", help="PX4: times real time (default 1), 0 as fast as it answers")
    add(
        "--wait",
        type=float,
        default=USUAL_WAIT_S,
        metavar="S",
        help=f"end when the other side has been gone for so long (default {USUAL_WAIT_S:g})",
    )
    add("--rc", metavar="HOST:PORT", help="take a pilot's channels there: UDP, 16 bits each, 1000 to 2000")
    add("--seconds", type=float, metavar="S", help="end by itself after so long")
    options.add_conditions(parser)
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Serve until the other side has left for good; return 0."""
    check(arguments)
    from flight import airframe
    from ground.physics.hosting import Hosting, place_of
    from ground.physics.rotors import order_of

    chosen = airframe.load(arguments.airframe)
    order = order_of(chosen)
    host, port = place_of(arguments.listen or "127.0.0.1", PORTS[arguments.autopilot])
    sticks = receiver(arguments.rc)
    with compiling.shown():
        compiling.ahead()
        vehicle = hosted(arguments, chosen)
    hosting = Hosting(host, port, arguments.wait, arguments.seconds, teller(arguments.json))
    prepare = {"ardupilot": for_ardupilot, "px4": for_px4}[arguments.autopilot]
    offer = prepare(arguments, Scene(vehicle, order, hosting, sticks))
    try:
        invite(offer, hosting, vehicle)
        offer.server.run()
    finally:
        show(asdict(offer.tally) | {"duration_s": 1e-6 * vehicle.t_us}, arguments)
    return 0


def receiver(place: str | None) -> "Sticks":
    """Return what a pilot's channels come from: nothing, unless a place was named."""
    from ground.physics.hosting import place_of
    from ground.physics.sticks import PORT, Sticks

    return Sticks(*place_of(place, PORT, "--rc")) if place else list


def check(arguments: Namespace) -> None:
    """Raise ConfigError for what cannot be served."""
    from flight.errors import ConfigError
    from ground import faults

    if arguments.autopilot == "ardupilot" and arguments.speed is not None:
        raise ConfigError("--speed: ArduPilot sets the pace; start it with --speedup X instead")
    if arguments.speed is not None and not 0.0 <= arguments.speed <= 100.0:
        raise ConfigError(f"--speed {arguments.speed:g}: out of range; allowed 0 to 100")
    if not arguments.wait >= 0.0:
        raise ConfigError(f"--wait {arguments.wait:g}: out of range; allowed 0 s and more")
    if not 0.0 <= arguments.wind <= 40.0:
        raise ConfigError(f"--wind {arguments.wind:g}: out of range; allowed 0 to 40 m/s")
    if not 0 <= arguments.seed < 2**63:
        raise ConfigError(f"--seed {arguments.seed}: out of range; allowed 0 to {2**63 - 1}")
    for text in arguments.fault:
        faults.parse(text)


def hosted(arguments: Namespace, chosen: Any) -> "Hosted":
    """Return the vehicle under the chosen conditions, everything it needs compiled."""
    import numpy as np

    from ground import faults
    from ground.session import Conditions
    from sim.hosted import Hosted
    from sim.plant.wind import set_wind

    mean_ned = Conditions(wind_m_s=arguments.wind).mean_wind_ned()
    failures = [faults.parse(text) for text in arguments.fault]

    def arrange(vehicle: np.void, setup: np.void) -> None:
        set_wind(vehicle.wind, mean_ned, arguments.turbulence, arguments.seed)
        for failure in failures:
            failure.apply(vehicle, setup)

    vehicle = Hosted(chosen, arguments.seed, arguments.sensors, arrange)
    vehicle.step([], 1000)
    vehicle.measure()
    vehicle.feel()
    return vehicle


def teller(is_json: bool) -> Any:
    """Return how a person is told what happens meanwhile; with --json stdout is for the figures."""

    def tell(text: str) -> None:
        terminal.tell(text)
        terminal.flush()

    return terminal.note if is_json else tell


def for_ardupilot(_: Namespace, scene: Scene) -> Offer:
    """Return what serves ArduPilot; raise LinkError when it cannot listen."""
    from ground.physics.ardupilot import Session, advice
    from ground.physics.udp import Udp

    session = Session(scene.vehicle, scene.order, scene.sticks)
    return Offer(
        Udp(session, scene.hosting),
        session.tally,
        "ArduPilot's JSON interface on UDP",
        "sim_vehicle.py -v ArduCopter -f quad --model JSON:127.0.0.1",
        advice(scene.vehicle.airframe, scene.order),
    )


def for_px4(arguments: Namespace, scene: Scene) -> Offer:
    """Return what serves PX4; raise LinkError when it cannot listen."""
    import time

    from ground.physics.px4 import Session, Tally, advice
    from ground.physics.px4_messages import Composer
    from ground.physics.tcp import Tcp

    tally, vehicle, order = Tally(), scene.vehicle, scene.order
    # Compiled now, not in PX4's first second.
    Composer(vehicle, 0).truth()

    def begin() -> Session:
        return Session(vehicle, order, tally, round(1e6 * time.time()), scene.sticks)

    return Offer(
        Tcp(begin, scene.hosting, 1.0 if arguments.speed is None else arguments.speed),
        tally,
        "PX4's simulator interface on TCP",
        "make px4_sitl none_iris",
        advice(vehicle.airframe, order, vehicle),
    )


def invite(offer: Offer, hosting: "Hosting", vehicle: "Hosted") -> None:
    """Tell where it is waited for the other side, how to start that, and what makes it know this vehicle."""
    hosting.say(f"waiting for {offer.place} {hosting.host}:{offer.server.port}; start it with")
    hosting.say(f"  {offer.command}")
    hosting.say(f"so that it knows {vehicle.airframe.name} (once, then restart it):")
    for line in offer.advice:
        hosting.say(f"  {line}")


def show(figures: dict[str, Any], arguments: Namespace) -> None:
    """Show what was served."""
    if arguments.json:
        terminal.tell_json(
            figures
            | {"autopilot": arguments.autopilot, "airframe": arguments.airframe, "seed": arguments.seed}
        )
    else:
        shown = ", ".join(f"{value} {name}" for name, value in figures.items() if name != "duration_s")
        terminal.tell(f"{figures['duration_s']:.1f} s flown; {shown}")
