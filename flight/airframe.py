"""An airframe file: what the vehicle is (physics), what was chosen for it (gains), which sensors it carries.

TOML with tables `[airframe]`, `[physics.*]`, `[[physics.rotor]]`, `[sensors]`, `[bridge]`, `[pi]`, `[gains]`. A file
`NAME.gains.toml` beside it, written by the tuner, overrides gains and never the measured numbers.
"""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from flight import params as table
from flight.errors import ConfigError
from flight.parameter import store
from flight.physics import SPINS, checked_physics

TABLES = ("airframe", "physics", "sensors", "bridge", "pi", "gains")
# What programs write beside an airframe: NAME.gains.toml holds a [gains] table and so on.
OVERLAYS = ("calibration", "bridge", "gains")


@dataclass
class Airframe:
    """One vehicle: checked physics, sensor choices and the parameter record the autopilot flies with."""

    name: str
    about: str
    physics: dict[str, Any]
    sensors: dict[str, str]
    params: np.recarray
    loop_rate_hz: float = 1000.0
    gains: dict[str, float] = field(default_factory=dict)
    # How the vehicle is wired to its board, as the file says it; `firmware_bridge.wiring` knows the keys.
    bridge: dict[str, Any] = field(default_factory=dict)
    # Which parts hang on a Raspberry Pi's buses; `firmware_bridge.pi.setup` knows the keys.
    pi: dict[str, Any] = field(default_factory=dict)

    def set(self, name: str, value: object, source: str = "--set") -> None:
        """Override one parameter by its id; raise ConfigError when the id or value is wrong."""
        row = table.find(name, source)
        self.gains[row.id] = row.checked(value, source)
        store(self.params[0], row, self.gains[row.id])


def folder() -> Path:
    """Return the folder of the airframes that come with Quadloop: inside an installed package, beside a checkout's."""
    room = Path(__file__).resolve().parent
    inside = room / "airframes"
    return inside if inside.is_dir() else room.parent / "airframes"


def names() -> list[str]:
    """Return the names `load` knows without a path."""
    return sorted(f.stem for f in folder().glob("*.toml") if "." not in f.stem)


def load(name: str | os.PathLike[str]) -> Airframe:
    """Read an airframe by name or path, with its overlays of gains and of calibration where there are such.

    Raises ConfigError naming file, key, value and what is allowed.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = folder() / f"{name}.toml"
        if not path.is_file():
            raise ConfigError(
                f"airframe {str(name)!r} is not known; known: {', '.join(names())}, or a path to a .toml"
            )
    airframe = from_tables(read_toml(path), path.name, path.stem)
    for kind in OVERLAYS:
        overlay = path.with_suffix(f".{kind}.toml")
        if overlay.is_file():
            overlaid(airframe, kind, read_toml(overlay).get(kind, {}), overlay.name)
    return airframe


def overlaid(airframe: Airframe, kind: str, found: dict[str, Any], where: str) -> None:
    """Lay what a program wrote beside an airframe over it."""
    if kind == "bridge":
        airframe.bridge |= found
    else:
        apply_gains(airframe, found, where)


def beside(name: str, kind: str) -> Path:
    """Return where an airframe's overlay of a kind belongs; raise ConfigError when there is no such airframe."""
    load(name)
    path = Path(name)
    path = path if path.suffix == ".toml" else folder() / f"{name}.toml"
    return path.with_suffix(f".{kind}.toml")


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's tables, or raise ConfigError."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None


def from_tables(tables: dict[str, Any], where: str, name: str) -> Airframe:
    """Build an airframe from parsed tables; `where` names the file in errors."""
    for key in tables:
        if key not in TABLES:
            raise ConfigError(f"{where}: [{key}] is not known; known tables: {', '.join(TABLES)}")
    head = tables.get("airframe", {})
    for key in head:
        if key not in ("about", "loop_rate_hz"):
            raise ConfigError(f"{where}: airframe.{key} is not known; known keys: about, loop_rate_hz")
    rate = head.get("loop_rate_hz", 1000)
    if rate not in (250, 500, 1000, 2000):
        raise ConfigError(f"{where}: airframe.loop_rate_hz = {rate!r}; allowed 250, 500, 1000, 2000")
    physics = checked_physics(tables.get("physics"), where)
    check_rotors(physics["rotor"], where)
    sensors = {str(k): str(v) for k, v in tables.get("sensors", {}).items()}
    airframe = Airframe(name, head.get("about", ""), physics, sensors, table.defaults(), float(rate))
    tell_physics(airframe.params[0].airframe, physics)
    airframe.bridge, airframe.pi = dict(tables.get("bridge", {})), dict(tables.get("pi", {}))
    apply_gains(airframe, tables.get("gains", {}), where)
    return airframe


def check_rotors(rotors: list[dict[str, Any]], where: str) -> None:
    """Raise ConfigError unless the rotors can lift, roll, pitch and yaw independently."""
    effects = np.array([[1.0, *rotor["position_m_frd"][:2], SPINS[rotor["spin"]]] for rotor in rotors])
    if np.linalg.matrix_rank(effects, tol=1e-6) < 4:
        raise ConfigError(
            f"{where}: [[physics.rotor]] cannot lift, roll, pitch and yaw independently; "
            "a quadrotor has four rotors apart from each other, opposite ones of one spin"
        )


def apply_gains(airframe: Airframe, gains: dict[str, Any], where: str) -> None:
    """Store a `[gains]` table."""
    for key, value in gains.items():
        airframe.set(key, value, where)


def tell_physics(known: np.void, physics: dict[str, Any]) -> None:
    """Write what the controller is told about the vehicle's physics: nominal values, no drag beyond the linear one."""
    body, rotors = physics["body"], physics["rotors"]
    known.mass_kg = body["mass_kg"]
    known.inertia[:] = body["inertia_kg_m2"]
    known.rotor_count = len(physics["rotor"])
    known.thrust_max_n = rotors["thrust_coefficient_n_s2"] * rotors["speed_max_rad_s"] ** 2
    known.torque_per_thrust_m = rotors["torque_per_thrust_m"]
    known.motor_lag_s = 0.5 * (rotors["spin_up_s"] + rotors["spin_down_s"])
    known.throttle_curve = rotors["throttle_curve"]
    known.speed_idle = rotors["speed_min_rad_s"] / rotors["speed_max_rad_s"]
    known.rotor_drag[:] = rotors["drag_n_s_m"]
    known.rotor_inertia = rotors["inertia_kg_m2"]
    known.speed_max = rotors["speed_max_rad_s"]
    known.cells = physics["battery"]["cells"]
    known.imu_position_frd[:] = np.subtract(body["imu_position_m_frd"], body["centre_of_mass_m_frd"])
    for i, rotor in enumerate(physics["rotor"]):
        known.rotor_x[i], known.rotor_y[i], known.rotor_z[i] = rotor["position_m_frd"]
        known.rotor_spin[i] = SPINS[rotor["spin"]]
