"""`quadloop calibrate`: what is wrong with the sensors, from a recording or by hand; written beside the airframe."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    from ground.calibration.guide import Guide, Wish
    from ground.calibration.overlay import Calibration, Known
    from ground.loop import World

ABOUT = "calibrate accelerometer, gyro and magnetometer, from a recording or led by hand"
EXAMPLE = "quadloop calibrate --world serial:/dev/ttyUSB0 --airframe my_quad.toml"
SENSORS = ("accel", "gyro", "mag")
WHEN_ASKED = ("level", "current")
REST_S = (5.0, 3600.0)


def add_arguments(parser: ArgumentParser) -> None:
    """Take a recording or a vehicle, which it is, what to calibrate, and where to write it."""
    add = parser.add_argument
    add(
        "recording",
        metavar="RECORDING",
        nargs="?",
        help="npz, csv, .ulg or .BIN: poses held still, then turned every way",
    )
    add(
        "--world",
        help="calibrate by hand, step by step: serial:PORT for a vehicle behind the board, pi for the Raspberry Pi's "
        "buses, sim to practise with a simulated hand (writes nothing without --out)",
    )
    options.add_airframe(parser)
    add(
        "--only", action="append", choices=(*SENSORS, *WHEN_ASKED), help="calibrate just this; may be repeated; level"
        " (the longest rest is on level ground) and current (motors run, tied down) are done only when asked for",
    )  # fmt: skip
    add("--field-ut", type=float, metavar="UT", help="the Earth's field at the place, microtesla")
    add_by_hand(parser)
    add("--out", type=Path, metavar="FILE", help="the overlay to write (beside the airframe's file)")
    add("--dry-run", action="store_true", help="show what would be written")
    options.add_json(parser)


def add_by_hand(parser: ArgumentParser) -> None:
    """Take how a calibration by hand goes."""
    add = parser.add_argument
    add(
        "--rest", type=float, default=10.0, metavar="S",
        help="by hand: how long it rests first; minutes, from cold, tell the gyro's bias over temperature (default 10)",
    )  # fmt: skip
    add(
        "--record",
        type=Path,
        metavar="FILE",
        help="by hand: keep all samples in an npz, a RECORDING for later",
    )
    add("--fastened", action="store_true", help="the vehicle is tied down: --only current may run the motors")
    add(
        "--throttle",
        type=float,
        default=0.3,
        metavar="RATIO",
        help="how far it does, 0.1 to 0.6 (default 0.3)",
    )
    add("--seed", type=int, default=1, metavar="N", help="of the simulated vehicle (default 1)")


def run(arguments: Namespace) -> int:
    """Calibrate, write the overlay, show the residuals."""
    from flight.airframe import beside
    from ground.calibration import overlay

    check(arguments)
    place = arguments.out or beside(arguments.airframe, "calibration")
    known = overlay.known(place)
    found = by_hand(arguments, known) if arguments.world else from_recording(arguments, known)
    parameters = found.parameters(known)
    is_written = not arguments.dry_run and (arguments.world != "sim" or arguments.out)
    if is_written:
        overlay.write(place, found, "by hand" if arguments.world else Path(arguments.recording).name)
    show(found, parameters, place if is_written else None, arguments.json)
    return 1 if found.left_out and (arguments.only or arguments.world) else 0


def check(arguments: Namespace) -> None:
    """Raise ConfigError for what cannot be calibrated."""
    from flight.errors import ConfigError

    if (arguments.recording is None) == (arguments.world is None):
        raise ConfigError("give one of RECORDING and --world, for example --world serial:/dev/ttyUSB0")
    if arguments.field_ut is not None and not 20.0 < arguments.field_ut < 70.0:
        raise ConfigError(
            f"--field-ut {arguments.field_ut:g}: out of range; the Earth's field is 22 to 67 uT"
        )
    if not REST_S[0] <= arguments.rest <= REST_S[1]:
        raise ConfigError(
            f"--rest {arguments.rest:g}: out of range; allowed {REST_S[0]:g} to {REST_S[1]:g} s"
        )
    if arguments.record and arguments.record.suffix != ".npz":
        raise ConfigError(f"--record {arguments.record}: must end in .npz")
    if not arguments.world:
        return
    if options.far_side(arguments.world).startswith(options.MAVLINK):
        raise ConfigError(f"--world {arguments.world}: another autopilot calibrates its sensors itself")
    if "current" in (arguments.only or ()):
        check_fastened(arguments)


def check_fastened(arguments: Namespace) -> None:
    """Raise ConfigError unless somebody said that the motors may turn."""
    from flight.errors import ConfigError
    from ground.calibration.run_up import THROTTLE_LEAST, THROTTLE_MOST

    if set(arguments.only) != {"current"}:
        raise ConfigError(
            "--only current: by itself; the vehicle is tied down for it, and in hand for the others"
        )
    if not THROTTLE_LEAST <= arguments.throttle <= THROTTLE_MOST:
        raise ConfigError(
            f"--throttle {arguments.throttle:g}: out of range; allowed {THROTTLE_LEAST:g} to {THROTTLE_MOST:g}"
        )
    if arguments.world != "sim" and not arguments.fastened:
        raise ConfigError(
            "--only current: runs all motors; tie the vehicle down, propellers on, then say --fastened"
        )


def from_recording(arguments: Namespace, known: "Known") -> "Calibration":
    """Calibrate from a file."""
    from ground.calibration.recording import calibrate
    from ground.estimation.run import read

    wanted = tuple(arguments.only or SENSORS)
    return calibrate(read(Path(arguments.recording)), wanted, arguments.field_ut, known)


def by_hand(arguments: Namespace, known: "Known") -> "Calibration":
    """Lead a person, or the simulated hand, through the poses; keep the samples where wanted."""
    import numpy as np

    from ground.calibration import run_up
    from ground.calibration.live import Session, arrays, calibrate

    world, guide = opened(arguments)
    session = Session(tuple(arguments.only or SENSORS), arguments.rest, arguments.field_ut)
    try:
        with terminal.Progress("calibrating") as progress:
            guide.shows = progress.share
            if "current" in session.wanted:
                return run_up.calibrate(guide.listener, arguments.throttle, known, guide.shows)
            return calibrate(guide, session, known)
    finally:
        getattr(world, "close", lambda: None)()
        if arguments.record and guide.listener.count:
            np.savez(arguments.record, **arrays(guide.listener.readings()))


def opened(arguments: Namespace) -> "tuple[World, Guide]":
    """Return the vehicle to calibrate and who leads through it."""
    from ground.calibration.guide import Guide
    from ground.calibration.listening import Listener

    vehicle = options.chosen_airframe(arguments)

    def tell(text: str) -> None:
        said(text, arguments.json)

    if arguments.world != "sim":
        from ground.board import opened_own

        world: World = opened_own(vehicle, options.far_side(arguments.world))
        return world, Guide(Listener(world), lambda wish: tell(wish.text), tell)
    if "current" in (arguments.only or ()):
        from sim.world import Simulator

        tied: World = Simulator(vehicle, arguments.seed)
        return tied, Guide(Listener(tied), lambda wish: tell(wish.text), tell)
    from ground.calibration.practice import obey
    from sim.hand import Held

    held = Held(vehicle, arguments.seed)

    def asked(wish: "Wish") -> None:
        tell(wish.text)
        obey(held, wish)

    return held, Guide(Listener(held), asked, tell)


def said(text: str, as_json: bool) -> None:
    """Tell a person what to do or what is wrong, at once; who holds a vehicle upside down sees no screen: it beeps."""
    if sys.stderr.isatty():
        terminal.note(f"\a{text}")
    elif as_json:
        terminal.complain(text)
    else:
        terminal.tell(text)
        terminal.flush()


def show(found: "Calibration", parameters: dict[str, float], place: Path | None, as_json: bool) -> None:
    """Tell what was found, how well, and what was left out."""
    figures: dict[str, Any] = found.figures()
    if as_json:
        parts = {"parameters": parameters, "left_out": found.left_out}
        terminal.tell_json({"overlay": str(place) if place else None} | figures | parts)
        return
    rows = [(name.replace("_", " "), f"{value:.4g}") for name, value in figures.items()]
    terminal.tell(terminal.table(rows, ("calibration", "")))
    for reason in found.left_out.values():
        terminal.note(f"left out: {reason}")
    terminal.tell(f"written to {place}" if place else "nothing written")
