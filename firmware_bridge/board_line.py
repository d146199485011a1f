"""The line to the board: frames there and back, what it said last, what was lost on the way; how a board is opened."""

from collections import deque
from collections.abc import Callable

from firmware_bridge import protocol
from firmware_bridge.clocks import WRAP, Alignment
from firmware_bridge.protocol import ADVICE, Answer, Frame, Hello, Imu, Refused
from firmware_bridge.wire import Wire
from firmware_bridge.wiring import Wiring
from flight.errors import LinkError

RATES_HZ = (500, 1000)
HELLO_S = 4.0
# Between two requests for the same thing.
REPEAT_US = 20_000
MOST_PASSED = 16
# A board whose time goes back by more has begun anew.
STEP_BACK_US = 100_000


class BoardLine:
    """Sends and sorts frames. Silence is `heard_us`, losses are counted; only opening raises."""

    def __init__(self, wire: Wire, dt: float, wiring: Wiring | None = None, is_alone: bool = False) -> None:
        if round(1.0 / dt) not in RATES_HZ:
            raise LinkError(f"the loop runs at {1.0 / dt:g} Hz; the board samples at 500 or 1000 Hz")
        self.wire, self.dt, self.wiring, self.is_alone = wire, dt, wiring or Wiring(), is_alone
        self.splitter, self.clock = protocol.Splitter(), Alignment()
        self.slow = [0] * protocol.SLOWS
        self.hello: Hello | None = None
        # The sample of this tick, and the last one there was.
        self.newest: Imu | None = None
        # Samples that came before it and were not flown: the loop is late.
        self.passed: deque[Imu] = deque(maxlen=MOST_PASSED)
        self.last: Imu | None = None
        self.answers: dict[int, Answer] = {}
        self.refusal = Refused.NOT
        self.seq = self.heard_us = 0
        # Whether the board has its settings: one that has begun anew has forgotten them.
        self.is_set = False
        self.lost = self.skipped = self.restarts = 0

    def open(self) -> Hello:
        """Find the board, check its version and set it up; raise LinkError saying what to do."""
        self.insist(
            protocol.ask_hello, lambda: self.hello is not None, "does not answer: is the firmware on it?"
        )
        assert self.hello is not None
        if self.hello.protocol != protocol.PROTOCOL_VERSION:
            raise LinkError(
                f"the board speaks protocol {self.hello.protocol}, this program {protocol.PROTOCOL_VERSION}: "
                "run `quadloop firmware flash`"
            )
        self.answers.clear()
        self.insist(self.settings, lambda: Frame.CONFIG in self.answers, "does not take its settings")
        refusal = self.answers[Frame.CONFIG].refusal
        if refusal == Refused.RANGE and self.is_alone:
            raise LinkError(
                "the board's firmware is older than 1.1 and arms with its own IMU alone: run `quadloop firmware flash`"
            )
        if refusal != Refused.NOT:
            raise LinkError(f"the board refuses its settings: {ADVICE[refusal]}")
        # What came while nobody was flying is not late.
        self.lost = self.skipped = self.restarts = 0
        return self.hello

    def settings(self, seq: int) -> bytes:
        """Return the frame that sets the board up for this loop."""
        return protocol.config(seq, self.wiring.output, round(1.0 / self.dt), self.is_alone)

    def insist(self, request: Callable[[int], bytes], is_done: Callable[[], bool], complaint: str) -> None:
        """Send a request again and again until it is answered."""
        until_us = self.wire.now_us() + round(1e6 * HELLO_S)
        while not is_done():
            if self.wire.now_us() > until_us:
                raise LinkError(f"the board {complaint}")
            self.wire.write(request(self.next_seq()))
            self.listen(self.wire.now_us() + 5 * REPEAT_US, is_done)

    def next_seq(self) -> int:
        """Return the next frame's number."""
        self.seq = (self.seq + 1) & 0xFF
        return self.seq

    def listen(self, until_us: int, is_enough: Callable[[], bool]) -> bool:
        """Take in frames until there is enough of them or the time is over; tell which."""
        while not is_enough():
            if self.wire.now_us() >= until_us:
                return False
            for frame in self.splitter.feed(self.wire.read(until_us)):
                self.take(protocol.parse(frame))
        return True

    def take(self, said: Imu | Answer | Hello | None) -> None:
        """Sort one frame; of samples the newest counts, those before it are kept beside it and told as skipped."""
        self.heard_us = self.wire.now_us()
        if isinstance(said, Imu):
            self.count(said)
            if self.newest is not None:
                self.passed.append(self.newest)
            self.newest = self.last = said
            self.slow[said.seq % protocol.SLOWS] = said.slow
        elif isinstance(said, Answer):
            self.answers[said.asked] = said
            self.is_set |= said.asked == Frame.CONFIG and said.refusal == Refused.NOT
            if said.refusal != Refused.NOT:
                self.refusal = said.refusal
        elif isinstance(said, Hello):
            # Each boot begins with one.
            self.hello, self.is_set = said, False

    def count(self, said: Imu) -> None:
        """Count the samples that did not arrive, those that arrived too late to be flown, and new beginnings."""
        if self.last is None:
            return
        self.skipped += self.newest is not None
        if (self.last.t_us - said.t_us) % WRAP in range(STEP_BACK_US, WRAP // 2):
            self.restarts += 1
            self.is_set = False
            self.clock.restart()
        else:
            self.lost += (said.seq - self.last.seq - 1) & 0xFF
