"""What DataFlash's format messages (FMT) say: how the rows of each kind lie and what their numbers mean."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from logs.foreign.recording import Recording, text

HEAD_SIZE = 3
LETTERS = "a        b  B  h   H   i   I   q   Q   g   f   d   n  N   Z   c   C   e   E   L   M"
STRUCTS = "(32,)<i2 i1 u1 <i2 <u2 <i4 <u4 <i8 <u8 <f2 <f4 <f8 S4 S16 S64 <i2 <u2 <i4 <u4 <i4 u1"
NUMPY_TYPES = dict(zip(LETTERS.split(), STRUCTS.split(), strict=True))
# Dividing gives the number that was meant where multiplying by 0.01 gives its neighbour.
DIVISORS = {"c": 100.0, "C": 100.0, "e": 100.0, "E": 100.0, "L": 1e7}


@dataclass(frozen=True)
class Form:
    """What a FMT message says of one kind: its name, struct letters and columns, and the struct itself."""

    kind: int
    size: int
    name: str
    letters: str
    columns: list[str]
    dtype: np.dtype


def read_forms(recording: Recording, rows: Iterable[np.ndarray], sizes: np.ndarray) -> dict[int, Form]:
    """Return the layout of each kind; one that makes no sense or has another size is noted and left out."""
    forms: dict[int, Form] = {}
    for raw in rows:
        try:
            form = _form(raw.tobytes())
        except (ValueError, KeyError) as error:
            recording.note(f"has an unreadable format ({error})")
            continue
        if any(other.name == form.name for other in forms.values() if other.kind != form.kind):
            form = replace(form, name=f"{form.name}:{form.kind}")
        if sizes[form.kind] != form.size or forms.setdefault(form.kind, form) != form:
            recording.note(f"gives kind {form.kind} a second format, {form.name}, which is ignored")
    return forms


def _form(raw: bytes) -> Form:
    kind, size, name = raw[0], raw[1], text(raw[2:6])
    letters, columns = text(raw[6:22]), [c for c in text(raw[22:86]).split(",") if c]
    if len(letters) != len(columns):
        raise ValueError(f"{name}: {len(letters)} letters for {len(columns)} columns")
    dtype = np.dtype([(c, NUMPY_TYPES[letter]) for c, letter in zip(columns, letters, strict=True)])
    if dtype.itemsize != size - HEAD_SIZE or "t_us" in columns:
        raise ValueError(f"{name}: columns of {dtype.itemsize} bytes in a message of {size}")
    return Form(kind, size, name, letters, columns, dtype)


def clock(form: Form) -> tuple[str, int]:
    """Return the column that holds the time since boot and its unit in microseconds."""
    whole = {c for c, letter in zip(form.columns, form.letters, strict=True) if letter in "BHIQhiq"}
    if "TimeUS" in whole:
        return "TimeUS", 1
    # Until 2015 TimeMS of GPS was the time of the GPS week and T the autopilot's own.
    if form.name == "GPS" and "T" in whole:
        return "T", 1000
    return ("TimeMS", 1000) if "TimeMS" in whole else ("", 0)


def scaled(rows: np.ndarray, form: Form, times_us: np.ndarray) -> np.ndarray:
    """Return rows with their time in front and integers in hundredths and the like as the numbers meant."""
    fields: list = [("t_us", "<i8")]
    for column, letter in zip(form.columns, form.letters, strict=True):
        fields.append((column, "<f8" if letter in DIVISORS else NUMPY_TYPES[letter]))
    out = np.empty(len(rows), np.dtype(fields))
    out["t_us"] = times_us
    for column, letter in zip(form.columns, form.letters, strict=True):
        out[column] = rows[column] / DIVISORS[letter] if letter in DIVISORS else rows[column]
    return out


def format_units(form: Form) -> dict[str, str]:
    """Return the units a format implies by itself: letter L is an angle of latitude or longitude."""
    known = {"TimeUS": "us", "TimeMS": "ms"}
    known |= {c: "deg" for c, letter in zip(form.columns, form.letters, strict=True) if letter == "L"}
    return {column: known[column] for column in form.columns if column in known}
