"""Fly the worst flights of a campaign once more, alone, by the very code of `quadloop fly`, and keep their logs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flight import airframe
from ground import session
from ground.campaign.campaign import Flown
from ground.campaign.figures import rank
from ground.campaign.outcome import BAD
from ground.missions.load import load as load_mission

FOLDER = "logs"


def log_flights(flown: Flown, folder: Path, count: int, share: Callable[[float, str], None]) -> None:
    """Log the worst flights, each fault once before any fault twice; logs that are there are kept."""
    chosen = spread([said for said in sorted(flown.flights, key=rank) if said["outcome"] in BAD])[:count]
    for i, said in enumerate(chosen):
        share(i / len(chosen), f"seed {said['seed']}")
        path = log_file(folder, said)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            log_one(said, path)


def mark_logs(flown: Flown, folder: Path) -> None:
    """Name the logs there are."""
    for said in flown.flights:
        if said["outcome"] in BAD and log_file(folder, said).exists():
            said["log"] = f"{FOLDER}/{log_file(folder, said).name}"


def log_file(folder: Path, said: dict[str, Any]) -> Path:
    """Return where a flight's log belongs."""
    return folder / FOLDER / f"{said['airframe']}_{said['seed']}.ulg"


def spread(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the flights with the first of every fault before the second of any."""
    seen: dict[str, int] = {}
    places = []
    for said in told:
        name = " and ".join(said["names"])
        places.append(seen.get(name, 0))
        seen[name] = places[-1] + 1
    return [told[i] for i in sorted(range(len(told)), key=lambda i: places[i])]


def log_one(said: dict[str, Any], path: Path) -> None:
    """Fly one case again and log it; half a log is none."""
    vehicle = airframe.load(said["airframe"])
    for name, value in said["set"].items():
        vehicle.set(name, value)
    conditions = session.Conditions(
        seed=said["seed"],
        sensors=said["sensors"],
        wind_m_s=said["wind_m_s"],
        wind_from_deg=said["wind_from_deg"],
        turbulence=said["turbulence"],
        faults=tuple(said["faults"]),
        longest_s=said["ended_s"],
    )
    if session.fly(vehicle, load_mission(said["mission"]), conditions, str(path)).is_interrupted:
        path.unlink(missing_ok=True)
        raise KeyboardInterrupt
