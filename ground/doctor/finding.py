"""What an examination finds: how it stands, in words, and what to do about it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """How a thing stands; only BAD keeps one from flying."""

    GOOD = "good"
    ODD = "odd"
    BAD = "bad"
    ABSENT = "absent"


MARKS = {State.GOOD: "ok  ", State.ODD: "note", State.BAD: "BAD ", State.ABSENT: "-   "}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `to_do` is empty where there is nothing to do."""

    name: str
    state: State
    found: str
    to_do: str = ""


def judged(name: str, found: str, to_do: str, is_bad: bool = False, is_odd: bool = False) -> Finding:
    """Return a finding that says what to do only when something is wrong."""
    state = State.BAD if is_bad else State.ODD if is_odd else State.GOOD
    return Finding(name, state, found, to_do if is_bad or is_odd else "")


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing is bad."""
    return all(finding.state != State.BAD for finding in findings)


def text(findings: Iterable[Finding]) -> str:
    """Return findings as a person reads them."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.state]} {finding.name:<20} {finding.found}")
        if finding.to_do:
            lines.append(f"{'':<25} do: {finding.to_do}")
    return "\n".join(lines)


def jsonable(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings for JSON."""
    return [asdict(finding) for finding in findings]
