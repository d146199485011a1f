"""Read recordings from npz and csv: `t`, `gyr`, `acc`, `mag` and whatever truth and aids stand beside them.

Vectors have x-forward y-left z-up axes or any others: what comes back has the same. A csv has the same names with
`_x _y _z` (or `_w _x _y _z`) behind them and one row per IMU sample; cells of slower sensors stay empty in between.
"""

import csv
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ground.estimation import file_aids
from ground.estimation.axes import swapped_body
from ground.estimation.readings import VECTORS, Readings, Truth, checked, refuse

SUFFIXES = (".npz", ".csv")
LETTERS = ("w", "x", "y", "z")
NEEDED = ("t", "gyr", "acc")
NOT_TRUTH = "NOT ground truth"
OWN = {"t", "gyr", "acc", "mag", "t_ref", "q_ref", "p_ref", "v_ref", "eval", "meta"}


def read(path: Path) -> Readings:
    """Read an npz or csv, or raise LogError or OSError."""
    arrays = read_npz(path) if path.suffix == ".npz" else read_csv(path)
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        known = ", ".join(sorted(arrays)) or "nothing"
        refuse(str(path), f"has no {' and no '.join(missing)}; it must hold t, gyr and acc, it holds {known}")
    t, *vectors = (numbers(path, name, arrays[name]) for name in ("t", *VECTORS) if name in arrays)
    named = dict(zip((name for name in VECTORS if name in arrays), vectors, strict=True))
    checked(str(path), t, named)
    frd = {name: swapped_body(rows) for name, rows in named.items()}
    mag = frd.get("mag")
    if mag is not None and not np.isfinite(mag).any():
        mag = None
    aids = {name: array for name, array in arrays.items() if name not in OWN}
    around = file_aids.read(path, arrays)
    return Readings(
        str(path), t, frd["gyr"], frd["acc"], mag, truth=truth(path, arrays, t), aids=aids, around=around
    )


def read_npz(path: Path) -> dict[str, Any]:
    """Return the arrays of an npz and its `meta`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (
        zipfile.BadZipFile,
        ValueError,
        EOFError,
        KeyError,
        zlib.error,
        AttributeError,
        TypeError,
    ) as error:
        refuse(str(path), f"is not a readable npz ({str(error).splitlines()[0] if str(error) else 'empty'})")


def read_csv(path: Path) -> dict[str, Any]:
    """Return the columns of a csv, those of one vector together."""
    try:
        with path.open(newline="") as file:
            heads = [head.strip() for head in next(csv.reader([file.readline()]), [])]
            table = np.genfromtxt(file, delimiter=",", dtype=float, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        refuse(str(path), f"is not a readable csv ({' '.join(str(error).split())[:200]})")
    if table.shape[1] != len(heads) or not heads:
        refuse(str(path), f"line 1 names {len(heads)} columns, the rows have {table.shape[1]}")
    return gathered(heads, table)


def gathered(heads: list[str], table: np.ndarray) -> dict[str, np.ndarray]:
    """Return columns by name, name_x name_y name_z as one array; without the empty rows of what has its own times."""
    groups: dict[str, list[int]] = {}
    for i, head in enumerate(heads):
        name, underscore, letter = head.rpartition("_")
        groups.setdefault(name if underscore and letter in LETTERS else head, []).append(i)
    arrays = {name: table[:, at] if len(at) > 1 else table[:, at[0]] for name, at in groups.items()}
    if "q_ref" in arrays and "t_ref" not in arrays and "t" in arrays:
        arrays["t_ref"] = arrays["t"]
    for stamp in [name for name in arrays if name.endswith("_t")]:
        some = np.isfinite(arrays[stamp])
        kind = stamp.removesuffix("t")
        arrays |= {name: array[some] for name, array in arrays.items() if name.startswith(kind)}
    return arrays


def numbers(path: Path, name: str, array: Any) -> np.ndarray:
    """Return an array as float64, or raise LogError."""
    try:
        return np.ascontiguousarray(array, float)
    except (TypeError, ValueError):
        refuse(str(path), f"{name}: must hold numbers, it holds {np.asarray(array).dtype}")


def truth(path: Path, arrays: dict[str, Any], t: np.ndarray) -> Truth | None:
    """Return what the recording knows from outside, or None."""
    if "q_ref" not in arrays:
        return None
    q = numbers(path, "q_ref", arrays["q_ref"])
    t_ref = numbers(path, "t_ref", arrays.get("t_ref", t))
    if q.shape != (len(t_ref), 4):
        refuse(str(path), f"q_ref: has shape {q.shape}; t_ref has {len(t_ref)} samples")
    counts = np.asarray(arrays.get("eval", np.ones(len(q)))).astype(bool) & np.isfinite(q).all(1)
    meta = described(path, arrays.get("meta"))
    mode = str(meta.get("mode", "9d" if "mag" in arrays else "6d"))
    found = Truth(t_ref, q, counts, mode, NOT_TRUTH not in str(meta.get("ref", "")))
    for name, place in (("p_ref", "position"), ("v_ref", "velocity")):
        if name in arrays:
            found.t_position = t_ref
            setattr(found, place, numbers(path, name, arrays[name]))
    return found if counts.any() else None


def described(path: Path, meta: Any) -> dict[str, Any]:
    """Return what the recording says of itself."""
    if meta is None:
        return {}
    try:
        said = json.loads(str(meta))
    except ValueError:
        refuse(str(path), "meta: is not JSON")
    return said if isinstance(said, dict) else {}
