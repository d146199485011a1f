"""MAVLink frames in bytes: find the good ones in whatever arrives, take them apart, put them together."""

from typing import Any, NamedTuple

import numpy as np

from flight.kernel import kernel
from ground.link.dialect import mavlink

MAGIC_1, MAGIC_2 = 0xFE, 0xFD
HEADER_1, HEADER_2 = 6, 10
CRC_BYTES, SIGNATURE_BYTES = 2, 13
IS_SIGNED = 1
LARGEST_FRAME = 280
IDS = np.array(sorted(mavlink.mavlink_map), np.int64)
EXTRAS = np.array([mavlink.mavlink_map[i].crc_extra for i in IDS.tolist()], np.int64)
START, LENGTH, ID = range(3)


@kernel
def crc_of(data: np.ndarray, begin: int, end: int, extra: int) -> int:
    """Return the checksum of data[begin:end] and one more byte (CRC-16/MCRF4XX, as in MAVLink's checksum.h)."""
    crc = 0xFFFF
    for i in range(begin, end + 1):
        byte = extra if i == end else int(data[i])
        byte ^= crc & 0xFF
        byte ^= (byte << 4) & 0xFF
        crc = (crc >> 8) ^ (byte << 8) ^ (byte << 3) ^ (byte >> 4)
    return crc


