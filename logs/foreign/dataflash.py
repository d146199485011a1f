"""Read ArduPilot's DataFlash logs (.BIN; ArduPilot, libraries/AP_Logger/README.md).

A message is 0xA3 0x95, the number of its kind and a packed struct; messages of kind 128 (FMT) say how long each kind is
and what it holds, FMTU its units.
"""

import os

import numpy as np

from flight.errors import LogError
from flight.kernel import kernel
from logs.foreign.dataflash_forms import DIVISORS, HEAD_SIZE, Form, clock, format_units, read_forms, scaled
from logs.foreign.recording import Recording, by_kind, file_bytes, messages, text
from logs.scan import gather

HEAD_1, HEAD_2, FMT = 0xA3, 0x95, 128
FMT_SIZE, KINDS = 89, 256
INFO = 6
UNKNOWN = "UNKNOWN"
SHORT_UNITS = {"deglatitude": "deg", "deglongitude": "deg", "degheading": "deg"}
PREFIXES = {1.0: "", 1e-1: "d", 1e-2: "c", 1e-3: "m", 1e-6: "u", 1e-9: "n"}


def read_dataflash(path: str | os.PathLike[str]) -> Recording:
    """Read a DataFlash log; a damaged one as far as its messages are whole. Raises LogError."""
    data = file_bytes(path)
    if not is_dataflash(data):
        raise LogError(f"{path}: is not a DataFlash log: it does not begin with the bytes a3 95")
    recording = Recording(path, "DataFlash")
    sizes = np.zeros(KINDS, np.int64)
    sizes[FMT] = FMT_SIZE
    offsets, gaps = messages(data, 0, walk, resume, sizes)
    recording.note_gaps([gap for gap in gaps if not is_padding(data, *gap)], len(data))
    _sort(recording, data, offsets, sizes)
    _state_units(recording)
    _state_texts(recording)
    return recording.finished()


def is_dataflash(data: np.ndarray) -> bool:
    """Return whether bytes begin as a DataFlash log does."""
    return bytes(data[:2]) == bytes((HEAD_1, HEAD_2))


def is_padding(data: np.ndarray, begin: int, end: int) -> bool:
    """Return whether bytes are the unused rest of a flash page at the end of the file."""
    rest = data[begin:end]
    return end == len(data) and bool((rest == 0).all() or (rest == 255).all())


@kernel
def size_at(data: np.ndarray, at: int, sizes: np.ndarray) -> int:
    """Return the size of the whole message that begins here, 0 where none does."""
    if at + HEAD_SIZE > len(data) or data[at] != HEAD_1 or data[at + 1] != HEAD_2:
        return 0
    size = sizes[int(data[at + 2])]
    return size if at + size <= len(data) else 0


@kernel
def walk(data: np.ndarray, at: int, sizes: np.ndarray, offsets: np.ndarray) -> tuple[int, int]:
    """Note where messages begin until `offsets` is full or none follows, learning each kind's size on the way.

    Returns how many were noted and the place reached.
    """
    count = 0
    while count < len(offsets):
        size = size_at(data, at, sizes)
        if size == 0:
            break
        if data[at + 2] == FMT and sizes[int(data[at + 3])] == 0 and data[at + 4] >= HEAD_SIZE:
            sizes[int(data[at + 3])] = int(data[at + 4])
        offsets[count] = at
        count += 1
        at += size
    return count, at


@kernel
def resume(data: np.ndarray, at: int, sizes: np.ndarray) -> int:
    """Return the next place where a message and behind it another, or the end, can be."""
    while at < len(data):
        size = size_at(data, at, sizes)
        if size > 0 and (at + size == len(data) or size_at(data, at + size, sizes) > 0):
            break
        at += 1
    return at


def _sort(recording: Recording, data: np.ndarray, offsets: np.ndarray, sizes: np.ndarray) -> None:
    """Put the messages of every kind into a topic."""
    places = by_kind(data[offsets + 2])
    forms = read_forms(recording, _raw(data, offsets[places.get(FMT, [])], FMT_SIZE), sizes)
    structs = {
        kind: _structs(data, offsets[some], forms[kind]) for kind, some in places.items() if kind in forms
    }
    times = _times(forms, places, structs, len(offsets))
    for kind, rows in structs.items():
        form = forms[kind]
        recording.take(form.name, scaled(rows, form, times[places[kind]]), format_units(form))
    recording.info["formats"] = {form.name: form for form in forms.values()}


def _raw(data: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    rows = np.empty((len(offsets), size - HEAD_SIZE), np.uint8)
    gather(data, offsets + HEAD_SIZE, rows)
    return rows


def _structs(data: np.ndarray, offsets: np.ndarray, form: Form) -> np.ndarray:
    if not form.columns:
        return np.empty(len(offsets), form.dtype)
    return _raw(data, offsets, form.size).reshape(-1).view(form.dtype)


def _times(
    forms: dict[int, Form], places: dict[int, np.ndarray], structs: dict[int, np.ndarray], count: int
) -> np.ndarray:
    """Return when each message was written; those without a time as the last one before them that has it."""
    times, is_known = np.zeros(count, np.int64), np.zeros(count, bool)
    for kind, rows in structs.items():
        column, unit_us = clock(forms[kind])
        if column:
            times[places[kind]] = rows[column].astype(np.int64) * unit_us
            is_known[places[kind]] = True
    latest = np.maximum.accumulate(np.where(is_known, np.arange(count), 0))
    return times[latest]


def _state_units(recording: Recording) -> None:
    """Take over what FMTU, UNIT and MULT messages say."""
    has = recording.has
    if not (has("FMTU", FmtType="u", UnitIds="S", MultIds="S") and has("UNIT", Id="iu", Label="S")):
        return
    labels = {chr(int(row["Id"]) % KINDS): text(row["Label"]) for row in recording["UNIT"]}
    scales = recording["MULT"] if has("MULT", Id="iu", Mult="f") else []
    factors = {chr(int(row["Id"]) % KINDS): float(row["Mult"]) for row in scales}
    forms = {form.kind: form for form in recording.info["formats"].values()}
    for row in recording["FMTU"]:
        form = forms.get(int(row["FmtType"]))
        if form and form.name in recording:
            pairs = zip(form.columns, form.letters, text(row["UnitIds"]), text(row["MultIds"]), strict=False)
            for column, letter, unit, factor in pairs:
                label = labels.get(unit, "")
                if label and label != UNKNOWN:
                    # A factor of 0 stands for no factor, and those of single precision are not quite round.
                    scale = 1.0 if letter in DIVISORS else float(f"{factors.get(factor, 1.0) or 1.0:.6g}")
                    recording.units[form.name][column] = _prefixed(SHORT_UNITS.get(label, label), scale)


def _prefixed(label: str, scale: float) -> str:
    return PREFIXES[scale] + label if scale in PREFIXES else f"{scale:g} {label}"


def _state_texts(recording: Recording) -> None:
    """Take over parameters and messages to the pilot."""
    if recording.has("PARM", Name="S", Value="fiu"):
        for row in recording["PARM"]:
            recording.parameters[text(row["Name"])] = float(row["Value"])
    if recording.has("MSG", Message="S"):
        recording.messages = [(int(row["t_us"]), INFO, text(row["Message"])) for row in recording["MSG"]]
