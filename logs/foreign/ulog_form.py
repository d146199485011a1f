"""The topics of a foreign log as ULog can hold them: names of letters and figures, arrays, types it knows."""

import re
from collections.abc import Iterator
from itertools import groupby

import numpy as np

ELEMENT = re.compile(r"(.+)\[(\d+)\]")
LARGEST_ROW = 65000
MOST_INSTANCES = 255


def plain(name: str) -> str:
    """Return a name without what ULog's readers take for something else."""
    return re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "unnamed"


def unused(name: str, taken: set[str]) -> str:
    """Return a name nothing else has yet, and take it."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def as_ulog_rows(rows: np.ndarray) -> np.ndarray:
    """Return rows with `timestamp` in front; fields such as a[0], a[1] become one array."""
    taken = {"timestamp"}
    parts = [(unused(plain(name), taken), column) for name, column in columns(rows)]
    fields = [(name, column.dtype, column.shape[1:]) for name, column in parts]
    out = np.empty(len(rows), np.dtype([("timestamp", "<u8"), *fields]))
    out["timestamp"] = np.maximum(rows["t_us"], 0)
    for name, column in parts:
        out[name] = column
    return out


def columns(rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Give every field but the time; numbered neighbours of one type together."""
    names = [name for name in rows.dtype.names or () if name != "t_us"]
    for stem, some in groupby(names, key=lambda name: _stem(rows, name)):
        group = list(some)
        numbers = [int(found[2]) for name in group if (found := ELEMENT.fullmatch(name))]
        if len(group) > 1 and numbers == list(range(len(group))):
            yield stem[0], np.stack([rows[name] for name in group], axis=-1)
        else:
            for name in group:
                yield from leaf_columns(name, known(rows[name]))


def _stem(rows: np.ndarray, name: str) -> tuple[str, str]:
    found = ELEMENT.fullmatch(name)
    return (found[1], rows.dtype[name].str) if found else (name, "")


def known(column: np.ndarray) -> np.ndarray:
    """Return a column in a type ULog knows: half precision becomes single."""
    return column.astype("<f4") if column.dtype == np.float16 else column


def leaf_columns(name: str, column: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Give a column, the fields of a nested one each, and arrays with one index only."""
    if column.dtype.names:
        for inner in column.dtype.names:
            yield from leaf_columns(f"{name}_{inner}", known(column[inner]))
    elif column.dtype.kind == "S" and column.ndim > 1:
        for k, part in enumerate(np.moveaxis(column.reshape(len(column), -1), 1, 0)):
            yield f"{name}_{k}", part
    else:
        yield name, column.reshape(len(column), -1) if column.ndim > 1 else column


def topic_names(topics: dict[str, np.ndarray]) -> dict[str, str]:
    """Return each topic's name in the ULog: instances where the rows are alike, else a name of its own."""
    taken: set[str] = set()
    found: dict[str, str] = {}
    for topic, rows in topics.items():
        stem, _, number = topic.rpartition(":")
        first = found.get(stem, "")
        is_like = bool(first) and topics[stem].dtype == rows.dtype
        if is_like and number.isdecimal() and 0 < int(number) <= MOST_INSTANCES:
            found[topic] = f"{first}:{int(number)}"
        else:
            found[topic] = unused(plain(topic), taken)
    return found
