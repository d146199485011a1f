"""One table of an airframe's `[pi]`: its keys taken out one by one, what is wrong named with what may stand."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from firmware_bridge import wiring
from flight.errors import ConfigError

Rows = tuple[tuple[float, ...], ...]


class Table:
    """`name` is the key in `[pi]`, `where` the file."""

    def __init__(self, name: str, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise ConfigError(f'{where}: pi.{name} = {table!r}; must be a table such as {{ part = "..." }}')
        self.name, self.left, self.where = name, dict(table), where
        self.known: list[str] = []

    def wrong(self, key: str, value: object, allowed: str) -> ConfigError:
        """Return what to say about a value."""
        return ConfigError(f"{self.where}: pi.{self.name}.{key} = {value!r}; allowed: {allowed}")

    def take(self, key: str, usual: Any) -> Any:
        """Take a key out."""
        self.known.append(key)
        return self.left.pop(key, usual)

    def word(self, key: str, known: Iterable[str], usual: str | None = None) -> str:
        """Return one of the known words."""
        value, words = self.take(key, usual), list(known)
        if value not in words:
            raise self.wrong(key, value, ", ".join(words))
        return str(value)

    def number(self, key: str, usual: float | None, low: float, high: float) -> float:
        """Return a number within its range."""
        value = self.take(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, value, f"{low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, usual: int | None, low: int, high: int) -> int:
        """Return a whole number within its range."""
        value = self.take(key, usual)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value, f"whole numbers {low} to {high}")
        return value

    def path(self, key: str) -> str:
        """Return a device's path."""
        value = self.take(key, None)
        if not isinstance(value, str) or not value.startswith("/"):
            raise self.wrong(key, value, 'a serial port such as "/dev/ttyAMA2"')
        return value

    def words(self, key: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Return a list of words."""
        value = self.take(key, list(usual))
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.wrong(key, value, f"a list of words such as {list(usual)}")
        return tuple(value)

    def numbers(self, key: str, usual: tuple[int, ...], most: int) -> tuple[int, ...]:
        """Return as many different whole numbers as usual."""
        value = self.take(key, list(usual))
        is_list = isinstance(value, list) and all(isinstance(n, int) and 0 <= n <= most for n in value)
        if not is_list or len(set(value)) != len(usual):
            raise self.wrong(key, value, f"{len(usual)} different numbers 0 to {most}")
        return tuple(value)

    def rotation(self, usual: Rows = wiring.MARKINGS_UP) -> np.ndarray:
        """Return the rotation to the vehicle's axes, from where the chip's axes point."""
        ways = wiring.axes(self.take("axes", None), self.where, f"pi.{self.name}.axes")
        return np.array(ways or usual)

    def done(self) -> None:
        """Raise ConfigError for keys nobody took."""
        for key in self.left:
            raise ConfigError(
                f"{self.where}: pi.{self.name}.{key} is not known; known keys: {', '.join(self.known)}"
            )
