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
from flight.parameter import Param, filled, store
from ground.estimation import files, log_readings, scores
from ground.estimation.attitude import bias_at_rest, estimate_attitude
from ground.estimation.estimates import Estimates
from ground.estimation.readings import Readings

LOG_SUFFIXES = (".ulg", ".bin")
SUFFIXES = (*files.SUFFIXES, *LOG_SUFFIXES)


@dataclass
class Choices:
    """What a person asks for; `settings` are rows of the attitude filter by id."""

    filter: str = "ours"
    calibrate_at_rest: bool = False
    use_mag: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)


def recordings(folder: Path) -> list[Path]:
    """Return every file below a folder that may be a recording, or raise ConfigError."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise ConfigError(f"{folder}: holds no recording; their names end in {', '.join(SUFFIXES)}")
    return found


def read(path: Path, use_mag: bool = True) -> Readings:
    """Read a recording of any kind. Raises LogError, OSError."""
    readings = files.read(path) if path.suffix in files.SUFFIXES else log_readings.read(path)
    if not use_mag:
        readings.mag_frd = None
    return readings


def estimate(path: Path, choices: Choices, out: Path | None = None) -> dict[str, Any]:
    """Estimate one recording; return its figures under the names of the command line's contract."""
    began = time.perf_counter()
    readings = read(path, choices.use_mag)
    bias = bias_at_rest(readings) if choices.calibrate_at_rest else None
    estimates = estimate_attitude(readings, choices.filter, bias, params_with(choices.settings))
    took_s = time.perf_counter() - began
    figures: dict[str, Any] = {
        "file": str(path),
        "filter": choices.filter,
        "samples": len(readings.t),
        "samples_per_s": len(readings.t) / took_s,
        "out": None if out is None else str(out),
    }
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        estimates.save(out, readings.body)
    return figures | errors(readings, estimates)


def find(name: str, source: str) -> Param:
    """Return the attitude filter's row of an id, or raise ConfigError with the closest ids."""
    by_id = {row.id: row for row in ROWS}
    if name.upper() not in by_id:
        close = difflib.get_close_matches(name.upper(), by_id, 3) or list(by_id)
        raise ConfigError(
            f"{source}: is no parameter of the attitude filter; did you mean {' or '.join(close)}?"
        )
    return by_id[name.upper()]


def params_with(settings: Mapping[str, float]) -> np.record:
    """Return the attitude filter's parameters with some of them set."""
    params = filled(PARAMS, ROWS)
    for row in ROWS:
        if row.id in settings:
            store(params[0], row, settings[row.id])
    return params[0].estimator.attitude


def errors(readings: Readings, estimates: Estimates) -> dict[str, float]:
    """Return how far the estimates are from the truth; against another's estimate under other names."""
    truth = readings.truth
    if truth is None:
        return {}
    said = estimates.z_up(readings.body)
    found = scores.attitude_errors(truth, estimates.t, said["q"])
    if not truth.is_truth:
        return {name.replace("rmse", "from_onboard"): value for name, value in found.items()}
    for name, key in (("position", "position_rms_m"), ("velocity", "velocity_rms_m_s")):
        wanted = getattr(truth, name)
        if name in said and wanted is not None and truth.t_position is not None:
            found[key] = scores.vector_error(estimates.t, said[name], truth.t_position, wanted)
    return found


def warm_up() -> None:
    """Compile, so that the first recording is as fast as the next."""
    still = np.tile([0.0, 0.0, -9.8], (2, 1))
    estimate_attitude(Readings("", np.array([0.0, 0.01]), 0.0 * still, still, still)).z_up("flu")
