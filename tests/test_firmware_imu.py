"""The board's IMU: known, tested against its factory trim, moved, unplugged, on a bus that is held."""

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.protocol import Flag, Output, Refused, SelfTest, State
from tests.emulator.board import CYCLES_PER_US
from tests.firmware_rig import (
    MS,
    PWM_LEAST_US,
    armed,
    ask_to_arm,
    booted,
    choose,
    fly,
    keep_idle,
    pulses_since,
    widths_us,
)
from tests.registers.mpu import LEVEL

pytestmark = pytest.mark.slow


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
