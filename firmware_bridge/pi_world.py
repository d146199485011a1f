"""The vehicle on a Raspberry Pi: IMU and motors of its own or the Arduino's, all other sensors on the Pi's buses.

See `flight.world` for the seam. Between a tick's command and the next sample the buses are free: then sensors are
polled, the most overdue first, as many as the time allows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.device import Device, Sample
from firmware_bridge.serial_world import SerialWorld

# A device that brought nothing for so long is set up again, and then as often.
SILENT_US = 1_000_000
# Of the time to the next sample, what is left to chance.
MARGIN_US = 50
# A device this many intervals late is polled even where it may cost the next sample its punctuality.
URGENT = 3
# How fast a device's worst poll is forgotten.
FORGET = 0.995
# Who clears these marks already: whatever reads the IMU.
CORE_GROUPS = ("imu", "battery", "pilot")


class Core(Protocol):
    """What reads the IMU and drives the motors: a Bare or a Split of firmware_bridge.pi, or a SerialWorld."""

    dt: float
    sampled_us: int

    @property
    def overruns(self) -> int: ...
    @property
    def free_until_us(self) -> int: ...
    def open(self) -> object: ...
    def read(self, inputs: np.void) -> bool: ...
    def write(self, command: np.void) -> None: ...
    def close(self) -> None: ...


@dataclass
class Turn:
    """A device and when it is its turn; `cost_us` is how long a poll may take."""

    device: Device
    due_us: int = 0
    heard_us: int = 0
    revived_us: int = 0
    cost_us: float = 0.0
    samples: int = 0
    silences: int = 0

    def poll(self, clock: Clock, now_us: int) -> Sample | None:
        """Ask the device; set it up again when it has been silent."""
        self.due_us = max(self.due_us + self.device.interval_us, now_us)
        sample = self.device.poll(now_us)
        if sample is not None:
            self.heard_us, self.samples = now_us, self.samples + 1
        elif now_us - max(self.heard_us, self.revived_us) > SILENT_US:
            self.revived_us, self.silences = now_us, self.silences + 1
            self.device.revive()
        self.cost_us = max(FORGET * self.cost_us, clock.now_us() - now_us)
        return sample


class Places:
    """The inputs' fields as arrays: opening a record by name costs more than reading a chip."""

    def __init__(self, inputs: np.void, groups: tuple[str, ...]) -> None:
        self.inputs = inputs
        told = np.asarray(inputs).reshape(1).view(np.ndarray)
        self.t_us = told["t_us"]
        self.fields = {group: {n: told[group][n] for n in told.dtype[group].names or ()} for group in groups}

    def fill(self, group: str, sample: Sample) -> None:
        """Write a sample, fresh in this tick."""
        fields = self.fields[group]
        for name, value in sample.items():
            fields[name][0] = value
        fields["fresh"][0], fields["t_us"][0] = 1, self.t_us[0]


class PiWorld:
    """A World: a core's IMU and motors, and the Pi's devices. What fails grows old in the inputs; nothing raises."""

    def __init__(
        self,
        core: Core,
        devices: tuple[Device, ...],
        clock: Clock,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        self.core, self.clock, self.dt, self.release = core, clock, core.dt, release
        self.turns = [Turn(device) for device in devices]
        self.pending: dict[str, Sample] = {}
        self.groups = tuple({device.group for device in devices})
        self.places: Places | None = None

    def open(self) -> None:
        """Find and set up everything; raise LinkError naming what is missing and what to do."""
        for turn in self.turns:
            turn.device.open(self.clock)
        # Last, since its samples wait for nobody.
        self.core.open()
        for turn in self.turns:
            turn.heard_us = turn.due_us = self.clock.now_us()

    @property
    def serial(self) -> SerialWorld | None:
        """Return the board, where IMU and motors hang on one."""
        return self.core if isinstance(self.core, SerialWorld) else None

    @property
    def sampled_us(self) -> int:
        """Return when this tick's sample was taken, 0 when none came."""
        return self.core.sampled_us

    @property
    def overruns(self) -> int:
        """Return how many samples came too late to be flown."""
        return self.core.overruns

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample; add what the devices brought since the last."""
        self.core.read(inputs)
        if self.places is None or self.places.inputs is not inputs:
            self.places = Places(inputs, self.groups)
        for group in self.groups:
            if group not in CORE_GROUPS:
                self.places.fields[group]["fresh"][0] = 0
        for group, sample in self.pending.items():
            self.places.fill(group, sample)
        self.pending.clear()
        return True

    def write(self, command: np.void) -> None:
        """Send the command first, then use the time that is left."""
        self.core.write(command)
        self.poll(self.core.free_until_us - MARGIN_US)

    def poll(self, until_us: int) -> None:
        """Poll the devices whose turn it is, the most overdue first."""
        now_us = self.clock.now_us()
        due = [turn for turn in self.turns if turn.due_us <= now_us]
        for turn in sorted(due, key=lambda turn: turn.due_us):
            is_urgent = now_us - turn.due_us > URGENT * turn.device.interval_us
            if now_us + turn.cost_us > until_us and not is_urgent:
                continue
            sample = turn.poll(self.clock, now_us)
            if sample is not None:
                self.pending[turn.device.group] = sample
            now_us = self.clock.now_us()

    def close(self) -> None:
        """Stop the motors and let the buses go."""
        self.core.close()
        self.release()
