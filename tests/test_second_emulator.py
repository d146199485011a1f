"""Two emulators that know nothing of each other agree on what the firmware's pins do."""

import shutil
import subprocess

import numpy as np
import pytest

from firmware_bridge.protocol import Output, Refused, State
from tests.emulator.board import CYCLES_PER_US, Board
from tests.emulator.second import AVR8JS, SecondBoard

pytestmark = pytest.mark.slow
COMMANDS = 120


@pytest.fixture(scope="module")
def avr8js(tmp_path_factory):
    """Return the second emulator's library; what the machine lacks is named."""
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("avr8js")
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), AVR8JS]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=100.0, stdin=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"npm cannot install {AVR8JS}")
    return folder / "node_modules" / "avr8js" / "dist" / "cjs" / "index.js"


def flown(board: Board, output: Output, commands: np.ndarray) -> np.ndarray:
    """Arm a board that has just been switched on, give it commands; return each one's pulses, in microseconds."""
    from tests.firmware_rig import ask_to_arm, booted, choose, keep_idle

    booted(board)
    choose(board, output)
    keep_idle(board)
    assert ask_to_arm(board) == Refused.NOT
    widths = []
    for throttles in commands:
        board.throttle(*throttles.tolist())
        board.run_us(6000.0)
        pulses = board.pulses()
        newest = [pulses["value"][pulses["what"] == motor][-1] for motor in range(4)]
        widths.append(np.array(newest) / CYCLES_PER_US)
    assert board.samples[-1].state == State.ARMED
    return np.array(widths)


@pytest.mark.parametrize("output", [Output.PWM, Output.ONESHOT125])
def test_both_make_the_pulses_that_were_asked_for(chip, avr8js, output, record_property):
    commands = np.random.default_rng(1).integers(0, 2001, (COMMANDS, 4))
    second = SecondBoard(avr8js, chip.firmware.hex)
    try:
        here, there = flown(chip(), output, commands), flown(second, output, commands)
    finally:
        second.close()
    wanted = 1000.0 + 0.5 * commands if output == Output.PWM else 125.0 + 0.5 * (commands // 8)
    apart = np.abs(here - there).max()

    record_property(f"pulses of two emulators apart, {output.name}, us", f"{apart:.3f}")
    record_property(
        f"the second one's off what was asked, {output.name}, us", f"{np.abs(there - wanted).max():.3f}"
    )
    assert apart < 1.0
    assert np.abs(there - wanted).max() < 1.0
    assert np.abs(here - wanted).max() < 1.0


def test_both_are_as_quick_to_sample_and_to_tell(chip, avr8js):
    from tests.firmware_rig import booted

    second = SecondBoard(avr8js, chip.firmware.hex)
    try:
        boards = [booted(chip()), booted(second)]
        for board in boards:
            board.run_us(200_000.0)
    finally:
        second.close()
    steps = [np.diff([sample.t_us for sample in board.samples[-150:]]) for board in boards]

    assert [float(np.mean(step)) for step in steps] == pytest.approx([1000.0, 1000.0], abs=1.0)
    assert [board.hellos[0].test for board in boards] == [0, 0]
    assert boards[0].samples[-1].raw == boards[1].samples[-1].raw
