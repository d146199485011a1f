"""A calibration by hand, from what a vehicle's sensors say meanwhile."""

from dataclasses import dataclass

import numpy as np

from ground.calibration.correction import PoorDataError
from ground.calibration.guide import Guide
from ground.calibration.overlay import Calibration, Known
from ground.calibration.recording import fitted
from ground.estimation.axes import swapped_body
from ground.estimation.readings import Readings


@dataclass(frozen=True)
class Session:
    """What is wanted of a calibration by hand; `rest_s` longer, from cold, tells the gyro's bias over temperature."""

    wanted: tuple[str, ...]
    rest_s: float = 10.0
    strength_ut: float | None = None


def calibrate(guide: Guide, session: Session, known: Known) -> Calibration:
    """Lead through all that is wanted; return what was found. Raises PoorDataError when that is nothing."""
    refused: dict[str, str] = {}
    # Whether it turns evenly can only be told from a known bias.
    guide.rest(session.rest_s)
    steps = {"accel": guide.six_faces, "mag": guide.turn, "level": guide.level}
    for name, step in steps.items():
        if name in session.wanted:
            try:
                step()
            except PoorDataError as reason:
                guide.says(str(reason))
                refused[name] = str(reason)
    left = tuple(name for name in session.wanted if name not in refused)
    if not left:
        raise PoorDataError("; ".join(refused.values()))
    found = fitted(guide.listener.readings(), guide.poses, left, session.strength_ut, known)
    found.left_out |= refused
    return found


def arrays(readings: Readings) -> dict[str, np.ndarray]:
    """Return a recording's arrays as `quadloop calibrate` and `estimate` read them from an npz."""
    kept = {"t": readings.t, "gyr": swapped_body(readings.gyro_frd), "acc": swapped_body(readings.accel_frd)}
    if readings.mag_frd is not None:
        kept["mag"] = swapped_body(readings.mag_frd)
    return kept | readings.aids
