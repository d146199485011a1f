"""Which motor turned, and which way, from how the vehicle's body answers.

A rotor that speeds up turns the body the other way about its axis: that tells its direction, without a propeller too.
A propeller's lift turns the body away from its own arm: that tells the corner, if the vehicle can give way a little.
Without propellers only eyes tell the corner.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flight.airframe import Airframe
from ground.motors.bench import Felt

# The kick is over when the rotor is up to speed; later the supports' give swings back.
KICK_S = 0.12
# A kick must stand out from what the resting gyro adds up to over the same time.
SIGNIFICANCE = 5.0
# Two neighbouring arms are 90 degrees apart on a quadrotor: beyond this the answer is between two.
CORNER_MOST_DEG = 30.0
VIBRATION_ODD = 8.0


@dataclass(frozen=True)
class Verdict:
    """What one motor's check says; `corner` counts from 1, 0 is unknown; directions are ccw, cw or empty."""

    motor: int
    wanted: str
    direction: str
    corner: int
    kick_deg: tuple[float, float, float]
    noise_deg: float
    vibration: float

    @property
    def is_direction_right(self) -> bool | None:
        """Tell whether it turns as the airframe says; None when it cannot be told."""
        return self.direction == self.wanted if self.direction else None

    @property
    def is_corner_right(self) -> bool | None:
        """Tell whether it sits where the airframe says; None when it cannot be told."""
        return self.corner == self.motor if self.corner else None


def kick(felt: Felt) -> tuple[np.ndarray, float]:
    """Return the largest turn about each axis just after the start, and what noise alone turns, radians."""
    rest = felt.gyro_frd[felt.is_resting]
    gyro = felt.gyro_frd - rest.mean(axis=0)
    chosen = (felt.t_s >= 0.0) & (felt.t_s < KICK_S)
    turned = turns(gyro[chosen], felt.t_s[chosen])
    first = turned[np.abs(turned).argmax(axis=0), range(3)]
    length = max(2, int(chosen.sum()))
    still, times = gyro[felt.is_resting], felt.t_s[felt.is_resting]
    pieces = [slice(at, at + length) for at in range(0, len(still) - length + 1, length)]
    noise = [np.abs(turns(still[piece], times[piece])).max(axis=0) for piece in pieces]
    return first, float(np.median(np.max(noise, axis=1))) if noise else math.inf


def turns(gyro: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """Return the angle turned since the first sample about each axis."""
    return np.cumsum(gyro * np.gradient(t_s)[:, None], axis=0) if len(t_s) > 1 else np.zeros((1, 3))


def judge(spins: Sequence[Felt], motor: int, airframe: Airframe, has_propellers: bool) -> Verdict:
    """Return what the check of a motor (the first is 0) says; several spins tell more than one."""
    rotors = airframe.physics["rotor"]
    kicks, noises = zip(*map(kick, spins), strict=True)
    turned, noise = np.mean(kicks, axis=0), float(np.mean(noises)) / math.sqrt(len(spins))
    least = SIGNIFICANCE * noise
    # The body turns clockwise, to the right, when a rotor speeds up counter-clockwise seen from above.
    direction = "" if abs(turned[2]) < least else "ccw" if turned[2] > 0.0 else "cw"
    is_lifted = has_propellers and math.hypot(turned[0], turned[1]) > least
    corner = corner_of(turned, rotors) if is_lifted else 0
    x, y, z = np.degrees(turned).tolist()
    return Verdict(
        motor + 1,
        str(rotors[motor]["spin"]),
        direction,
        corner,
        (x, y, z),
        math.degrees(noise),
        max(map(vibration, spins)),
    )


def corner_of(turned: np.ndarray, rotors: list[dict]) -> int:
    """Return the rotor (from 1) whose lift turns the body so; 0 when none fits."""
    # Lift at (x, y) turns by (-y, x) in roll and pitch.
    heading = math.atan2(-turned[0], turned[1])
    off = [
        abs(math.degrees(math.remainder(heading - math.atan2(*position[1::-1]), 2.0 * math.pi)))
        for position in (rotor["position_m_frd"] for rotor in rotors)
    ]
    best = int(np.argmin(off))
    return best + 1 if off[best] < CORNER_MOST_DEG else 0


def vibration(felt: Felt) -> float:
    """Return how much the accelerometer shakes once the motor turns steadily, m/s2, above what it does at rest."""
    steady = felt.accel_frd[(felt.t_s > 0.5 * felt.spun_s) & (felt.t_s < felt.spun_s)]
    rest = felt.accel_frd[felt.is_resting]
    if len(steady) < 10 or len(rest) < 10:
        return 0.0
    return float(math.sqrt(max(0.0, steady.var(axis=0).sum() - rest.var(axis=0).sum())))


def names(airframe: Airframe) -> list[str]:
    """Return where the rotors sit, in words."""
    return [place_of(*rotor["position_m_frd"][:2]) for rotor in airframe.physics["rotor"]]


def place_of(x: float, y: float) -> str:
    """Return a place around the vehicle in words."""
    small = 0.2 * math.hypot(x, y)
    along = "front" if x > small else "rear" if x < -small else ""
    across = "right" if y > small else "left" if y < -small else ""
    return " ".join(filter(None, (along, across)))
