"""`quadloop motors`: spin single motors and tell from the IMU whether each is the right one and the right way round."""

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    from flight.airframe import Airframe
    from ground.loop import World
    from ground.motors.reaction import Verdict

ABOUT = "spin single motors at low throttle; tell order and direction from how the vehicle answers"
EXAMPLE = "quadloop motors --world serial:/dev/ttyUSB0 --motor 1 --props-off"
CONFIRMATION = "props off"


def add_arguments(parser: ArgumentParser) -> None:
    """Take the vehicle, the motor, and whether its propellers are off."""
    options.add_airframe(parser)
    add = parser.add_argument
    add(
        "--world",
        default="sim",
        help="serial:PORT for a vehicle behind the board, pi for the Raspberry Pi's buses, sim (default) for practice",
    )
    add(
        "--motor", type=int, metavar="N", help="1 is the airframe's first (default: all, one after the other)"
    )
    add("--throttle", type=float, default=0.12, metavar="RATIO", help="0.05 to 0.3 (default 0.12)")
    add("--seconds", type=float, default=1.0, metavar="S", help="0.5 to 5 (default 1)")
    add("--times", type=int, default=3, metavar="N", help="spin each so often, to tell more (default 3)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--props-off", action="store_true", help="the propellers are off: the direction can be told"
    )
    how.add_argument(
        "--fastened",
        action="store_true",
        help="propellers on, the vehicle tied down with a little give: order as well",
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Spin; return 1 when a motor is not where or how it should be."""
    vehicle = options.chosen_airframe(arguments)
    motors = check(arguments, len(vehicle.physics["rotor"]))
    confirm(arguments)
    verdicts = examined(arguments, vehicle, motors)
    is_wrong = any(False in (v.is_direction_right, v.is_corner_right) for v in verdicts)
    if arguments.json:
        terminal.tell_json({"motors": [facts(v, vehicle) for v in verdicts], "is_right": not is_wrong})
    else:
        terminal.tell("\n".join(line(v, vehicle) for v in verdicts))
    return int(is_wrong)


def check(arguments: Namespace, count: int) -> list[int]:
    """Return the motors to spin, from 0; raise ConfigError for what would be no check but a flight."""
    from flight.errors import ConfigError
    from ground.motors.bench import THROTTLE_MOST

    if options.far_side(arguments.world).startswith(options.MAVLINK):
        raise ConfigError(f"--world {arguments.world}: another autopilot tests its motors itself")
    if not 0.05 <= arguments.throttle <= THROTTLE_MOST:
        raise ConfigError(
            f"--throttle {arguments.throttle:g}: out of range; allowed 0.05 to {THROTTLE_MOST:g}"
        )
    if not 0.5 <= arguments.seconds <= 5.0:
        raise ConfigError(f"--seconds {arguments.seconds:g}: out of range; allowed 0.5 to 5")
    if not 1 <= arguments.times <= 20:
        raise ConfigError(f"--times {arguments.times}: out of range; allowed 1 to 20")
    if arguments.motor is not None and not 1 <= arguments.motor <= count:
        raise ConfigError(f"--motor {arguments.motor}: out of range; this airframe has 1 to {count}")
    return list(range(count)) if arguments.motor is None else [arguments.motor - 1]


def confirm(arguments: Namespace) -> None:
    """Let a person say that nobody can be hurt; raise ConfigError when nobody does."""
    from flight.errors import ConfigError

    if arguments.world == "sim" or arguments.props_off or arguments.fastened:
        return
    if sys.stdin.isatty():
        terminal.complain(f'A motor is about to turn. Take the propellers off, then type "{CONFIRMATION}":')
        if sys.stdin.readline().strip().lower() == CONFIRMATION:
            arguments.props_off = True
            return
    raise ConfigError("say --props-off once the propellers are off (or --fastened): no motor turned")


def examined(arguments: Namespace, vehicle: "Airframe", motors: list[int]) -> "list[Verdict]":
    """Spin the motors one after the other and judge each."""
    from ground.motors.bench import Bench
    from ground.motors.reaction import judge, names

    world = opened(arguments, vehicle)
    verdicts = []
    try:
        for motor in motors:
            terminal.note(f"motor {motor + 1}, {names(vehicle)[motor]}")
            bench = Bench(world)
            spins = [bench.spin(motor, arguments.throttle, arguments.seconds) for _ in range(arguments.times)]
            verdicts.append(judge(spins, motor, vehicle, not arguments.props_off))
    finally:
        getattr(world, "close", lambda: None)()
    return verdicts


def opened(arguments: Namespace, vehicle: "Airframe") -> "World":
    """Return the vehicle to spin the motors of."""
    if arguments.world != "sim":
        from ground.board import opened as opened_board

        return opened_board(vehicle, options.far_side(arguments.world))
    from sim.world import Simulator

    world = Simulator(vehicle)
    if arguments.props_off:
        # What is left is the motor's bell, a quarter of the inertia.
        world.setups[0].plant.thrust_n_s2 *= 1e-3
        world.setups[0].plant.rotor_inertia *= 0.25
    return world


def facts(v: "Verdict", vehicle: "Airframe") -> dict[str, Any]:
    """Return a verdict for JSON."""
    from ground.motors.reaction import names

    return {
        "motor": v.motor,
        "place": names(vehicle)[v.motor - 1],
        "direction_wanted": v.wanted,
        "direction": v.direction or None,
        "corner": v.corner or None,
        "kick_deg": list(v.kick_deg),
        "noise_deg": v.noise_deg,
        "vibration_m_s2": v.vibration,
    }


def line(v: "Verdict", vehicle: "Airframe") -> str:
    """Return a verdict as a person reads it, with what to do."""
    from ground.motors.reaction import VIBRATION_ODD, names

    place = names(vehicle)
    todo = []
    if v.is_direction_right is False:
        todo.append("wrong way round: swap two of its three wires")
    if v.is_corner_right is False:
        todo.append(
            f"the motor {place[v.corner - 1]} answered: swap the signal wires of motors {v.motor} and {v.corner}"
        )
    if not v.direction:
        todo.append("the gyro felt too little: stand it on foam or hang it up, or more --throttle")
    if not v.corner:
        todo.append(f"look: the motor {place[v.motor - 1]} must have turned")
    if v.vibration > VIBRATION_ODD:
        todo.append("shakes: balance or replace the propeller, check the motor's bearings")
    turned = v.direction or "unclear"
    text = f"motor {v.motor} {place[v.motor - 1]:<12} turns {turned} (wanted {v.wanted}), shakes {v.vibration:.1f} m/s2"
    return "\n".join([text, *(f"    do: {what}" for what in todo)])
