"""Motor pulses: a throttle ratio as the width every ESC understands."""

from typing import Protocol

from firmware_bridge.pi.clock import Clock

LEAST_US, SPAN_US = 1000.0, 1000.0


class Outputs(Protocol):
    """Where throttles go."""

    name: str

    def open(self, clock: Clock) -> None:
        """Find the part and idle all motors; raise LinkError."""
        ...

    def write(self, throttles: tuple[float, ...]) -> bool:
        """Send ratios 0 to 1; tell whether they were taken."""
        ...

    def stop(self) -> bool:
        """Idle all motors."""
        ...

    def is_running(self) -> bool | None:
        """Tell whether pulses are made, None when nobody answers."""
        ...

    def revive(self) -> bool:
        """Set the part up again after it has lost its power."""
        ...

    def silence(self) -> bool:
        """Idle all motors, then send no pulses at all."""
        ...


def pulse_us(throttle: float) -> float:
    """Return a pulse's width; what is no number is idle."""
    return LEAST_US + SPAN_US * min(throttle, 1.0) if throttle > 0.0 else LEAST_US
