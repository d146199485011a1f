"""The Pi's own hardware PWM by the kernel's files in /sys/class/pwm: four channels on a Pi 5, two on older ones.

It has no deadman: when nobody writes any more it repeats the last pulse for ever.
"""

import os
from pathlib import Path

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import wait_ms
from firmware_bridge.pi.pulses import pulse_us
from flight.errors import ConfigError, LinkError

ROOT = Path("/sys/class/pwm")
SLOWEST_HZ, FASTEST_HZ = 50, 450
# The files of a channel appear, and get their group, a moment after it is asked for.
APPEAR_MS, TRIES = 20.0, 25
OVERLAY = "dtoverlay=pwm-2chan in /boot/firmware/config.txt, then reboot"


class HardwarePwm:
    """Motor outputs: pulses of 1000 to 2000 us on channels of a pwmchip, `rate_hz` times a second."""

    name = "hardware PWM"

    def __init__(
        self, chip: int, channels: tuple[int, ...], rate_hz: int = 400, root: Path | None = None
    ) -> None:
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise ConfigError(f"pi.outputs.rate_hz = {rate_hz}; allowed {SLOWEST_HZ} to {FASTEST_HZ}")
        self.place, self.channels = (root or ROOT) / f"pwmchip{chip}", channels
        self.period_ns = round(1e9 / rate_hz)
        self.widths: list[int] = []

    def open(self, clock: Clock) -> None:
        """Take the channels, idle all motors, let pulses begin; raise LinkError."""
        try:
            count = int((self.place / "npwm").read_text())
        except (OSError, ValueError):
            found = ", ".join(sorted(path.name for path in self.place.parent.glob("pwmchip*"))) or "none"
            raise LinkError(f"{self.place}: is not there (found: {found}); switch it on: {OVERLAY}") from None
        if max(self.channels) >= count:
            raise LinkError(
                f"{self.place}: has {count} channels, not {max(self.channels) + 1}: a Pi 5 has four, older ones two; "
                "a PCA9685 or the Arduino drives four motors on any Pi"
            )
        for channel in self.channels:
            self.take(channel, clock)

    def take(self, channel: int, clock: Clock) -> None:
        """Take one channel from the kernel."""
        folder = self.place / f"pwm{channel}"
        try:
            if not folder.is_dir():
                (self.place / "export").write_text(str(channel))
            for _ in range(TRIES):
                if os.access(folder / "duty_cycle", os.W_OK):
                    break
                wait_ms(clock, APPEAR_MS)
            # A period below the old width is refused, and so is a width above the period.
            (folder / "duty_cycle").write_text("0")
            (folder / "period").write_text(str(self.period_ns))
            (folder / "duty_cycle").write_text(str(width_ns(0.0)))
            (folder / "enable").write_text("1")
            self.widths.append(os.open(folder / "duty_cycle", os.O_WRONLY))
        except OSError as error:
            raise LinkError(
                f"{folder}: {error.strerror}; may this user write there? sudo usermod -aG gpio $USER"
            ) from None

    def write(self, throttles: tuple[float, ...]) -> bool:
        """Send every motor its pulse; tell whether the kernel took them."""
        try:
            for place, throttle in zip(self.widths, throttles, strict=False):
                os.pwrite(place, f"{width_ns(throttle)}\n".encode(), 0)
        except OSError:
            return False
        return len(self.widths) == len(throttles)

    def stop(self) -> bool:
        """Send shortest pulses, the ESCs' idle."""
        return self.write((0.0,) * len(self.channels))

    def is_running(self) -> bool | None:
        """The kernel makes pulses as long as it lives."""
        return True

    def revive(self) -> bool:
        """There is nothing to set."""
        return True

    def silence(self) -> bool:
        """End every pulse: what an ESC takes for a lost signal."""
        try:
            for channel in self.channels:
                (self.place / f"pwm{channel}" / "enable").write_text("0")
        except OSError:
            return False
        return True


def width_ns(throttle: float) -> int:
    """Return a pulse's width in nanoseconds."""
    return round(1e3 * pulse_us(throttle))
