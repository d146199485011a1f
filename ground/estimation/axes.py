"""Whole arrays between our axes and the guests': x-forward y-left z-up bodies in a world of east-north-up."""

from collections.abc import Callable

import numpy as np

from flight.frames import swap_attitude, swap_frd_flu, swap_ned_enu
from flight.kernel import kernel
from flight.quaternion import Quat, put_quat, quat
from flight.vector import put, vec


@kernel
def swap_rows_of_body(rows: np.ndarray, out: np.ndarray) -> None:
    """Turn body vectors from forward-right-down to forward-left-up or back."""
    for k in range(rows.shape[0]):
        put(out[k], swap_frd_flu(vec(rows[k])))


@kernel
def swap_rows_of_world(rows: np.ndarray, out: np.ndarray) -> None:
    """Turn world vectors from north-east-down to east-north-up or back."""
    for k in range(rows.shape[0]):
        put(out[k], swap_ned_enu(vec(rows[k])))


@kernel
def swap_rows_of_attitude(rows: np.ndarray, out: np.ndarray) -> None:
    """Turn attitudes from q_ned_frd to q_enu_flu or back."""
    for k in range(rows.shape[0]):
        put_quat(out[k], swap_attitude(quat(rows[k])))


@kernel
def turn_rows_of_body(rows: np.ndarray, out: np.ndarray) -> None:
    """Turn attitudes of a forward-left-up body into those of its forward-right-down twin or, but for sign, back."""
    for k in range(rows.shape[0]):
        put_quat(out[k], quat(rows[k]) * Quat(0.0, 1.0, 0.0, 0.0))


def swapped_body(rows: np.ndarray) -> np.ndarray:
    """Return (n, 3) body vectors in the other axes."""
    return _swapped(swap_rows_of_body, rows)


def swapped_world(rows: np.ndarray) -> np.ndarray:
    """Return (n, 3) world vectors in the other axes."""
    return _swapped(swap_rows_of_world, rows)


def swapped_attitude(rows: np.ndarray) -> np.ndarray:
    """Return (n, 4) attitudes between the other axes."""
    return _swapped(swap_rows_of_attitude, rows)


def turned_body(rows: np.ndarray) -> np.ndarray:
    """Return q_enu_frd of (n, 4) q_enu_flu or back."""
    return _swapped(turn_rows_of_body, rows)


def _swapped(swap: Callable[..., None], rows: np.ndarray) -> np.ndarray:
    contiguous = np.ascontiguousarray(rows, float)
    out = np.empty_like(contiguous)
    swap(contiguous, out)
    return out
