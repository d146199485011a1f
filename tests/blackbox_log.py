"""A small writer of blackbox logs, for tests of their reader."""

import struct

MASK = 0xFFFFFFFF
SIGNED, UNSIGNED, NEGATIVE_14, GROUP_8, GROUP_3, GROUP_4, NONE, GROUP_3V = 0, 1, 3, 6, 7, 8, 9, 10
START = "Product:Blackbox flight data recorder by Nicholas Sherlock"


def header(fields, intra, inter, **lines):
    """Return a log's header; `intra` and `inter` are pairs of predictors and encodings behind count and time."""
    names = ",".join(["loopIteration", "time", *fields])
    text = {"Field I name": names, "Field I signed": "0,0" + ",1" * len(fields)}
    for letter, first, (predictors, encodings) in (
        ("I", ((0, 0), (UNSIGNED, UNSIGNED)), intra),
        ("P", ((6, 2), (NONE, SIGNED)), inter),
    ):
        text[f"Field {letter} predictor"] = ",".join(map(str, [*first[0], *predictors]))
        text[f"Field {letter} encoding"] = ",".join(map(str, [*first[1], *encodings]))
    text |= {"Data version": "2", "I interval": "4", **lines}
    return f"H {START}\n".encode() + b"".join(f"H {k}:{v}\n".encode() for k, v in text.items())


def unsigned(value):
    """Return seven bits per byte, the lowest first."""
    value &= MASK
    out = []
    while value > 127:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes([*out, value])


def signed(value):
    """Return a number with its sign as lowest bit."""
    return unsigned((value << 1) ^ (value >> 31))


def group_8(values):
    """Return up to eight numbers, those not zero marked by a bit each."""
    if len(values) == 1:
        return signed(values[0])
    marks = sum(1 << k for k, v in enumerate(values) if v)
    return bytes([marks]) + b"".join(signed(v) for v in values if v)


def fits(value, bits):
    """Return whether a number fits a signed field of so many bits."""
    return -(1 << bits - 1) <= value < 1 << bits - 1


def wide_3(values):
    """Return three numbers of one to four bytes each behind their widths."""
    sizes = [next(n for n in range(1, 5) if fits(v, 8 * n)) for v in values]
    lead = 0xC0 | sum(n - 1 << 2 * k for k, n in enumerate(sizes))
    return bytes([lead]) + b"".join(
        v.to_bytes(n, "little", signed=True) for v, n in zip(values, sizes, strict=True)
    )


def packed(selector, values, widths):
    """Return numbers of fixed widths behind two bits that select them, the highest bit first."""
    bits, size = selector, 2
    for value, width in zip(values, widths, strict=True):
        bits, size = bits << width | value & (1 << width) - 1, size + width
    return bits.to_bytes(size // 8, "big")


def group_3(values):
    """Return three numbers of 2, 4 or 6 bits or whole bytes."""
    if all(fits(v, 2) for v in values):
        return packed(0, values, (2, 2, 2))
    if all(fits(v, 4) for v in values):
        return packed(1, [0, *values], (2, 4, 4, 4))
    if all(fits(v, 6) for v in values):
        return packed(2, [values[0], 0, values[1], 0, values[2]], (6, 2, 6, 2, 6))
    return wide_3(values)


def group_3v(values):
    """Return three numbers of 2-2-2, 5-5-4 or 8-7-7 bits or whole bytes."""
    for selector, widths in enumerate(((2, 2, 2), (5, 5, 4), (8, 7, 7))):
        if all(fits(v, n) for v, n in zip(values, widths, strict=True)):
            return packed(selector, values, widths)
    return wide_3(values)


def group_4(values):
    """Return four numbers of 0, 4, 8 or 16 bits, packed from the highest bit on."""
    tags = [0 if v == 0 else next(k for k in (1, 2, 3) if fits(v, 2 << k)) for v in values]
    bits = size = 0
    for value, tag in zip(values, tags, strict=True):
        width = 2 << tag if tag else 0
        bits, size = bits << width | value & (1 << width) - 1, size + width
    spare = -size % 8
    return bytes([sum(tag << 2 * k for k, tag in enumerate(tags))]) + (bits << spare).to_bytes(
        (size + spare) // 8, "big"
    )


WRITERS = {
    SIGNED: (1, lambda v: signed(v[0])),
    UNSIGNED: (1, lambda v: unsigned(v[0])),
    NEGATIVE_14: (1, lambda v: unsigned(-v[0] & 0x3FFF)),
    GROUP_8: (8, group_8),
    GROUP_3: (3, group_3),
    GROUP_3V: (3, group_3v),
    GROUP_4: (4, group_4),
}


def intra(count, time_us, body=b""):
    """Return a full frame."""
    return b"I" + unsigned(count) + unsigned(time_us) + body


def inter(time_step_error_us, body=b""):
    """Return a frame that needs the ones before; its time is how far it is off a straight line."""
    return b"P" + signed(time_step_error_us) + body


def end():
    """Return the event that ends a log."""
    return b"E\xff" + b"End of log\0"


def resume(count, time_us):
    """Return the event of going on after a pause."""
    return b"E\x0e" + unsigned(count) + unsigned(time_us)


def adjusted(function, value):
    """Return the event of a number changed in flight, whole or with a point."""
    if isinstance(value, float):
        return b"E\x0d" + bytes([function | 0x80]) + struct.pack("<f", value)
    return b"E\x0d" + bytes([function]) + signed(value)
