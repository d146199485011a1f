"""Recorded motion with rotor speeds, from npz files of somebody else's vehicle.

Columns: t [s], p [m], v [m/s] in a world with z up, q (w, x, y, z) from the forward-left-up body to that world,
w [rad/s] in the body, rotor [rad/s]; four rotors in the Crazyflie's order, front right, rear right, rear left, front
left, the first turning counter-clockwise seen from above.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ground.estimation.axes import swapped_attitude, swapped_body, swapped_world
from ground.estimation.files import read_npz
from ground.estimation.readings import refuse

WIDTHS = {"p": 3, "v": 3, "q": 4, "w": 3, "rotor": 4}
# A flight shorter than this tells of no model.
LEAST_S = 2.0
# Sampling times may shake by this share of their step.
SHAKE = 0.05
# Columns of a motion: position, velocity, attitude, rate, rotor speeds.
P, V, Q, W, ROTOR = slice(0, 3), slice(3, 6), slice(6, 10), slice(10, 13), slice(13, 17)


@dataclass(frozen=True)
class Recorded:
    """One flight at a steady rate: (n, 17) p_ned, v_ned, q_ned_frd, omega_frd and rotor speeds in rad/s."""

    name: str
    dt: float
    motion: np.ndarray


def is_recording(path: Path) -> bool:
    """Tell whether a path is recorded motion rather than a log."""
    return path.is_dir() or path.suffix == ".npz"


def files_of(paths: list[Path]) -> list[Path]:
    """Return the npz files that are named or lie in the folders named."""
    files = [file for path in paths for file in (sorted(path.glob("*.npz")) if path.is_dir() else [path])]
    if not files:
        refuse(str(paths[0]), "holds no .npz recording")
    return files


def read(path: Path) -> Recorded:
    """Read a recording; raise LogError or OSError."""
    arrays = read_npz(path)
    missing = [name for name in ("t", *WIDTHS) if name not in arrays]
    if missing:
        refuse(
            str(path), f"has no {' and no '.join(missing)}; a recorded flight holds t, {', '.join(WIDTHS)}"
        )
    t = np.asarray(arrays["t"], float)
    columns = {name: np.asarray(arrays[name], float) for name in WIDTHS}
    for name, width in WIDTHS.items():
        if columns[name].shape != (len(t), width):
            refuse(str(path), f"{name} must have {len(t)} rows of {width}, has {columns[name].shape}")
    return Recorded(path.stem, step_of(path, t), motion_of(path, columns))


def step_of(path: Path, t: np.ndarray) -> float:
    """Return the time between samples, or raise LogError where it is not steady."""
    steps = np.diff(t)
    dt = float(np.median(steps)) if len(steps) else 0.0
    if not dt > 0.0 or len(t) * dt < LEAST_S:
        refuse(str(path), f"lasts less than {LEAST_S:g} s")
    if not np.all(np.abs(steps - dt) <= SHAKE * dt):
        refuse(str(path), "its samples are not evenly spaced; resample it first")
    return dt


def motion_of(path: Path, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return a motion's columns in NED and FRD."""
    length = np.linalg.norm(columns["q"], axis=1, keepdims=True)
    whole = np.hstack(
        (
            swapped_world(columns["p"]),
            swapped_world(columns["v"]),
            swapped_attitude(columns["q"] / np.where(length > 0.0, length, np.nan)),
            swapped_body(columns["w"]),
            columns["rotor"],
        )
    )
    if not np.isfinite(whole).all():
        refuse(str(path), f"row {int(np.argmin(np.isfinite(whole).all(axis=1)))} holds what is no number")
    return whole
