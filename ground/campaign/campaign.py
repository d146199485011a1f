"""Fly a campaign: jobs to a crew, results to a file, everything that has been flown into a report."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ground.campaign import flights
from ground.campaign.cases import jobs_of
from ground.campaign.definition import Campaign
from ground.campaign.jobs import Crew, finished, stamp_of
from ground.campaign.outcome import BAD, outcome, reason
from ground.campaign.results import Results
from ground.missions.load import load as load_mission

Share = Callable[[float, str], None]
RESULTS = "results.jsonl"


@dataclass
class Flown:
    """What has been flown of a campaign, in the order of the flights' numbers."""

    campaign: Campaign
    flights: list[dict[str, Any]] = field(default_factory=list)
    program: str = ""


def about(campaign: Campaign) -> dict[str, Any]:
    """Return what results are of: the campaign but for its length, and the program's own sources."""
    whole = asdict(campaign)
    whole.pop("flights")
    return {"campaign": plain(whole), "program": stamp_of(flights.__name__)[:16]}


def plain(value: Any) -> Any:
    """Return a value as JSON would give it back."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


@cache
def items_of(mission: str) -> int:
    """Return how many items a mission has."""
    from flight.inputs import Demand

    return sum(step.demand == Demand.MISSION_ITEM for step in load_mission(mission).steps)


def fly(campaign: Campaign, crew: Crew, folder: Path, share: Share | None = None) -> None:
    """Fly what is missing of a campaign; results are on disk job by job, whatever ends this."""
    with Results(folder / RESULTS, about(campaign)) as results:
        jobs = list(jobs_of(campaign))
        for _ in finished(crew, flights.fly, jobs, results.has, results.keep):
            if share:
                tell_share(share, campaign, results)


def tell_share(share: Share, campaign: Campaign, results: Results) -> None:
    """Say how far the campaign is."""
    crashed = {said["number"]: said["is_crashed"] for result in results.found.values() for said in result}
    share(
        len(crashed) / campaign.flights,
        f"{len(crashed)} of {campaign.flights} flights, {sum(crashed.values())} crashes",
    )


def read(campaign: Campaign, folder: Path) -> Flown:
    """Return all that has been flown of a campaign, judged."""
    with Results(folder / RESULTS, about(campaign)) as results:
        # A campaign made longer flies its last, shorter window once more.
        told = {said["number"]: said for result in results.found.values() for said in result}
    flown = Flown(campaign, program=about(campaign)["program"])
    for said in (told[number] for number in sorted(told) if number < campaign.flights):
        said["outcome"] = outcome(said, items_of(said["mission"]))
        if said["outcome"] in BAD:
            said["reason"], said["replay"] = reason(said), replay(said)
        flown.flights.append(said)
    return flown


def replay(said: dict[str, Any]) -> str:
    """Return the command that flies a flight again."""
    parts = [f"quadloop fly {said['mission']} --airframe {said['airframe']} --seed {said['seed']}"]
    if said["sensors"] != "consumer":
        parts.append(f"--sensors {said['sensors']}")
    if said["wind_m_s"]:
        parts.append(f"--wind {said['wind_m_s']:g} --wind-from {said['wind_from_deg']:g}")
    if said["turbulence"] != "none":
        parts.append(f"--turbulence {said['turbulence']}")
    parts += [f'--fault "{fault}"' for fault in said["faults"]]
    parts += [f"--set {name}={value:g}" for name, value in said["set"].items()]
    return " ".join(parts)
