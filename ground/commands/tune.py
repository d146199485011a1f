"""`quadloop tune`: find gains for a vehicle and all it could be, show what they are worth, write them beside it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ground import compiling, options, terminal

ABOUT = (
    "find gains that are robust, write them beside the airframe, and a report with margins and step responses"
)
EXAMPLE = "quadloop tune my_quad.toml --robust 200"
HEADS = (
    "loop",
    "phase",
    "gain",
    "Ms",
    "bandwidth",
    "rise",
    "overshoot",
    "worst: phase",
    "gain",
    "Ms",
    "bandwidth",
)

# What is shown of each airframe of a fleet.
FLEET = {
    "airframe": ("airframe", "{}"),
    "kg": ("mass_kg", "{:.2f}"),
    "thrust": ("thrust_per_weight", "{:.1f} W"),
    "lag": ("motor_lag_s", "{:.3f} s"),
    "phase": ("phase_deg", "{:.0f}"),
    "gain": ("gain_db", "{:.1f}"),
    "Ms": ("ms", "{:.2f}"),
    "worst: phase": ("worst_phase_deg", "{:.0f}"),
    "gain ": ("worst_gain_db", "{:.1f}"),
    "Ms ": ("worst_ms", "{:.2f}"),
    "short": ("short", "{}"),
    "spent": ("spent", "{}"),
    "lost": ("lost", "{}"),
    "behind": ("behind", "{}"),
    "tuned in": ("wall_s", "{:.0f} s"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Take a vehicle, how many others it could be, and where the results go."""
    add = parser.add_argument
    add(
        "airframe",
        nargs="?",
        default=options.DEFAULT_AIRFRAME,
        metavar="AIRFRAME",
        help=f"a name from `quadloop airframes` or a path to a .toml (default {options.DEFAULT_AIRFRAME})",
    )
    options.add_set(parser)
    add(
        "--robust",
        type=int,
        default=400,
        metavar="N",
        help="how many vehicles it could be (default 400; 0: as told)",
    )
    add("--seed", type=int, default=1, metavar="N", help="fixes every random number (default 1)")
    add("--out", type=Path, metavar="FILE", help="the overlay to write (beside the airframe's file)")
    add("--report", type=Path, metavar="FOLDER", help="where the report goes (default tuning/NAME)")
    add(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep finished searches there, and go on from those it holds",
    )
    add("--workers", type=int, metavar="N", help="threads of this machine, of a fleet processes (all)")
    add("--cluster", metavar="ADDRESS", help="a Dask scheduler instead, as in tcp://10.0.0.5:8786")
    add("--dry-run", action="store_true", help="write no gains, only the report")
    options.add_json(parser)
    add_fleet(parser)


def add_fleet(parser: ArgumentParser) -> None:
    """Take how many airframes to try, and how hard to look at them."""
    add = parser.add_argument
    add(
        "--fleet",
        type=int,
        metavar="N",
        help="instead: tune all known and N random airframes, hold them to plants not seen, write nothing",
    )
    add(
        "--verify",
        type=int,
        default=1000,
        metavar="N",
        help="with --fleet: plants to hold each airframe's gains to (default 1000)",
    )
    add(
        "--flights",
        type=int,
        default=32,
        metavar="N",
        help="with --fleet: how many of these plants are flown as well (default 32)",
    )


def run(arguments: Namespace) -> int:
    """Tune; return 1 when a demand is not met by every plant."""
    check(arguments)
    if arguments.fleet is not None:
        return run_fleet(arguments)
    vehicle = options.chosen_airframe(arguments)
    with compiling.shown(), terminal.Progress(f"tuning {vehicle.name}") as progress:
        from ground.campaign.jobs import hired
        from ground.tuning import overlay, page, report, tuner

        with hired(arguments.workers, arguments.cluster) as crew, remembered(arguments, vehicle.name) as kept:
            done = tuner.tune(vehicle, arguments.seed, arguments.robust, progress.share, kept, crew)
            found = report.proven(done, arguments.seed, progress.share, crew)
        folder = arguments.report or Path("tuning") / vehicle.name
        drawn = page.write(found, folder)
    place = None if arguments.dry_run else arguments.out or overlay.place_of(arguments.airframe)
    if place:
        overlay.write(place, found.chosen(), found.remark())
    figures = found.figures() | {"overlay": str(place) if place else None, "report": str(drawn)}
    terminal.tell_json(figures) if arguments.json else terminal.tell(text(figures, found.advice()))
    return 0 if found.is_proven() else 1


