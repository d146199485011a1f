"""Message signing (MAVLink 2): who has the key may speak; nothing is heard twice.

A key file holds one 64-digit hexadecimal key per line; the first signs what is sent, all are accepted. Beside it
`FILE.clock` keeps the newest time stamp, so that a restart does not open the door to a recording.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from flight.errors import ConfigError
from ground.link.frames import IS_SIGNED, Frame

# Time stamps count 10 us since the beginning of 2015.
EPOCH_2015_S, TICKS_PER_S = 1_420_070_400, 100_000
# A sender not heard before may be behind the newest stamp by this much.
TOLERANCE = 60 * TICKS_PER_S
MOST_STREAMS = 256
SAVE_S = 10.0
SIGNATURE = 6
# Radios say how they are; they have no keys.
RADIO_STATUS = 109


class Keys:
    """The keys, the clock that never goes back, and the last stamp of every sender; one for all channels."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.keys = read_keys(file)
        self.clock_file = file.with_name(f"{file.name}.clock")
        self.newest = max(now(), self._kept())
        self.saved_s = 0.0
        self.streams: OrderedDict[tuple[int, int, int], int] = OrderedDict()

    def _kept(self) -> int:
        with suppress(OSError, ValueError):
            return int(self.clock_file.read_text())
        return 0

    def stamp(self) -> int:
        """Return a stamp above all others."""
        self.newest = max(now(), self.newest + 1)
        if time.monotonic() - self.saved_s > SAVE_S:
            self.saved_s = time.monotonic()
            unfinished = self.clock_file.with_suffix(".new")
            with suppress(OSError):
                # Ahead by what may be signed until the next time.
                unfinished.write_text(str(self.newest + int(2 * SAVE_S * TICKS_PER_S)))
                unfinished.replace(self.clock_file)
        return self.newest

    def is_new(self, stream: tuple[int, int, int], stamp: int) -> bool:
        """Tell whether a stamp is later than the last of its stream."""
        last = self.streams.get(stream)
        return stamp > last if last is not None else stamp + TOLERANCE > self.newest

    def note(self, stream: tuple[int, int, int], stamp: int) -> None:
        """Remember a stamp that was believed."""
        self.streams[stream] = stamp
        self.streams.move_to_end(stream)
        self.newest = max(self.newest, stamp)
        if len(self.streams) > MOST_STREAMS:
            self.streams.popitem(last=False)


class Signing:
    """Signing on one channel; without keys everything is accepted."""

    def __init__(self, keys: Keys | None = None, link_id: int = 0) -> None:
        self.keys, self.link_id = keys, link_id & 0xFF
        self.unsigned = self.wrong = self.replayed = 0

    @property
    def flags(self) -> int:
        """Return the incompatibility flags of what is sent."""
        return IS_SIGNED if self.keys else 0

    def accepts(self, frame: Frame) -> bool:
        """Tell whether a frame may be believed; count what may not."""
        if self.keys is None or frame.number == RADIO_STATUS:
            return True
        if not frame.is_signed:
            self.unsigned += 1
            return False
        data = frame.data
        if not any(
            hmac.compare_digest(digest(key, data[:-SIGNATURE]), data[-SIGNATURE:]) for key in self.keys.keys
        ):
            self.wrong += 1
            return False
        stream, stamp = (*frame.source, data[-13]), int.from_bytes(data[-12:-6], "little")
        if not self.keys.is_new(stream, stamp):
            self.replayed += 1
            return False
        self.keys.note(stream, stamp)
        return True

    def signed(self, data: bytes) -> bytes:
        """Return a frame with its signature."""
        if self.keys is None:
            return data
        body = data + bytes([self.link_id]) + self.keys.stamp().to_bytes(6, "little")
        return body + digest(self.keys.keys[0], body)


def now() -> int:
    """Return the present stamp."""
    return int((time.time() - EPOCH_2015_S) * TICKS_PER_S)


def digest(key: bytes, body: bytes) -> bytes:
    """Return the signature of a frame up to and with its time stamp."""
    return hashlib.sha256(key + body).digest()[:SIGNATURE]


def read_keys(file: Path) -> list[bytes]:
    """Return the keys in a file; raise ConfigError."""
    try:
        lines = [line.strip() for line in file.read_text().splitlines()]
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    keys = []
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#"):
            try:
                keys.append(bytes.fromhex(line))
            except ValueError:
                keys.append(b"")
            if len(keys[-1]) != 32:
                raise ConfigError(f"{file}: line {number}: a key is 64 hexadecimal digits")
    if not keys:
        raise ConfigError(f"{file}: holds no key; write 64 hexadecimal digits on a line")
    return keys
