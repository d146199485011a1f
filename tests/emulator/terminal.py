"""The emulated board at the end of a pseudo-terminal, at the pace of the clock: what pyserial opens is real."""

import contextlib
import os
import threading
import time
import tty

from tests.emulator.board import Board

SLICE_US = 500


class BoardOnTerminal:
    """Run a board in a thread; `port` is the terminal to open."""

    def __init__(self, board: Board) -> None:
        self.board, self.seen, self.is_over = board, 0, False
        # When, in the board's cycles, the last byte was put on its line.
        self.heard_cycle = 0
        self.ours, self.theirs = os.openpty()
        tty.setraw(self.ours)
        tty.setraw(self.theirs)
        os.set_blocking(self.ours, False)
        self.port = os.ttyname(self.theirs)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Let the board's time follow the clock; on a busy machine it falls behind, and goes on from there."""
        began_s, begin = time.monotonic(), self.board.cycle
        while not self.is_over:
            self.hear(self.received())
            self.board.run_us(SLICE_US)
            new = self.board.log("bytes", self.seen)
            self.seen += len(new)
            self.say(new["what"].astype("u1").tobytes())
            ahead_s = (self.board.cycle - begin) / 16e6 - (time.monotonic() - began_s)
            if ahead_s > 0.0:
                time.sleep(ahead_s)

    def hear(self, told: bytes) -> None:
        """Put what was written to the port on the board's line."""
        if told:
            self.heard_cycle = self.board.cycle
            self.board.send(told)

    def received(self) -> bytes:
        """Return what was written to the port."""
        try:
            return os.read(self.ours, 4096)
        except BlockingIOError:
            return b""

    def say(self, told: bytes) -> None:
        """Put bytes on the line; while nobody reads they are gone, as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.ours, told)

    def close(self) -> None:
        """Switch the board off."""
        self.is_over = True
        self.thread.join()
        os.close(self.ours)
        os.close(self.theirs)
