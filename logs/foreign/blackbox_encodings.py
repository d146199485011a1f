"""Read the integers of a blackbox frame: of variable length, alone or packed in groups.

Follows the format's description (Betaflight, docs/development/Blackbox Internals).
"""

import numpy as np

from flight.kernel import kernel

SIGNED_VB, UNSIGNED_VB, NEG_14BIT, TAG8_8SVB = 0, 1, 3, 6
TAG2_3S32, TAG8_4S16, NOTHING, TAG2_3SV = 7, 8, 9, 10
ENCODINGS = (SIGNED_VB, UNSIGNED_VB, NEG_14BIT, TAG8_8SVB, TAG2_3S32, TAG8_4S16, NOTHING, TAG2_3SV)


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
