"""What every driver is: found and set up on the ground, polled in the air, set up again when it has fallen silent."""

from typing import Any, Protocol

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.registers import Registers
from flight.errors import LinkError

# What a poll brings: values by the name of the inputs' field.
Sample = dict[str, Any]


class Device(Protocol):
    """A sensor beside the IMU. `group` is its place in the inputs, `interval_us` how often it is worth asking."""

    name: str
    group: str
    interval_us: int

    def open(self, clock: Clock) -> None:
        """Find the part and set it up; raise LinkError saying what is wrong and what to do."""
        ...

    def poll(self, now_us: int) -> Sample | None:
        """Return a new sample, None when there is none; never raise, never wait longer than a transfer takes."""
        ...

    def revive(self) -> bool:
        """Set the part up again after a silence, without waiting; tell whether it took its settings."""
        ...


def identified(registers: Registers, at: int, known: dict[int, str], wanted: str) -> int:
    """Return a chip's identity; raise LinkError when nobody answers or somebody else does."""
    answer = registers.read(at, 1)
    if answer is None:
        raise LinkError(
            f"{wanted} at {registers.where}: does not answer; check its wires, supply and address "
            "(`i2cdetect -y BUS` lists who answers)"
        )
    if answer[0] not in known:
        parts = ", ".join(f"{name} 0x{number:02x}" for number, name in known.items())
        hint = "nothing drives the line: check wires and chip select" if answer[0] in (0x00, 0xFF) else parts
        raise LinkError(f"{wanted} at {registers.where}: identity 0x{answer[0]:02x} is not known ({hint})")
    return answer[0]


def wait_ms(clock: Clock, milliseconds: float) -> None:
    """Wait on the ground; nothing waits in the air."""
    clock.sleep_until_us(clock.now_us() + round(1e3 * milliseconds))


def write_all(registers: Registers, settings: dict[int, int]) -> bool:
    """Write registers in their order; stop and say so at the first that is not taken."""
    return all(registers.write(at, value) for at, value in settings.items())


def set_up(registers: Registers, settings: dict[int, int], name: str) -> None:
    """Write registers and read them back; raise LinkError naming one that did not keep its value."""
    for at, value in settings.items():
        kept = registers.read(at, 1) if registers.write(at, value) else None
        if kept is None or kept[0] != value:
            found = "no answer" if kept is None else f"0x{kept[0]:02x}"
            raise LinkError(
                f"{name} at {registers.where}: register 0x{at:02x} should hold 0x{value:02x}, found {found}; "
                "shorter wires, away from the motors'"
            )
