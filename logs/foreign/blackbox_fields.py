"""Decode the fields of one blackbox frame: integers of variable length, added to what the frame before predicts.

Follows the format's description (Betaflight, docs/development/Blackbox Internals) and, where that is silent, the
values its official decoder gives (betaflight/blackbox-tools).
"""

import numpy as np

from flight.kernel import kernel
from flight.record import INTEGER, record

MOST_FIELDS = 128
KINDS = "IPGHSE"
INTRA, INTER, GPS, HOME, SLOW, EVENT = range(len(KINDS))
PER_FIELD = (INTEGER, (EVENT, MOST_FIELDS))

SIGNED_VB, UNSIGNED_VB, NEG_14BIT, TAG8_8SVB, TAG2_3S32, TAG8_4S16, NOTHING, TAG2_3SV = (
    0,
    1,
    3,
    6,
    7,
    8,
    9,
    10,
)
ENCODINGS = (SIGNED_VB, UNSIGNED_VB, NEG_14BIT, TAG8_8SVB, TAG2_3S32, TAG8_4S16, NOTHING, TAG2_3SV)
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
)
# Where decoding stands: `history` is the frame being read and the two before it, `is_cut` that it ran into the end.
STREAM = record(
    at=INTEGER,
    end=INTEGER,
    is_cut=INTEGER,
    is_valid=INTEGER,
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
def read_byte(data: np.ndarray, stream: np.record) -> int:
    """Return the next byte; behind the end 0, and note it."""
    at = stream.at
    if at >= stream.end:
        stream.is_cut = 1
        return 0
    stream.at = at + 1
    return int(data[at])


@kernel
def read_unsigned(data: np.ndarray, stream: np.record) -> int:
    """Return an integer of up to five bytes of seven bits, the lowest first; a longer one is 0."""
    result = 0
    for k in range(5):
        byte = read_byte(data, stream)
        result |= (byte & 0x7F) << (7 * k)
        if byte < 128:
            return result & 0xFFFFFFFF
    return 0


@kernel
def read_signed(data: np.ndarray, stream: np.record) -> int:
    """Return a signed integer whose sign is its lowest bit (zigzag)."""
    raw = read_unsigned(data, stream)
    return (raw >> 1) ^ -(raw & 1)


@kernel
def signed(value: int, bits: int) -> int:
    """Return the lowest bits of a number as a signed one."""
    value &= (1 << bits) - 1
    return value - ((value >> (bits - 1)) << bits)


@kernel
def read_wide_3(data: np.ndarray, stream: np.record, widths: int) -> None:
    """Read three values of one to four bytes each, the lowest byte first."""
    for i in range(3):
        size = ((widths >> (2 * i)) & 3) + 1
        value = 0
        for k in range(size):
            value |= read_byte(data, stream) << (8 * k)
        stream.values[i] = signed(value, 8 * size)


@kernel
def read_3s32(data: np.ndarray, stream: np.record) -> None:
    """Read three values of two, four or six bits or whole bytes each, as the first two bits say."""
    lead = read_byte(data, stream)
    values, selector = stream.values, lead >> 6
    if selector == 3:
        read_wide_3(data, stream, lead)
    elif selector == 2:
        values[0] = signed(lead, 6)
        values[1] = signed(read_byte(data, stream), 6)
        values[2] = signed(read_byte(data, stream), 6)
    elif selector == 1:
        rest = read_byte(data, stream)
        values[0], values[1], values[2] = signed(lead, 4), signed(rest >> 4, 4), signed(rest, 4)
    else:
        values[0], values[1], values[2] = signed(lead >> 4, 2), signed(lead >> 2, 2), signed(lead, 2)


@kernel
def read_3sv(data: np.ndarray, stream: np.record) -> None:
    """Read three values of 2-2-2, 5-5-4 or 8-7-7 bits or whole bytes each, as the first two bits say."""
    lead = read_byte(data, stream)
    values, selector = stream.values, lead >> 6
    if selector == 3:
        read_wide_3(data, stream, lead)
    elif selector == 2:
        rest = read_byte(data, stream)
        rest = (lead << 16) | (rest << 8) | read_byte(data, stream)
        values[0], values[1], values[2] = signed(rest >> 14, 8), signed(rest >> 7, 7), signed(rest, 7)
    elif selector == 1:
        rest = (lead << 8) | read_byte(data, stream)
        values[0], values[1], values[2] = signed(rest >> 9, 5), signed(rest >> 4, 5), signed(rest, 4)
    else:
        values[0], values[1], values[2] = signed(lead >> 4, 2), signed(lead >> 2, 2), signed(lead, 2)


@kernel
def read_4s16(data: np.ndarray, stream: np.record) -> None:
    """Read four values of 0, 4, 8 or 16 bits each, packed without gaps from the highest bit on."""
    tags, held, size = read_byte(data, stream), 0, 0
    for i in range(4):
        tag = (tags >> (2 * i)) & 3
        bits = 0 if tag == 0 else 2 << tag
        while size < bits:
            held = (held << 8) | read_byte(data, stream)
            size += 8
        size -= bits
        stream.values[i] = signed(held >> size, bits) if bits > 0 else 0
        held &= (1 << size) - 1


@kernel
def read_4s16_old(data: np.ndarray, stream: np.record) -> None:
    """Read four values as version 1 packed them: those of four bits in pairs, the lower half first."""
    tags = read_byte(data, stream)
    i = 0
    while i < 4:
        tag = (tags >> (2 * i)) & 3
        value = 0 if tag == 0 else read_byte(data, stream)
        if tag == 3:
            value |= read_byte(data, stream) << 8
        stream.values[i] = 0 if tag == 0 else signed(value, 2 << tag)
        i += 1
        if tag == 1:
            stream.values[i] = signed(value >> 4, 4)
            i += 1


@kernel
def read_8svb(data: np.ndarray, stream: np.record, count: int) -> None:
    """Read up to eight signed integers, of which the first byte says which are not zero; one alone has no such byte."""
    tags = 1 if count == 1 else read_byte(data, stream)
    for i in range(8):
        stream.values[i] = read_signed(data, stream) if (tags >> i) & 1 else 0


@kernel
def group_size(encodings: np.ndarray, i: int, count: int) -> int:
    """Return how many fields from the i-th on are encoded together."""
    encoding = encodings[i]
    if encoding == TAG8_4S16:
        return min(4, count - i)
    if encoding in (TAG2_3S32, TAG2_3SV):
        return min(3, count - i)
    size = 1
    if encoding == TAG8_8SVB:
        while size < 8 and i + size < count and encodings[i + size] == TAG8_8SVB:
            size += 1
    return size


@kernel
def read_group(data: np.ndarray, stream: np.record, encoding: int, size: int, version: int) -> None:
    """Read the values of a group of fields."""
    if encoding == SIGNED_VB:
        stream.values[0] = read_signed(data, stream)
    elif encoding == UNSIGNED_VB:
        stream.values[0] = read_unsigned(data, stream)
    elif encoding == NEG_14BIT:
        stream.values[0] = -signed(read_unsigned(data, stream), 14)
    elif encoding == TAG8_8SVB:
        read_8svb(data, stream, size)
    elif encoding == TAG2_3S32:
        read_3s32(data, stream)
    elif encoding == TAG2_3SV:
        read_3sv(data, stream)
    elif encoding == TAG8_4S16 and version < 2:
        read_4s16_old(data, stream)
    elif encoding == TAG8_4S16:
        read_4s16(data, stream)
    else:
        stream.values[0] = 0


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
