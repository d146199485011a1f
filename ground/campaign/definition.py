"""What a campaign flies: a TOML file with vehicles, faults, phases and winds, checked before anything flies."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flight.errors import ConfigError
from ground import faults
from sim.watch import Phase

BUILT_IN = Path(__file__).resolve().parent
PHASES = tuple(phase.name.lower() for phase in Phase if phase != Phase.OTHER)
TURBULENCE = ("none", "light", "moderate", "severe")
KEYS = {
    "about": str,
    "flights": int,
    "seed": int,
    "longest_s": (int, float),
    "control": (int, float),
    "doubles": (int, float),
    "phases": list,
    "vehicle": list,
    "faults": dict,
    "needs": dict,
}
VEHICLE_KEYS = {
    "airframe": str,
    "mission": str,
    "sensors": str,
    "share": (int, float),
    "wind_m_s": list,
    "turbulence": list,
    "set": dict,
}
# How a fault is written here: as for `--fault` without its time, `~` and seconds when it ends by itself, `motor?` for
# any one of the motors, `/cell` for a size per battery cell.
FAULT = re.compile(
    r"(?P<what>[a-z]+[\d?]*(?::[a-z]*=?[-+.\de]*)?)(?P<per_cell>/cell)?(?:~(?P<lasts>[.\d]+))?"
)
GROUPS = ("single", "motor", "attitude")


@dataclass(frozen=True)
class Vehicle:
    """Who flies what in which weather."""

    airframe: str
    mission: str = "rounds"
    sensors: str = "consumer"
    share: float = 1.0
    wind_m_s: tuple[float, ...] = (0.0,)
    turbulence: tuple[str, ...] = ("none",)
    set: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A fault without its time; its group says whether a vehicle is expected to survive it (single) or not."""

    name: str
    group: str
    what: str
    lasts_s: float | None = None
    is_per_cell: bool = False
    needs: dict[str, float] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """Return the part that fails, one name for both halves of the IMU."""
        part = faults.parse(f"{self.sample}@1s").part
        return faults.HALVES.get(part, part)

    @property
    def sample(self) -> str:
        """Return the fault as `--fault` takes it, for the first motor and a battery of one cell."""
        return self.what.replace("?", "1")


@dataclass(frozen=True)
class Campaign:
    """A campaign as it stands in its file."""

    name: str
    about: str
    flights: int
    seed: int
    longest_s: float
    control: float
    doubles: float
    phases: tuple[str, ...]
    vehicles: tuple[Vehicle, ...]
    kinds: tuple[Kind, ...]


def load(name: str) -> Campaign:
    """Return the campaign of a name or file; raise ConfigError naming file, key, value and what is allowed."""
    built_in = BUILT_IN / f"{name}.toml"
    path = built_in if built_in.is_file() else Path(name)
    if path.suffix != ".toml":
        known = ", ".join(sorted(file.stem for file in BUILT_IN.glob("*.toml")))
        raise ConfigError(f"campaign {name!r} is not known; known: {known}, or a path to a .toml file")
    try:
        whole = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return campaign_of(path.stem, path.name, whole)


def campaign_of(name: str, where: str, whole: dict[str, Any]) -> Campaign:
    """Return the campaign in an opened file; raise ConfigError."""
    check_keys(where, whole, KEYS)
    vehicles = tuple(
        vehicle_of(f"{where}: vehicle {i}", v) for i, v in enumerate(whole.get("vehicle", []), 1)
    )
    if not vehicles:
        raise ConfigError(f"{where}: no [[vehicle]]; at least one must fly")
    phases = tuple(among(f"{where}: phases", p, PHASES) for p in whole.get("phases", ["hover"]))
    if not phases:
        raise ConfigError(f"{where}: phases is empty; known: {', '.join(PHASES)}")
    return Campaign(
        name,
        whole.get("about", name),
        round(within(where, "flights", whole.get("flights", 100), 1, 10_000_000)),
        round(within(where, "seed", whole.get("seed", 1), 0, 1_000_000)),
        within(where, "longest_s", whole.get("longest_s", 120.0), 1.0, 3600.0),
        within(where, "control", whole.get("control", 0.05), 0.0, 1.0),
        within(where, "doubles", whole.get("doubles", 0.0), 0.0, 1.0),
        phases,
        vehicles,
        kinds_of(where, whole.get("faults", {}), whole.get("needs", {})),
    )


def check_keys(where: str, table: Any, known: dict[str, Any]) -> None:
    """Raise ConfigError for a key nobody knows or a value of another kind."""
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: must be a table")
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: {key} is not known; known: {', '.join(known)}")
        if not isinstance(value, known[key]) or isinstance(value, bool):
            raise ConfigError(f"{where}: {key} = {value!r} is of the wrong kind")


def within(where: str, key: str, value: float, low: float, high: float) -> float:
    """Return a number within its limits; raise ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{where}: {key} = {value!r}; allowed {low:g} to {high:g}")
    return float(value)


def among(where: str, value: Any, known: tuple[str, ...]) -> str:
    """Return a word that is known; raise ConfigError."""
    if value not in known:
        raise ConfigError(f"{where}: {value!r} is not known; known: {', '.join(known)}")
    return str(value)


def vehicle_of(where: str, told: Any) -> Vehicle:
    """Return one vehicle with its airframe, mission and parameters looked up; raise ConfigError."""
    from flight import airframe, params
    from ground.missions.load import load as load_mission
    from sim.sensors.presets import SENSOR_SETS

    check_keys(where, told, VEHICLE_KEYS)
    airframe.load(told.get("airframe", ""))
    load_mission(told.get("mission", "rounds"))
    among(f"{where}: sensors", told.get("sensors", "consumer"), SENSOR_SETS)
    winds = tuple(within(where, "wind_m_s", w, 0.0, 40.0) for w in told.get("wind_m_s", [0.0])) or (0.0,)
    gusts = tuple(among(f"{where}: turbulence", t, TURBULENCE) for t in told.get("turbulence", [])) or (
        "none",
    )
    chosen = {n: params.find(n, where).checked(v, where) for n, v in told.get("set", {}).items()}
    within(where, "share", told.get("share", 1.0), 0.0, 1e6)
    return Vehicle(**(told | {"wind_m_s": winds, "turbulence": gusts, "set": chosen}))


def kinds_of(where: str, groups: dict[str, Any], needs: dict[str, Any]) -> tuple[Kind, ...]:
    """Return the faults of every group; raise ConfigError."""
    kinds = []
    for group, texts in groups.items():
        among(f"{where}: faults", group, GROUPS)
        if not isinstance(texts, list):
            raise ConfigError(f"{where}: faults: {group} must be a list of faults")
        kinds += [kind_of(f"{where}: faults: {group}", group, text, needs.get(text, {})) for text in texts]
    return tuple(kinds)


def kind_of(where: str, group: str, text: Any, needs: Any) -> Kind:
    """Return one fault; raise ConfigError."""
    from flight import params

    found = FAULT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ConfigError(f"{where}: {text!r} cannot be read; write gps:dropout, gps:bias=30~10, motor?:0.8")
    if not isinstance(needs, dict):
        raise ConfigError(f"{where}: needs of {text!r} must be a table of parameters")
    chosen = {n: params.find(n, where).checked(v, where) for n, v in needs.items()}
    lasts_s = float(found["lasts"]) if found["lasts"] else None
    kind = Kind(text, group, found["what"], lasts_s, bool(found["per_cell"]), chosen)
    faults.parse(f"{kind.sample}@1s" + (f"-{1.0 + lasts_s}s" if lasts_s else ""))
    return kind
