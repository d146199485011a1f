"""Decode the fields of one blackbox frame: integers added to what earlier frames predict.

Follows the format's description (Betaflight, docs/development/Blackbox Internals) and, where that is silent, the
values its official decoder gives (betaflight/blackbox-tools).
"""

import numpy as np

from flight.kernel import kernel
from flight.record import INTEGER, record
from logs.foreign.blackbox_encodings import NOTHING, TAG8_8SVB, group_size, read_group, signed

MOST_FIELDS = 128
KINDS = "IPGHSE"
INTRA, INTER, GPS, HOME, SLOW, EVENT = range(len(KINDS))
# Events of another flight mode and of disarming, which the official decoder does not know.
CHANGE = len(KINDS)
PER_FIELD = (INTEGER, (EVENT, MOST_FIELDS))

PREVIOUS, STRAIGHT_LINE, AVERAGE_2, MINTHROTTLE, MOTOR_0, INCREMENT = 1, 2, 3, 4, 5, 6
HOME_LAT, CENTRE_1500, VBATREF, LAST_TIME, MINMOTOR, HOME_LON = 7, 8, 9, 10, 11, 12
TIME = 1

# How the frames of a log are laid out, as its header says; `counts` and what follows have a row per kind of frame.
LAYOUT = record(
    version=INTEGER,
    counts=(INTEGER, EVENT),
    encodings=PER_FIELD,
    predictors=PER_FIELD,
    is_signed=PER_FIELD,
    minthrottle=INTEGER,
    minmotor=INTEGER,
    vbatref=INTEGER,
    motor_0=INTEGER,
    home_lat=INTEGER,
    home_lon=INTEGER,
    gps_time=INTEGER,
    needs_home=INTEGER,
)
# Where decoding stands: `frame` is being read, `history` are the two before it; `is_cut` says that it ran into the end,
# `is_waiting` that frames are left out up to the next full one as the official decoder does.
STREAM = record(
    at=INTEGER,
    end=INTEGER,
    is_cut=INTEGER,
    is_valid=INTEGER,
    is_waiting=INTEGER,
    has_home=INTEGER,
    has_history=INTEGER,
    iteration=INTEGER,
    time_us=INTEGER,
    rollover_us=INTEGER,
    dropped=INTEGER,
    values=(INTEGER, 8),
    frame=(INTEGER, MOST_FIELDS),
    history=(INTEGER, (2, MOST_FIELDS)),
    home=(INTEGER, MOST_FIELDS),
)


@kernel
def constant(layout: np.record, stream: np.record, predictor: int) -> int:
    """Return what a predictor adds that needs no frame before."""
    if predictor == MINTHROTTLE:
        return layout.minthrottle
    if predictor == MINMOTOR:
        return layout.minmotor
    if predictor == VBATREF:
        return layout.vbatref
    if predictor == CENTRE_1500:
        return 1500
    if predictor == MOTOR_0:
        return stream.frame[layout.motor_0]
    if predictor == HOME_LAT:
        return stream.home[layout.home_lat]
    if predictor == HOME_LON:
        return stream.home[layout.home_lon]
    if predictor == LAST_TIME and stream.has_history:
        return stream.history[0, TIME]
    return 0


@kernel
def prediction(layout: np.record, stream: np.record, predictor: int, i: int) -> int:
    """Return what is to be added to a field's value."""
    before, earlier = stream.history[0, i], stream.history[1, i]
    if predictor == 0 or predictor > AVERAGE_2:
        return constant(layout, stream, predictor)
    if not stream.has_history:
        return 0
    if predictor == PREVIOUS:
        return before
    if predictor == STRAIGHT_LINE:
        return 2 * before - earlier
    # As C divides: towards zero.
    total = before + earlier
    return total // 2 if total >= 0 else -(-total // 2)


@kernel
def read_fields(data: np.ndarray, layout: np.record, stream: np.record, kind: int, skipped: int) -> None:
    """Read a frame's fields into `stream.frame`; `skipped` loops were left out on purpose before it."""
    encodings, predictors, count = layout.encodings[kind], layout.predictors[kind], layout.counts[kind]
    i = 0
    while i < count:
        if predictors[i] == INCREMENT:
            stream.frame[i] = skipped + 1 + (stream.history[0, i] if stream.has_history else 0)
            i += 1
            continue
        size = group_size(encodings, i, count)
        read_group(data, stream, encodings[i], size, layout.version)
        for k in range(size):
            stream.frame[i] = stream.values[k] + prediction(layout, stream, predictors[i], i)
            i += 1
        encoding = encodings[i - 1]
        if encoding < TAG8_8SVB or encoding == NOTHING:
            value = stream.frame[i - 1]
            stream.frame[i - 1] = signed(value, 32) if layout.is_signed[kind, i - 1] else value & 0xFFFFFFFF