def run_fleet(arguments: Namespace) -> int:
    """Tune every known and some random airframes; return 1 when one of them does not meet every demand."""
    from ground.campaign.jobs import Processes, hired
    from ground.tuning import fleet

    jobs = fleet.jobs_of(
        arguments.fleet, arguments.seed, arguments.robust, arguments.verify, arguments.flights
    )
    with (
        compiling.shown(),
        terminal.Progress("tuning a fleet") as progress,
        remembered(arguments, "a fleet") as kept,
    ):
        compile_first()
        crew = (
            hired(address=arguments.cluster)
            if arguments.cluster
            else nullcontext(Processes(arguments.workers))
        )
        with crew as at_work:
            rows = fleet.judge_all(jobs, at_work, kept, progress.share)
    met = sum(row["is_met"] for row in rows)
    if arguments.json:
        terminal.tell_json({"airframes": rows, "met": met, "of": len(rows)})
    else:
        terminal.tell(fleet_text(rows, met))
    return 0 if met == len(rows) else 1


def compile_first() -> None:
    """Compile what every process needs, once."""
    from flight.airframe import load
    from ground.tuning.fleet import judged

    judged(load(options.DEFAULT_AIRFRAME), 1, 0, 1, 1)


def fleet_text(rows: list[dict[str, Any]], met: int) -> str:
    """Return a fleet's results for a person."""
    cells = [
        (
            *("-" if row[name] is None else form.format(row[name]) for name, form in FLEET.values()),
            "; ".join(row["failings"]) or "all met",
        )
        for row in rows
    ]
    return terminal.table(cells, (*FLEET, "")) + f"\n{met} of {len(rows)} airframes meet every demand"


def check(arguments: Namespace) -> None:
    """Raise ConfigError for numbers nobody can tune with."""
    from flight.errors import ConfigError

    if not 0 <= arguments.robust <= 10_000:
        raise ConfigError(f"--robust {arguments.robust}: out of range; allowed 0 to 10000")
    if arguments.fleet is not None and arguments.set:
        raise ConfigError("--set: means one airframe; it cannot be given with --fleet")
    if arguments.fleet is not None and not 0 <= arguments.fleet <= 1000:
        raise ConfigError(f"--fleet {arguments.fleet}: out of range; allowed 0 to 1000")
    if not 1 <= arguments.verify <= 100_000:
        raise ConfigError(f"--verify {arguments.verify}: out of range; allowed 1 to 100000")
    if not 0 <= arguments.flights <= arguments.verify:
        raise ConfigError(f"--flights {arguments.flights}: out of range; allowed 0 to {arguments.verify}")
    if arguments.workers is not None and not 1 <= arguments.workers <= 1024:
        raise ConfigError(f"--workers {arguments.workers}: out of range; allowed 1 to 1024")
    if not 0 <= arguments.seed < 2**31:
        raise ConfigError(f"--seed {arguments.seed}: out of range; allowed 0 to {2**31 - 1}")


@contextmanager
def remembered(arguments: Namespace, name: str) -> Iterator[Any]:
    """Return the file of finished searches or airframes, one that is thrown away when nothing shall be remembered."""
    from flight.kernel import closure_digest
    from ground.campaign.results import Results

    about = {
        "airframe": name,
        "seed": arguments.seed,
        "plants": arguments.robust,
        "set": sorted(arguments.set),
    }
    about |= {"sources": closure_digest("ground.tuning.fleet")}
    if arguments.fleet is not None:
        about |= {"verify": arguments.verify, "flights": arguments.flights}
    if arguments.resume is not None:
        yield from opened(Results(arguments.resume, about))
    else:
        with TemporaryDirectory(prefix="quadloop-") as folder:
            yield from opened(Results(Path(folder) / "results.jsonl", about))


def opened(results: Any) -> Iterator[Any]:
    """Hand out results and close them."""
    with results:
        yield results


def text(figures: dict[str, Any], advice: list[str]) -> str:
    """Return the results for a person."""
    rows = [cells(name, loop, figures["worst"][name]) for name, loop in figures["nominal"].items()]
    gains = terminal.table([(k, f"{v:.4g}") for k, v in figures["gains"].items()], ("gain", "value"))
    return "\n".join(
        [
            gains,
            "",
            terminal.table(rows, HEADS),
            "",
            f"figure-8 at 5 m/s: {figures['rms_before_m']:.3f} m RMS before, {figures['rms_after_m']:.3f} m after",
            f"{figures['plants']} plants, {figures['flights']} flights, {figures['simulated_s']:.0f} s simulated, "
            f"{figures['wall_s']:.0f} s",
            *advice,
            f"report: {figures['report']}",
            f"written to {figures['overlay']}" if figures["overlay"] else "no gains written",
        ]
    )


def cells(name: str, loop: dict[str, Any], worst: dict[str, Any]) -> tuple[str, ...]:
    """Return one loop's line."""
    return (
        name,
        f"{loop['phase_margin_deg']:.0f} deg",
        f"{loop['gain_margin_db']:.1f} dB",
        f"{loop['ms']:.2f}",
        f"{loop['bandwidth_hz']:.2f} Hz",
        f"{1e3 * loop['rise_s']:.0f} ms",
        f"{100.0 * loop['overshoot']:.0f} %",
        f"{worst['phase_margin_deg']:.0f} deg",
        f"{worst['gain_margin_db']:.1f} dB",
        f"{worst['ms']:.2f}",
        f"{worst['bandwidth_hz']:.2f} Hz",
    )
