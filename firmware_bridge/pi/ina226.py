"""INA226 voltage and current monitor over I2C. Registers: TI SBOS547A, chapter 7.6."""

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Sample
from firmware_bridge.pi.registers import Registers
from flight.errors import LinkError

CONFIG, SHUNT, BUS, MAKER, DIE = 0x00, 0x01, 0x02, 0xFE, 0xFF
MAKER_ID, DIE_ID = 0x5449, 0x2260
# Four samples in one, 1.1 ms each for voltage and current, again and again: every 8.8 ms.
CONTINUOUS = 0x4327
VOLTS, SHUNT_VOLTS = 1.25e-3, 2.5e-6


class Ina226:
    """A Device: the battery's voltage, and its current through a shunt of `shunt_ohm`."""

    name, group, interval_us = "INA226", "battery", 20_000

    def __init__(self, registers: Registers, shunt_ohm: float) -> None:
        self.registers, self.shunt_ohm = registers, shunt_ohm

    def open(self, clock: Clock) -> None:
        """Find the chip and let it run; raise LinkError."""
        found = self.word(MAKER), self.word(DIE)
        if found != (MAKER_ID, DIE_ID):
            told = " ".join("none" if word is None else f"0x{word:04x}" for word in found)
            raise LinkError(
                f"{self.name} at {self.registers.where}: identity {told} is not 0x5449 0x2260; check wires and address"
            )
        if not self.revive() or self.word(CONFIG) != CONTINUOUS:
            raise LinkError(f"{self.name} at {self.registers.where}: does not take its settings")

    def revive(self) -> bool:
        """Let it run again."""
        return self.registers.write(CONFIG, *CONTINUOUS.to_bytes(2, "big"))

    def word(self, at: int) -> int | None:
        """Return a register."""
        raw = self.registers.read(at, 2)
        return None if raw is None else int.from_bytes(raw, "big")

    def poll(self, now_us: int) -> Sample | None:
        """Return voltage and current; positive out of the battery."""
        bus, shunt = self.word(BUS), self.word(SHUNT)
        if bus is None or shunt is None or bus == 0xFFFF:
            return None
        across = shunt - 0x10000 if shunt & 0x8000 else shunt
        return {"voltage_v": VOLTS * bus, "current_a": SHUNT_VOLTS * across / self.shunt_ohm}
