"""The accelerometer from poses held still: gravity is the same length in all of them.

Nine unknowns (scales, misalignments, offsets) as Tedaldi, Pretto & Menegatti 2014, eq. 3 and 10: the last axis is
taken as it is, the others are made perpendicular to it; any poses will do as long as they differ.
"""

import numpy as np
from scipy.optimize import least_squares

from flight.physics import STANDARD_GRAVITY
from ground.calibration.correction import Correction, PoorDataError, upper
from ground.calibration.stillness import Pose

LEAST_POSES = 9
# A face counts as seen when its axis was within this cosine of the vertical.
FACE_COSINE = 0.8
MOST_RESIDUAL = 0.05
MOST_SCALE_ERROR, MOST_OFFSET = 0.1, 2.0
# What a still pose is off by at the least, m/s2; how unsure the worst misalignment may be.
LEAST_NOISE, MOST_UNSURE = 0.01, 0.006
FACES = {
    (0, 1): "nose up", (0, -1): "nose down", (1, 1): "right side up", (1, -1): "left side up",
    (2, 1): "upside down", (2, -1): "level",
}  # fmt: skip


def missing_faces(poses: list[Pose]) -> list[str]:
    """Return the names of the faces no pose shows; specific force points up, so level is minus z."""
    up = [p.accel / np.linalg.norm(p.accel) for p in poses]
    return [name for (axis, sign), name in FACES.items() if not any(sign * u[axis] > FACE_COSINE for u in up)]


def fit(poses: list[Pose]) -> Correction:
    """Return the accelerometer's correction; raise PoorDataError when the poses do not tell it."""
    missing = missing_faces(poses)
    if missing:
        raise PoorDataError(
            f"accelerometer: no still pose {', '.join(missing)}; hold each face up for two seconds"
        )
    if len(poses) < LEAST_POSES:
        raise PoorDataError(
            f"accelerometer: {len(poses)} still poses, {LEAST_POSES} are needed: after the six faces hold it "
            "still in a few slanted ones"
        )
    raw = np.array([p.accel for p in poses])

    def misfit(x: np.ndarray) -> np.ndarray:
        return np.linalg.norm((raw - x[6:]) @ upper(x[:6]).T, axis=1) - STANDARD_GRAVITY

    found = least_squares(misfit, np.r_[1.0, 0, 0, 1.0, 0, 1.0, 0, 0, 0], x_scale=[0.01] * 6 + [0.1] * 3)
    # Nine unknowns take their share of the misfit away.
    residual = float(np.sqrt(np.sum(found.fun**2) / max(len(poses) - 9, 1)))
    correction = Correction(upper(found.x[:6]), found.x[6:], residual, sum(p.samples for p in poses))
    check(correction)
    unsure = max(residual, LEAST_NOISE) * unsureness(found.jac)
    if unsure > MOST_UNSURE:
        raise PoorDataError(
            "accelerometer: the slanted poses are too near the faces, or all alike: misalignment is only known to "
            f"{min(np.degrees(unsure), 90.0):.1f} degrees; slant it by half, forward, sideways and on its side"
        )
    return correction


def unsureness(jacobian: np.ndarray) -> float:
    """Return the largest standard deviation of a scale or misalignment for a noise of 1 m/s2."""
    _, stretch, ways = np.linalg.svd(jacobian)
    spread = ways.T / np.maximum(stretch, 1e-9 * stretch[0])
    return float(np.linalg.norm(spread[:6], axis=1).max())


def check(correction: Correction) -> None:
    """Raise PoorDataError for a fit no sound accelerometer has."""
    if correction.residual > MOST_RESIDUAL:
        raise PoorDataError(
            f"accelerometer: gravity differs by {correction.residual:.3f} m/s2 between poses "
            f"(at most {MOST_RESIDUAL}): hold it stiller, longer, on something solid"
        )
    if np.abs(np.diag(correction.matrix) - 1.0).max() > MOST_SCALE_ERROR:
        raise PoorDataError(
            "accelerometer: a scale is off by more than 10 %: wrong range, wrong unit or a broken sensor"
        )
    if np.abs(correction.offset).max() > MOST_OFFSET:
        raise PoorDataError(f"accelerometer: an offset is above {MOST_OFFSET} m/s2: a broken sensor")
