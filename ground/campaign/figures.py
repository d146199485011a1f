"""What a campaign showed, counted: by fault, phase, vehicle and wind, and every flight that ended badly."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ground.campaign.campaign import Flown
from ground.campaign.outcome import BAD, OUTCOMES

# In the order of interest: what must not happen first, what nobody promises last.
GROUPS = ("none", "single", "double", "motor", "attitude")
EXPECTED = ("none", "single")
WORST_KEYS = (
    "outcome", "group", "airframe", "mission", "sensors", "phase", "faults", "wind_m_s", "wind_from_deg", "turbulence",
    "impact_m_s", "impact_sink_m_s", "impact_tilt_deg", "outside_m", "farthest_m", "tilt_error_deg", "place_error_m",
    "height_error_m", "failsafes", "is_armed", "number",
)  # fmt: skip
Told = dict[str, Any]


def figures_of(flown: Flown) -> dict[str, Any]:
    """Return a campaign's figures with the key names of the command line's contract."""
    told = flown.flights
    crashed = [said for said in told if said["is_crashed"]]
    expected = [said for said in told if said["group"] in EXPECTED]
    return {
        "campaign": flown.campaign.name,
        "about": flown.campaign.about,
        "seed": flown.campaign.seed,
        "program": flown.program,
        "flights": len(told),
        "planned": flown.campaign.flights,
        "simulated_s": round(sum(said["ended_s"] for said in told), 1),
        "not_reached": sum(not said["faults"] for said in told if said["group"] != "none"),
        "crashed": len(crashed),
        "bad": sum(said["outcome"] in BAD for said in expected),
        "still_armed": sum(said["is_armed"] for said in told if said["outcome"] != "refused"),
        "outcomes": counted(told, lambda said: "all").get("all", {}),
        "groups": counted(told, lambda said: said["group"], GROUPS),
        "vehicles": counted(expected, vehicle_of),
        "winds": counted(expected, lambda said: f"{said['wind_m_s']:g} m/s, {said['turbulence']}"),
        "faults": counted(
            [s for s in told if s["group"] != "double"], lambda said: said["names"][0], names_of(flown)
        ),
        "failsafes": dict(Counter(name for said in told for name in said["failsafes"]).most_common()),
        "impacts": {group: impacts([s for s in crashed if s["group"] == group]) for group in GROUPS},
        "worst": [worst(said) for said in sorted(told, key=rank) if said["outcome"] in BAD],
    }


def vehicle_of(said: Told) -> str:
    """Return who flew, with its sensors where they are not its own."""
    return said["airframe"] if said["sensors"] == "consumer" else f"{said['airframe']} ({said['sensors']})"


def names_of(flown: Flown) -> tuple[str, ...]:
    """Return the names of the faults in the order of the file."""
    return ("none", *(kind.name for kind in flown.campaign.kinds))


def counted(
    told: list[Told], key: Callable[[Told], str], order: tuple[str, ...] = ()
) -> dict[str, dict[str, int]]:
    """Return how many flights of each key had each outcome."""
    found: dict[str, Counter[str]] = {}
    for said in told:
        found.setdefault(key(said), Counter())[said["outcome"]] += 1
    known = [name for name in order if name in found] + sorted(name for name in found if name not in order)
    return {name: {o: found[name][o] for o in OUTCOMES if found[name][o]} for name in known}


def impacts(crashed: list[Told]) -> dict[str, Any]:
    """Return how hard flights hit the ground: share of them at half, nine tenths and most; tilt likewise."""
    if not crashed:
        return {"flights": 0}
    speed, tilt = ([said[key] for said in crashed] for key in ("impact_m_s", "impact_tilt_deg"))
    return {
        "flights": len(crashed),
        "speed_m_s": {"median": middle(speed), "p90": middle(speed, 90.0), "most": max(speed)},
        "tilt_deg": {"median": middle(tilt), "p90": middle(tilt, 90.0), "most": max(tilt)},
    }


def middle(values: list[float], percent: float = 50.0) -> float:
    """Return a percentile."""
    return round(float(np.percentile(values, percent)), 2)


def rank(said: Told) -> tuple[float, ...]:
    """Return the place of a flight among the worst."""
    return (
        GROUPS.index(said["group"]),
        -OUTCOMES.index(said["outcome"]),
        -said["impact_m_s"],
        said["number"],
    )


def worst(said: Told) -> Told:
    """Return what to tell of a flight that ended badly."""
    first = {key: said.get(key) for key in ("seed", "log", "reason", "replay")}
    return first | {key: said[key] for key in WORST_KEYS}


def grid(flown: Flown) -> dict[tuple[str, str], Counter[str]]:
    """Return the outcomes of every fault in every phase, double faults apart."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for said in flown.flights:
        if said["group"] != "double":
            found.setdefault((said["names"][0], said["phase"]), Counter())[said["outcome"]] += 1
    return found
