"""`quadloop log info/export/import/trim`: look inside a log of any autopilot, and write it otherwise."""

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ground import options, terminal

ABOUT = "look inside a log of any autopilot, export it, import it as a ULog, or cut a stretch out of it"
EXAMPLE = "quadloop log info flight.ulg"
LOG = "a ULog, ours or PX4's, ArduPilot's DataFlash, a telemetry log, a blackbox or a Crazyflie's"


def add_arguments(parser: ArgumentParser) -> None:
    """Take what to do with the log."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    telling = action(
        actions, "info", tell, "who flew, for how long, what happened, which topics there are", "flight.bbl"
    )
    exporting = action(
        actions, "export", export, "every topic as a table", "flight.BIN --format csv --out tables"
    )
    exporting.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default csv")
    exporting.add_argument("--out", metavar="FOLDER", help="default beside the log, its name without ending")
    importing = action(
        actions, "import", import_log, "write it as a ULog, which PX4's tools and ours open", "flight.BIN"
    )
    trimming = action(
        actions, "trim", trim, "write a stretch of it as a ULog", "flight.ulg --from 10 --to 25.5"
    )
    trimming.add_argument(
        "--from", dest="begin_s", type=float, default=-math.inf, metavar="S", help="since it began"
    )
    trimming.add_argument(
        "--to", dest="end_s", type=float, default=math.inf, metavar="S", help="since it began"
    )
    for writing, name in ((importing, "LOG.ulg"), (trimming, "LOG_trimmed.ulg")):
        writing.add_argument("--out", metavar="FILE", help=f"default {name} beside the log")
    for each in (telling, exporting, importing, trimming):
        options.add_json(each)


def action(actions: Any, name: str, do: Any, about: str, example: str) -> ArgumentParser:
    """Add one action on a log."""
    parser: ArgumentParser = actions.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"example: quadloop log {name} {example}",
    )
    parser.add_argument("log", metavar="LOG", help=LOG)
    parser.set_defaults(do=do)
    return parser


def run(arguments: Namespace) -> int:
    """Do the chosen action."""
    facts, text = arguments.do(arguments)
    if arguments.json:
        terminal.tell_json(facts)
    else:
        terminal.tell(text)
    return 0


def tell(arguments: Namespace) -> tuple[dict[str, Any], str]:
    """Return what is in the log."""
    from logs.contents import contents
    from logs.info import text

    facts = contents(arguments.log)
    return facts, text(facts)


def export(arguments: Namespace) -> tuple[dict[str, Any], str]:
    """Write a table of each topic into a folder."""
    from logs.exporting import export as write
    from logs.sources import open_log

    recording = open_log(arguments.log)
    folder = Path(arguments.out) if arguments.out else Path(arguments.log).with_suffix("")
    terminal.note("writing")
    files = write(recording, folder, arguments.format)
    facts = {
        "file": arguments.log,
        "format": recording.kind,
        "out": str(folder),
        "files": list(map(str, files)),
    }
    return facts, f"{folder}: {len(files)} files"


def import_log(arguments: Namespace) -> tuple[dict[str, Any], str]:
    """Write a ULog of the whole log."""
    from logs.sources import open_log
    from logs.trimming import import_whole

    recording = open_log(arguments.log)
    path = Path(arguments.out) if arguments.out else Path(arguments.log).with_suffix(".ulg")
    return written(arguments, recording.kind, path, import_whole(recording, path))


def trim(arguments: Namespace) -> tuple[dict[str, Any], str]:
    """Write a ULog of a stretch of the log."""
    from flight.errors import ConfigError
    from logs.sources import open_log
    from logs.trimming import trim as cut

    if not arguments.begin_s < arguments.end_s:
        raise ConfigError(f"--from {arguments.begin_s:g} --to {arguments.end_s:g}: must be earlier and later")
    recording = open_log(arguments.log)
    log = Path(arguments.log)
    path = Path(arguments.out) if arguments.out else log.with_name(f"{log.stem}_trimmed.ulg")
    return written(arguments, recording.kind, path, cut(recording, path, arguments.begin_s, arguments.end_s))


def written(arguments: Namespace, kind: str, path: Path, rows: dict[str, int]) -> tuple[dict[str, Any], str]:
    """Return what was written."""
    size = path.stat().st_size
    facts = {"file": arguments.log, "format": kind, "out": str(path), "size_bytes": size, "rows": rows}
    return facts, f"{path}: {len(rows)} topics, {sum(rows.values())} rows, {size / 1e6:.2f} MB"
