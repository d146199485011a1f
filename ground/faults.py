"""Faults as a person writes them: `motor2@12s`, `motor2:0.5@12s`, `gps:dropout@20s-30s`, `baro:bias=2@15s`.

Beside motors and sensors: `ground:dropout`, `bridge:dropout` (links), `log:dropout` (recorder), `loop:delay=0.004`.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from flight.errors import ConfigError
from flight.inputs import SENSORS
from flight.record import MAX_ROTORS
from sim.sensors.faults import Fault as Kind
from sim.sensors.faults import set_fault
from sim.troubles import KINDS as TROUBLES
from sim.troubles import set_trouble

GRAMMAR = re.compile(
    r"(?P<part>[a-z]+?)(?P<rotor>\d*)(?::(?P<kind>[a-z]+)?=?(?P<size>[-+.\de]+)?)?"
    r"@(?P<start>[.\d]+)s?(?:-(?P<stop>[.\d]+)s?)?"
)
EXAMPLES = "motor2@12s, motor2:0.5@12s, gps:dropout@20s-30s, baro:bias=2@15s"
PARTS = (*(name for name in SENSORS if name != "offboard"), "gyro", "accel", *TROUBLES)
KINDS = tuple(kind.name.lower() for kind in Kind if kind != Kind.NONE)
SIZED = ("spike", "bias", "delay", "noise")
# Parts of one sensor that fail by themselves.
HALVES = {"gyro": "imu", "accel": "imu"}


@dataclass(frozen=True)
class Fault:
    """One part that fails: a motor reaches `size` of its speed, a sensor does `kind` with magnitude `size`."""

    part: str
    rotor: int
    kind: str
    size: float
    start_s: float
    stop_s: float | None

    def apply(self, vehicle: np.void, setup: np.void) -> None:
        """Let the part of a simulated vehicle's record fail when its time comes; raise ConfigError if it has none."""
        self.check_presence(setup)
        if self.part == "motor":
            # The whole simulator; not needed to read a fault.
            from sim.vehicle import fault_rotor

            fault_rotor(vehicle, self.rotor, self.start_s, self.size)
        elif self.part in TROUBLES:
            dt = 1e-6 * float(setup.tick_us)
            set_trouble(vehicle.troubles, self.part, self.kind, self.start_s, self.stop_s, self.size, dt)
        else:
            set_fault(vehicle.sensors, self.part, self.kind, self.start_s, self.stop_s, self.size)
        if self.part == "pilot":
            take_transmitter(vehicle.sensors.pilot.script)

    def check_presence(self, setup: np.void) -> None:
        """Raise ConfigError when the vehicle lacks the part."""
        presets, count = setup.presets, int(setup.plant.rotor_count)
        if self.part in TROUBLES:
            return
        if self.part == "motor" and self.rotor > count:
            raise ConfigError(
                f"--fault motor{self.rotor}: this airframe has {count} motors, motor1 to motor{count}"
            )
        if self.part != "motor" and presets[HALVES.get(self.part, self.part)].timing.interval_us == 0:
            carried = [name for name in presets.dtype.names if presets[name].timing.interval_us > 0]
            raise ConfigError(
                f"--fault {self.part}: this vehicle carries none; it carries {', '.join(carried)}"
            )


def take_transmitter(script: np.void) -> None:
    """Let a pilot hold a transmitter, sticks centred and no switch on: only who has one can lose it."""
    if not script.is_present:
        script.is_present, script.throttle = 1, 0.5


def parse(text: str) -> Fault:
    """Return the fault a text describes; raise ConfigError showing how to write one."""
    found = GRAMMAR.fullmatch(text.strip().lower())
    if not found:
        raise ConfigError(f"--fault {text}: cannot be read; write it as {EXAMPLES}")
    try:
        start_s, size = float(found["start"]), float(found["size"] or 0.0)
        stop_s = float(found["stop"]) if found["stop"] else None
    except ValueError:
        raise ConfigError(f"--fault {text}: holds what is not a number; write it as {EXAMPLES}") from None
    if stop_s is not None and stop_s <= start_s:
        raise ConfigError(f"--fault {text}: ends before it begins")
    fault = Fault(found["part"], int(found["rotor"] or 0), found["kind"] or "", size, start_s, stop_s)
    (check_motor if fault.part == "motor" else check_sensor)(f"--fault {text}", fault)
    return fault


def check_motor(where: str, fault: Fault) -> None:
    """Raise ConfigError for a motor that is not there or a health that is no share."""
    if not 1 <= fault.rotor <= MAX_ROTORS:
        raise ConfigError(f"{where}: motors are numbered motor1 to motor{MAX_ROTORS}")
    if fault.kind or fault.stop_s is not None or not 0.0 <= fault.size <= 1.0:
        raise ConfigError(
            f"{where}: a motor reaches a share 0 to 1 of its speed for good, as in motor2:0.5@12s"
        )


def check_sensor(where: str, fault: Fault) -> None:
    """Raise ConfigError for a sensor or a kind of fault that is not known."""
    if fault.part not in PARTS or fault.rotor:
        raise ConfigError(f"{where}: {fault.part!r} is not known; known: motor1 and up, {', '.join(PARTS)}")
    if fault.kind != TROUBLES.get(fault.part, fault.kind):
        raise ConfigError(f"{where}: {fault.part} knows only {TROUBLES[fault.part]}")
    if fault.kind not in KINDS:
        raise ConfigError(f"{where}: {fault.kind!r} is not known; known: {', '.join(KINDS)}")
    if fault.kind in SIZED and not is_size(fault.kind, fault.size):
        sign = "a size" if fault.kind == "bias" else "a size above zero"
        raise ConfigError(f"{where}: a {fault.kind} needs {sign}, as in {fault.part}:{fault.kind}=2@15s")


def is_size(kind: str, size: float) -> bool:
    """Tell whether a magnitude has a meaning; only a bias has a direction."""
    return math.isfinite(size) and (size > 0.0 or (kind == "bias" and size != 0.0))
