"""The autopilot as it stands before a tick, in a log: what lets a log begin, or go on, in the middle of a flight."""

import zlib
from dataclasses import dataclass

import numpy as np

from flight.autopilot import STATE
from flight.command import COMMAND
from flight.errors import LogError
from flight.params import PARAMS
from logs.reader import Log
from logs.ulog import ULogWriter
from logs.version import fingerprint

KEY, LAYOUT_KEY = "quadloop_checkpoint", "quadloop_state_layout"
PARTS = (STATE, COMMAND, PARAMS)
LAYOUT = fingerprint(*PARTS)
ROW_BYTES, PIECE_BYTES = 8, 60_000
# Level 1 takes a millisecond; the higher ones gain little.
EFFORT = 1


@dataclass
class Checkpoint:
    """What the autopilot remembers, has said and flies with before tick `row` of a log; arrays of one record."""

    row: int
    state: np.ndarray
    command: np.ndarray
    params: np.ndarray


def write_checkpoint(
    writer: ULogWriter, row: int, state: np.ndarray, command: np.ndarray, params: np.ndarray
) -> None:
    """Write the autopilot as it stands before a tick."""
    raw = b"".join(part.tobytes() for part in (state, command, params))
    whole = row.to_bytes(ROW_BYTES, "little") + zlib.compress(raw, EFFORT)
    for begin in range(0, len(whole), PIECE_BYTES):
        writer.multi_info(KEY, whole[begin : begin + PIECE_BYTES], begin > 0)


def checkpoints(log: Log) -> dict[int, Checkpoint]:
    """Return a log's checkpoints by the tick they stand before; raise LogError where today's code cannot take them."""
    entries = log.multi_info.get(KEY, [])
    layout = log.info.get(LAYOUT_KEY, "unknown")
    if entries and layout != LAYOUT:
        raise LogError(
            f"{log.path}: begins in flight, with a state of layout {layout} where this code has {LAYOUT}: "
            f"replay it with the version that recorded it, {log.info.get('ver_sw', 'which it does not say')}"
        )
    return {point.row: point for point in (_read(log, entry) for entry in entries)}


def _read(log: Log, entry: bytes) -> Checkpoint:
    try:
        raw = zlib.decompress(entry[ROW_BYTES:])
    except zlib.error as error:
        raise LogError(f"{log.path}: its checkpoint is damaged: {error}") from None
    sizes = [part.itemsize for part in PARTS]
    if len(raw) != sum(sizes):
        raise LogError(f"{log.path}: its checkpoint has {len(raw)} bytes, not {sum(sizes)}")
    ends = np.cumsum(sizes).tolist()
    state, command, params = (
        np.frombuffer(raw[end - size : end], part).copy().view(np.recarray)
        for part, size, end in zip(PARTS, sizes, ends, strict=True)
    )
    return Checkpoint(int.from_bytes(entry[:ROW_BYTES], "little"), state, command, params)
