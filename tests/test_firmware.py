"""The board between the Pi and the motors: the machine code that would be flashed, in an emulator."""

import itertools
import re

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.firmware import SOURCES
from firmware_bridge.protocol import Flag, Frame, Output, Refused, SelfTest, Slow, State
from tests.emulator.board import CYCLES_PER_US, Board
from tests.firmware_rig import (
    MS,
    ONESHOT_LEAST_US,
    PWM_LEAST_US,
    armed,
    ask_to_arm,
    booted,
    choose,
    fly,
    keep_idle,
    pulses_since,
    slow_number,
    widths_us,
)

pytestmark = pytest.mark.slow


def header_numbers(prefix: str) -> dict[str, int]:
    """Return the numbers of protocol.h whose names begin so."""
    found = re.findall(rf"#define {prefix}_(\w+) (\w+)", (SOURCES / "protocol.h").read_text())
    return {name: int(number, 0) for name, number in found}


def test_python_and_c_speak_the_same_words():
    for prefix, kind in (
        ("FRAME", Frame),
        ("REFUSED", Refused),
        ("OUTPUT", Output),
        ("SLOW", Slow),
        ("TEST", SelfTest),
    ):
        numbers = {name: n for name, n in header_numbers(prefix).items() if name != "MOST"}

        assert numbers == {member.name: member.value for member in kind}
    states = header_numbers("STATE")
    assert states == {m.name: m.value for m in State} | {m.name: m.value for m in Flag}


def test_it_fits_the_chip(chip, board, record_property):
    fly(armed(board), 3000)

    stack = 2048 - chip.firmware.ram_bytes - slow_number(board, Slow.STACK)

    record_property("flash, bytes (asked 8192)", chip.firmware.flash_bytes)
    record_property("RAM with the deepest stack, bytes (asked 1024)", chip.firmware.ram_bytes + stack)
    assert chip.firmware.flash_bytes <= 8192
    assert stack > 0
    assert chip.firmware.ram_bytes + stack <= 1024


@pytest.mark.parametrize("rate_hz", [500, 1000])
def test_samples_leave_at_their_rate_without_loss_and_soon(board, record_property, rate_hz):
    armed(board, Output.ONESHOT125, rate_hz)
    first, reads, said = len(board.samples), len(board.log("reads")), board.read
    fly(board, 1000, every_us=1e6 / rate_hz)

    samples = board.samples[first:]
    jitter_us = np.abs(np.diff([s.t_us for s in samples]) - 1e6 / rate_hz)
    reads_at = board.log("reads", reads)["cycle"].astype(np.int64)
    ends = frame_ends(board, said)
    # The frame of the sample before may end while this one is read.
    least = 600 * CYCLES_PER_US
    latency_us = (ends[np.searchsorted(ends, reads_at[:-2] + least)] - reads_at[:-2]) / CYCLES_PER_US

    record_property(f"{rate_hz} Hz: I2C start to last byte, us (asked 1300)", f"{latency_us.max():.0f}")
    record_property(f"{rate_hz} Hz: sampling jitter, us (asked 30)", f"{jitter_us.max():.0f}")
    assert abs(len(samples) - rate_hz) <= 1
    assert {(b.seq - a.seq) % 256 for a, b in itertools.pairwise(samples)} == {1}
    assert jitter_us.max() <= 30.0
    assert latency_us.max() <= 1300.0


def frame_ends(board: Board, since: int) -> np.ndarray:
    """Return the cycles at which frames of the log ended."""
    sent = board.log("bytes", since)
    is_end = (sent["what"][1:] == 0) & (sent["what"][:-1] != 0)
    return sent["cycle"][1:][is_end].astype(np.int64)


