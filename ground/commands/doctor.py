"""`quadloop doctor`: examine computer, board and sensors before the first flight; say what to do about each finding."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    import numpy as np

    from firmware_bridge.pi_world import PiWorld
    from firmware_bridge.serial_world import SerialWorld
    from ground.doctor.computer import Port
    from ground.doctor.finding import Finding

ABOUT = "examine computer, board and sensors of a real vehicle; say what to do about what is found"
EXAMPLE = "quadloop doctor --world serial:/dev/ttyUSB0"


def add_arguments(parser: ArgumentParser) -> None:
    """Take the board's port and how long to listen."""
    options.add_airframe(parser)
    parser.add_argument(
        "--world",
        metavar="WORLD",
        help="serial:PORT for a board (default: the only likely one attached, if there is one), or pi for the "
        "parts on the Raspberry Pi's own buses",
    )
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="listen to the board for (3)")
    parser.add_argument(
        "--log", type=Path, default=Path("logs/flights"), metavar="FOLDER", help="where logs will go"
    )
    parser.add_argument(
        "--orientation",
        action="store_true",
        help="find how the IMU is mounted, from three poses; write it down",
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Examine everything; return 1 when something keeps the vehicle from flying."""
    from ground.doctor import computer, finding

    found = computer.ports()
    port = chosen_port(arguments.world, found)
    if arguments.orientation:
        return orientation(arguments, port)
    with terminal.Progress("examining") as progress:
        progress.say("the computer")
        findings = computer.examine(found, arguments.log)
        facts: dict[str, Any] = {"port": port}
        if port == options.PI:
            from ground.doctor import pi

            progress.say("the Pi's parts; leave the vehicle still")
            findings += pi.examine(options.chosen_airframe(arguments), arguments.seconds)
        elif port:
            progress.say(f"the board at {port}; leave the vehicle still")
            findings += board_findings(arguments, port, facts)
    facts |= {"is_healthy": finding.is_healthy(findings), "findings": finding.jsonable(findings)}
    if arguments.json:
        terminal.tell_json(facts)
    else:
        terminal.tell(finding.text(findings))
    return 0 if facts["is_healthy"] else 1


def chosen_port(world: str | None, found: "list[Port]") -> str | None:
    """Return the port to examine: the one that was asked for, else the only likely one."""
    from flight.errors import ConfigError

    if world is not None:
        if world == options.PI:
            return world
        if not world.startswith("serial:"):
            raise ConfigError(
                f"--world {world}: the doctor examines serial:PORT, for example serial:/dev/ttyUSB0, or pi"
            )
        return world.removeprefix("serial:")
    likely = [port.device for port in found if port.is_likely]
    return likely[0] if len(likely) == 1 else None


def board_findings(arguments: Namespace, port: str, facts: dict[str, Any]) -> "list[Finding]":
    """Return what is found at the board; a board that does not answer is a finding."""
    from firmware_bridge.listening import collect
    from flight.errors import LinkError
    from ground.board import opened_board
    from ground.doctor import board, finding

    try:
        world = opened_board(options.chosen_airframe(arguments), port)
    except LinkError as error:
        to_do = "check cable and port, flash the firmware: quadloop firmware flash --port PORT"
        return [finding.Finding("board", finding.State.BAD, str(error), to_do)]
    try:
        heard = collect(world, arguments.seconds)
        assert world.hello is not None
        facts |= {
            "firmware": list(world.hello.version),
            "imu_rate_hz": heard.rate_hz,
            "samples": len(heard.board_us),
            "frames_lost": heard.lost,
        }
        return board.examine(world.hello, heard, 1.0 / world.dt, world.wiring)
    finally:
        world.close()


def orientation(arguments: Namespace, port: str | None) -> int:
    """Find how the IMU is mounted and write it beside the airframe."""
    from flight.airframe import beside
    from flight.errors import ConfigError
    from ground.board import opened_own
    from ground.motors.mounting import POSES, mounting

    if port is None:
        raise ConfigError("--orientation: needs a board, for example --world serial:/dev/ttyUSB0")
    world = opened_own(options.chosen_airframe(arguments), port)
    try:
        level, nose, right = (held(world, pose, arguments.seconds) for pose in POSES)
    finally:
        world.close()
    ways, off_deg = mounting(level, nose, right)
    place = beside(arguments.airframe, "bridge")
    written = ", ".join(f'"{way}"' for way in ways)
    remark = "# Where the IMU's x, y and z point; found by quadloop doctor --orientation"
    place.write_text(f"{remark}\n[bridge]\nimu_axes = [{written}]\n")
    if arguments.json:
        terminal.tell_json({"imu_axes": ways, "off_deg": off_deg, "overlay": str(place)})
    else:
        terminal.tell(
            f"x points {ways[0]}, y {ways[1]}, z {ways[2]}, {off_deg:.1f} degrees off; written to {place}"
        )
    return 0


def held(world: "SerialWorld | PiWorld", pose: str, seconds: float) -> "np.ndarray":
    """Ask for a pose; return the specific force in the chip's axes while it is held."""
    from firmware_bridge.listening import collect
    from firmware_bridge.serial_world import SerialWorld
    from flight.errors import LinkError
    from ground.doctor.pi import listened

    terminal.complain(f"hold it {pose} and press Enter")
    sys.stdin.readline()
    board = world if isinstance(world, SerialWorld) else world.serial
    heard = collect(board, seconds) if board else listened(world, seconds)[0]  # type: ignore[arg-type]
    if len(heard.accel_frd) == 0:
        raise LinkError("the IMU gives no samples: run `quadloop doctor`")
    rotation = board.wiring.rotation if board else world.core.imu.source.rotation  # type: ignore[union-attr]
    return rotation.T @ heard.accel_frd.mean(axis=0)
