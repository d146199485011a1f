"""What a log proves of commands that it does not hold: a check of each tick, a digest of all once a second."""

import numpy as np

from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.params import PARAMS
from logs.digests import PROOF_TOPIC, FlightDigest, checks, digests
from logs.exact import COMMAND_WORDS, INPUT_WORDS, ROW_WORDS, words_of
from logs.reader import Log
from logs.ticks import Ticks
from logs.version import fingerprint


class Proof:
    """What a log proves of commands that it does not hold: a check of each tick, a digest of all once a second."""

    def __init__(self, log: Log, ticks: Ticks) -> None:
        self.ticks, self.has_checks = ticks, ticks.has_checks and has_layout_of_today(log)
        rows = log.intact(PROOF_TOPIC) if self.has_checks and PROOF_TOPIC in log else ()
        self.digests = {int(row["row"]): int(row["digest"]) for row in rows}
        self.digest = FlightDigest()
        self.is_broken = False

    def differs(self, begin: int, told: np.ndarray, replayed: np.ndarray) -> np.ndarray:
        """Tell which ticks are not those that were flown, by their checks."""
        count = len(told)
        if not self.has_checks:
            return np.zeros(count, bool)
        words = np.zeros((count, ROW_WORDS), np.uint64)
        words[:, 1 : 1 + INPUT_WORDS], words[:, 1 + INPUT_WORDS :] = told, words_of(replayed, COMMAND_WORDS)
        digested = digests(words)
        self._go_on(begin, digested)
        return checks(digested) != self.ticks.all_checks[begin : begin + count]

    def _go_on(self, begin: int, digested: np.ndarray) -> None:
        done, end = 0, begin + len(digested)
        for row in sorted(row for row in self.digests if begin < row <= end):
            self.digest.take(digested[done : row - begin])
            done = row - begin
            self.is_broken |= self.digest.number != self.digests[row]
        self.digest.take(digested[done:])


def has_layout_of_today(log: Log) -> bool:
    """Tell whether a log's ticks are made of the words of today's records."""
    return log.info.get("quadloop_layout") == fingerprint(INPUTS, COMMAND, PARAMS)
