"""What tests do with a board: bring it up, arm it, fly it, read its pulses."""

import numpy as np

from firmware_bridge import protocol
from firmware_bridge.protocol import Frame, Output, Refused, Slow
from tests.emulator.board import CYCLES_PER_US, Board

MS = 1000.0
IDLE = (0, 0, 0, 0)
PWM_LEAST_US, ONESHOT_LEAST_US = 1000.0, 125.0


def booted(board: Board) -> Board:
    """Give a board the time its self-test takes."""
    board.run_us(700 * MS)
    assert board.hellos
    return board


def keep_idle(board: Board, ms: int = 10) -> None:
    """Send motor frames with zero throttle."""
    for _ in range(ms // 2):
        board.throttle(*IDLE)
        board.run_us(2 * MS)


def choose(board: Board, output: Output = Output.PWM, rate_hz: int = 500) -> None:
    """Choose the motor protocol and the sampling rate."""
    board.send(protocol.config(board.next_seq(), output, rate_hz))
    board.run_us(60 * MS)
    assert board.answers[-1].refusal == Refused.NOT


def ask_to_arm(board: Board, nonce: int | None = None) -> Refused:
    """Ask to arm with the newest nonce; return the answer."""
    newest = board.samples[-1].nonce
    board.send(protocol.arm(board.next_seq(), newest if nonce is None else nonce))
    board.run_us(4 * MS)
    assert board.answers[-1].asked == Frame.ARM
    return board.answers[-1].refusal


def armed(board: Board, output: Output = Output.PWM, rate_hz: int = 500) -> Board:
    """Arm a board that has come up."""
    choose(board, output, rate_hz)
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT
    return board


def fly(board: Board, ms: int, throttle: int = 800, every_us: float = 2000.0) -> None:
    """Send the same throttle to all motors for a while."""
    for _ in range(round(ms * MS / every_us)):
        board.throttle(*[throttle] * 4)
        board.run_us(every_us)


def pulses_since(board: Board, cycle: int) -> np.ndarray:
    """Return the pulses that began after a cycle."""
    pulses = board.pulses()
    return pulses[pulses["cycle"] >= cycle]


def widths_us(pulses: np.ndarray) -> np.ndarray:
    """Return pulse widths in microseconds."""
    return pulses["value"] / CYCLES_PER_US


def slow_number(board: Board, which: Slow) -> int:
    """Return the newest value of a slow number."""
    board.run_us(40 * MS)
    return next(s.slow for s in reversed(board.samples) if s.seq % protocol.SLOWS == which)
