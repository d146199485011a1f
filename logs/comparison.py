"""What was said in flight beside what is said in a replay, tick by tick."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flight.command import COMMAND
from flight.record import leaves
from logs.exact import ALWAYS, COMMAND_WORDS, INPUT_WORDS, TOPICS, command_path, words_of
from logs.proof import Proof, has_layout_of_today
from logs.reader import Log
from logs.ticks import Ticks

# Words of a command that are written in every tick in which they change.
KNOWN = np.zeros(COMMAND_WORDS, bool)
KNOWN[[word - 1 - INPUT_WORDS for topic in TOPICS if topic.name in ALWAYS for word in topic.words]] = True
UNSEEN = "check"


@dataclass
class Replay:
    """How a replay went. `first_difference` is None or tick, field, logged and replayed value.

    In a tick whose command was not written the field is the first that differs in the next one that was, or "check".

    `largest_differences` names the fields that moved, with how far, largest share of the logged spread first. `notes`
    tells what makes the comparison weaker than "to the bit".
    """

    ticks: int = 0
    identical: int = 0
    first_difference: dict[str, Any] | None = None
    largest_differences: dict[str, float] = field(default_factory=dict)
    real_time_factor: float = 0.0
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Say in one line how it went."""
        line = f"{self.identical}/{self.ticks} ticks identical"
        if self.first_difference is None:
            return line
        first = self.first_difference
        return (
            f"{line}; tick {first['tick']}: {first['field']} was {first['logged']}, now {first['replayed']}"
        )


class Spread:
    """How far each number of the command moved, as a share of how much it varied in flight."""

    def __init__(self) -> None:
        self.moved: dict[str, float] = {}
        self.varied: dict[str, float] = {}

    def take(self, logged: np.ndarray, replayed: np.ndarray) -> None:
        """Look at some ticks."""
        for path in leaves(COMMAND):
            before, after = logged, replayed
            for name in path.split("."):
                before, after = before[name], after[name]
            with np.errstate(all="ignore"):
                moved = float(np.nanmax(np.abs(after - before), initial=0.0))
                varied = float(np.nanmax(np.abs(before), initial=0.0))
            self.moved[path] = max(self.moved.get(path, 0.0), moved)
            self.varied[path] = max(self.varied.get(path, 0.0), varied)

    def largest(self) -> dict[str, float]:
        """Return the fields that moved and by how much, the relatively largest first."""
        share = {p: m / max(self.varied[p], 1e-9) for p, m in self.moved.items() if m > 0.0}
        return {path: self.moved[path] for path in sorted(share, key=lambda p: -share[p])}


def notes_on(log: Log, ticks: Ticks) -> list[str]:
    """Return why a replay may differ although nothing is wrong."""
    notes = list(log.damage)
    if not has_layout_of_today(log):
        notes.append(
            f"recorded with another version ({log.info.get('ver_sw', 'unknown')}) whose records differ"
        )
    if ticks.missing:
        notes.append(f"does not hold {', '.join(ticks.missing[:5])}")
    return notes


class Comparison:
    """A replay as it goes: counts identical ticks and notes the first that is not."""

    def __init__(self, log: Log, ticks: Ticks) -> None:
        self.ticks, self.proof, self.spread = ticks, Proof(log, ticks), Spread()
        self.result = Replay(ticks=len(ticks), notes=notes_on(log, ticks))

    def take(self, begin: int, logged: np.ndarray, replayed: np.ndarray, told: np.ndarray) -> None:
        """Compare the commands of consecutive ticks; `told` are the words of their inputs."""
        is_said = self.ticks.is_said(begin, begin + len(logged))
        differs = words_of(logged, COMMAND_WORDS) != words_of(replayed, COMMAND_WORDS)
        differs[~is_said] &= KNOWN
        wrong = differs.any(axis=1) | self.proof.differs(begin, told, replayed)
        self.result.identical += int(len(wrong) - wrong.sum())
        first = self.result.first_difference
        if wrong.any():
            self.spread.take(logged[is_said], replayed[is_said])
            first = first or unseen(begin + int(np.argmax(wrong)), UNSEEN)
            if first["field"] == UNSEEN and differs.any():
                name_difference(first, differs, logged, replayed)
        elif self.proof.is_broken:
            first = first or unseen(begin, "digest")
        self.result.first_difference = first


def unseen(tick: int, what: str) -> dict[str, Any]:
    """Return a difference of which only a check tells."""
    return {"tick": tick, "field": what, "logged": "as flown", "replayed": "otherwise"}


def name_difference(
    found: dict[str, Any], differs: np.ndarray, logged: np.ndarray, replayed: np.ndarray
) -> None:
    """Name the first field that is seen to differ."""
    tick = int(np.argmax(differs.any(axis=1)))
    path = command_path(int(np.argmax(differs[tick])))
    found |= {
        "field": path,
        "logged": value_at(logged[tick], path),
        "replayed": value_at(replayed[tick], path),
    }


def value_at(row: Any, path: str) -> float | int:
    """Return the number at a path such as "estimate.p_ned[2]" of one command."""
    path, _, place = path.partition("[")
    for name in path.split("."):
        row = row[name]
    return np.asarray(row).reshape(-1)[int(place.rstrip("]") or 0)].item()