@kernel
def place_of(ids: np.ndarray, number: int) -> int:
    """Return the place of a number in a sorted array, -1 when it is not there."""
    low = 0
    high = len(ids)
    while low < high:
        middle = (low + high) // 2
        if ids[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low if low < len(ids) and ids[low] == number else -1


@kernel
def measured(data: np.ndarray, i: int, size: int) -> int:
    """Return the whole length of the frame that may begin at i; 0 when none does, -1 when the bytes end too early."""
    header = HEADER_2 if data[i] == MAGIC_2 else HEADER_1
    if data[i] != MAGIC_2 and data[i] != MAGIC_1:
        return 0
    if i + header > size:
        return -1
    flags = int(data[i + 2]) if header == HEADER_2 else 0
    if flags & ~IS_SIGNED:
        return 0
    total = header + int(data[i + 1]) + CRC_BYTES + (SIGNATURE_BYTES if flags else 0)
    return total if i + total <= size else -1


@kernel
def is_good(data: np.ndarray, i: int, ids: np.ndarray, extras: np.ndarray) -> int:
    """Return the message id of a whole frame whose checksum fits, -1 for any other."""
    is_second = data[i] == MAGIC_2
    header = HEADER_2 if is_second else HEADER_1
    number = int(data[i + header - 1])
    if is_second:
        number = int(data[i + 7]) | int(data[i + 8]) << 8 | int(data[i + 9]) << 16
    place = place_of(ids, number)
    end = i + header + int(data[i + 1])
    if place < 0:
        return -1
    crc = crc_of(data, i + 1, end, extras[place])
    return number if crc == int(data[end]) | int(data[end + 1]) << 8 else -1


@kernel
def scan(
    data: np.ndarray, size: int, ids: np.ndarray, extras: np.ndarray, found: np.ndarray
) -> tuple[int, int, int]:
    """Find good frames: write start, length and message id of each; return how many, bytes done with, bytes of no use.

    An unfinished frame at the end is left for next time, and whatever follows the last row of `found`.
    """
    i = 0
    count = 0
    bad = 0
    while i < size and count < len(found):
        total = measured(data, i, size)
        if total < 0:
            break
        number = is_good(data, i, ids, extras) if total > 0 else -1
        if number >= 0:
            found[count, START] = i
            found[count, LENGTH] = total
            found[count, ID] = number
            count += 1
            i += total
        else:
            bad += 1
            i += 1
    return count, i, bad


class Frame(NamedTuple):
    """A good frame as it arrived."""

    data: bytes
    number: int

    @property
    def is_second(self) -> bool:
        """Tell MAVLink 2 from MAVLink 1."""
        return self.data[0] == MAGIC_2

    @property
    def is_signed(self) -> bool:
        """Tell whether a signature follows."""
        return self.is_second and bool(self.data[2] & IS_SIGNED)

    @property
    def source(self) -> tuple[int, int]:
        """Return the sender's system and component."""
        return (self.data[5], self.data[6]) if self.is_second else (self.data[3], self.data[4])

    @property
    def target(self) -> tuple[int, int]:
        """Return the system and component it is meant for, 0 for all."""
        places = TARGETS.get(self.number, ())
        header = HEADER_2 if self.is_second else HEADER_1
        # MAVLink 2 leaves zeros at the end of a payload away.
        found = [self.data[header + k] if k < self.data[1] else 0 for k in places]
        system, component = [*found, 0, 0][:2]
        return system, component


class Scanner:
    """The frames in a stream of bytes; remembers an unfinished one, never more."""

    # One for all: nothing of it outlives a call.
    found = np.zeros((512, 3), np.int64)

    def __init__(self) -> None:
        self.rest = b""
        self.bad_bytes = 0

    def take(self, data: bytes, is_stream: bool) -> list[Frame]:
        """Return the good frames; in a datagram nothing is unfinished."""
        frames: list[Frame] = []
        whole = self.rest + data
        while whole:
            array = np.frombuffer(whole, np.uint8)
            count, done, bad = scan(array, len(whole), IDS, EXTRAS, self.found)
            self.bad_bytes += bad
            frames += [Frame(whole[s : s + n], i) for s, n, i in self.found[:count].tolist()]
            is_full = count == len(self.found)
            whole = whole[done:]
            if not is_full and (is_stream or not whole):
                break
            if not is_full:
                # A datagram's beginning of a frame that never ends: look behind it.
                self.bad_bytes += 1
                whole = whole[1:]
        self.rest = whole[-LARGEST_FRAME:] if is_stream else b""
        return frames


def target_places() -> dict[int, tuple[int, ...]]:
    """Return, for every message that has them, where in the payload target system and component are."""
    found: dict[int, tuple[int, ...]] = {}
    for number, kind in mavlink.mavlink_map.items():
        places, offset = {}, 0
        for name, width in zip(kind.ordered_fieldnames, widths(kind), strict=True):
            places[name] = offset
            offset += width
        system = places.get(
            "target_system", places.get("target") if kind.msgname == "MANUAL_CONTROL" else None
        )
        if system is not None:
            component = places.get("target_component")
            found[number] = (system,) if component is None else (system, component)
    return found


def widths(kind: Any) -> list[int]:
    """Return the bytes of each field in wire order."""
    sizes = {"double": 8, "uint64_t": 8, "int64_t": 8, "float": 4, "uint32_t": 4, "int32_t": 4}
    sizes |= {"uint16_t": 2, "int16_t": 2, "uint8_t": 1, "int8_t": 1, "char": 1, "uint8_t_mavlink_version": 1}
    kinds = dict(zip(kind.fieldnames, kind.fieldtypes, strict=True))
    pairs = zip(kind.ordered_fieldnames, kind.array_lengths, strict=True)
    return [sizes[kinds[name]] * max(1, length) for name, length in pairs]


class Stamp:
    """Stands in for pymavlink's link while a message is packed; `give` stamps the result for each real one."""

    seq = 0

    class signing:  # noqa: N801
        sign_outgoing = False

    def __init__(self, system: int, component: int) -> None:
        self.srcSystem, self.srcComponent = system, component

    def packed(self, message: Any) -> tuple[bytearray, int]:
        """Return a frame without number and checksum, and the message's CRC byte."""
        return bytearray(message.pack(self)), message.crc_extra


def numbered(frame: bytearray, extra: int, sequence: int, flags: int = 0) -> bytes:
    """Return a frame with its sequence number and checksum."""
    frame[2] = flags
    frame[4] = sequence
    crc = mavlink.x25crc(bytes(frame[1:-CRC_BYTES]) + bytes([extra])).crc
    frame[-2:] = crc.to_bytes(2, "little")
    return bytes(frame)


TARGETS = target_places()
decoder = mavlink.MAVLink(None)


def decoded(frame: Frame) -> Any:
    """Return pymavlink's message, None when it cannot be read."""
    try:
        return decoder.decode(bytearray(frame.data))
    except (mavlink.MAVError, ValueError, TypeError):
        return None
