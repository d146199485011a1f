"""VL53L1X ranger over I2C, long range, 33 ms. Registers and settings: ST DS12385, UM2510 and its table."""

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample, wait_ms
from firmware_bridge.pi.registers import BLOCK_MOST, Registers
from flight.errors import LinkError

VHV_BOUND, VHV_INIT, FIRST, READY_POLARITY, INTERRUPT_STATUS = 0x0008, 0x000B, 0x002D, 0x0030, 0x0031
BUDGET_A, BUDGET_B, INTERVAL, CLEAR, START = 0x005E, 0x0061, 0x006C, 0x0086, 0x0087
RESULT, CLOCK_PLL, BOOTED, MODEL = 0x0089, 0x00DE, 0x00E5, 0x010F
MODEL_ID = 0xEACC
GO, STOP = 0x40, 0x00
BOOT_MS, LONGEST_MS = 2.0, 300.0
# What ST's table holds from FIRST on: without it the ranger answers nothing.
TABLE = bytes.fromhex(
    "0000000102000208000810010100000000ff000f0000000000200b0000020a21"
    "00000500000000c8000038ff010008000001cc0f01f10d0168008008b8000000"
    "000f8900000000000000010f0d0e0e000002c7ff9b000000010000"
)
# Long range in 33 ms: how long the two phases may take, in ST's coded periods.
BUDGET = {BUDGET_A: 0x0060, BUDGET_B: 0x006E}
INTERVAL_MS, CLOCK_FACTOR = 35, 1.075
# Range status, a few rates, and the distance in millimetres at the end.
BURST, DISTANCE = 15, 13
STATUS_MASK, VALID = 0x1F, 9
LEAST_M, MOST_M = 0.04, 4.0


class Vl53l1x:
    """A Device: the distance along its beam, 28 times a second; is_valid 0 where the chip does not vouch for it."""

    name, group, interval_us = "VL53L1X", "range", 5_000

    def __init__(self, registers: Registers) -> None:
        self.registers, self.ready = registers, 1
        # One transfer a poll, so that none keeps the bus from the IMU for long.
        self.next_step = self.look
        self.settings: list[tuple[int, bytes]] = []

    def open(self, clock: Clock) -> None:
        """Wait for its boot, load the table, range once and for ever; raise LinkError."""
        self.expect_model()
        self.wait_for(clock, BOOTED, 0x01, "does not finish booting")
        pll = self.registers.read(CLOCK_PLL, 2)
        ticks = round((int.from_bytes(pll or b"", "big") & 0x3FF) * INTERVAL_MS * CLOCK_FACTOR)
        budget = [(at, value.to_bytes(2, "big")) for at, value in BUDGET.items()]
        self.settings = [
            *((FIRST + at, TABLE[at : at + BLOCK_MOST]) for at in range(0, len(TABLE), BLOCK_MOST)),
            *budget, (INTERVAL, ticks.to_bytes(4, "big")), (CLEAR, b"\x01"), (START, bytes([GO])),
        ]  # fmt: skip
        if not self.revive():
            raise LinkError(f"{self.name} at {self.registers.where}: does not take its settings")
        polarity = self.registers.read(READY_POLARITY, 1)
        self.ready = 0 if polarity and polarity[0] & 0x10 else 1
        self.settle(clock)

    def expect_model(self) -> None:
        """Raise LinkError unless a VL53L1X answers."""
        answer = self.registers.read(MODEL, 2)
        if answer is None:
            raise LinkError(
                f"{self.name} at {self.registers.where}: does not answer; check its wires and XSHUT"
            )
        if int.from_bytes(answer, "big") != MODEL_ID:
            raise LinkError(
                f"{self.name} at {self.registers.where}: model {answer.hex()} is not known (eacc)"
            )

    def settle(self, clock: Clock) -> None:
        """Let the first range calibrate the chip's supply, then keep what it found."""
        self.wait_for(clock, INTERRUPT_STATUS, self.ready, "does not range")
        self.registers.write(CLEAR, 0x01)
        self.registers.write(START, STOP)
        self.registers.write(VHV_BOUND, 0x09)
        self.registers.write(VHV_INIT, 0x00)
        self.registers.write(START, GO)
        self.settings += [(VHV_BOUND, b"\x09"), (VHV_INIT, b"\x00")]

    def wait_for(self, clock: Clock, at: int, bit: int, complaint: str) -> None:
        """Look until a register's lowest bit is so; raise LinkError."""
        until_us = clock.now_us() + 1e3 * LONGEST_MS
        while True:
            now = self.registers.read(at, 1)
            if now is not None and now[0] & 1 == bit:
                return
            if clock.now_us() > until_us:
                raise LinkError(f"{self.name} at {self.registers.where}: {complaint}")
            wait_ms(clock, BOOT_MS)

    def revive(self) -> bool:
        """Load everything again."""
        self.next_step = self.look
        return all(self.registers.write(at, *data) for at, data in self.settings)

    def poll(self, now_us: int) -> Sample | None:
        """Do the next of three steps: look whether there is a range, take it, ask for another."""
        return self.next_step()

    def look(self) -> Sample | None:
        """See whether there is a range."""
        status = self.registers.read(INTERRUPT_STATUS, 1)
        if status is not None and status[0] & 1 == self.ready:
            self.next_step = self.take
        return None

    def clear(self) -> Sample | None:
        """Ask for another range."""
        if self.registers.write(CLEAR, 0x01):
            self.next_step = self.look
        return None

    def take(self) -> Sample | None:
        """Return the range."""
        self.next_step = self.clear
        raw = self.registers.read(RESULT, BURST)
        if raw is None:
            return None
        distance_m = 1e-3 * int.from_bytes(raw[DISTANCE : DISTANCE + 2], "big")
        is_valid = raw[0] & STATUS_MASK == VALID and LEAST_M <= distance_m <= MOST_M
        return {"distance_m": distance_m, "is_valid": int(is_valid)}
