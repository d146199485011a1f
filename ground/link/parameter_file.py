"""The file that keeps what was set over the link: `ID = value` lines, read again at the next start."""

import logging
from pathlib import Path

from flight import params
from flight.errors import ConfigError
from flight.parameter import Param
from ground.link import durable, settings

events = logging.getLogger("quadloop.parameters")
HEAD = "# Parameters set over the link. Written by the vehicle; an edit by hand breaks the checksum below.\n"
# Ids as the wire lists them: sorted, so that index and checksum do not depend on the table's order.
TABLE: dict[str, Param] = {row.id: row for row in sorted((*params.TABLE, *settings.ROWS), key=lambda r: r.id)}


def find(name: str, where: str) -> Param:
    """Return a parameter of the loop or the link; raise ConfigError."""
    return settings.BY_ID[name] if name in settings.BY_ID else params.find(name, where)


def write(path: Path, values: dict[str, float]) -> None:
    """Keep these values; raises OSError."""
    durable.write(path, HEAD + "".join(f"{name} = {value!r}\n" for name, value in sorted(values.items())))


def read(path: Path) -> dict[str, float]:
    """Return the kept values; one that no longer fits the table is left out and told in the event log."""
    kept = {}
    for number, line in enumerate((durable.read(path) or "").splitlines(), 1):
        if line and not line.startswith("#"):
            try:
                name, value = pair(line, f"{path}: line {number}")
                kept[name] = value
            except ConfigError as error:
                events.warning("%s; the default holds", error)
    return kept


def pair(line: str, where: str) -> tuple[str, float]:
    """Return a line's id and value; raise ConfigError."""
    name, _, text = (part.strip() for part in line.partition("="))
    if name not in TABLE:
        raise ConfigError(f"{where}: parameter {name!r} is not known")
    try:
        return name, TABLE[name].checked(float(text), where)
    except ValueError:
        raise ConfigError(f"{where}: {name} = {text!r} is not a number") from None
