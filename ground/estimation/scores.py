"""How far estimates are from the truth, by BROAD's protocol (Laidig, Caruso, Cereatti & Seel, Data 6(7), 2021)."""

import numpy as np

from ground.estimation.readings import Truth

PARTS = ("total_rmse_deg", "heading_rmse_deg", "inclination_rmse_deg")


def attitude_errors(truth: Truth, t: np.ndarray, q: np.ndarray) -> dict[str, float]:
    """Return the RMSE in degrees in total, about the vertical and of the vertical; q with z up in the truth's axes."""
    wanted = unit(truth.q[truth.counts])
    error = product(interpolated(t, q, truth.t[truth.counts]), conjugate(wanted))
    w, z = error[:, 0], error[:, 3]
    if truth.mode == "6d":
        # Without a magnetometer one constant heading is nobody's fault.
        offset = np.angle(np.exp(2j * np.arctan2(z, w)).mean())
        half = np.array([np.cos(0.5 * offset), 0.0, 0.0, -np.sin(0.5 * offset)])
        error = product(half[None], error)
        w, z = error[:, 0], error[:, 3]
    inclination = 2.0 * np.arccos(np.clip(np.hypot(w, z), 0.0, 1.0))
    heading = 2.0 * np.arctan2(np.abs(z), np.abs(w))
    total = 2.0 * np.arccos(np.clip(np.abs(w), 0.0, 1.0))
    return dict(zip(PARTS, (rms_deg(part) for part in (total, heading, inclination)), strict=True))


def vector_errors(truth: Truth, t: np.ndarray, rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the differences of a position or velocity, one row per moment of truth that counts."""
    assert truth.t_position is not None
    inside = (truth.t_position >= t[0]) & (truth.t_position <= t[-1]) & np.isfinite(wanted).all(1)
    if truth.position_counts is not None:
        inside &= truth.position_counts
    return between(t, rows, truth.t_position[inside]) - wanted[inside]


def from_start(truth: Truth, t: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the true position counted from where the estimator began to navigate, as its own is."""
    assert truth.t_position is not None
    assert truth.position is not None
    begun = np.flatnonzero(rows.any(1))
    known = np.isfinite(truth.position).all(1)
    if not len(begun) or not known.any():
        return truth.position
    return truth.position - between(truth.t_position[known], truth.position[known], t[begun[:1]])


def between(t: np.ndarray, rows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return vectors between samples."""
    return np.stack([np.interp(times, t, rows[:, i]) for i in range(rows.shape[1])], -1)


def rms_across_and_up(errors: np.ndarray) -> list[float]:
    """Return the RMS length of the horizontal part and the RMS of the vertical one."""
    squares = errors * errors
    return [float(np.sqrt(np.mean(squares[:, :2].sum(1)))), float(np.sqrt(np.mean(squares[:, 2])))]


def euler_errors(truth: Truth, t: np.ndarray, q: np.ndarray) -> list[float]:
    """Return the RMS errors of roll, pitch and yaw in degrees; q with z up in the truth's axes, forward first."""
    wanted = euler(truth.q[truth.counts])
    error = euler(interpolated(t, q, truth.t[truth.counts])) - wanted
    return [rms_deg(np.angle(np.exp(1j * error[:, i]))) for i in range(3)]


def euler(q: np.ndarray) -> np.ndarray:
    """Return roll, pitch and yaw in rad of rows of q, in its own axes."""
    w, x, y, z = unit(q).T
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2.0 * (w * y - x * z), -1.0, 1.0))
    return np.stack([roll, pitch, np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))], -1)


def interpolated(t: np.ndarray, q: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return attitudes between samples: the chord, the short way round."""
    q = unit(q)
    sign = np.sign(np.sum(q[1:] * q[:-1], axis=1))
    q = q * np.cumprod(np.concatenate([[1.0], np.where(sign == 0.0, 1.0, sign)]))[:, None]
    return unit(np.stack([np.interp(times, t, q[:, i]) for i in range(4)], -1))


def product(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the quaternion products of rows."""
    pw, pv, qw, qv = p[:, :1], p[:, 1:], q[:, :1], q[:, 1:]
    w = pw * qw - np.sum(pv * qv, axis=1, keepdims=True)
    return np.concatenate([w, pw * qv + qw * pv + np.cross(pv, qv)], 1)


def conjugate(q: np.ndarray) -> np.ndarray:
    """Return the quaternions turned back."""
    return np.concatenate([q[:, :1], -q[:, 1:]], 1)


def unit(q: np.ndarray) -> np.ndarray:
    """Return quaternions of length one."""
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def rms_deg(angles: np.ndarray) -> float:
    """Return the root mean square of angles in degrees."""
    return float(np.degrees(np.sqrt(np.mean(angles * angles))))
