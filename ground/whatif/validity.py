"""How well a model flies a log again with the gains that were flown: what its word on other gains is worth."""

from dataclasses import asdict, dataclass

import numpy as np

from ground.whatif.motion import KINDS, Kind, Motion

# The share of the motion that the model may miss, and the share at which its word is worth nothing.
GOOD, POOR = 0.35, 0.75
VERDICTS = ("good", "limited", "poor")


@dataclass(frozen=True)
class Match:
    """One axis: error of the model, and what it is a share of, in the quantity's unit.

    `vaf_percent` is the variance accounted for; `share` the error over the motion, or over what counts as none.
    """

    rms: float
    moved: float
    share: float
    vaf_percent: float
    unit: str
    is_judged: bool


@dataclass
class Validity:
    """The matches of every axis by name such as rate_roll, and the verdict on all of them."""

    matches: dict[str, Match]

    @property
    def verdict(self) -> str:
        """Return good, limited or poor."""
        worst = max((m.share for m in self.matches.values() if m.is_judged), default=np.inf)
        return VERDICTS[int(not worst <= GOOD) + int(not worst <= POOR)]

    def worst(self) -> str:
        """Return the axis that the verdict is owed to."""
        return max((n for n, m in self.matches.items() if m.is_judged), key=lambda n: self.matches[n].share)

    def figures(self) -> dict[str, object]:
        """Return everything under plain names."""
        return {"verdict": self.verdict} | {name: asdict(match) for name, match in self.matches.items()}


def validity_of(flown: Motion, model: Motion) -> Validity:
    """Compare a model's flight with the one that was flown, in the air."""
    found = {}
    for name, kind in KINDS.items():
        held = flown.is_free & (flown.level >= kind.level)
        # What nobody holds drifts, and says nothing about a model.
        is_judged = bool(held.sum() > 0.5 * flown.is_free.sum())
        chosen = held if is_judged else flown.is_free
        for i, axis in enumerate(kind.axes):
            was, told = getattr(flown, name)[chosen, i], getattr(model, name)[chosen, i]
            found[f"{name}_{axis}"] = match(was, told, kind, is_judged)
    return Validity(found)


def match(was: np.ndarray, told: np.ndarray, kind: Kind, is_judged: bool) -> Match:
    """Compare one axis."""
    off = told - was
    rms, moved = float(np.sqrt(np.mean(off * off))), float(was.std())
    vaf = 100.0 * (1.0 - float(off.var()) / moved**2) if moved > 0.0 else 0.0
    return Match(rms, moved, rms / max(moved, kind.floor), vaf, kind.unit, is_judged)
