"""`quadloop firmware`: build the Arduino firmware, put it on a board, or run it without one."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ground import options, terminal

if TYPE_CHECKING:
    from firmware_bridge.firmware import Firmware

ABOUT = "build the Arduino firmware, put it on a board, or run its machine code without one"
EXAMPLE = "quadloop firmware build"
BOARDS = ("uno", "nano", "nano-old")


def add_arguments(parser: ArgumentParser) -> None:
    """Take what to do, where to build, and the board to write to."""
    parser.add_argument(
        "action",
        choices=("build", "flash", "emulate"),
        help="compile it; and write it to a board; or run its machine code at a pseudo-terminal, with a vehicle on it",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/firmware"),
        metavar="FOLDER",
        help="where to build (build/firmware)",
    )
    parser.add_argument("--port", default="/dev/ttyUSB0", help="the board's serial port (/dev/ttyUSB0)")
    parser.add_argument(
        "--board", choices=BOARDS, default="nano", help="nano-old has the boot loader of before 2018"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="S", help="emulate for so long (default: until Ctrl-C)"
    )
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Build; flash or emulate when asked."""
    from firmware_bridge import firmware

    built = firmware.build(arguments.out)
    if arguments.action == "flash":
        terminal.note(f"writing {built.hex} to {arguments.port}")
        firmware.flash(built.hex, arguments.port, arguments.board)
    if arguments.action == "emulate":
        return firmware.emulate(built.elf, arguments.seconds)
    show(built, arguments.json)
    return 0


def show(built: "Firmware", as_json: bool) -> None:
    """Tell where the firmware is and how large."""
    if as_json:
        files = {"elf": str(built.elf), "hex": str(built.hex)}
        terminal.tell_json(files | {"flash_bytes": built.flash_bytes, "ram_bytes": built.ram_bytes})
        return
    terminal.tell(
        f"{built.hex}: {built.flash_bytes} bytes of flash, {built.ram_bytes} of RAM before the stack"
    )
