"""What the text at the beginning of a blackbox log says: how its frames are laid out, and the flight's settings."""

import re

import numpy as np

from flight.record import rows
from logs.foreign.blackbox_encodings import ENCODINGS
from logs.foreign.blackbox_fields import (
    HOME_LAT,
    HOME_LON,
    INTER,
    INTRA,
    KINDS,
    LAYOUT,
    MINMOTOR,
    MOST_FIELDS,
    MOTOR_0,
)

LINE = re.compile(rb"H ([^:\n\0]{1,255}):([^\n\0]*)\n")
TORN_LINE = re.compile(rb"H [^\n]{0,255}\n")
LARGEST_INTERVAL = 1 << 16
LARGEST_PREDICTOR = MINMOTOR
Header = dict[str, str]
Names = dict[int, list[str]]


def read_header(raw: bytes) -> tuple[Header, int]:
    """Return the lines of a header, and where it ends."""
    header: Header = {}
    at = 0
    while line := LINE.match(raw, at) or TORN_LINE.match(raw, at):
        if line.lastindex:
            header[line[1].decode(errors="replace")] = line[2].decode(errors="replace").strip()
        at = line.end()
    return header, at


def field_names(header: Header) -> Names:
    """Return the fields of each kind of frame, by its place in KINDS; both kinds of main frame have the same."""
    names = {kind: header.get(f"Field {letter} name", "") for kind, letter in enumerate(KINDS)}
    names[INTER] = names[INTRA]
    return {kind: [n.strip() for n in text.split(",")] for kind, text in names.items() if text}


def read_layout(header: Header, names: Names) -> np.record:
    """Return how frames are laid out; raise ValueError where it makes no sense."""
    layout = rows(LAYOUT)[0]
    main = names.get(INTRA, [])
    if main[:2] != ["loopIteration", "time"]:
        raise ValueError("its main frames do not begin with loopIteration and time")
    layout.version = number(header, "Data version", 2)
    layout.minthrottle = number(header, "minthrottle", 1150)
    layout.minmotor = number(header, "motorOutput", layout.minthrottle)
    layout.vbatref = number(header, "vbatref", 4095)
    for kind, fields in names.items():
        _lay_out(layout, kind, header, fields)
    layout.motor_0 = _place(main, "motor[0]", (layout.predictors == MOTOR_0).any())
    uses_home = bool((layout.predictors == HOME_LAT).any())
    layout.needs_home = uses_home
    home = names.get(KINDS.index("H"), [])
    layout.home_lat, layout.home_lon = (_place(home, f"GPS_home[{k}]", uses_home) for k in (0, 1))
    layout.gps_time = _place(names.get(KINDS.index("G"), []), "time", False)
    return layout


def _lay_out(layout: np.record, kind: int, header: Header, fields: list[str]) -> None:
    """Fill in one kind of frame."""
    letter = KINDS[kind]
    if len(fields) > MOST_FIELDS:
        raise ValueError(f"frames {letter} have {len(fields)} fields, more than {MOST_FIELDS}")
    signs = "Field I signed" if kind == INTER else f"Field {letter} signed"
    for table, key, most in (
        (layout.is_signed, signs, 1),
        (layout.predictors, f"Field {letter} predictor", LARGEST_PREDICTOR),
        (layout.encodings, f"Field {letter} encoding", max(ENCODINGS)),
    ):
        values = header.get(key, "").split(",")
        if len(values) != len(fields) or not all(v.isdecimal() and int(v) <= most for v in values):
            raise ValueError(f"{key} is {header.get(key)!r} for {len(fields)} fields")
        table[kind, : len(values)] = list(map(int, values))
    if not set(layout.encodings[kind].tolist()) <= set(ENCODINGS):
        raise ValueError(f"Field {letter} encoding holds one that is unknown")
    # Latitude and longitude have the same predictor, which means the one home for one and the other for the other.
    is_home = layout.predictors[kind] == HOME_LAT
    layout.predictors[kind, 1:][is_home[1:] & is_home[:-1]] = HOME_LON
    layout.counts[kind] = len(fields)


def _place(names: list[str], name: str, is_needed: bool) -> int:
    if name in names:
        return names.index(name)
    if is_needed:
        raise ValueError(f"values are relative to {name}, which it does not hold")
    return -1


def read_skips(header: Header) -> np.ndarray:
    """Return how many loops without a frame follow each phase of the interval between full frames."""
    interval = max(number(header, "I interval", 32), 1)
    kept, _, of = header.get("P interval", "1/1").partition("/")
    kept_count, of_count = (int(kept), int(of)) if of else (1, 1)
    if interval > LARGEST_INTERVAL or kept_count < 1 or of_count < 1:
        raise ValueError(f"frames come every {interval} loops, {kept} of {of}")
    skips = np.zeros(interval, np.int64)
    for phase in range(interval - 1, 0, -1):
        is_kept = (phase + kept_count - 1) % of_count < kept_count
        skips[phase] = 0 if is_kept else 1 + skips[(phase + 1) % interval]
    return skips


def number(header: Header, key: str, default: int) -> int:
    """Return the first of the whole numbers a line holds."""
    found = re.match(r"-?\d{1,9}", header.get(key, "").strip())
    return int(found[0]) if found else default


def scale(header: Header, key: str) -> float:
    """Return a number whose bits are written in hexadecimal, nan where there is none."""
    found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]{8})", header.get(key, ""))
    return float(np.uint32(int(found[1], 16)).view(np.float32)) if found else np.nan
