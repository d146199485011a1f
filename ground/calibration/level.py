"""How the sensor is tilted in the vehicle, from standing on level ground."""

import numpy as np

from ground.calibration.correction import PoorDataError

MOST_DEG = 15.0


def tilt(accel: np.ndarray) -> tuple[float, float]:
    """Return roll and pitch in radians of the sensor when the vehicle stands level; `accel` is its mean, corrected.

    Raises PoorDataError for a tilt nobody mounts a sensor at.
    """
    x, y, z = accel
    roll, pitch = float(np.arctan2(-y, -z)), float(np.arctan2(x, np.hypot(y, z)))
    worst = np.degrees(max(abs(roll), abs(pitch)))
    if worst > MOST_DEG:
        raise PoorDataError(f"level: the vehicle is tilted by {worst:.0f} degrees; stand it on level ground")
    return roll, pitch
