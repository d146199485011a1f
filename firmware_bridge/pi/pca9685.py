"""PCA9685 pulse generator over I2C. Registers: NXP PCA9685 rev 4, 7.3.

It has no deadman: when nobody speaks to it any more it repeats the last pulse for ever.
"""

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import wait_ms
from firmware_bridge.pi.pulses import pulse_us
from firmware_bridge.pi.registers import Registers
from flight.errors import ConfigError, LinkError

MODE_1, LED_0, ALL_OFF_HIGH, PRESCALE = 0x00, 0x06, 0xFD, 0xFE
SLEEP, AUTO_INCREMENT, FULL_OFF = 0x10, 0x20, 0x10
OSCILLATOR_HZ, COUNTS = 25e6, 4096
SLOWEST_HZ, FASTEST_HZ = 50, 450
PRESCALE_LEAST, PRESCALE_MOST = 3, 255
WAKE_MS = 1.0


class Pca9685:
    """Motor outputs: pulses of 1000 to 2000 us on `channels`, `rate_hz` times a second.

    `oscillator_hz` is the chip's own clock, 25 MHz give or take 3 %: pulses are as wrong as it is told.
    """

    name = "PCA9685"

    def __init__(
        self,
        registers: Registers,
        channels: tuple[int, ...],
        rate_hz: int = 400,
        oscillator_hz: float = OSCILLATOR_HZ,
    ) -> None:
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise ConfigError(f"pi.outputs.rate_hz = {rate_hz}; allowed {SLOWEST_HZ} to {FASTEST_HZ}")
        if list(channels) != list(range(channels[0], channels[0] + len(channels))):
            raise ConfigError(
                f"pi.outputs.channels = {list(channels)}: must follow each other, for example [0, 1, 2, 3]"
            )
        self.registers, self.channels = registers, channels
        divided = round(oscillator_hz / (COUNTS * rate_hz)) - 1
        self.prescale = min(max(divided, PRESCALE_LEAST), PRESCALE_MOST)
        self.counts_per_us = 1e-6 * oscillator_hz / (self.prescale + 1)

    def open(self, clock: Clock) -> None:
        """Set the rate (possible asleep alone), wake it up, idle all motors; raise LinkError."""
        if not self.revive():
            raise LinkError(
                f"{self.name} at {self.registers.where}: does not answer; check wires, supply and address"
            )
        kept = self.registers.read(PRESCALE, 1)
        if kept is None or kept[0] != self.prescale:
            raise LinkError(
                f"{self.name} at {self.registers.where}: does not keep its rate; is it another chip?"
            )
        wait_ms(clock, WAKE_MS)
        if not self.write((0.0,) * len(self.channels)):
            raise LinkError(f"{self.name} at {self.registers.where}: does not take pulses")

    def write(self, throttles: tuple[float, ...]) -> bool:
        """Send every motor its pulse in one transfer, beginning together; tell whether the chip took them."""
        data: list[int] = []
        for throttle in throttles:
            end = round(pulse_us(throttle) * self.counts_per_us)
            data += (0, 0, end & 0xFF, end >> 8)
        return self.registers.write(LED_0 + 4 * self.channels[0], *data)

    def stop(self) -> bool:
        """Send shortest pulses, the ESCs' idle."""
        return self.write((0.0,) * len(self.channels))

    def silence(self) -> bool:
        """End every pulse: what an ESC takes for a lost signal."""
        return self.stop() and self.registers.write(ALL_OFF_HIGH, FULL_OFF)

    @property
    def step_us(self) -> float:
        """Return how finely pulses are told, microseconds."""
        return 1.0 / self.counts_per_us

    def is_running(self) -> bool | None:
        """Tell whether the chip still makes pulses, None when it does not answer: after a brown-out it sleeps."""
        mode = self.registers.read(MODE_1, 1)
        return None if mode is None else not mode[0] & SLEEP

    def revive(self) -> bool:
        """Set the rate again and wake it up; pulses come with the next write."""
        settings = ((MODE_1, SLEEP), (PRESCALE, self.prescale), (MODE_1, AUTO_INCREMENT))
        return all(self.registers.write(at, value) for at, value in settings)
