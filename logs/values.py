"""Keys with a typed value, as ULog's information and parameter messages hold them."""

from typing import Any

import numpy as np

from logs.formats import NUMPY_TYPES


def parse_key_value(body: bytes) -> tuple[str, Any]:
    """Return key and value: text, bytes, or a Python number; raise ValueError when it is neither."""
    length = body[0]
    kind, _, key = body[1 : 1 + length].decode().partition(" ")
    raw = body[1 + length :]
    base, bracket, _ = kind.partition("[")
    if not key or base not in NUMPY_TYPES:
        raise ValueError(f"key {body[1 : 1 + length]!r}")
    if base == "char":
        return key, raw.decode(errors="replace")
    if bracket:
        return key, raw
    dtype = NUMPY_TYPES[base]
    if len(raw) != dtype.itemsize:
        raise ValueError(f"{key} has {len(raw)} bytes")
    return key, np.frombuffer(raw, dtype)[0].item()
