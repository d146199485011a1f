"""Everything a ULog file holds besides the rows of its topics."""

import struct
from typing import Any

import numpy as np

from logs.formats import Format, flattened, parse_format
from logs.values import parse_key_value

ZERO = ord("0")
SYSTEM_DEFAULT = 1


class Statements:
    """What a log states: facts (`info`, `multi_info`), parameters, texts, gaps and the layout of its topics.

    `changed_parameters` holds (t_us, name, value), `messages` (t_us, syslog level, text), `dropouts` (t_us, ms).
    """

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}
        self.multi_info: dict[str, list[Any]] = {}
        self._pieces: dict[str, list[list[Any]]] = {}
        self.parameters: dict[str, float] = {}
        self.default_parameters: dict[str, float] = {}
        self.changed_parameters: list[tuple[int, str, float]] = []
        self.messages: list[tuple[int, int, str]] = []
        self.dropouts: list[tuple[int, int]] = []
        self.formats: dict[str, Format] = {}
        self.dtypes: dict[str, np.dtype] = {}
        self.subscriptions: dict[int, str] = {}
        self.has_begun = False

    def take(self, kind: str, body: bytes, t_us: int) -> None:
        """Read one message; `t_us` is when it was written. Raises ValueError and the like when it is damaged."""
        taker = TAKERS.get(kind)
        if taker:
            taker(self, body, t_us)

    def take_format(self, body: bytes, t_us: int) -> None:
        """Read the definition of a topic."""
        name, fields = parse_format(body.decode())
        self.formats[name] = fields

    def take_info(self, body: bytes, t_us: int) -> None:
        """Read one fact."""
        key, value = parse_key_value(body)
        self.info[key] = value

    def take_multi_info(self, body: bytes, t_us: int) -> None:
        """Read one entry of a list of facts, or the next piece of the last entry."""
        key, value = parse_key_value(body[1:])
        entries = self._pieces.setdefault(key, [])
        if body[0] and entries and isinstance(value, str | bytes) and isinstance(entries[-1][0], type(value)):
            entries[-1].append(value)
        else:
            entries.append([value])

    def join_pieces(self) -> None:
        """Put the entries of lists of facts together, once all pieces are read."""
        for key, entries in self._pieces.items():
            self.multi_info[key] = [e[0][:0].join(e) if len(e) > 1 else e[0] for e in entries]

    def take_parameter(self, body: bytes, t_us: int) -> None:
        """Read a parameter: its first value, or a change once the flight has begun."""
        name, value = parse_key_value(body)
        if self.has_begun:
            self.changed_parameters.append((t_us, name, value))
        else:
            self.parameters[name] = value

    def take_default(self, body: bytes, t_us: int) -> None:
        """Read a parameter's default."""
        name, value = parse_key_value(body[1:])
        if body[0] & SYSTEM_DEFAULT:
            self.default_parameters[name] = value

    def take_subscription(self, body: bytes, t_us: int) -> None:
        """Read which number a topic's rows carry."""
        self.has_begun = True
        instance, number = struct.unpack_from("<BH", body)
        name = body[3:].decode()
        key = f"{name}:{instance}" if instance else name
        self.dtypes[key] = flattened(name, self.formats)
        self.subscriptions[number] = key

    def take_text(self, body: bytes, t_us: int) -> None:
        """Read a line of text."""
        self.has_begun = True
        level, written_us = struct.unpack_from("<BQ", body)
        self.messages.append((written_us, level - ZERO, body[9:].decode(errors="replace")))

    def take_tagged_text(self, body: bytes, t_us: int) -> None:
        """Read a line of text that names its source by a number."""
        self.has_begun = True
        level, _, written_us = struct.unpack_from("<BHQ", body)
        self.messages.append((written_us, level - ZERO, body[11:].decode(errors="replace")))

    def take_dropout(self, body: bytes, t_us: int) -> None:
        """Read a gap."""
        self.dropouts.append((t_us, struct.unpack("<H", body)[0]))


TAKERS = {
    "F": Statements.take_format,
    "I": Statements.take_info,
    "M": Statements.take_multi_info,
    "P": Statements.take_parameter,
    "Q": Statements.take_default,
    "A": Statements.take_subscription,
    "L": Statements.take_text,
    "C": Statements.take_tagged_text,
    "O": Statements.take_dropout,
}
