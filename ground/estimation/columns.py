"""Columns of a log's topic taken together."""

from collections.abc import Mapping

import numpy as np


def stacked(rows: np.ndarray, name: str) -> np.ndarray:
    """Return the columns of a vector, name.x name.y name.z."""
    return np.stack([rows[f"{name}.{axis}"] for axis in "xyz"], -1).astype(float)


def columns(rows: np.ndarray, name: str) -> np.ndarray:
    """Return the columns of a vector, NameX NameY NameZ."""
    return np.stack([rows[f"{name}{axis}"] for axis in "XYZ"], -1).astype(float)


def first_instance(rows: np.ndarray) -> np.ndarray:
    """Return the rows of instance 0 where a log tells instances apart."""
    return rows[rows["I"] == rows["I"][0]] if "I" in (rows.dtype.names or ()) and len(rows) else rows


def has(log: Mapping[str, np.ndarray], topic: str, *names: str) -> bool:
    """Tell whether a log has rows of a topic with these columns, all of them numbers."""
    rows = log.get(topic)
    fields = {} if rows is None or not len(rows) else rows.dtype.fields or {}
    return bool(fields) and all(name in fields and fields[name][0].base.kind in "fiu" for name in names)
