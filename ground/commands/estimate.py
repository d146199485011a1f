"""`quadloop estimate`: run the estimators on recordings, anyone's."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.estimation.run import Choices

ABOUT = "run the estimators on a recording of anyone: npz, csv, PX4 .ulg, ArduPilot .BIN, our own logs"
EXAMPLE = "quadloop estimate flight.npz --calibrate-at-rest --out estimates.npz"
FILTERS = ("ours", "mahony", "madgwick")
HEADS = ("recording", "samples", "total", "heading", "inclination", "M samples/s")
PARTS = ("total", "heading", "inclination")


def add_arguments(parser: ArgumentParser) -> None:
    """Take a recording or a folder of them, and how to estimate."""
    parser.add_argument(
        "recording", metavar="RECORDING", help="a file, or a folder: every recording below it"
    )
    parser.add_argument("--filter", choices=FILTERS, default="ours", help="which estimator (default ours)")
    parser.add_argument(
        "--calibrate-at-rest",
        action="store_true",
        help="remove the gyro bias of the stillest second, as a calibration before the flight would",
    )
    parser.add_argument("--six-axis", action="store_true", help="ignore the magnetometer")
    parser.add_argument(
        "--out", metavar="OUT.npz", help="write t, q (w,x,y,z body to world, z up), biases and sigmas; a folder's"
        " estimates into a folder",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="ID=VALUE", help="set an ATT_ parameter of the filter"
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
    return Choices(arguments.filter, arguments.calibrate_at_rest, not arguments.six_axis, settings)


def out_of(arguments: Namespace, inside: Path | None = None) -> Path | None:
    """Return where to write estimates, or None."""
    if arguments.out is None:
        return None
    return Path(arguments.out) / inside if inside else Path(arguments.out)


def means(done: list[dict[str, Any]]) -> dict[str, float]:
    """Return the mean over the recordings of each error against truth that any of them has."""
    keys = [key for figures in done for key in figures if "rms" in key]
    values = {key: [figures[key] for figures in done if key in figures] for key in dict.fromkeys(keys)}
    return {key: sum(some) / len(some) for key, some in values.items()}


def table(folder: Path, done: list[dict[str, Any]], mean: dict[str, float]) -> str:
    """Return a line per recording; errors in degrees."""
    rows = [
        (
            str(Path(figures["file"]).relative_to(folder)),
            str(figures["samples"]),
            *(shown(figures, part) for part in PARTS),
            f"{figures['samples_per_s'] * 1e-6:.2f}",
        )
        for figures in done
    ]
    rows.append(("mean", "", *(shown(mean, part) for part in PARTS), ""))
    return terminal.table(rows, HEADS) + remark(done)


def shown(figures: dict[str, Any], part: str) -> str:
    """Return an error in degrees, marked where it is the difference from another's estimate."""
    if f"{part}_rmse_deg" in figures:
        return f"{figures[f'{part}_rmse_deg']:.2f}"
    return f"({figures[f'{part}_from_onboard_deg']:.2f})" if f"{part}_from_onboard_deg" in figures else "-"


def remark(done: list[dict[str, Any]]) -> str:
    """Explain the marks of the table where there are any."""
    is_marked = any("total_from_onboard_deg" in figures for figures in done)
    return "\nin parentheses: difference from the estimate of the autopilot on board" if is_marked else ""


def text(figures: dict[str, Any]) -> str:
    """Return how one estimate went, for a person."""
    lines = [
        f"{figures['file']}: {figures['samples']} samples, {figures['samples_per_s'] * 1e-6:.2f} M samples/s"
    ]
    if "total_rmse_deg" in figures:
        errors = " / ".join(f"{figures[f'{part}_rmse_deg']:.2f}" for part in PARTS)
        lines.append(f"total / heading / inclination error: {errors} degrees RMS")
    if "total_from_onboard_deg" in figures:
        errors = " / ".join(f"{figures[f'{part}_from_onboard_deg']:.2f}" for part in PARTS)
        lines.append(f"total / heading / inclination from the estimate on board: {errors} degrees RMS")
    if "position_rms_m" in figures:
        lines.append(f"position error: {figures['position_rms_m']:.2f} m RMS")
    if "velocity_rms_m_s" in figures:
        lines.append(f"velocity error: {figures['velocity_rms_m_s']:.2f} m/s RMS")
    if figures["out"]:
        lines.append(f"estimates: {figures['out']}")
    return "\n".join(lines)
