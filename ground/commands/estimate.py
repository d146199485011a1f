"""`quadloop estimate`: run the estimators on recordings, anyone's."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.estimation.run import Choices

ABOUT = "run the estimators on a recording of anyone: npz, csv, PX4 .ulg, ArduPilot .BIN, our own logs"
EXAMPLE = "quadloop estimate flight.npz --calibrate-at-rest --out estimates.npz"
FILTERS = ("auto", "full", "ours", "mahony", "madgwick")
SENSORS = ("gps", "baro", "mag", "range", "flow", "mocap")
HEADS = ("recording", "filter", "samples", "total", "heading", "inclination", "m", "m/s", "M samples/s")
PARTS = ("total", "heading", "inclination")


def add_arguments(parser: ArgumentParser) -> None:
    """Take a recording or a folder of them, and how to estimate."""
    parser.add_argument(
        "recording", metavar="RECORDING", help="a file, or a folder: every recording below it"
    )
    parser.add_argument(
        "--filter",
        choices=FILTERS,
        default="auto",
        help="full: the one that flies; ours: attitude alone; auto (default): full where GPS or a pose was heard",
    )
    parser.add_argument(
        "--aids",
        metavar="LIST",
        help=f"what to use beside the IMU: of {','.join(SENSORS)}, or none (default: all the recording has)",
    )
    parser.add_argument(
        "--calibrate-at-rest",
        action="store_true",
        help="remove the gyro bias of the stillest second, as a calibration before the flight would",
    )
    parser.add_argument("--six-axis", action="store_true", help="ignore the magnetometer")
    parser.add_argument(
        "--out", metavar="OUT.npz", help="write t, q (w,x,y,z body to world, z up), position, velocity, biases and"
        " sigmas; a folder's estimates into a folder",
    )  # fmt: skip
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="set an ATT_ parameter of the attitude filter or an EKF_ parameter of the full one",
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Estimate one recording, or all of a folder; return 2 when one of a folder cannot be read."""
    with compiling.shown():
        from ground.estimation.run import warm_up

        warm_up()
    if Path(arguments.recording).is_dir():
        return run_folder(arguments)
    from ground.estimation import run as one

    figures = one.estimate(Path(arguments.recording), choices(arguments), out_of(arguments))
    if arguments.json:
        terminal.tell_json(figures)
    else:
        terminal.tell(text(figures))
    return 0


def run_folder(arguments: Namespace) -> int:
    """Estimate all recordings below a folder, whatever single ones are like; print a table."""
    from flight.errors import FlightError
    from ground.estimation import run as one

    folder, chosen, done, trouble = Path(arguments.recording), choices(arguments), [], []
    paths = one.recordings(folder)
    with terminal.Progress("estimating") as progress:
        for i, path in enumerate(paths):
            progress.share(i / len(paths), path.name)
            out = out_of(arguments, path.relative_to(folder).with_suffix(".npz"))
            try:
                done.append(one.estimate(path, chosen, out))
            except (FlightError, OSError) as error:
                trouble.append(" ".join(str(error).split()))
    mean = means(done)
    if arguments.json:
        terminal.tell_json({"recordings": done, "mean": mean, "failed": trouble})
    else:
        terminal.tell(table(folder, done, mean))
    for line in trouble:
        terminal.complain(f"quadloop: {line}")
    return 2 if trouble else 0


def choices(arguments: Namespace) -> "Choices":
    """Return what the arguments ask for."""
    from ground.estimation.run import Choices, find

    settings = options.settings(arguments, find)
    return Choices(arguments.filter, arguments.calibrate_at_rest, aids(arguments), settings)


def aids(arguments: Namespace) -> tuple[str, ...] | None:
    """Return the aids to use, None for all there are, or raise ConfigError."""
    from flight.errors import ConfigError

    if arguments.aids is None:
        return tuple(name for name in SENSORS if name != "mag") if arguments.six_axis else None
    named = [name.strip() for name in arguments.aids.split(",") if name.strip() not in ("", "none")]
    unknown = [name for name in named if name not in SENSORS]
    if unknown:
        raise ConfigError(f"--aids: {unknown[0]!r} is not one of {', '.join(SENSORS)}, or none")
    return tuple(name for name in named if name != "mag" or not arguments.six_axis)


