"""A topic that PX4's users know: each field an expression over the chosen ticks of a flight.

Fields of PX4 that have no counterpart here are left out: readers look fields up by name.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

F, D, U8, U32, U64, B = "f4", "f8", "u1", "u4", "u8", "?"
V, Q = ("f4", 3), ("f4", 4)
Expression = Callable[[Any], Any]


class Chosen:
    """Some rows of an array of records: a leaf is picked when it is asked for, nothing else is copied."""

    def __init__(self, rows: np.ndarray, ticks: np.ndarray) -> None:
        self.rows = rows
        self.ticks = ticks

    def __getitem__(self, name: str) -> Any:
        part = self.rows[name]
        return Chosen(part, self.ticks) if part.dtype.names else part[self.ticks]


class Flown:
    """Some ticks: `i` inputs, `c` commands, `e` estimates, `s` setpoints, `t` truth, and the airframe's parameters."""

    def __init__(
        self, inputs: np.ndarray, commands: np.ndarray, truth: Any, airframe: Any, ticks: Any = None
    ) -> None:
        self.ticks = np.arange(len(inputs)) if ticks is None else ticks
        self.i = Chosen(inputs, self.ticks)
        self.c = Chosen(commands, self.ticks)
        self.e = Chosen(commands["estimate"], self.ticks)
        self.s = Chosen(commands["setpoint"], self.ticks)
        self.t = None if truth is None else Chosen(truth, self.ticks)
        self.airframe = airframe

    def at(self, ticks: np.ndarray) -> "Flown":
        """Return only these ticks."""
        truth = None if self.t is None else self.t.rows
        return Flown(self.i.rows, self.c.rows, truth, self.airframe, ticks)


@dataclass(frozen=True)
class Px4Topic:
    """One topic: written at most `rate_hz` times a second, for a sensor only where a fresh sample came."""

    name: str
    rate_hz: int
    fields: dict[str, tuple[Any, Expression]]
    sensor: str = ""
    needs_truth: bool = False
    dtype: np.dtype = field(init=False)

    def __post_init__(self) -> None:
        kinds = [(n, *k) if isinstance(k, tuple) else (n, k) for n, (k, _) in self.fields.items()]
        object.__setattr__(self, "dtype", np.dtype([("timestamp", "<u8"), *kinds]))

    def rows(self, flown: Flown) -> np.ndarray:
        """Return the topic's rows for these ticks."""
        rows = np.zeros(len(flown.ticks), self.dtype)
        rows["timestamp"] = flown.i["t_us"]
        for name, (_, expression) in self.fields.items():
            rows[name] = expression(flown)
        return rows
