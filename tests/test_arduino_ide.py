"""The folder opens in the Arduino IDE: built the way that builds a sketch, the board comes up, samples and arms."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.firmware import SOURCES
from firmware_bridge.protocol import Output, Refused, SelfTest, State
from tests.emulator.board import Board, build_host
from tests.firmware_rig import armed, booted, fly

pytestmark = pytest.mark.slow
# Where Debian's arduino-core-avr has what the IDE downloads.
PLATFORM = Path("/usr/share/arduino/hardware/arduino/avr")
# platform.txt 1.8 of the AVR boards, and what boards.txt says of an Uno.
COMMON = ("-c", "-g", "-Os", "-w", "-ffunction-sections", "-fdata-sections", "-flto", "-mmcu=atmega328p",
          "-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_AVR_UNO", "-DARDUINO_ARCH_AVR")  # fmt: skip
C = ("-std=gnu11", "-fno-fat-lto-objects")
# The last is what Debian's older compiler lacks.
CPP = ("-std=gnu++11", "-fpermissive", "-fno-exceptions", "-fno-threadsafe-statics", "-DDECIMAL_DIG=9")


def compiled(source: Path, folder: Path, core: Path) -> Path:
    """Compile one file as the IDE does; return the object."""
    target = folder / f"{source.name}.o"
    compiler, options = ("avr-gcc", C) if source.suffix == ".c" else ("avr-g++", CPP)
    places = (f"-I{core}", f"-I{PLATFORM / 'variants' / 'standard'}", f"-I{SOURCES}")
    subprocess.run([compiler, *COMMON, *options, *places, str(source), "-o", str(target)], check=True)
    return target


def build(folder: Path) -> Path:
    """Build the sketch with Arduino's core; return the ELF."""
    core, archive, elf = PLATFORM / "cores" / "arduino", folder / "core.a", folder / "sketch.elf"
    sketch = folder / "quadloop.ino.cpp"
    sketch.write_text(f"#include <Arduino.h>\n{(SOURCES / 'quadloop.ino').read_text()}")
    ours = [compiled(source, folder, core) for source in (sketch, *sorted(SOURCES.glob("*.c")))]
    theirs = [compiled(source, folder, core) for source in sorted((*core.glob("*.c"), *core.glob("*.cpp")))]
    subprocess.run(["avr-gcc-ar", "rcs", str(archive), *map(str, theirs)], check=True)
    link = ("-w", "-Os", "-g", "-flto", "-fuse-linker-plugin", "-Wl,--gc-sections", "-mmcu=atmega328p")
    subprocess.run(["avr-gcc", *link, "-o", str(elf), *map(str, ours), str(archive), "-lm"], check=True)
    return elf


def test_the_folder_built_as_a_sketch_samples_arms_and_turns_motors(chip, tmp_path, record_property):
    if not PLATFORM.is_dir() or not shutil.which("avr-gcc-ar"):
        pytest.skip("not installed: arduino-core-avr")
    elf = build(tmp_path)
    sizes = subprocess.run(["avr-size", str(elf)], capture_output=True, text=True, check=True).stdout
    text, data = map(int, sizes.splitlines()[1].split()[:2])
    board = booted(Board(build_host(tmp_path), elf))

    record_property("flash of the sketch built with Arduino's core, bytes", text + data)
    assert board.hellos[0].test == SelfTest(0)
    armed(board, Output.ONESHOT125)
    fly(board, 20)
    assert board.samples[-1].state == State.ARMED
    assert not [answer for answer in board.answers if answer.refusal != Refused.NOT]
    assert board.pulses()["value"].max() == pytest.approx((125.0 + 50.0) * 16, abs=16)
    # A boot loader leaves this much of 32 kB.
    assert text + data <= 30_720
