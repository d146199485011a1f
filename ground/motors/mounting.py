"""How the IMU is mounted, from three poses held still: level, nose down, right side down."""

import numpy as np

from firmware_bridge.wiring import WAYS
from flight.errors import ConfigError
from flight.physics import STANDARD_GRAVITY

POSES = ("level", "nose down", "right side down")
# How far a pose must lean to be told from the level one, and how far a mounting may be off the nearest right angle.
LEAN_LEAST, OFF_MOST_DEG = np.radians(20.0), 20.0
FORCE_MOST = 0.1


def mounting(level: np.ndarray, nose_down: np.ndarray, right_down: np.ndarray) -> tuple[list[str], float]:
    """Return where the chip's x, y, z point in words, and how far off a right angle it sits, degrees.

    Each pose is the mean specific force (m/s2) in the chip's axes. Raises ConfigError naming the pose that is wrong.
    """
    ups = [unit(force, pose) for force, pose in zip((level, nose_down, right_down), POSES, strict=True)]
    down = -ups[0]
    forward, right = (lowered(ups[0], up, pose) for up, pose in zip(ups[1:], POSES[1:], strict=True))
    if np.dot(np.cross(down, forward), right) < np.cos(np.radians(2.0 * OFF_MOST_DEG)):
        raise ConfigError(
            "the poses do not fit together: lower the nose first, then the right side, each by itself"
        )
    right = np.cross(down, forward)
    frd_from_chip = np.array([forward, right, down])
    ways = [nearest(frd_from_chip[:, axis]) for axis in range(3)]
    snapped = np.array([WAYS[way] for way in ways]).T
    off_deg = float(
        np.degrees(np.arccos(np.clip((np.trace(snapped.T @ frd_from_chip) - 1.0) / 2.0, -1.0, 1.0)))
    )
    if off_deg > OFF_MOST_DEG:
        raise ConfigError(
            f"the IMU sits {off_deg:.0f} degrees off any right angle: mount it square, or repeat the poses"
        )
    return ways, off_deg


def unit(force: np.ndarray, pose: str) -> np.ndarray:
    """Return which way is up, in the chip's axes."""
    size = float(np.linalg.norm(force))
    if abs(size / STANDARD_GRAVITY - 1.0) > FORCE_MOST:
        raise ConfigError(
            f"{pose}: {size:.1f} m/s2 instead of 9.8: hold it still, and calibrate the accelerometer"
        )
    return force / size


def lowered(up: np.ndarray, up_now: np.ndarray, pose: str) -> np.ndarray:
    """Return which of the chip's ways was lowered from the level pose to this one."""
    aside = up_now - np.dot(up_now, up) * up
    size = float(np.linalg.norm(aside))
    if size < np.sin(LEAN_LEAST):
        raise ConfigError(f"{pose}: leans too little: lower it by 30 to 90 degrees")
    return -aside / size


def nearest(direction: np.ndarray) -> str:
    """Return the way a direction comes closest to."""
    return max(WAYS, key=lambda way: float(np.dot(WAYS[way], direction)))
