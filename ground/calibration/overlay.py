"""The calibration overlay beside an airframe's file: parameters by id, and how well the fits went."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import ConfigError
from ground.calibration.correction import Correction
from ground.calibration.gyro import GyroBias

AXES = "XYZ"
SUFFIX = ".calibration.toml"


@dataclass
class Calibration:
    """What was found; parts that were not in the recording are None, with the reason in `left_out`."""

    accel: Correction | None = None
    gyro: GyroBias | None = None
    mag: Correction | None = None
    level_rad: tuple[float, float] | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def parameters(self) -> dict[str, float]:
        """Return the CAL_ parameters; the level's turn is part of every matrix."""
        turn = rotation(self.level_rad)
        found: dict[str, float] = {}
        if self.accel:
            found |= affine("ACC", turn @ self.accel.matrix, self.accel.offset)
        if self.gyro:
            found |= affine("GYR", turn, self.gyro.bias)
            found |= {f"CAL_GYR_K_{a}": float(s) for a, s in zip(AXES, self.gyro.slope_per_k, strict=True)}
            if math.isfinite(self.gyro.reference_c):
                found["CAL_GYR_TREF"] = self.gyro.reference_c
        if self.mag:
            found |= affine("MAG", turn @ self.mag.matrix, self.mag.offset)
        return found

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
        if self.level_rad:
            roll, pitch = np.degrees(self.level_rad)
            found |= {"level_roll_deg": float(roll), "level_pitch_deg": float(pitch)}
        return found


def rotation(level_rad: tuple[float, float] | None) -> np.ndarray:
    """Return the turn from the sensor's axes to the vehicle's, pitch about y and then roll about x undone."""
    roll, pitch = level_rad or (0.0, 0.0)
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    return np.array([[cp, sp * sr, sp * cr], [0.0, cr, -sr], [-sp, cp * sr, cp * cr]])


def affine(sensor: str, matrix: np.ndarray, offset: np.ndarray) -> dict[str, float]:
    """Return the twelve parameters of one sensor."""
    rows = {f"CAL_{sensor}_{AXES[i]}{AXES[j]}": float(matrix[i, j]) for i in range(3) for j in range(3)}
    return rows | {f"CAL_{sensor}_OFF_{a}": float(o) for a, o in zip(AXES, offset, strict=True)}


def write(path: Path, calibration: Calibration, source: str) -> None:
    """Write the overlay whole or not at all; parameters of sensors that were not calibrated now stay as they were."""
    if not path.name.endswith(SUFFIX):
        raise ConfigError(
            f"{path}: a calibration overlay's name ends in {SUFFIX}, so that no file of a hand is lost"
        )
    kept = earlier(path)
    kept["calibration"] |= calibration.parameters()
    kept["residuals"] |= calibration.figures()
    kept["source"] |= {part: source for part in ("accel", "gyro", "mag") if getattr(calibration, part)}
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text(kept))
    fresh.replace(path)


def earlier(path: Path) -> dict[str, dict[str, Any]]:
    """Return what an overlay holds already."""
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