@pytest.mark.parametrize("output", [Output.PWM, Output.ONESHOT125])
def test_pulses_are_as_wide_as_asked_and_follow_the_command_at_once(board, record_property, output):
    fly(armed(board, output), 10)
    rng, interval_us = np.random.default_rng(5), 6000.0 if output == Output.PWM else 2000.0
    begin, sent, ends = board.cycle, [], []
    for throttles in rng.integers(0, protocol.THROTTLE_MAX + 1, (800, 4)).tolist():
        frame = protocol.motors(board.next_seq(), tuple(throttles))
        ends.append(board.cycle + len(frame) * 20 * CYCLES_PER_US)
        board.send(frame)
        board.run_us(interval_us + rng.uniform(0, 20))
        sent.append(throttles)

    pulses = pulses_since(board, begin)
    units = np.array(sent) / 2.0 if output == Output.PWM else np.array(sent) // 8 / 2.0
    least = PWM_LEAST_US if output == Output.PWM else ONESHOT_LEAST_US
    worst = [0.0]
    for motor in range(4):
        mine = pulses[pulses["what"] == motor]
        newest = np.searchsorted(mine["cycle"], ends[1:]) - 1
        worst.append(np.abs(widths_us(mine)[newest] - least - units[:-1, motor]).max())
    rises = pulses[pulses["what"] == 0]["cycle"].astype(np.int64)
    latency_us = (rises[np.searchsorted(rises, ends[:-1])] - ends[:-1]) / CYCLES_PER_US

    record_property(f"{output.name}: pulse width off by, us (asked 1)", f"{max(worst):.2f}")
    assert max(worst) <= 1.0
    if output == Output.ONESHOT125:
        record_property("command's last byte to pulse, us (asked 250)", f"{latency_us.max():.0f}")
        assert latency_us.max() <= 250.0


def test_silence_stops_the_motors_within_105_ms_at_any_moment_and_for_good(board, record_property):
    rng, late_ms = np.random.default_rng(7), []
    choose(board)
    for _ in range(100):
        keep_idle(board)
        assert ask_to_arm(board) == Refused.NOT
        fly(board, 20)
        board.run_us(rng.uniform(0, 3000.0))
        board.throttle(900, 900, 900, 900)
        last = board.cycle + 16 * 20 * CYCLES_PER_US
        board.run_us(115 * MS)
        spinning = [p for p in board.pulses()[-400:] if p["value"] > 1001 * CYCLES_PER_US]
        late_ms.append((max(int(p["cycle"]) + int(p["value"]) for p in spinning) - last) / CYCLES_PER_US / MS)
        assert board.samples[-1].state == State.FAILSAFE
        begin = board.cycle
        fly(board, 6)
        assert ask_to_arm(board) == Refused.STATE
        assert widths_us(pulses_since(board, begin)).max() == PWM_LEAST_US
        board.send(protocol.disarm(board.next_seq()))
        board.run_us(4 * MS)

    record_property("last command to motors at minimum, ms (asked 105)", f"{max(late_ms):.1f}")
    assert 95.0 < max(late_ms) <= 105.0


def test_it_says_why_it_does_not_arm(chip):
    board = booted(chip())
    keep_idle(board)
    assert ask_to_arm(board) == Refused.OUTPUT
    choose(board)
    old_nonce = board.samples[-1].nonce
    board.run_us(60 * MS)
    assert ask_to_arm(board) == Refused.LINK
    fly(board, 4)
    assert ask_to_arm(board) == Refused.THROTTLE
    keep_idle(board)
    assert ask_to_arm(board, board.samples[-1].nonce ^ 1) == Refused.NONCE
    assert ask_to_arm(board) == Refused.NONCE, "who guesses has to wait"
    keep_idle(board, 260)
    assert ask_to_arm(board) == Refused.NOT
    assert ask_to_arm(board) == Refused.STATE
    assert ask_to_arm(board, old_nonce) == Refused.NONCE
    board.send(protocol.disarm(board.next_seq()))
    board.run_us(4 * MS)
    board.call("supply", 4000)
    keep_idle(board, 260)
    assert ask_to_arm(board) == Refused.SUPPLY
    board.call("supply", 5000)
    board.imu.unplug()
    keep_idle(board, 60)
    assert ask_to_arm(board) == Refused.IMU


