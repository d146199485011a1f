"""What the translations of foreign logs into PX4's topics share: rows with a time stamp, SI units, NED and FRD."""

from collections.abc import Iterator

import numpy as np

from logs.foreign.recording import Recording

DEGREE = np.pi / 180.0
PWM_LOW, PWM_SPAN = 1000.0, 1000.0
ARMED, DISARMED = 2, 1
# A topic and its rows.
Terms = Iterator[tuple[str, np.ndarray]]


def rows_of(t_us: np.ndarray, **columns: np.ndarray) -> np.ndarray:
    """Return rows of PX4's kind: a time stamp, then single precision numbers or arrays of them."""
    fields = [(name, "<f4", np.shape(column)[1:]) for name, column in columns.items()]
    rows = np.empty(len(t_us), np.dtype([("timestamp", "<u8"), *fields]))
    rows["timestamp"] = np.maximum(t_us, 0)
    for name, column in columns.items():
        rows[name] = column
    return rows


def armings(t_us: np.ndarray, is_armed: np.ndarray, begin_us: int) -> np.ndarray:
    """Return when the motors could turn, of events that change it; before the first it was the other way."""
    if not len(t_us):
        return rows_of(t_us, arming_state=t_us)
    states = np.where(np.concatenate(([not is_armed[0]], is_armed)), ARMED, DISARMED)
    return rows_of(np.concatenate(([begin_us], t_us)), arming_state=states)


def stack(rows: np.ndarray, *names: str) -> np.ndarray:
    """Return fields as columns of double precision."""
    return np.stack([rows[name].astype(float) for name in names], axis=-1)


def quaternions(roll: np.ndarray, pitch: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """Return w, x, y, z of attitudes in radians, turned about down, then right, then forward."""
    (cr, cp, cy), (sr, sp, sy) = ([f(0.5 * a) for a in (roll, pitch, yaw)] for f in (np.cos, np.sin))
    return np.stack(
        (
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ),
        axis=-1,
    )


def throttles(pulses_us: np.ndarray) -> np.ndarray:
    """Return motor ratios of pulse widths."""
    return np.clip((pulses_us - PWM_LOW) / PWM_SPAN, 0.0, 1.0)


def topic_with(recording: Recording, *names: str) -> np.ndarray | None:
    """Return the first topic that holds all the fields."""
    for topic in recording:
        rows = recording[topic]
        if set(names) <= set(rows.dtype.names or ()):
            return rows
    return None


def first_of(recording: Recording, *topics: str) -> np.ndarray | None:
    """Return the first of several topics that the log holds."""
    return next((recording[topic] for topic in topics if topic in recording), None)


def instance(rows: np.ndarray, *names: str) -> np.ndarray:
    """Return the rows of the first instance where several sensors or filters share a topic."""
    for name in names:
        if name in (rows.dtype.names or ()) and len(rows):
            return rows[rows[name] == rows[name].min()]
    return rows
