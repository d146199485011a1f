"""Walk through the frames of one blackbox log and keep those its official decoder keeps."""

import numpy as np

from flight.kernel import kernel
from logs.foreign.blackbox_encodings import read_byte, read_signed, read_unsigned
from logs.foreign.blackbox_fields import CHANGE, EVENT, GPS, HOME, INTER, INTRA, KINDS, TIME, read_fields

LETTERS = np.array([KINDS.find(chr(c)) for c in range(256)], np.int64)
LONGEST_FRAME = 256
LARGEST_STEP, LARGEST_STEP_US = 5000, 10_000_000
WRAP = 1 << 32
SYNC_BEEP, ADJUSTMENT, RESUME, DISARM, FLIGHT_MODE, LOG_END = 0, 13, 14, 15, 30, 255
FLOAT_ADJUSTMENT = 128
END_TEXT = np.frombuffer(b"End of log\0", np.uint8)
NEVER = -1


@kernel
def unwrap(stream: np.record, time_us: int) -> int:
    """Return a time of 32 bits as one that never wraps."""
    low = time_us & 0xFFFFFFFF
    if stream.time_us != NEVER:
        last = stream.time_us & 0xFFFFFFFF
        if low < last and low + WRAP - last < LARGEST_STEP_US:
            stream.rollover_us += WRAP
    return low + stream.rollover_us


@kernel
def is_plausible(stream: np.record) -> bool:
    """Return whether loop count and time went on from the last frame, and not too far."""
    step = (stream.frame[0] & 0xFFFFFFFF) - stream.iteration
    step_us = stream.frame[TIME] - stream.time_us
    return 0 <= step < LARGEST_STEP and 0 <= step_us < LARGEST_STEP_US


@kernel
def keep_main(stream: np.record, kind: int, count: int) -> bool:
    """Make a main frame the one to predict the next from; False where it cannot be trusted."""
    stream.frame[TIME] = unwrap(stream, stream.frame[TIME])
    is_first = kind == INTRA and stream.iteration == NEVER
    if (kind == INTRA or stream.is_valid) and not is_first and not is_plausible(stream):
        stream.is_valid = 0
        stream.has_history = 0
    elif kind == INTRA:
        # Only a frame that needs no other can end the search for a trustworthy one.
        stream.is_valid, stream.is_waiting = 1, 0
    if not stream.is_valid:
        return False
    stream.iteration, stream.time_us = stream.frame[0] & 0xFFFFFFFF, stream.frame[TIME]
    for i in range(count):
        stream.history[1, i] = stream.frame[i] if kind == INTRA else stream.history[0, i]
        stream.history[0, i] = stream.frame[i]
    stream.has_history = 1
    return True


@kernel
def ends_log(data: np.ndarray, stream: np.record, end_text: np.ndarray) -> bool:
    """Return whether the event that ends a log is here rather than bytes that look like its beginning."""
    is_end = True
    for k in range(len(end_text)):
        is_end = read_byte(data, stream) == end_text[k] and is_end
    if is_end:
        stream.end = stream.at
    return is_end


@kernel
def read_event(data: np.ndarray, stream: np.record, end_text: np.ndarray) -> bool:
    """Read an event's number and up to two values into `stream.frame`; False where it is none known."""
    event, first, second = read_byte(data, stream), 0, 0
    is_known = True
    if event == SYNC_BEEP:
        first = read_unsigned(data, stream) + stream.rollover_us
    elif event == ADJUSTMENT:
        first = read_byte(data, stream)
        if first < FLOAT_ADJUSTMENT:
            second = read_signed(data, stream)
        else:
            for k in range(4):
                second |= read_byte(data, stream) << (8 * k)
    elif event == RESUME:
        first = read_unsigned(data, stream)
        second = read_unsigned(data, stream) + stream.rollover_us
        stream.iteration, stream.time_us = first, second
    elif event in (DISARM, FLIGHT_MODE):
        first = read_unsigned(data, stream)
        second = read_unsigned(data, stream) if event == FLIGHT_MODE else 0
        # The official decoder knows neither and trusts nothing behind them up to the next full frame.
        stream.is_valid, stream.is_waiting = 0, 1
    elif event == LOG_END:
        is_known = ends_log(data, stream, end_text)
    else:
        is_known = False
    stream.frame[0], stream.frame[1], stream.frame[2] = event, first, second
    return is_known


@kernel
def keep_other(layout: np.record, stream: np.record, kind: int) -> bool:
    """Complete a frame of position, home or state; False where it cannot be trusted."""
    if kind == GPS and layout.gps_time >= 0:
        stream.frame[layout.gps_time] = unwrap(stream, stream.frame[layout.gps_time])
    if kind == HOME:
        stream.home[:] = stream.frame
        stream.has_home = 1
    return kind != GPS or stream.has_home == 1 or layout.needs_home == 0


@kernel
def read_frame(
    data: np.ndarray, layout: np.record, stream: np.record, kind: int, skips: np.ndarray, end_text: np.ndarray
) -> bool:
    """Read the frame behind its letter; False where it is not to be trusted."""
    begin = stream.at
    if kind == EVENT:
        is_known = read_event(data, stream, end_text)
    else:
        skipped = 0
        if kind == INTER and stream.iteration != NEVER:
            skipped = skips[(stream.iteration + 1) % len(skips)]
        read_fields(data, layout, stream, kind, skipped)
        is_known = stream.at - begin <= LONGEST_FRAME
    if stream.is_cut:
        return False
    if not is_known and kind != EVENT:
        stream.is_valid = 0
        stream.at = begin
    if not is_known or kind == EVENT:
        return is_known
    if kind in (INTRA, INTER):
        return keep_main(stream, kind, layout.counts[kind])
    return keep_other(layout, stream, kind)


@kernel
def decode(
    data: np.ndarray,
    layout: np.record,
    stream: np.record,
    letters: np.ndarray,
    skips: np.ndarray,
    end_text: np.ndarray,
    kinds: np.ndarray,
    frames: np.ndarray,
) -> int:
    """Decode frames until `frames` is full or the log ends; return how many.

    A row is the time in microseconds and the frame's fields, `kinds` the place of its letter in KINDS or CHANGE.
    """
    count = 0
    while count < len(kinds) and stream.at < stream.end:
        kind = letters[int(data[stream.at])]
        stream.at += 1
        if kind < 0:
            stream.is_valid = 0
            stream.dropped += 1 - stream.is_waiting
        elif read_frame(data, layout, stream, kind, skips, end_text):
            is_change = kind == EVENT and stream.frame[0] in (DISARM, FLIGHT_MODE)
            kinds[count] = CHANGE if is_change else kind
            is_timed = kind == GPS and layout.gps_time >= 0
            frames[count, 0] = stream.frame[layout.gps_time] if is_timed else stream.time_us
            for i in range(frames.shape[1] - 1):
                frames[count, i + 1] = stream.frame[i]
            count += 1
        elif not stream.is_waiting and not stream.is_cut:
            stream.dropped += 1
    return count
