"""The file that keeps mission, fence and rally points over a restart, beside the parameters."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from flight.errors import ConfigError
from ground.link import durable
from ground.link.plans import NAMES, Plan, most
from ground.link.wire_items import WireItem

events = logging.getLogger("quadloop.missions")


def write(path: Path, plans: Iterable[Plan]) -> None:
    """Keep the lists; raises OSError."""
    durable.write(path, json.dumps({NAMES[plan.kind]: plan.items for plan in plans}) + "\n")


def read(path: Path) -> dict[int, Plan]:
    """Return the kept lists; one that does not fit any more is left out and told in the event log."""
    text = durable.read(path)
    kept = {}
    for kind, name in NAMES.items():
        try:
            kept[kind] = restored(kind, json.loads(text or "{}").get(name, []))
        except (ValueError, TypeError, AttributeError, ConfigError) as error:
            events.error("%s: the %s is not restored: %s", path, name, error)
            kept[kind] = Plan(kind)
    return kept


def restored(kind: int, rows: list) -> Plan:
    """Return a list of items as it was; raise what is wrong with it."""
    plan = Plan(kind, [WireItem(*row) for row in rows[: most(kind)]])
    for item in plan.items:
        if not all(isinstance(value, int | float) for value in item):
            raise ConfigError(f"{item} is not made of numbers")
        plan.check(item)
    plan.check_whole()
    return plan
