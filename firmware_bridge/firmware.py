"""Build the Arduino firmware with Debian's avr-gcc, put it on a board with avrdude, run it in the tests' emulator."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from flight.errors import LinkError

SOURCES = Path(__file__).parent / "arduino" / "quadloop"
# The emulator links libsimavr, which is under the GPL: it is a program of its own beside the package, not a part of it.
CHECKOUT = Path(__file__).resolve().parent.parent
EMULATOR = CHECKOUT / "tests" / "emulator" / "__main__.py"
CHIP, CLOCK_HZ = "atmega328p", 16_000_000
COMPILER = (
    "avr-gcc", f"-mmcu={CHIP}", f"-DF_CPU={CLOCK_HZ}UL", "-std=gnu11", "-O2", "-flto", "-Wall", "-Wextra", "-Werror",
)  # fmt: skip
PACKAGES = {
    "avr-gcc": "gcc-avr avr-libc",
    "avr-size": "binutils-avr",
    "avr-objcopy": "binutils-avr",
    "avrdude": "avrdude",
}
# How fast the boot loaders talk: Optiboot on the Uno and newer Nanos, the old Nano's.
BOOT_BAUD = {"uno": 115200, "nano": 115200, "nano-old": 57600}


@dataclass(frozen=True)
class Firmware:
    """A built firmware: its files, and bytes of flash and static RAM."""

    elf: Path
    hex: Path
    flash_bytes: int
    ram_bytes: int


def tool(name: str) -> str:
    """Return a tool's path; raise LinkError naming the package that brings it."""
    path = shutil.which(name)
    if not path:
        raise LinkError(f"{name} is not installed: apt-get install {PACKAGES[name]}")
    return path


def call(name: str, *arguments: str) -> str:
    """Run a tool and return what it prints; raise LinkError with its first complaint."""
    done = subprocess.run([tool(name), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        complaints = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise LinkError(
            f"{name} failed: {(complaints or done.stderr.splitlines() or ['no reason given'])[0]}"
        )
    return done.stdout


def build(folder: Path) -> Firmware:
    """Compile the firmware into `quadloop.elf` and `quadloop.hex`; raise LinkError when that cannot be done."""
    folder.mkdir(parents=True, exist_ok=True)
    elf, image = folder / "quadloop.elf", folder / "quadloop.hex"
    call(*COMPILER, "-o", str(elf), *map(str, sorted(SOURCES.glob("*.c"))))
    call("avr-objcopy", "-O", "ihex", "-R", ".eeprom", str(elf), str(image))
    text, data, bss = map(int, call("avr-size", str(elf)).splitlines()[1].split()[:3])
    return Firmware(elf, image, text + data, data + bss)


def flash(image: Path, port: str, board: str) -> None:
    """Write a built firmware to the board on a serial port; raise LinkError when it does not answer."""
    if not Path(port).exists():
        raise LinkError(f"{port}: there is no such port; boards are /dev/ttyUSB0, /dev/ttyACM0 or the like")
    speed = str(BOOT_BAUD[board])
    call(
        "avrdude",
        "-q",
        "-p",
        CHIP,
        "-c",
        "arduino",
        "-P",
        port,
        "-b",
        speed,
        "-D",
        "-U",
        f"flash:w:{image}:i",
    )


def emulate(elf: Path, seconds: float | None = None) -> int:
    """Run a built firmware in the emulator of the tests; it says at which port. Return its exit code.

    Raises LinkError where there is no checkout, or no libsimavr.
    """
    if not EMULATOR.is_file():
        raise LinkError(
            "the emulator is a test tool in Quadloop's repository, under the GPL as libsimavr is: "
            "run this in a checkout"
        )
    if not Path("/usr/include/simavr/sim_avr.h").is_file():
        raise LinkError("libsimavr is not installed: apt-get install libsimavr-dev libelf-dev")
    span = [] if seconds is None else ["--seconds", f"{seconds:g}"]
    command = [sys.executable, "-m", "tests.emulator", str(elf.resolve()), *span]
    try:
        return subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    except KeyboardInterrupt:
        return 130
