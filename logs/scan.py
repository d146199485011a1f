"""Walk through a ULog file and gather its rows: the part of reading worth compiling."""

import numpy as np

from flight.kernel import kernel

# One byte in twenty is a known kind, so a chain in bytes at random is a matter of less than one in a thousand million.
CHAIN, CHAIN_AT_END = 8, 3


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
def resume(data: np.ndarray, at: int, end: int, is_known: np.ndarray) -> int:
    """Return the next place where several whole messages follow each other, or fewer up to the end; else the end.

    Marks for this (sync messages) are rare in PX4's logs; a chain is as sure, and found earlier.
    """
    while at + 3 <= end:
        place, count = at, 0
        while count < CHAIN and place + 3 <= end:
            size = int(data[place]) + 256 * int(data[place + 1])
            if is_known[data[place + 2]] == 0 or size == 0 or place + 3 + size > end:
                break
            count += 1
            place += 3 + size
        if count == CHAIN or (place == end and count >= CHAIN_AT_END):
            return at
        at += 1
    return end


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
