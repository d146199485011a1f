"""The text that defines a ULog topic, as a numpy record type."""

import numpy as np

from logs.ulog import C_TYPES

# One entry per field: C type name, array length (0 for a scalar), field name.
Format = list[tuple[str, int, str]]
NUMPY_TYPES = {c: np.dtype("<" + n) for n, c in C_TYPES.items()} | {
    "bool": np.dtype("u1"),
    "char": np.dtype("S1"),
}
DEEPEST = 8
LARGEST = 65535


def parse_format(text: str) -> tuple[str, Format]:
    """Return name and fields of a format definition; raise ValueError when it is not one."""
    name, colon, rest = text.partition(":")
    if not colon:
        raise ValueError(f"format without a colon: {text[:40]!r}")
    return name, [_parse_field(field) for field in rest.split(";") if field]


def _parse_field(text: str) -> tuple[str, int, str]:
    kind, _, name = text.strip().partition(" ")
    base, bracket, length = kind.partition("[")
    count = int(length.rstrip("]")) if bracket else 0
    if not name or not 0 <= count <= LARGEST:
        raise ValueError(f"field {text!r}")
    return base, count, name


def flattened(name: str, formats: dict[str, Format]) -> np.dtype:
    """Return the record type of a topic without the padding at its end, which messages leave out."""
    fields = list(formats[name])
    while fields and fields[-1][2].startswith("_padding"):
        fields.pop()
    dtype = _dtype_of(fields, formats, DEEPEST)
    if dtype.itemsize == 0 or dtype.itemsize > LARGEST:
        raise ValueError(f"topic {name} has {dtype.itemsize} bytes")
    return dtype


def _dtype_of(fields: Format, formats: dict[str, Format], depth: int) -> np.dtype:
    if depth == 0:
        raise ValueError("formats nested too deeply")
    entries: list = []
    for kind, count, name in fields:
        base = NUMPY_TYPES[kind] if kind in NUMPY_TYPES else _dtype_of(formats[kind], formats, depth - 1)
        if kind == "char" and count:
            base, count = np.dtype(f"S{count}"), 0
        entries.append((name, base, count) if count else (name, base))
    return np.dtype(entries)
