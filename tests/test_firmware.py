"""The board between the Pi and the motors: the machine code that would be flashed, in an emulator."""

import itertools
import re

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.firmware import SOURCES
from firmware_bridge.protocol import Flag, Frame, Output, Refused, SelfTest, Slow, State
from tests.emulator.board import CYCLES_PER_US, Board
from tests.registers.mpu import LEVEL

pytestmark = pytest.mark.slow
MS = 1000.0
IDLE = (0, 0, 0, 0)
PWM_LEAST_US, ONESHOT_LEAST_US = 1000.0, 125.0


@pytest.fixture
def board(chip):
    """Return a board that has come up."""
    return booted(chip())


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


@pytest.mark.parametrize(
    "who", [0x68, 0x70, 0x71, 0x73], ids=["MPU-6050", "MPU-6500", "MPU-9250", "MPU-9255"]
)
def test_it_knows_its_imu(chip, who):
    board = booted(chip(who=who))

    assert board.hellos[0].who_am_i == who
    assert board.hellos[0].test == SelfTest(0)
    assert board.samples[-1].raw == LEVEL
    # 2000 degrees/s, 16 g, 184 Hz, samples announced on the interrupt pin.
    assert [board.imu.registers[at] for at in (0x1B, 0x1C, 0x1A, 0x38)] == [0x18, 0x18, 1, 1]


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


def test_a_board_without_imu_says_so_and_does_not_arm(chip):
    board = chip()
    board.imu.unplug()
    booted(board)

    choose(board)
    keep_idle(board)

    assert board.hellos[0].test & SelfTest.NO_IMU
    assert board.samples[-1].flags & Flag.IMU_STALE
    assert ask_to_arm(board) == Refused.SELF_TEST


def test_a_sensor_that_misses_its_factory_trim_is_broken(chip):
    board = chip()
    # Trim codes that ask for an answer to the self-test; this sensor gives none.
    for at, code in ((0x0D, 0x4A), (0x0E, 0x4A), (0x0F, 0x4A), (0x10, 0x00)):
        board.imu.registers[at] = code
    booted(board)

    assert board.hellos[0].test == SelfTest.GYRO | SelfTest.ACCEL


@pytest.mark.parametrize(
    ("share", "found"), [(1.0, SelfTest(0)), (1.1, SelfTest(0)), (0.8, SelfTest.GYRO | SelfTest.ACCEL)]
)
def test_the_self_test_asks_for_the_factorys_trim_within_14_percent(chip, share, found):
    # RM-MPU-6000A 4.1 to 4.6 with codes 10 (gyro) and 8 (accelerometer), told in counts of 2000 degrees/s and 16 g.
    gyro = share * 25.0 * 131.0 * 1.046 ** (10 - 1) / 8.0
    accel = share * 4096.0 * 0.34 * (0.92 / 0.34) ** ((8 - 1) / 30.0) / 2.0

    def answer(_: int) -> bytes:
        registers = board.imu.registers
        pushed = accel * (registers[0x1C] >= 0xE0)
        turned = [sign * gyro * (registers[0x1B] >= 0xE0) for sign in (1, -1, 1)]
        counts = [pushed, pushed, pushed + 2048, 0, *turned]
        return np.rint(counts).astype(">i2").tobytes()

    board = chip(sample=answer)
    for at, code in ((0x0D, 0x4A), (0x0E, 0x4A), (0x0F, 0x4A), (0x10, 0x00)):
        board.imu.registers[at] = code
    booted(board)

    assert board.hellos[0].test == found


def test_a_chip_that_is_none_of_the_four_is_told(chip):
    board = booted(chip(who=0x12))

    assert board.hellos[0].test & SelfTest.UNKNOWN_IMU
    assert board.hellos[0].who_am_i == 0x12


def test_a_short_circuit_of_the_bus_is_told_at_boot(chip):
    board = chip()
    board.call("hold_sda", 2)
    booted(board)

    assert board.hellos[0].test & SelfTest.BUS_STUCK


