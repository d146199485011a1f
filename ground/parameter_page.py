"""The parameter table as a page of documentation."""

from itertools import groupby

from flight.parameter import Param
from flight.params import TABLE

HEAD = """# Parameters

Every number of the autopilot that a person may choose. Written by `quadloop params doc`; do not edit.

Override one for a flight with `--set ID=VALUE`, or for an airframe in the `[gains]` table of its file.
`quadloop params show ID` explains one, `quadloop params diff AIRFRAME` shows what an airframe changes.
"""


def group_of(row: Param) -> str:
    """Return the part of the loop a parameter belongs to."""
    groups = row.path.split(".")[:-1]
    return ".".join(groups[:2])


def page() -> str:
    """Return the whole table as Markdown, one section per part of the loop."""
    sections = [section(name, list(rows)) for name, rows in groupby(sorted(TABLE, key=group_of), group_of)]
    return "\n".join([HEAD, *sections])


def section(name: str, rows: list[Param]) -> str:
    """Return one part of the loop as a Markdown table."""
    head = f"## {name}\n\n| id | default | range | unit | meaning |\n|---|---|---|---|---|"
    return "\n".join([head, *(line(row) for row in rows), ""])


def line(row: Param) -> str:
    """Return one parameter as a row of a Markdown table."""
    about = row.about.replace("|", "\\|")
    return f"| `{row.id}` | {row.default:g} | {row.low:g} to {row.high:g} | {row.unit} | {about} |"
