"""Ticks as ULog data messages: of each only what a reader does not expect."""

import numpy as np

from flight.kernel import kernel
from logs.exact import IMU_CLOCK_WORD, MOVES, ZERO

# What of sampled topics to write in a tick: nothing, all, or what is not as expected; or everything there is.
LEAVE, SAMPLE, FOLLOW, EVERYTHING = 0, 1, 2, 3


@kernel
def encode(
    ticks: np.ndarray,
    raw: np.ndarray,
    imu_clock: np.ndarray,
    check: np.ndarray,
    wants: np.ndarray,
    spans: np.ndarray,
    begins: np.ndarray,
    is_sampled: np.ndarray,
    rules: np.ndarray,
    ids: np.ndarray,
    out: np.ndarray,
) -> int:
    """Write what is not as expected in ticks[1:] as ULog data messages; ticks[0] is the one before.

    `raw` holds the same rows as bytes, `check` their checks as bytes, `imu_clock` what is expected of that word,
    `wants` LEAVE, SAMPLE, FOLLOW or EVERYTHING. Returns how many bytes of `out` were filled.
    """
    at = 0
    last = len(begins) - 2
    for i in range(1, ticks.shape[0]):
        for topic in range(last + 1):
            begin = begins[topic]
            end = begins[topic + 1]
            if topic == last or wants[i] == EVERYTHING:
                is_due = True
            elif is_sampled[topic] and wants[i] != FOLLOW:
                is_due = wants[i] == SAMPLE
            else:
                is_due = differs(ticks, i, imu_clock, spans, begin, end, rules)
            if is_due:
                at = put_message(out, at, ids[topic], raw, check, i, spans, begin, end, topic == last)
    return at


@kernel
def differs(
    ticks: np.ndarray,
    i: int,
    imu_clock: np.ndarray,
    spans: np.ndarray,
    begin: int,
    end: int,
    rules: np.ndarray,
) -> bool:
    """Tell whether any word of a topic is not as expected after the tick before."""
    for span in range(begin, end):
        for word in range(spans[span, 0], spans[span, 1]):
            if rules[word] == ZERO:
                if ticks[i, word] != 0:
                    return True
            elif rules[word] == MOVES:
                if ticks[i, word] != imu_clock[i]:
                    return True
            elif ticks[i, word] != ticks[i - 1, word]:
                return True
    return False


@kernel
def copy_words(out: np.ndarray, at: int, raw: np.ndarray, i: int, first: int, end: int) -> int:
    """Copy a run of words and return the place after it."""
    for k in range(8 * (end - first)):
        out[at + k] = raw[i, 8 * first + k]
    return at + 8 * (end - first)


@kernel
def put_message(
    out: np.ndarray,
    at: int,
    number: int,
    raw: np.ndarray,
    check: np.ndarray,
    i: int,
    spans: np.ndarray,
    begin: int,
    end: int,
    is_mark: bool,
) -> int:
    """Write one data message - time stamp, row number, the topic's words - and return the place after it."""
    start = at
    out[at + 2] = 68
    out[at + 3] = number & 255
    out[at + 4] = number >> 8
    at = copy_words(out, at + 5, raw, i, 1, 2)
    for k in range(4):
        out[at + k] = raw[i, k]
    at += 4
    if is_mark:
        for k in range(4):
            out[at + k] = check[i, k]
        at += 4
    for span in range(begin, end):
        at = copy_words(out, at, raw, i, spans[span, 0], spans[span, 1])
    size = at - start - 3
    out[start] = size & 255
    out[start + 1] = size >> 8
    return at


def imu_clock(ticks: np.ndarray) -> np.ndarray:
    """Return the IMU's time stamp in each tick if it has moved on with the loop's."""
    expected = ticks[:, IMU_CLOCK_WORD].copy()
    expected[1:] = ticks[:-1, IMU_CLOCK_WORD] + (ticks[1:, 1] - ticks[:-1, 1])
    return expected
