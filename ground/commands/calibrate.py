"""`quadloop calibrate`: what is wrong with the sensors, from a recording; written beside the airframe."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import options, terminal

if TYPE_CHECKING:
    from ground.calibration.overlay import Calibration

ABOUT = "calibrate accelerometer, gyro and magnetometer from a recording"
EXAMPLE = "quadloop calibrate poses.npz --airframe my_quad.toml"
SENSORS = ("accel", "gyro", "mag")


def add_arguments(parser: ArgumentParser) -> None:
    """Take a recording, the vehicle it is of, and what to calibrate."""
    parser.add_argument(
        "recording",
        metavar="RECORDING",
        help="npz, csv, .ulg or .BIN: poses held still, then turned every way",
    )
    options.add_airframe(parser)
    parser.add_argument(
        "--only", action="append", choices=(*SENSORS, "level"), help="calibrate just this; may be repeated; level"
        " (the longest rest is on level ground) is done only when asked for",
    )  # fmt: skip
    parser.add_argument(
        "--field-ut", type=float, metavar="UT", help="the Earth's field at the place, microtesla"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the overlay to write (beside the airframe's file)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be written")
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Calibrate, write the overlay, show the residuals."""
    from flight.errors import ConfigError
    from ground.calibration import overlay
    from ground.calibration.recording import calibrate
    from ground.estimation.run import read

    if arguments.field_ut is not None and not 20.0 < arguments.field_ut < 70.0:
        raise ConfigError(
            f"--field-ut {arguments.field_ut:g}: out of range; the Earth's field is 22 to 67 uT"
        )
    path = Path(arguments.recording)
    found = calibrate(read(path), tuple(arguments.only or SENSORS), arguments.field_ut)
    place = arguments.out or overlay_of(arguments.airframe)
    if not arguments.dry_run:
        overlay.write(place, found, path.name)
    show(found, None if arguments.dry_run else place, arguments.json)
    return 1 if found.left_out and arguments.only else 0


def overlay_of(airframe: str) -> Path:
    """Return where an airframe's calibration belongs."""
    from flight.airframe import folder, load

    load(airframe)
    path = Path(airframe)
    path = path if path.suffix == ".toml" else folder() / f"{airframe}.toml"
    return path.with_suffix(".calibration.toml")


def show(found: "Calibration", place: Path | None, as_json: bool) -> None:
    """Tell what was found, how well, and what was left out."""
    figures: dict[str, Any] = found.figures()
    if as_json:
        parts = {"parameters": found.parameters(), "left_out": found.left_out}
        terminal.tell_json({"overlay": str(place) if place else None} | figures | parts)
        return
    rows = [(name.replace("_", " "), f"{value:.4g}") for name, value in figures.items()]
    terminal.tell(terminal.table(rows, ("calibration", "")))
    for reason in found.left_out.values():
        terminal.note(f"left out: {reason}")
    terminal.tell(f"written to {place}" if place else "nothing written")
