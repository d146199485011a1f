"""Walk through a ULog file and gather its rows: the part of reading worth compiling."""

import numpy as np

from flight.kernel import kernel


@kernel
def walk(data: np.ndarray, at: int, end: int, is_known: np.ndarray, offsets: np.ndarray) -> tuple[int, int]:
    """Note where messages begin until `offsets` is full or no whole, known message follows.

    Returns how many were noted and the place reached.
    """
    count = 0
    while count < len(offsets) and at + 3 <= end:
        size = int(data[at]) + 256 * int(data[at + 1])
        if is_known[data[at + 2]] == 0 or size == 0 or at + 3 + size > end:
            break
        offsets[count] = at
        count += 1
        at += 3 + size
    return count, at


@kernel
def gather(data: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> None:
    """Copy the bytes at each offset into one row each."""
    for i in range(rows.shape[0]):
        start = offsets[i]
        for k in range(rows.shape[1]):
            rows[i, k] = data[start + k]


@kernel
def hold(
    words: np.ndarray,
    begin: int,
    numbers: np.ndarray,
    values: np.ndarray,
    sources: np.ndarray,
    places: np.ndarray,
    latest: int,
) -> None:
    """Fill a topic's words into consecutive ticks from `begin` on, each value held until the next row."""
    for i in range(words.shape[0]):
        while latest + 1 < len(numbers) and numbers[latest + 1] <= begin + i:
            latest += 1
        if latest >= 0:
            for k in range(len(places)):
                words[i, places[k]] = values[latest, sources[k]]
