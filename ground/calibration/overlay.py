"""The calibration overlay beside an airframe's file: parameters by id, and how well the fits went."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import ConfigError
from ground.calibration.correction import Correction
from ground.calibration.current import WireField
from ground.calibration.gyro import GyroBias
from ground.calibration.naming import AXES, named, named_matrix, rotation

SUFFIX = ".calibration.toml"
PARTS = ("accel", "gyro", "mag", "current")


@dataclass(frozen=True)
class Known:
    """What an overlay holds already; its matrices have the level's turn in them."""

    parameters: Mapping[str, float] = field(default_factory=dict)
    level_rad: tuple[float, float] | None = None

    def matrix(self, sensor: str) -> np.ndarray:
        """Return a sensor's own matrix, the level's turn undone; the identity where there is none."""
        turned = [
            [self.parameters.get(f"CAL_{sensor}_{AXES[i]}{AXES[j]}", float(i == j)) for j in range(3)]
            for i in range(3)
        ]
        is_there = f"CAL_{sensor}_XX" in self.parameters
        return rotation(self.level_rad).T @ np.array(turned) if is_there else np.eye(3)

    def vector(self, name: str) -> np.ndarray:
        """Return three parameters, zero where there are none."""
        return np.array([self.parameters.get(f"CAL_{name}_{axis}", 0.0) for axis in AXES])

    def raw_ut_per_a(self) -> np.ndarray:
        """Return the current's field in the magnetometer's raw axes."""
        return np.linalg.solve(rotation(self.level_rad) @ self.matrix("MAG"), self.vector("MAG_A"))


NOTHING_KNOWN = Known()


@dataclass
class Calibration:
    """What was found; parts that were not in the recording are None, with the reason in `left_out`."""

    accel: Correction | None = None
    gyro: GyroBias | None = None
    mag: Correction | None = None
    current: WireField | None = None
    level_rad: tuple[float, float] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def parameters(self, known: Known = NOTHING_KNOWN) -> dict[str, float]:
        """Return the CAL_ parameters that change; the level's turn is part of every matrix, of those known too."""
        turn = rotation(self.level_rad or known.level_rad)
        found: dict[str, float] = {}
        fitted = {"ACC": self.accel, "GYR": self.gyro, "MAG": self.mag}
        for sensor, fit in fitted.items():
            if fit or self.level_rad:
                own = getattr(fit, "matrix", np.eye(3)) if fit else known.matrix(sensor)
                found |= named_matrix(sensor, turn @ own)
        if self.accel:
            found |= named("ACC_OFF", self.accel.offset)
        if self.gyro:
            found |= named("GYR_OFF", self.gyro.bias) | named("GYR_K", self.gyro.slope_per_k)
            if math.isfinite(self.gyro.reference_c):
                found["CAL_GYR_TREF"] = self.gyro.reference_c
        if self.mag:
            found |= named("MAG_OFF", self.mag.offset)
        return found | self.current_parameters(turn, known)

    def current_parameters(self, turn: np.ndarray, known: Known) -> dict[str, float]:
        """Return the field per ampere, found now or before, as the magnetometer's matrix turns and scales it."""
        raw = self.current.ut_per_a if self.current else known.raw_ut_per_a()
        if not raw.any() or not (self.current or self.mag or self.level_rad):
            return {}
        own = self.mag.matrix if self.mag else known.matrix("MAG")
        return named("MAG_A", turn @ own @ raw)

    def figures(self) -> dict[str, float]:
        """Return residuals and ranges, units in the names."""
        found: dict[str, float] = {}
        if self.accel:
            found |= {"accel_residual_m_s2": self.accel.residual, "accel_samples": self.accel.samples}
        if self.gyro:
            found |= {
                "gyro_residual_deg_s": math.degrees(self.gyro.residual),
                "gyro_samples": self.gyro.samples,
            }
            low, high = self.gyro.range_c
            found |= {"gyro_coldest_c": low, "gyro_warmest_c": high} if math.isfinite(low) else {}
        if self.mag:
            found |= {"mag_residual_ut": self.mag.residual, "mag_samples": self.mag.samples}
        if self.current:
            low, high = self.current.range_a
            found |= {"current_residual_ut": self.current.residual, "current_samples": self.current.samples}
            found |= {"current_least_a": low, "current_most_a": high}
            found["current_sd_ut_per_a"] = self.current.sd_ut_per_a
        if self.level_rad:
            roll, pitch = np.degrees(self.level_rad)
            found |= {"level_roll_deg": float(roll), "level_pitch_deg": float(pitch)}
        return found


def write(path: Path, calibration: Calibration, source: str) -> None:
    """Write the overlay whole or not at all; parameters of sensors that were not calibrated now stay as they were."""
    kept = earlier(path)
    kept["calibration"] |= calibration.parameters(known(path))
    kept["residuals"] |= calibration.figures()
    kept["source"] |= {part: source for part in PARTS if getattr(calibration, part)}
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text(kept))
    fresh.replace(path)


def known(path: Path) -> Known:
    """Return what an overlay holds, in a form to be added to."""
    before = earlier(path)
    level = [before["residuals"].get(f"level_{angle}_deg") for angle in ("roll", "pitch")]
    tilt = None if None in level else (math.radians(float(level[0])), math.radians(float(level[1])))  # type: ignore[arg-type]
    return Known(before["calibration"], tilt)


def earlier(path: Path) -> dict[str, dict[str, Any]]:
    """Return what an overlay holds already. Raises ConfigError for a file that is none."""
    if not path.name.endswith(SUFFIX):
        raise ConfigError(
            f"{path}: a calibration overlay's name ends in {SUFFIX}, so that no file of a hand is lost"
        )
    from flight.airframe import read_toml

    before = read_toml(path) if path.exists() else {}
    return {name: dict(before.get(name, {})) for name in ("calibration", "residuals", "source")}


def text(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return TOML."""
    lines = ["# Written by `quadloop calibrate`; delete the file to fly uncalibrated."]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """Return one value as TOML writes it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value:.9g}"
