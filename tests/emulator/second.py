"""The firmware in a second emulator, avr8js under node: the same words as Board, for what both can do."""

import json
import subprocess
from pathlib import Path

import numpy as np

from tests.emulator.board import CYCLES_PER_US, ENTRY, Board

HERE = Path(__file__).parent
AVR8JS = "avr8js@0.21.1"


class SecondBoard(Board):
    """An ATmega328P in avr8js; ends with `close`."""

    def __init__(self, library: Path, hex_file: Path) -> None:
        self.process = subprocess.Popen(
            ["node", str(HERE / "second.mjs"), str(library), str(hex_file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.seen: list[tuple[int, int, int]] = []
        self.now = 0
        self.sent = b""
        self.forget()

    @property
    def cycle(self) -> int:
        """Return how many clock cycles have passed."""
        return self.now

    def ask(self, **what: object) -> None:
        """Write one line to the emulator."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def run_us(self, microseconds: float) -> None:
        """Let time pass, then take in what the board sent."""
        assert self.process.stdout
        self.ask(run=round(microseconds * CYCLES_PER_US))
        line = self.process.stdout.readline()
        assert line, "the second emulator has ended"
        told = json.loads(line)
        self.now, self.sent = told["cycle"], bytes.fromhex(told["sent"])
        self.seen += map(tuple, told["pulses"])
        self.sort(self.sent)

    def send(self, data: bytes) -> None:
        """Put bytes on the wire."""
        self.ask(send=data.hex())

    def pulses(self, since: int = 0) -> np.ndarray:
        """Return (cycle of the rising edge, motor, width in cycles) of every pulse from a number on."""
        return np.array(self.seen[since:], ENTRY)

    def close(self) -> None:
        """End the emulator."""
        self.process.kill()
        self.process.wait(10.0)
