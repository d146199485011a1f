"""The magnetometer from turning it every way: the Earth's field has one length, so its readings lie on a sphere.

Hard iron shifts the sphere, soft iron and scales make it an ellipsoid: robust least squares of the distances to it
(cf. Kok & Schön 2016).
"""

import numpy as np
from scipy.optimize import least_squares

from ground.calibration.correction import Correction, PoorDataError

# The sphere is cut into this many parts of about equal size; a share of them has to be seen.
PARTS = 60
LEAST_COVERAGE = 0.55
LEAST_SAMPLES = 200
# Of the field's strength.
MOST_RESIDUAL = 0.06
WEAKEST_UT, STRONGEST_UT = 20.0, 70.0
MOST_OFFSET_UT = 300.0


def directions(count: int) -> np.ndarray:
    """Return points spread evenly over the unit sphere (a Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    z, turn = 1.0 - 2.0 * k / count, np.pi * (1.0 + np.sqrt(5.0)) * k
    flat = np.sqrt(1.0 - z * z)
    return np.c_[flat * np.cos(turn), flat * np.sin(turn), z]


def coverage(unit: np.ndarray) -> float:
    """Return the share of the sphere's parts that readings fell into."""
    return len(np.unique(np.argmax(unit @ directions(PARTS).T, axis=1))) / PARTS


def middle(raw: np.ndarray) -> np.ndarray:
    """Return the middle of the readings' box."""
    return 0.5 * (raw.max(0) + raw.min(0))


def seen_of(raw: np.ndarray) -> float:
    """Return the share of all directions that readings show, about their middle."""
    if not len(raw):
        return 0.0
    out = raw - middle(raw)
    return coverage(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9))


def symmetric(six: np.ndarray) -> np.ndarray:
    """Return the symmetric matrix of six numbers: no turn is mixed into the correction."""
    a, b, c, d, e, f = six
    return np.array([[a, b, c], [b, d, e], [c, e, f]])


def fit(raw: np.ndarray, strength_ut: float | None = None) -> Correction:
    """Return the magnetometer's correction of readings (n, 3) in microtesla.

    The field's strength is kept as it is on average where it is not given. Raises PoorDataError saying what is missing.
    """
    raw = raw[np.isfinite(raw).all(1)]
    if len(raw) < LEAST_SAMPLES:
        raise PoorDataError(
            f"magnetometer: {len(raw)} readings, {LEAST_SAMPLES} are needed: turn it for a minute"
        )
    centre = middle(raw)
    radius = float(np.median(np.linalg.norm(raw - centre, axis=1)))
    seen = seen_of(raw)
    if seen < LEAST_COVERAGE:
        raise PoorDataError(
            f"magnetometer: {100 * seen:.0f} % of all directions seen, {100 * LEAST_COVERAGE:.0f} % are needed: "
            "turn it once about each axis, nose down and on its sides too"
        )

    def misfit(x: np.ndarray) -> np.ndarray:
        return np.linalg.norm((raw - x[6:]) @ symmetric(x[:6]).T, axis=1) - radius

    begin = np.r_[1.0, 0, 0, 1.0, 0, 1.0, centre]
    found = least_squares(
        misfit, begin, loss="soft_l1", f_scale=0.03 * radius, x_scale=[0.05] * 6 + [5.0] * 3
    )
    matrix, offset = symmetric(found.x[:6]), found.x[6:]
    scale = (strength_ut or radius) / radius
    left = scale * (np.linalg.norm((raw - offset) @ matrix.T, axis=1) - radius)
    correction = Correction(scale * matrix, offset, float(np.sqrt(np.mean(left**2))), len(raw))
    check(correction, strength_ut or radius)
    return correction


def check(correction: Correction, strength_ut: float) -> None:
    """Raise PoorDataError for a fit no sound magnetometer has."""
    if not WEAKEST_UT < strength_ut < STRONGEST_UT:
        raise PoorDataError(
            f"magnetometer: a field of {strength_ut:.0f} uT; the Earth's is 22 to 67: wrong unit, or iron near"
        )
    if correction.residual > MOST_RESIDUAL * strength_ut:
        raise PoorDataError(
            f"magnetometer: readings miss the sphere by {correction.residual:.1f} uT "
            f"(allowed {MOST_RESIDUAL * strength_ut:.1f}): iron or currents near"
        )
    if np.linalg.norm(correction.offset) > MOST_OFFSET_UT:
        raise PoorDataError(
            f"magnetometer: an offset above {MOST_OFFSET_UT:.0f} uT: a magnet sits on the vehicle"
        )