@pytest.mark.parametrize("with_interrupts", [1, 0])
def test_a_hung_program_stops_the_motors_and_comes_back_disarmed(board, with_interrupts, record_property):
    armed(board)
    fly(board, 20)
    hung = board.cycle
    board.call("hang", with_interrupts)
    board.run_us(130 * MS)
    stopped = [p for p in board.pulses() if p["value"] > 1001 * CYCLES_PER_US]
    board.run_us(800 * MS)

    # The watchdog's nominal 64 ms, sooner than the deadman.
    last_ms = (max(int(p["cycle"]) + int(p["value"]) for p in stopped) - hung) / CYCLES_PER_US / MS
    record_property("hung program to motors off, ms", f"{last_ms:.1f}")
    assert last_ms <= 70.0
    assert board.call("resets") >= 1
    assert board.hellos[-1].reset & 0x08
    assert board.samples[-1].state == State.DISARMED
    assert board.hellos[-1].output == Output.PWM
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT


def test_a_brown_out_in_flight_comes_back_disarmed_with_its_motor_protocol(board):
    armed(board, Output.ONESHOT125)
    fly(board, 20)
    nonce = board.samples[-1].nonce
    board.call("reset", 4)
    begin = board.cycle
    for _ in range(350):
        board.throttle(800, 800, 800, 800)
        board.run_us(2 * MS)
        board.answers.clear()

    assert board.hellos[-1].reset & 0x04
    assert board.hellos[-1].output == Output.ONESHOT125
    assert board.samples[-1].state == State.DISARMED
    assert board.samples[-1].nonce != nonce
    assert widths_us(pulses_since(board, begin)).max() == ONESHOT_LEAST_US
    keep_idle(board)
    assert ask_to_arm(board, nonce) == Refused.NONCE
    keep_idle(board, 260)
    assert ask_to_arm(board) == Refused.NOT


def send_ppm(board: Board, channels_us: list[int], frames: int) -> None:
    """Let a receiver send frames of 20 ms, the Pi idle frames beside it."""
    for _ in range(frames):
        at = board.cycle + 100
        for width in [0, *channels_us]:
            at += width * CYCLES_PER_US
            board.call("capture", at)
        keep_idle(board, 20)


def test_the_receivers_kill_switch_works_without_the_pi(board):
    armed(board)
    safe = [1500, 1500, 1000, 1500, 1000, 1500, 1500, 1500]
    kill = [*safe[:4], 2000, *safe[5:]]
    send_ppm(board, safe, 5)
    assert board.samples[-1].state == State.ARMED
    assert slow_number(board, Slow.PPM) == pytest.approx(1500, abs=1)
    keep_idle(board)
    send_ppm(board, kill, 2)
    assert board.samples[-1].state == State.ARMED, "two frames may be noise"
    send_ppm(board, kill, 3)

    assert board.samples[-1].state == State.KILLED
    board.send(protocol.disarm(board.next_seq()))
    board.run_us(4 * MS)
    assert board.samples[-1].state == State.KILLED, "the switch is still on"
    assert ask_to_arm(board) == Refused.KILL_SWITCH
    send_ppm(board, safe, 5)
    board.send(protocol.disarm(board.next_seq()))
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT


def test_the_battery_is_measured(board):
    board.call("analog", 0, 2500)
    board.call("analog", 1, 1250)
    board.run_us(50 * MS)

    assert slow_number(board, Slow.BATTERY) == pytest.approx(512, abs=2)
    assert slow_number(board, Slow.CURRENT) == pytest.approx(256, abs=2)
    assert slow_number(board, Slow.SUPPLY_MV) == pytest.approx(5000, abs=25)


def test_two_runs_are_the_same_to_the_cycle(chip):
    traces = []
    for _ in range(2):
        board = armed(booted(chip()))
        fly(board, 100)
        traces.append((board.pulses().tobytes(), board.log("bytes").tobytes()))

    assert traces[0] == traces[1]


def test_settings_that_the_board_does_not_know_are_refused(board):
    board.send(protocol.pack(Frame.CONFIG, board.next_seq(), bytes([Output.PWM, 4])))
    board.run_us(10 * MS)

    assert board.answers[-1].refusal == Refused.RANGE
