"""Storage: nested records in which every field is eight bytes wide.

Without padding, a record's bytes are its value: `tobytes()` is a log line, a snapshot and a checksum.
"""

from typing import Any

import numpy as np

REAL = "f8"
INTEGER = "i8"
# Flags are integers 0 and 1, so that no record needs padding.
FLAG = "i8"
VECTOR = ("f8", 3)
QUATERNION = ("f8", 4)
MATRIX = ("f8", (3, 3))
# The most rotors an airframe may have; fields of this length are filled from the front.
MAX_ROTORS = 8
PER_ROTOR = ("f8", MAX_ROTORS)

Kind = Any


def record(**fields: Kind) -> np.dtype:
    """Describe a record; each keyword is a field and its kind, a (kind, shape) pair or another record."""
    return np.dtype(
        [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in fields.items()]
    )


def rows(dtype: np.dtype, count: int = 1) -> np.recarray:
    """Return `count` zeroed records, one per vehicle or tick; index it for one record."""
    return np.zeros(count, dtype).view(np.recarray)


def leaves(dtype: np.dtype, prefix: str = "") -> dict[str, np.dtype]:
    """Return the dotted path and type of every stored field, nested records opened up."""
    found: dict[str, np.dtype] = {}
    for name in dtype.names or ():
        inner = dtype[name]
        path = f"{prefix}{name}"
        found.update(leaves(inner, f"{path}.") if inner.names else {path: inner})
    return found


def field(row: Any, path: str) -> Any:
    """Return the field at a dotted path of a record or an array of records."""
    for name in path.split("."):
        row = row[name]
    return row
