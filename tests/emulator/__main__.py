"""A vehicle standing on an emulated board at the end of a pseudo-terminal: `python -m tests.emulator quadloop.elf`."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from flight.airframe import load
from tests.emulator.board import Board, build_host
from tests.emulator.flight import VehicleOnBoard
from tests.emulator.terminal import BoardOnTerminal

LONGEST_S = 1e6


def main() -> int:
    """Run until the time is over or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("elf", type=Path)
    parser.add_argument("--seconds", type=float, default=LONGEST_S)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = build_host(Path(folder))
        vehicle = VehicleOnBoard(lambda **how: Board(library, chosen.elf, **how), load("pi450"), 1, [])
        # Compile what the samples need before the board's clock runs against the wall's.
        vehicle.board.run_us(700_000.0)
        terminal = BoardOnTerminal(vehicle.board)
        port = terminal.port
        sys.stdout.write(f"the board is at {port}; try: quadloop doctor --world serial:{port}\n")
        sys.stdout.flush()
        try:
            time.sleep(min(chosen.seconds, LONGEST_S))
        except KeyboardInterrupt:
            return 130
        finally:
            terminal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
