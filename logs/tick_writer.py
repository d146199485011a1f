"""Write ticks exact to the bit: what was told as it changes, what was said now and then, and proofs of the rest."""

import numpy as np

from logs.digests import PROOF, PROOF_TOPIC, FlightDigest, checks, digests
from logs.encoding import EVERYTHING, FOLLOW, LEAVE, SAMPLE, encode, imu_clock
from logs.exact import BEGINS, IS_SAMPLED, LARGEST_TICK, RULES, SPANS, TOPICS
from logs.pace import Pace
from logs.ulog import ULogWriter

# How often the command is written whole where a replay says it again; the check proves the ticks between.
SAMPLE_RATE_HZ = 10
PROOF_RATE_HZ = 1


class TickWriter:
    """Writes the exact topics, which the writer knows already; `in_full` writes the command of every tick."""

    def __init__(self, writer: ULogWriter, in_full: bool) -> None:
        self.writer, self.in_full = writer, in_full
        self.ids = np.array([writer.topics[topic.name][0] for topic in TOPICS], np.int64)
        self.samples, self.proofs = Pace(SAMPLE_RATE_HZ), Pace(PROOF_RATE_HZ)
        self.digest = FlightDigest()

    def write(self, ticks: np.ndarray) -> None:
        """Write ticks[1:], as rows of words; ticks[0] is the one before."""
        out = np.empty(LARGEST_TICK * (len(ticks) - 1), np.uint8)
        digested = digests(ticks)
        check = checks(digested).view(np.uint8).reshape(-1, 4)
        size = encode(
            ticks, ticks.view(np.uint8), imu_clock(ticks), check, self._wants(ticks),
            SPANS, BEGINS, IS_SAMPLED, RULES, self.ids, out,
        )  # fmt: skip
        self.writer.sink.write(out[:size].data)
        self._write_proofs(ticks[1:], digested[1:])

    def prove(self, row: int, t_us: int) -> None:
        """Write the digest of all ticks so far, of which there are `row`."""
        if row > 0:
            self.writer.append(PROOF_TOPIC, np.array([(t_us, row, self.digest.number)], PROOF))

    def _wants(self, ticks: np.ndarray) -> np.ndarray:
        """Return what of the sampled topics to write in each tick."""
        wants = np.full(len(ticks), FOLLOW if self.in_full else LEAVE, np.int64)
        chosen = self.samples.chosen(ticks[1:, 1].astype(np.int64))
        if not self.in_full:
            wants[1 + chosen] = SAMPLE
        if int(ticks[1, 0]) == 0:
            wants[1] = EVERYTHING
        return wants

    def _write_proofs(self, ticks: np.ndarray, digested: np.ndarray) -> None:
        """Go on with the digest over all ticks; write it once a second."""
        done = 0
        for place in self.proofs.chosen(ticks[:, 1].astype(np.int64)).tolist():
            self.digest.take(digested[done:place])
            done = place
            self.prove(int(ticks[place, 0]), int(ticks[place, 1]))
        self.digest.take(digested[done:])
