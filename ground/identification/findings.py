"""What a fit says, under the names of the airframe file, and the airframe file with it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flight.airframe import from_tables
from flight.errors import LogError
from ground.identification.built import physics_of
from ground.identification.fit import Z95, Fit, fit
from ground.identification.segment import cut
from logs.reader import Log
from logs.rebuilding import Flight, rebuild

NAMES = {
    "inertia_x": "inertia_xx_kg_m2",
    "inertia_y": "inertia_yy_kg_m2",
    "inertia_z": "inertia_zz_kg_m2",
    "torque_per_thrust": "torque_per_thrust_m",
    "motor_lag": "motor_lag_s",
    "total_delay": "total_delay_s",
    "throttle_curve": "throttle_curve",
    "centre_x": "centre_of_mass_x_m",
    "centre_y": "centre_of_mass_y_m",
    "drag_x": "drag_x_n_s_m",
    "drag_y": "drag_y_n_s_m",
    "drag_z": "drag_z_n_s_m",
}
ROTOR_KEYS = ("thrust_coefficient_n_s2", "torque_per_thrust_m", "spin_up_s", "spin_down_s", "throttle_curve")


@dataclass(frozen=True)
class Finding:
    """One number with its 95 % interval."""

    value: float
    low: float
    high: float
    unit: str


@dataclass
class Findings:
    """Everything a flight told of its airframe."""

    physics: dict[str, Any]
    numbers: dict[str, Finding]
    fit_percent: dict[str, float]
    seconds: float
    fit: Fit


def finding(value: float, sigma: float, unit: str) -> Finding:
    """Return a number with its 95 % interval."""
    return Finding(value, value - Z95 * sigma, value + Z95 * sigma, unit)


def numbers_of(found: Fit, count: int) -> dict[str, Finding]:
    """Return the fit under the airframe file's names: mean thrust, each rotor's, and the rest."""
    rotors = [f"thrust_{i + 1}" for i in range(count)]
    mean, sigma = found.combined(lambda x: sum(x[name] for name in rotors) / count)
    numbers = {"thrust_coefficient_n_s2": finding(mean, sigma, "N s2")}
    for k, name in enumerate(found.names):
        if name in NAMES:
            numbers[NAMES[name]] = finding(found.value[k], found.sigma[k], found.units[name])
        elif name in rotors:
            numbers[f"{name}_n_s2"] = finding(found.value[k], found.sigma[k], found.units[name])
    return numbers


def identify(source: Log | str | Path, mass_kg: float | None = None) -> Findings:
    """Return what a log tells of its airframe, weighed by a scale or else as its file says. Raises LogError.

    A flight tells forces per mass only, so that thrust, inertia and drag are as good as the mass.
    """
    flight = rebuild(source)
    if flight.airframe is not None and mass_kg is not None:
        flight.airframe.physics["body"]["mass_kg"] = mass_kg
    return identified(flight)


def identified(flight: Flight) -> Findings:
    """Return what a flight tells of its airframe; raises LogError where it tells nothing."""
    if flight.airframe is None:
        raise LogError("the log does not hold an airframe that today's code can read; fly it again")
    physics, segment = flight.airframe.physics, cut(flight)
    found = fit(segment, physics)
    return Findings(
        physics, numbers_of(found, len(physics["rotor"])), found.fit_percent, segment.seconds, found
    )


def changes(found: Findings) -> dict[str, str]:
    """Return the airframe file's keys that are written anew, as TOML values."""
    built = physics_of(found.physics, found.fit.values())
    rotors, body = built["rotors"], built["body"]
    single = {key: rotors[key] for key in ROTOR_KEYS} | {"mass_kg": body["mass_kg"]}
    listed = {
        "drag_n_s_m": rotors["drag_n_s_m"],
        "centre_of_mass_m_frd": body["centre_of_mass_m_frd"],
    }
    texts = {key: f"{number:.5g}" for key, number in single.items()}
    return texts | {key: f"[{', '.join(f'{v:.5g}' for v in row)}]" for key, row in listed.items()}


def rewritten(text: str, found: Findings, log: str) -> str:
    """Return an airframe file's text with what was identified in place of what stood there."""
    inertia = [found.numbers[f"inertia_{a}{a}_kg_m2"].value for a in "xyz"]
    body, _, rest = text.partition("[physics.rotors]")
    wanted = f"[{', '.join(f'{v:.5g}' for v in inertia)}]"
    body = replaced(body, "inertia_kg_m2", wanted, log)
    whole = body + "[physics.rotors]" + rest
    for key, value in changes(found).items():
        whole = replaced(whole, key, value, log)
    return whole


def replaced(text: str, key: str, value: str, log: str) -> str:
    """Return TOML text with one key's value replaced, or added where its table begins."""
    line = f"{key} = {value}  # identified: {log}"
    pattern = re.compile(rf"^{key}\s*=.*$", re.M)
    if pattern.search(text):
        return pattern.sub(lambda _: line, text, count=1)
    table = "[physics.body]" if key == "centre_of_mass_m_frd" else "[physics.rotors]"
    return text.replace(table, f"{table}\n{line}", 1)


def write_airframe(log: Log, found: Findings, path: Path) -> Path:
    """Write the flown airframe's file with what was identified; raise ConfigError where no such vehicle can be."""
    import tomllib

    text = rewritten(log.info.get("quadloop_airframe_toml", ""), found, Path(log.path).name)
    from_tables(tomllib.loads(text), path.name, path.stem)
    path.write_text(text)
    return path
