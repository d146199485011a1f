"""Rows of inputs and commands as wild as bits can be, for the tests of the flight log."""

import numpy as np

from flight.command import COMMAND
from flight.inputs import INPUTS


def wild(dtype: np.dtype, count: int, seed: int, change: float = 0.3) -> np.ndarray:
    """Return rows of random bits - NaNs with payloads, -0.0, extreme integers - whose words change now and then."""
    random = np.random.default_rng(seed)
    words = random.integers(0, 2**64, (count, dtype.itemsize // 8), dtype=np.uint64)
    special = np.array([0, 1 << 63, 0x7FF8000000000001, 0xFFF0000000000000, (1 << 63) - 1], np.uint64)
    words = np.where(random.random(words.shape) < 0.5, random.choice(special, words.shape), words)
    latest = np.where(random.random(words.shape) < change, np.arange(count)[:, None], 0)
    held = np.take_along_axis(words, np.maximum.accumulate(latest, axis=0), axis=0)
    return np.ascontiguousarray(held).view(dtype).reshape(-1)


def wild_flight(count: int, seed: int = 1, change: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and commands with ordinary time stamps and events, all else wild."""
    inputs, commands = wild(INPUTS, count, seed, change), wild(COMMAND, count, seed + 1, change)
    inputs["t_us"] = 5_000_000 + 1000 * np.arange(count)
    commands["status"]["events"] = 0
    return inputs, commands
