"""The parameters a flight was flown with, from the record in its log."""

import ast
from typing import Any

import numpy as np

from flight.errors import LogError
from flight.params import PARAMS, defaults
from flight.record import field, leaves
from logs.reader import Log

ROW_BYTES = 8


def flown_params(log: Log) -> list[tuple[int, np.recarray]]:
    """Return (first tick, parameters) for every set of parameters in use during a flight.

    Parameters that came into being after the flight have their defaults. Raises LogError when the log has none.
    """
    dtype = _stored_dtype(log)
    sets = []
    for raw in log.multi_info.get("quadloop_params", []):
        if len(raw) != ROW_BYTES + dtype.itemsize:
            raise LogError(
                f"{log.path}: its parameter record has {len(raw) - ROW_BYTES} bytes, not {dtype.itemsize}"
            )
        row = int.from_bytes(raw[:ROW_BYTES], "little")
        sets.append((row, as_today(np.frombuffer(raw[ROW_BYTES:], dtype))))
    if not sets:
        raise LogError(
            f"{log.path}: holds no parameter record to replay with: it was not written by Quadloop"
        )
    return sets


def _stored_dtype(log: Log) -> np.dtype:
    text = log.info.get("quadloop_params_dtype", "")
    if text == repr(PARAMS.descr):
        return PARAMS
    try:
        return np.dtype(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError):
        raise LogError(f"{log.path}: the layout of its parameter record is damaged") from None


def as_today(row: np.ndarray) -> np.recarray:
    """Return a parameter record in today's layout, field by field where the layout has changed."""
    params = defaults()
    if row.dtype == PARAMS:
        params.view(np.ndarray)[:] = row
        return params
    known = leaves(row.dtype)
    for path, kind in leaves(PARAMS).items():
        # None == np.dtype(float) is true to numpy.
        if path in known and known[path] == kind:
            _put(params, path, field(row, path))
    return params


def _put(params: np.ndarray, path: str, value: Any) -> None:
    *groups, leaf = path.split(".")
    holder = field(params, ".".join(groups)) if groups else params
    holder[leaf] = value
