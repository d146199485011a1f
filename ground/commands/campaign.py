"""`quadloop campaign`: Monte Carlo over faults, phases, winds and airframes, on threads or a cluster; a report."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import compiling, options, terminal

if TYPE_CHECKING:
    from ground.campaign.definition import Campaign

ABOUT = (
    "fly thousands of flights with faults and winds, and report every crash with the command that replays it"
)
EXAMPLE = "quadloop campaign safety --flights 1000 --workers 2 --out campaigns/safety"
FOLDER = Path("campaigns")


def add_arguments(parser: ArgumentParser) -> None:
    """Take a campaign, who flies it and where its results go."""
    add = parser.add_argument
    add("file", metavar="FILE", help="safety (built in) or a path to a .toml, see docs/campaigns.md")
    add("--flights", type=int, metavar="N", help="how many flights (default: the file's)")
    add("--seed", type=int, metavar="N", help="fixes every random number (default: the file's)")
    add("--workers", type=int, metavar="N", help="threads of this machine (default: all)")
    add("--cluster", metavar="ADDRESS", help="a Dask scheduler instead, as in tcp://10.0.0.5:8786")
    add("--only", metavar="TEXT", help="only faults whose name contains TEXT")
    add("--sensors", choices=options.SENSORS, help="for every vehicle, instead of the file's")
    add(
        "--out",
        metavar="FOLDER",
        help=f"results and report (default {FOLDER}/NAME); flown ones are not flown again",
    )
    add(
        "--logs",
        type=int,
        default=5,
        metavar="N",
        help="fly the N worst again and log them (default 5, 1 MB/s each)",
    )
    add("--report-only", action="store_true", help="fly nothing, report what has been flown")
    add("--page", metavar="PATH", help="write the tables as a Markdown page, too")
    options.add_set(parser)
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Fly and report; return 0 when no flight ended badly that another autopilot would have survived."""
    campaign = chosen(arguments)
    folder = Path(arguments.out or FOLDER / campaign.name)
    try:
        if not arguments.report_only:
            fly(campaign, arguments, folder)
        log_worst(campaign, folder, arguments.logs)
    except KeyboardInterrupt:
        report(campaign, arguments, folder)
        raise
    return 1 if report(campaign, arguments, folder)["bad"] else 0


def chosen(arguments: Namespace) -> "Campaign":
    """Return the campaign the arguments ask for; raise ConfigError."""
    from flight.errors import ConfigError
    from ground.campaign.definition import load

    if arguments.workers is not None and not 1 <= arguments.workers <= 1024:
        raise ConfigError(f"--workers {arguments.workers}: out of range; allowed 1 to 1024")
    if arguments.flights is not None and not 1 <= arguments.flights <= 10_000_000:
        raise ConfigError(f"--flights {arguments.flights}: out of range; allowed 1 to 10000000")
    if arguments.seed is not None and not 0 <= arguments.seed <= 1_000_000:
        raise ConfigError(f"--seed {arguments.seed}: out of range; allowed 0 to 1000000")
    campaign = load(arguments.file)
    told = {"flights": arguments.flights, "seed": arguments.seed}
    campaign = replace(campaign, **{key: value for key, value in told.items() if value is not None})
    return narrowed(campaign, arguments)


def narrowed(campaign: "Campaign", arguments: Namespace) -> "Campaign":
    """Return the campaign with its faults, sensors and parameters as the arguments ask for; raise ConfigError."""
    from flight.errors import ConfigError

    kinds = [k for k in campaign.kinds if not arguments.only or arguments.only in k.name]
    if arguments.only and not kinds:
        known = ", ".join(kind.name for kind in campaign.kinds)
        raise ConfigError(f"--only {arguments.only}: no fault's name contains it; faults: {known}")
    overrides = options.overrides(arguments)
    vehicles = [
        replace(v, set=v.set | overrides, sensors=arguments.sensors or v.sensors) for v in campaign.vehicles
    ]
    return replace(campaign, kinds=tuple(kinds), vehicles=tuple(vehicles))


def fly(campaign: "Campaign", arguments: Namespace, folder: Path) -> None:
    """Fly what is missing."""
    from ground.campaign.campaign import fly as fly_all
    from ground.campaign.jobs import hired

    with (
        compiling.shown(),
        hired(arguments.workers, arguments.cluster) as crew,
        terminal.Progress(f"{campaign.name} on {crew.name}") as progress,
    ):
        if not arguments.cluster:
            compiling.ahead()
        fly_all(campaign, crew, folder, progress.share)


def report(campaign: "Campaign", arguments: Namespace, folder: Path) -> dict[str, Any]:
    """Write the report and show its figures."""
    from ground.campaign.campaign import read
    from ground.campaign.figures import figures_of
    from ground.campaign.logging import mark_logs
    from ground.campaign.markdown import page as markdown_page
    from ground.campaign.page import page as web_page

    flown = read(campaign, folder)
    mark_logs(flown, folder)
    figures = figures_of(flown)
    write(folder / "report.json", json.dumps(terminal.jsonable(figures), indent=1, allow_nan=False) + "\n")
    write(folder / "report.html", web_page(flown, figures))
    if arguments.page:
        write(Path(arguments.page), markdown_page(flown, figures))
    if arguments.json:
        terminal.tell_json(figures | {"report": str(folder / "report.html")})
    else:
        terminal.tell(text(figures, folder))
    return figures


def log_worst(campaign: "Campaign", folder: Path, count: int) -> None:
    """Fly the worst flights again and log them."""
    from ground.campaign.campaign import read
    from ground.campaign.logging import log_flights

    with terminal.Progress("logging the worst flights") as progress:
        log_flights(read(campaign, folder), folder, count, progress.share)


def write(path: Path, content: str) -> None:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def text(figures: dict[str, Any], folder: Path) -> str:
    """Return the figures as a person reads them."""
    from ground.campaign.outcome import ABOUT as MEANINGS
    from ground.campaign.outcome import OUTCOMES

    rows = [
        (group, *(str(counts.get(o, 0)) for o in OUTCOMES)) for group, counts in figures["groups"].items()
    ]
    lines = [terminal.table(rows, ("faults", *OUTCOMES)), ""]
    lines += [f"{name}: {MEANINGS[name]}" for name in OUTCOMES]
    lines += [f"\n{bad['reason']}\n  {bad['replay']}" for bad in figures["worst"][:10]]
    return "\n".join([*lines, f"\n{figures['flights']} flights; report: {folder / 'report.html'}"])
