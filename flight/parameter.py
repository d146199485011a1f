"""One row per number a person may choose: the type behind TOML, MAVLink, range checks and docs."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from flight.errors import ConfigError
from flight.record import field, record, rows

AXES = ("ROLL", "PITCH", "YAW")


@dataclass(frozen=True)
class Param:
    """A row of the parameter table.

    `id` is the MAVLink name (at most 16 characters), `path` the dotted place in the parameter record, `index` the
    component of a vector field (None for a scalar). What `needs_disarmed` is refused in flight.
    """

    id: str
    path: str
    index: int | None = None
    unit: str = ""
    default: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    about: str = ""
    is_integer: bool = False
    needs_disarmed: bool = False

    def checked(self, value: object, source: str = "--set") -> float:
        """Return the value as it will be stored, or raise ConfigError naming what would have been right."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ConfigError(f"{source}: {self.id} = {value!r} is not a number; {self.allowed()}")
        if not self.low <= value <= self.high:
            raise ConfigError(f"{source}: {self.id} = {value:g} is out of range; {self.allowed()}")
        if self.is_integer and value != int(value):
            raise ConfigError(f"{source}: {self.id} = {value:g} must be a whole number; {self.allowed()}")
        return float(value)

    def allowed(self) -> str:
        """Say which values are allowed."""
        return f"allowed {self.low:g} to {self.high:g} {self.unit}".rstrip()


def per_axis(group: str, path: str, defaults: tuple[float, ...], **common: object) -> tuple[Param, ...]:
    """Return one row per body axis: `group` holds a {} for ROLL, PITCH, YAW."""
    return tuple(
        Param(group.format(axis), path, i, default=default, **common)  # type: ignore[arg-type]
        for i, (axis, default) in enumerate(zip(AXES, defaults, strict=False))
    )


def row_writer(group: str, place: str) -> Callable[[str, str, float, str, float, float, str], Param]:
    """Return how the rows of a group are written: name, path, default, unit, low, high and what it is."""

    def row(name: str, path: str, default: float, unit: str, low: float, high: float, about: str) -> Param:
        return Param(group + name, place + path, None, unit, default, low, high, about)

    return row


def storage(table: Iterable[Param]) -> np.dtype:
    """Return the record type that holds every row of a table, nested by the dots of the paths."""
    tree: dict = {}
    for row in table:
        node = tree
        *groups, leaf = row.path.split(".")
        for group in groups:
            node = node.setdefault(group, {})
        kind = "i8" if row.is_integer else "f8"
        size = 0 if row.index is None else row.index + 1
        node[leaf] = (kind, max(size, node.get(leaf, (kind, 0))[1]))
    return _record_of(tree)


def _record_of(tree: dict) -> np.dtype:
    fields = {}
    for name, node in tree.items():
        if isinstance(node, dict):
            fields[name] = _record_of(node)
        else:
            kind, size = node
            fields[name] = (kind, size) if size else kind
    return record(**fields)


def store(params: np.void, row: Param, value: float) -> None:
    """Write one parameter into a record."""
    *groups, leaf = row.path.split(".")
    holder = field(params, ".".join(groups)) if groups else params
    if row.index is None:
        holder[leaf] = value
    else:
        holder[leaf][row.index] = value


def stored(params: np.void, row: Param) -> float:
    """Read one parameter from a record."""
    value = field(params, row.path)
    return float(value if row.index is None else value[row.index])


def place(dtype: np.dtype, row: Param) -> int:
    """Return which 64-bit word of a record a parameter is."""
    offset = 0
    for name in row.path.split("."):
        dtype, start = (dtype.fields or {})[name][:2]
        offset += start
    return offset // 8 + (row.index or 0)


def filled(dtype: np.dtype, table: Iterable[Param]) -> np.recarray:
    """Return one record holding every default."""
    params = rows(dtype)
    for row in table:
        store(params[0], row, row.default)
    return params
