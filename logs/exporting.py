"""Write a log's topics as tables: a CSV or Parquet file for each."""

import csv
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from flight.errors import LogError
from logs.foreign.recording import Recording

BLOCK = 1 << 14
UNITS_FILE = "units.csv"
Write = Callable[[Path, list[tuple[str, np.ndarray]], dict[str, str]], None]


def export(recording: Recording, folder: str | os.PathLike[str], form: str = "csv") -> list[Path]:
    """Write every topic into a folder, `form` csv or parquet; return the files.

    An array's elements are columns q[0], q[1]; units stand in units.csv, in Parquet also with each column. Raises
    LogError when a file cannot be written or Parquet is not installed.
    """
    write, ending = writer_of(form), f".{form}"
    target, taken = Path(folder), {UNITS_FILE}
    files = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for topic, rows in recording.items():
            files.append(target / file_name(topic, ending, taken))
            write(files[-1], list(columns(rows)), recording.units.get(topic, {}))
        files.append(write_units(recording, target / UNITS_FILE))
    except OSError as error:
        raise LogError(f"{error.filename or target}: cannot be written: {error.strerror or error}") from None
    return files


def writer_of(form: str) -> Write:
    """Return what writes a table of a form; raise LogError where it cannot be had."""
    if form == "csv":
        return write_csv
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise LogError(
            "--format parquet: needs pyarrow, which is not installed: pip install 'quadloop[parquet]';"
            " --format csv needs nothing"
        ) from None
    return write_parquet


def file_name(topic: str, ending: str, taken: set[str]) -> str:
    """Return a file name of its own for a topic, whatever characters it has."""
    stem = re.sub(r"[^\w\-]+", "_", topic) or "unnamed"
    name, number = stem + ending, 2
    while name.lower() in taken:
        name, number = f"{stem}_{number}{ending}", number + 1
    taken.add(name.lower())
    return name


def columns(rows: np.ndarray, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Give every number of a topic as a column: arrays by element, nested fields by name."""
    for name in rows.dtype.names or ():
        yield from _leaves(prefix + name, rows[name])


def _leaves(name: str, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    if values.ndim > 1:
        flat = values.reshape(len(values), -1)
        for k in range(flat.shape[1]):
            yield from _leaves(f"{name}[{k}]", flat[:, k])
    elif values.dtype.names:
        yield from columns(values, f"{name}.")
    else:
        yield name, values


def as_text(values: np.ndarray) -> np.ndarray:
    """Return bytes up to their null as text; other values as they are."""
    if values.dtype.kind != "S":
        return values
    return np.array([raw.decode(errors="replace") for raw in values.tolist()], str)


def write_csv(path: Path, table: list[tuple[str, np.ndarray]], units: dict[str, str]) -> None:
    """Write a table; numbers with as many digits as tell them from their neighbours."""
    count = len(table[0][1]) if table else 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([name for name, _ in table])
        for begin in range(0, count, BLOCK):
            parts = [as_text(values[begin : begin + BLOCK]) for _, values in table]
            # In single precision 0.1 is written 0.1 and not as the double next to it.
            writer.writerows(
                zip(*((p.astype(str) if p.dtype.kind == "f" else p).tolist() for p in parts), strict=True)
            )


def write_parquet(path: Path, table: list[tuple[str, np.ndarray]], units: dict[str, str]) -> None:
    """Write a table, the unit of each column in its metadata."""
    import pyarrow
    import pyarrow.parquet

    arrays = [pyarrow.array(np.ascontiguousarray(as_text(values))) for _, values in table]
    fields = [
        pyarrow.field(name, array.type, metadata={"unit": unit_of(name, units)})
        for (name, _), array in zip(table, arrays, strict=True)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields)), path)


def unit_of(column: str, units: dict[str, str]) -> str:
    """Return a column's unit, of an element its array's; empty where there is none."""
    return units.get(column, units.get(column.partition("[")[0], ""))


def write_units(recording: Recording, path: Path) -> Path:
    """Write the unit of every field that has one."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("topic", "field", "unit"))
        for topic in recording:
            writer.writerows((topic, field, unit) for field, unit in recording.units.get(topic, {}).items())
    return path
