"""How a vehicle is wired to its board: what turns raw numbers into volts, axes and sticks."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firmware_bridge.protocol import Output
from flight.errors import ConfigError
from flight.frames import swap_frd_flu
from flight.vector import Vec3

# The chip lies with its markings up, its x forward, so its axes are forward, left, up; rows are forward, right, down.
MARKINGS_UP = tuple(
    tuple(swap_frd_flu(axis)) for axis in (Vec3(1.0, 0.0, 0.0), Vec3(0.0, 1.0, 0.0), Vec3(0.0, 0.0, 1.0))
)
COUNTS_FULL = 1024.0
# Where an axis of the chip may point, in the vehicle's axes.
WAYS = {
    "forward": (1.0, 0.0, 0.0), "back": (-1.0, 0.0, 0.0),
    "right": (0.0, 1.0, 0.0), "left": (0.0, -1.0, 0.0),
    "down": (0.0, 0.0, 1.0), "up": (0.0, 0.0, -1.0),
}  # fmt: skip
OUTPUTS = {"pwm": Output.PWM, "oneshot125": Output.ONESHOT125}
RECEIVERS = {"none": False, "ppm": True}


@dataclass(frozen=True)
class Wiring:
    """The board's surroundings; `frd_from_chip` turns the IMU's axes into forward-right-down.

    `volts_per_volt` is the battery's divider, `amps_per_volt` the current sensor's slope at pin A1 (0: there is none).
    """

    output: Output = Output.ONESHOT125
    frd_from_chip: tuple[tuple[float, ...], ...] = MARKINGS_UP
    volts_per_volt: float = 11.0
    amps_per_volt: float = 0.0
    has_receiver: bool = False
    rotation: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotation", np.array(self.frd_from_chip))

    def battery_v(self, counts: int, supply_mv: int) -> float:
        """Return the battery's voltage from A0; the converter's reference is the board's supply."""
        return self.volts_per_volt * counts / COUNTS_FULL * 1e-3 * supply_mv

    def current_a(self, counts: int, supply_mv: int) -> float:
        """Return the battery's current from A1."""
        return self.amps_per_volt * counts / COUNTS_FULL * 1e-3 * supply_mv


def from_table(table: dict[str, Any], where: str) -> Wiring:
    """Return the wiring of an airframe's `[bridge]` table; raise ConfigError naming key, value and what may stand.

    Keys: `output` (pwm, oneshot125), `imu_axes` (where the chip's x, y and z point), `battery_volts_per_volt`,
    `current_amps_per_volt`, `receiver` (none, ppm).
    """
    usual, chosen = Wiring(), {key: value for key, value in table.items() if key != "mavlink"}
    wiring = Wiring(
        one_of(chosen, "output", OUTPUTS, "oneshot125", where),
        axes(chosen.pop("imu_axes", None), where) or usual.frd_from_chip,
        number(chosen, "battery_volts_per_volt", usual.volts_per_volt, where),
        number(chosen, "current_amps_per_volt", usual.amps_per_volt, where),
        one_of(chosen, "receiver", RECEIVERS, "none", where),
    )
    for key in chosen:
        known = "output, imu_axes, battery_volts_per_volt, current_amps_per_volt, receiver"
        raise ConfigError(f"{where}: bridge.{key} is not known; known keys: {known}")
    return wiring


def one_of(table: dict[str, Any], key: str, known: dict[str, Any], usual: str, where: str) -> Any:
    """Take a word out of the table and return what it stands for."""
    word = table.pop(key, usual)
    if word not in known:
        raise ConfigError(f"{where}: bridge.{key} = {word!r}; allowed: {', '.join(known)}")
    return known[word]


def number(table: dict[str, Any], key: str, usual: float, where: str) -> float:
    """Take a factor out of the table."""
    value = table.pop(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1000.0:
        raise ConfigError(f"{where}: bridge.{key} = {value!r}; allowed 0 to 1000")
    return float(value)


def axes(ways: Any, where: str, key: str = "bridge.imu_axes") -> tuple[tuple[float, ...], ...] | None:
    """Return the rotation to the vehicle's axes of a chip whose axes point these ways; None for no ways."""
    if ways is None:
        return None
    is_list = isinstance(ways, list) and len(ways) == 3 and all(way in WAYS for way in ways)
    columns = np.array([WAYS[way] for way in ways]) if is_list else np.zeros((3, 3))
    # A mirror image is no way to mount a chip.
    if round(float(np.linalg.det(columns))) != 1:
        raise ConfigError(
            f"{where}: {key} = {ways!r}; must be where the chip's x, y and z point, right-handed, "
            f'for example ["forward", "left", "up"]; known: {", ".join(WAYS)}'
        )
    return tuple(tuple(row) for row in columns.T.tolist())
