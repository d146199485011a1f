"""Who flew when: modes, arming, failsafes and events, from our logs or PX4's."""

from dataclasses import dataclass

import numpy as np

from flight.modes import Arming, Failsafe, Mode
from logs.events import words
from logs.series import MICRO, Series

PX4_MODES = {
    0: "manual",
    1: "altitude",
    2: "position",
    3: "mission",
    4: "hold",
    5: "return",
    8: "stabilised",
    10: "rate",
    12: "descend",
    13: "termination",
    14: "offboard",
    15: "stabilised",
    17: "takeoff",
    18: "land",
    19: "follow",
    20: "precision land",
    21: "orbit",
}
PX4_ARMED = 2


@dataclass(frozen=True)
class Phase:
    """A stretch of time with one name."""

    begin_s: float
    end_s: float
    name: str


@dataclass(frozen=True)
class Happening:
    """Something that happened at one moment; severity is a syslog level."""

    t_s: float
    text: str
    severity: int


def stretches(t: np.ndarray, values: np.ndarray, end_s: float) -> list[tuple[float, float, int]]:
    """Return (begin, end, value) of every stretch of equal values."""
    if len(t) == 0:
        return []
    begins = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    edges = [*t[begins].tolist(), max(end_s, float(t[-1]))]
    return list(zip(edges[:-1], edges[1:], values[begins].astype(int).tolist(), strict=True))


def modes(series: Series) -> list[Phase]:
    """Return the flight modes while armed."""
    ours = series.curve("quadloop_status", "mode")
    found = ours or series.curve("vehicle_status", "nav_state")
    if found is None:
        return []
    phases = []
    for begin, end, value in stretches(found.t, found.y, series.duration_s):
        if ours:
            name = words(Mode(value).name) if value in list(Mode) else str(value)
        else:
            name = PX4_MODES.get(value, f"mode {value}")
        phases.append(Phase(begin, end, name))
    return [p for a in armed(series) for p in cut(phases, a)] if has_arming(series) else phases


def cut(phases: list[Phase], window: Phase) -> list[Phase]:
    """Return the parts of phases inside a window."""
    inside = [Phase(max(p.begin_s, window.begin_s), min(p.end_s, window.end_s), p.name) for p in phases]
    return [p for p in inside if p.end_s > p.begin_s]


def has_arming(series: Series) -> bool:
    """Tell whether the log says when the motors were armed."""
    return "quadloop_status" in series.log or "vehicle_status" in series.log


def armed(series: Series) -> list[Phase]:
    """Return when the motors could turn."""
    ours = series.curve("quadloop_status", "arming")
    found = ours or series.curve("vehicle_status", "arming_state")
    if found is None:
        return []
    wanted = Arming.ARMED if ours else PX4_ARMED
    found_armed = [s for s in stretches(found.t, found.y, series.duration_s) if s[2] == wanted]
    return [Phase(begin, end, "armed") for begin, end, _ in found_armed]


def airborne(series: Series) -> list[Phase]:
    """Return when the vehicle flew; the armed time where nobody detected landing."""
    ours = series.curve("quadloop_status", "is_landed")
    found = ours or series.curve("vehicle_land_detected", "landed")
    if found is None:
        return armed(series)
    flown = [s for s in stretches(found.t, found.y, series.duration_s) if s[2] == 0]
    phases = [Phase(begin, end, "airborne") for begin, end, _ in flown]
    return [p for a in armed(series) for p in cut(phases, a)]


def failsafes(series: Series) -> list[Phase]:
    """Return when which failsafe was raised."""
    ours = series.curve("quadloop_status", "failsafes")
    if ours is not None:
        return [
            Phase(begin, end, words(bit.name))
            for bit in Failsafe
            for begin, end, value in stretches(ours.t, ours.y.astype(int) & bit, series.duration_s)
            if value
        ]
    theirs = series.curve("vehicle_status", "failsafe")
    if theirs is None:
        return []
    return [
        Phase(b, e, "failsafe") for b, e, value in stretches(theirs.t, theirs.y, series.duration_s) if value
    ]


def happenings(series: Series) -> list[Happening]:
    """Return every line of text in the log."""
    return [
        Happening((t_us - series.start_us) * MICRO, plain(text), severity)
        for t_us, severity, text in series.log.messages
    ]


def plain(text: str) -> str:
    """Return a message without terminal colours and surrounding blanks."""
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