def test_a_vehicle_that_is_carried_about_during_the_self_test_is_told_so_and_does_not_arm(chip):
    def carried(cycle: int) -> bytes:
        # Leaning over by ever more, 16 g in 32768 counts.
        return np.array([cycle // 160_000 * 40, 0, 2048, 0, 0, 0, 0], dtype=">i2").tobytes()

    board = chip(sample=carried)
    trims = ((0x0D, 0x4A), (0x0E, 0x4A), (0x0F, 0x4A), (0x10, 0x00))
    for at, code in trims:
        board.imu.registers[at] = code
    booted(board)
    choose(board)
    keep_idle(board)

    assert board.hellos[0].test == SelfTest.MOVED
    assert ask_to_arm(board) == Refused.SELF_TEST


def test_an_imu_without_interrupt_wire_is_sampled_by_the_clock(chip):
    board = chip()
    board.call("cut_interrupt", 1)
    booted(board)
    begin = len(board.samples)
    board.run_us(100 * MS)

    assert board.hellos[0].test == SelfTest.NO_INTERRUPT
    assert board.samples[-1].flags & Flag.IMU_POLLED
    assert len(board.samples) - begin == pytest.approx(100, abs=2)
    choose(board)
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT


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


def test_an_imu_unplugged_in_flight_is_told_and_the_motors_still_obey(board):
    armed(board)
    fly(board, 20)
    board.imu.unplug()
    fly(board, 60)
    assert board.samples[-1].flags & Flag.IMU_STALE
    assert board.samples[-1].state == State.ARMED
    begin = board.cycle
    fly(board, 10, 400)
    assert widths_us(pulses_since(board, begin + 3000 * CYCLES_PER_US)).max() == PWM_LEAST_US + 200.0

    board.imu.plug_in()
    fly(board, 150)

    assert not board.samples[-1].flags & Flag.IMU_STALE
    assert board.samples[-1].raw == LEVEL


@pytest.mark.parametrize(
    ("how", "is_cured"), [(1, True), (2, False)], ids=["a device hangs", "a short circuit"]
)
def test_a_held_bus_is_freed_by_nine_clocks_or_told(board, how, is_cured):
    armed(board)
    fly(board, 20)
    board.call("hold_sda", how)
    fly(board, 200)

    assert board.samples[-1].state == State.ARMED
    assert bool(board.samples[-1].flags & Flag.IMU_STALE) != is_cured


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


def test_a_board_without_an_imu_arms_only_when_told_that_it_is_elsewhere(chip):
    board = chip()
    board.imu.unplug()
    booted(board)
    choose(board)
    keep_idle(board)
    assert ask_to_arm(board) == Refused.SELF_TEST

    def set_alone(is_alone: bool) -> Refused:
        board.send(protocol.config(board.next_seq(), Output.PWM, 500, is_alone))
        board.run_us(60 * MS)
        return board.answers[-1].refusal

    assert set_alone(True) == Refused.NOT
    assert board.samples[-1].flags & Flag.ALONE
    board.throttle(1, 0, 0, 0)
    keep_idle(board, 2)
    assert ask_to_arm(board, nonce=board.samples[-1].nonce ^ 1) == Refused.NONCE
    board.run_us(300 * MS)
    assert ask_to_arm(board) == Refused.LINK
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT
    # Not in the air; and the setting ends with the next one.
    assert set_alone(False) == Refused.STATE
    board.send(protocol.disarm(board.next_seq()))
    assert set_alone(False) == Refused.NOT
    keep_idle(board)
    assert ask_to_arm(board) == Refused.SELF_TEST


def test_settings_that_the_board_does_not_know_are_refused(board):
    board.send(protocol.pack(Frame.CONFIG, board.next_seq(), bytes([Output.PWM, 4])))
    board.run_us(10 * MS)

    assert board.answers[-1].refusal == Refused.RANGE
