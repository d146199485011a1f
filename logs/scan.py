"""Walk through the messages of a ULog file; the part of reading worth compiling."""

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
