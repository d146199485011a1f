"""One recording from its file to estimates, figures and a file of estimates."""

import difflib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import ConfigError
from flight.estimator.attitude.layout import PARAMS
from flight.estimator.attitude.rows import ROWS
from flight.estimator.rows import ROWS as NAVIGATION
from flight.parameter import Param, filled, store
from ground.estimation import files, log_readings, scores
from ground.estimation.aids import AIDS
from ground.estimation.attitude import bias_at_rest, estimate_attitude
from ground.estimation.estimates import Estimates
from ground.estimation.full import estimate_full
from ground.estimation.readings import Readings, Truth

LOG_SUFFIXES = (".ulg", ".bin")
SUFFIXES = (*files.SUFFIXES, *LOG_SUFFIXES)


@dataclass
class Choices:
    """What a person asks for: `filter` may be "auto", `aids` None for all there are.

    `settings` are rows of the attitude filter, or of the flight estimator with "full", by id.
    """

    filter: str = "auto"
    calibrate_at_rest: bool = False
    aids: tuple[str, ...] | None = None
    settings: Mapping[str, float] = field(default_factory=dict)


def recordings(folder: Path) -> list[Path]:
    """Return every file below a folder that may be a recording, or raise ConfigError."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise ConfigError(f"{folder}: holds no recording; their names end in {', '.join(SUFFIXES)}")
    return found


def read(path: Path, wanted: tuple[str, ...] | None = None) -> Readings:
    """Read a recording of any kind with the wanted aids, all by default. Raises LogError, OSError."""
    readings = files.read(path) if path.suffix in files.SUFFIXES else log_readings.read(path)
    if wanted is not None:
        readings.around = readings.around.only(wanted)
        if "mag" not in wanted:
            readings.mag_frd = None
    return readings


def chosen_filter(readings: Readings, wanted: str) -> str:
    """Return which filter to run: left to choose, the one that flies where something tells it of its motion."""
    if wanted != "auto":
        return wanted
    return "full" if readings.around.places() else "ours"


def estimate(path: Path, choices: Choices, out: Path | None = None) -> dict[str, Any]:
    """Estimate one recording; return its figures under the names of the command line's contract."""
    began = time.perf_counter()
    readings = read(path, choices.aids)
    name = chosen_filter(readings, choices.filter)
    estimates = estimated(readings, name, choices)
    took_s = time.perf_counter() - began
    figures: dict[str, Any] = {
        "file": str(path),
        "filter": name,
        "aids": used(readings, name),
        "samples": len(readings.t),
        "samples_per_s": len(readings.t) / took_s,
        "out": None if out is None else str(out),
    }
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        estimates.save(out, readings.body)
    return figures | errors(readings, estimates)


def estimated(readings: Readings, name: str, choices: Choices) -> Estimates:
    """Run a filter. A setting must be of a row it has; ConfigError names what it knows."""
    bias = bias_at_rest(readings) if choices.calibrate_at_rest else None
    for row_id in choices.settings:
        find(row_id, f"--set {row_id}", FULL if name == "full" else ATTITUDE)
    if name == "full":
        return estimate_full(readings, choices.settings, bias)
    return estimate_attitude(readings, name, bias, params_with(choices.settings))


def used(readings: Readings, name: str) -> list[str]:
    """Return the aids a filter takes of those the recording has."""
    mag = ["mag"] if readings.mag_frd is not None else []
    return mag + [aid for aid in AIDS if name == "full" and len(readings.around.samples.get(aid, ()))]


ATTITUDE: Mapping[str, Param] = {row.id: row for row in ROWS}
FULL: Mapping[str, Param] = {row.id: row for row in NAVIGATION}
EITHER: Mapping[str, Param] = {**ATTITUDE, **FULL}


def find(name: str, source: str, among: Mapping[str, Param] = EITHER) -> Param:
    """Return the row of an id, or raise ConfigError with the closest ids."""
    if name.upper() not in among:
        close = difflib.get_close_matches(name.upper(), among, 3) or list(among)[:5]
        raise ConfigError(f"{source}: is no parameter of this filter; did you mean {' or '.join(close)}?")
    return among[name.upper()]


def params_with(settings: Mapping[str, float]) -> np.record:
    """Return the attitude filter's parameters with some of them set."""
    params = filled(PARAMS, ROWS)
    for row in ROWS:
        if row.id in settings:
            store(params[0], row, settings[row.id])
    return params[0].estimator.attitude


def errors(readings: Readings, estimates: Estimates) -> dict[str, Any]:
    """Return how far the estimates are from the truth; against another's estimate under other names."""
    truth = readings.truth
    if truth is None:
        return {}
    said = estimates.z_up(readings.body)
    found: dict[str, Any] = {**scores.attitude_errors(truth, estimates.t, said["q"])}
    if not truth.is_truth:
        return {name.replace("rmse", "from_onboard"): value for name, value in found.items()}
    if truth.mode == "9d":
        found["attitude_estimate_rms_deg"] = scores.euler_errors(truth, estimates.t, said["q"])
    return found | motion_errors(truth, said)


def motion_errors(truth: Truth, said: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the errors of position and velocity: their lengths, and horizontal and vertical apart."""
    found: dict[str, Any] = {}
    if truth.t_position is None:
        return found
    for name, unit in (("position", "m"), ("velocity", "m_s")):
        wanted = getattr(truth, name)
        if name not in said or wanted is None:
            continue
        if name == "position":
            wanted = scores.from_start(truth, said["t"], said[name])
        error = scores.vector_errors(truth, said["t"], said[name], wanted)
        if len(error):
            found[f"{name}_rms_{unit}"] = float(np.sqrt(np.mean(np.sum(error * error, 1))))
            found[f"{name}_estimate_rms_{unit}"] = scores.rms_across_and_up(error)
    return found


def warm_up() -> None:
    """Compile, so that the first recording is as fast as the next."""
    still = np.tile([0.0, 0.0, -9.8], (2, 1))
    readings = Readings("", np.array([0.0, 0.01]), 0.0 * still, still, still)
    estimate_attitude(readings).z_up("flu")
    estimate_full(readings, {})
