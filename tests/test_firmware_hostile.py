"""Frames that are damaged, repeated or made up move no motor of the board."""

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.protocol import Refused, State
from tests.emulator.board import Board
from tests.firmware_rig import MS, ONESHOT_LEAST_US, PWM_LEAST_US, armed, fly, pulses_since, widths_us

pytestmark = pytest.mark.slow


def test_an_out_of_range_or_repeated_frame_is_refused_whole(board):
    armed(board)
    fly(board, 10, 500)
    board.throttle(500, 500, 500, protocol.THROTTLE_MAX + 1)
    board.run_us(6 * MS)
    assert board.answers[-1].refusal == Refused.RANGE
    old = protocol.motors(board.seq - 3, (1500, 1500, 1500, 1500))
    begin = board.cycle
    board.send(old)
    board.run_us(6 * MS)

    assert board.answers[-1].refusal == Refused.ORDER
    assert set(widths_us(pulses_since(board, begin))) == {PWM_LEAST_US + 250.0}


def hostile(rng: np.random.Generator, board: Board, old: list[bytes]) -> bytes:
    """Return bytes nobody should obey: damaged, torn, foreign or replayed."""
    good = protocol.motors(int(rng.integers(256)), tuple(rng.integers(0, 2001, 4).tolist()))
    how = rng.integers(6)
    if how == 0:
        return rng.integers(0, 256, rng.integers(1, 40), dtype=np.uint8).tobytes()
    if how == 1:
        flipped = bytearray(good)
        flipped[rng.integers(len(good))] ^= 1 << rng.integers(8)
        return bytes(flipped)
    if how == 2:
        return good[: rng.integers(1, len(good) - 1)]
    if how == 3:
        return protocol.arm(int(rng.integers(256)), int(rng.integers(65536)))
    if how == 4:
        return old[rng.integers(len(old))]
    return protocol.pack(int(rng.integers(256)), int(rng.integers(256)), rng.bytes(int(rng.integers(0, 12))))


def test_a_hundred_thousand_hostile_frames_move_no_motor_and_arm_nothing(board, record_property):
    rng = np.random.default_rng(11)
    armed(board)
    recorded = [protocol.arm(1, board.samples[-1].nonce), protocol.arm(2, 0)]
    board.send(protocol.disarm(board.next_seq()))
    board.run_us(4 * MS)
    begin, states = board.cycle, set()
    board.samples.clear()
    for _ in range(1000):
        board.send(b"".join(hostile(rng, board, recorded) for _ in range(100)))
        board.run_us(33 * MS)
        states |= {s.state for s in board.samples[-20:]}
        board.samples.clear()
        board.answers.clear()
        assert set(widths_us(board.pulses()[-100:])) <= {PWM_LEAST_US, ONESHOT_LEAST_US}
    record_property("hostile frames, spurious arming", "100000, none")
    assert State.ARMED not in states
    assert board.cycle > begin
    board.run_us(60 * MS)
    assert board.samples


def test_a_hundred_thousand_hostile_frames_in_flight_move_no_motor_and_cost_no_good_frame(
    board, record_property
):
    rng, applied = np.random.default_rng(19), 0
    armed(board)
    fly(board, 10, 100)
    for turn in range(2000):
        throttle = 100 + turn % 1000
        hostile = b"".join(hostile_in_flight(rng, board.seq) for _ in range(50))
        board.send(hostile)
        board.throttle(*[throttle] * 4)
        begin = board.cycle
        # 20 us a byte; what is applied is told with the next sample.
        board.run_us(20.0 * (len(hostile) + 16) + 3 * MS)
        applied += board.samples[-1].echo == board.seq
        # The pulse under way at the beginning of this turn was asked for in the one before.
        asked = {PWM_LEAST_US + (100 + t % 1000) / 2.0 for t in (max(turn - 1, 0), turn)}
        assert set(widths_us(pulses_since(board, begin))) <= asked
        assert board.samples[-1].state == State.ARMED
        board.samples.clear()
        board.answers.clear()

    record_property("hostile frames in flight: good ones among them that were obeyed, of 2000", applied)
    assert applied == 2000


def hostile_in_flight(rng: np.random.Generator, newest: int) -> bytes:
    """Return what does not belong on an armed board's line: damaged, torn, foreign, overtaken or replayed."""
    how = rng.integers(5)
    if how < 2:
        return hostile_to_flight(rng)
    if how == 2:
        return rng.integers(0, 256, rng.integers(1, 20), dtype=np.uint8).tobytes()
    if how == 3:
        return protocol.arm(int(rng.integers(256)), int(rng.integers(65536)))
    # Up to 120 frames old: a quarter of a second.
    throttles = tuple(rng.integers(0, protocol.THROTTLE_MAX + 1, 4).tolist())
    return protocol.motors((newest - int(rng.integers(0, 120))) & 0xFF, throttles)


def test_a_damaged_frame_costs_only_itself(board):
    armed(board)
    rng, wanted = np.random.default_rng(13), 0
    for turn in range(200):
        board.send(hostile_to_flight(rng))
        board.throttle(*[100 + turn] * 4)
        board.run_us(4 * MS)
        wanted += board.samples[-1].echo == board.seq

    # A torn frame without its closing zero may not swallow the next: that one opens with a zero of its own.
    assert wanted == 200
    assert board.samples[-1].state == State.ARMED


def hostile_to_flight(rng: np.random.Generator) -> bytes:
    """Return a damaged motor frame."""
    good = protocol.motors(int(rng.integers(256)), tuple(rng.integers(0, 2001, 4).tolist()))
    if rng.integers(2):
        return good[: rng.integers(1, len(good) - 1)]
    at = rng.integers(1, len(good) - 1)
    return good[:at] + bytes([good[at] ^ 1 << rng.integers(8)]) + good[at + 1 :]
