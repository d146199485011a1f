"""Whose motor is which: the orders in which other autopilots number a quadrotor's motors."""

import math
from dataclasses import dataclass

from flight.airframe import Airframe
from flight.errors import ConfigError

# Clockwise from the nose in degrees, and how the propeller turns seen from above, motors 1 to 4.
Place = tuple[float, str]
X: tuple[Place, ...] = ((45.0, "ccw"), (-135.0, "ccw"), (-45.0, "cw"), (135.0, "cw"))
PLUS: tuple[Place, ...] = ((90.0, "ccw"), (-90.0, "ccw"), (0.0, "cw"), (180.0, "cw"))
OTHER = {"cw": "ccw", "ccw": "cw"}
# X frames need not be square.
SLACK_DEG = 22.0


@dataclass(frozen=True)
class Order:
    """`rotor[k]` is the place in the airframe of the other side's motor k + 1; `frame` is ArduPilot's FRAME_TYPE."""

    rotor: tuple[int, ...]
    frame: int
    name: str


def reversed_spin(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Return the same places with every propeller turning the other way."""
    return tuple((angle, OTHER[spin]) for angle, spin in places)


# AP_MotorsMatrix's frame types of a quadrotor; H is an X whose motors turn the other way.
FRAMES = (
    (1, "X", X),
    (3, "H", reversed_spin(X)),
    (0, "plus", PLUS),
    (6, "plus reversed", reversed_spin(PLUS)),
)


def places_of(airframe: Airframe) -> list[Place]:
    """Return where an airframe's rotors are and how they turn."""
    rotors = airframe.physics["rotor"]
    return [
        (math.degrees(math.atan2(r["position_m_frd"][1], r["position_m_frd"][0])), r["spin"]) for r in rotors
    ]


def is_near(a_deg: float, b_deg: float) -> bool:
    """Tell whether two directions mean the same corner."""
    return abs((a_deg - b_deg + 180.0) % 360.0 - 180.0) < SLACK_DEG


def matched(own: list[Place], wanted: tuple[Place, ...]) -> tuple[int, ...]:
    """Return which of our rotors stands in each wanted place and turns as it should; nothing when one is missing."""
    found = [
        next((i for i, (a, s) in enumerate(own) if is_near(a, angle) and s == spin), -1)
        for angle, spin in wanted
    ]
    return () if len(own) != len(wanted) or sorted(found) != list(range(len(own))) else tuple(found)


def order_of(airframe: Airframe) -> Order:
    """Return the motor order ArduPilot and PX4 have for a quadrotor like this; ConfigError when there is none."""
    own = places_of(airframe)
    for frame, name, wanted in FRAMES:
        rotor = matched(own, wanted)
        if rotor:
            return Order(rotor, frame, name)
    shown = ", ".join(f"{angle:.0f} deg {spin}" for angle, spin in own)
    raise ConfigError(
        f"airframe {airframe.name}: rotors at {shown} from the nose are none of the other side's frames; "
        f"known: {', '.join(name for _, name, _ in FRAMES)} quadrotors"
    )


def ratios_for(order: Order, motors: list[float]) -> list[float]:
    """Return the other side's motors 1 to n, 0 to 1, in the airframe's rotor order; what is no number is zero."""
    ratios = [0.0] * len(order.rotor)
    for k, place in enumerate(order.rotor):
        ratios[place] = min(motors[k], 1.0) if k < len(motors) and motors[k] > 0.0 else 0.0
    return ratios