def out_of(arguments: Namespace, inside: Path | None = None) -> Path | None:
    """Return where to write estimates, or None."""
    if arguments.out is None:
        return None
    return Path(arguments.out) / inside if inside else Path(arguments.out)


def means(done: list[dict[str, Any]]) -> dict[str, float]:
    """Return the mean over the recordings of each error against truth that any of them has."""
    keys = [
        key for figures in done for key, value in figures.items() if "rms" in key and isinstance(value, float)
    ]
    values = {key: [figures[key] for figures in done if key in figures] for key in dict.fromkeys(keys)}
    return {key: sum(some) / len(some) for key, some in values.items()}


def table(folder: Path, done: list[dict[str, Any]], mean: dict[str, float]) -> str:
    """Return a line per recording; errors in degrees."""
    rows = [
        (
            str(Path(figures["file"]).relative_to(folder)),
            figures["filter"],
            str(figures["samples"]),
            *(shown(figures, part) for part in PARTS),
            *motion(figures),
            f"{figures['samples_per_s'] * 1e-6:.2f}",
        )
        for figures in done
    ]
    rows.append(("mean", "", "", *(shown(mean, part) for part in PARTS), *motion(mean), ""))
    return terminal.table(rows, HEADS) + remark(done)


def shown(figures: dict[str, Any], part: str) -> str:
    """Return an error in degrees, marked where it is the difference from another's estimate."""
    if f"{part}_rmse_deg" in figures:
        return f"{figures[f'{part}_rmse_deg']:.2f}"
    return f"({figures[f'{part}_from_onboard_deg']:.2f})" if f"{part}_from_onboard_deg" in figures else "-"


def motion(figures: dict[str, Any]) -> tuple[str, ...]:
    """Return the errors of position and velocity."""
    keys = ("position_rms_m", "velocity_rms_m_s")
    return tuple(f"{figures[key]:.2f}" if key in figures else "-" for key in keys)


def remark(done: list[dict[str, Any]]) -> str:
    """Explain the marks of the table where there are any."""
    is_marked = any("total_from_onboard_deg" in figures for figures in done)
    return "\nin parentheses: difference from the estimate of the autopilot on board" if is_marked else ""


def text(figures: dict[str, Any]) -> str:
    """Return how one estimate went, for a person."""
    used = f" with {', '.join(figures['aids'])}" if figures["aids"] else ""
    lines = [
        f"{figures['file']}: {figures['samples']} samples, filter {figures['filter']}{used},"
        f" {figures['samples_per_s'] * 1e-6:.2f} M samples/s"
    ]
    if "total_rmse_deg" in figures:
        errors = " / ".join(f"{figures[f'{part}_rmse_deg']:.2f}" for part in PARTS)
        lines.append(f"total / heading / inclination error: {errors} degrees RMS")
    if "attitude_estimate_rms_deg" in figures:
        errors = " / ".join(f"{figure:.2f}" for figure in figures["attitude_estimate_rms_deg"])
        lines.append(f"roll / pitch / yaw error: {errors} degrees RMS")
    if "total_from_onboard_deg" in figures:
        errors = " / ".join(f"{figures[f'{part}_from_onboard_deg']:.2f}" for part in PARTS)
        lines.append(f"total / heading / inclination from the estimate on board: {errors} degrees RMS")
    for name, unit, words in (("position", "m", "m"), ("velocity", "m_s", "m/s")):
        if f"{name}_estimate_rms_{unit}" in figures:
            across, up = figures[f"{name}_estimate_rms_{unit}"]
            lines.append(f"{name} error: {across:.2f} {words} horizontal, {up:.2f} {words} vertical, RMS")
    if figures["out"]:
        lines.append(f"estimates: {figures['out']}")
    return "\n".join(lines)
