"""A mission: what the operator will ask of the vehicle, checked before anything flies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flight.errors import ConfigError
from flight.guidance.mission import MOST_ITEMS
from flight.inputs import Demand
from flight.modes import Item
from sim.operator import MOST_STEPS, Await, Step

# An edge check on files, against slips of a digit: the law of most countries stops at 120 m without a permit.
HEIGHT_MAX_M = 120.0
DISTANCE_MAX_M = 2000.0
SPEED_MAX_M_S = 30.0
HOLD_MAX_S = 3600.0
RADIUS_MAX_M = 100.0
# Steps of the operator besides the items: clear, arm, start, land.
OTHER_STEPS = 4
MOST_LEGS = min(MOST_STEPS - OTHER_STEPS, MOST_ITEMS)
SETTLE_S = 3.0


@dataclass(frozen=True)
class Home:
    """Where the vehicle stands before take-off."""

    lat_deg: float
    lon_deg: float
    alt_amsl_m: float


@dataclass(frozen=True)
class Leg:
    """One item of a mission; north, east and height in metres from the take-off point, None: as before."""

    item: Item
    north_m: float | None = None
    east_m: float | None = None
    height_m: float | None = None
    yaw_rad: float | None = None
    hold_s: float | None = None
    speed_m_s: float | None = None
    turns: float | None = None
    radius_m: float | None = None
    jump_to: float | None = None
    jumps: float | None = None

    def arguments(self) -> tuple[float | None, ...]:
        """Return the arguments of the demand that uploads this item (flight.inputs.Demand.MISSION_ITEM)."""
        if self.item == Item.JUMP:
            return float(self.item), self.jump_to, self.jumps
        down_m = None if self.height_m is None else -self.height_m
        place = (float(self.item), self.north_m, self.east_m, down_m)
        wait = self.radius_m if self.item == Item.LOITER_TURNS else self.hold_s
        return (*place, self.yaw_rad, wait, self.speed_m_s, self.turns)

    def step(self, index: int) -> Step:
        """Return the demand that uploads this item."""
        return Step(Demand.MISSION_ITEM, self.arguments(), index)


@dataclass(frozen=True)
class Mission:
    """The operator's steps and where on Earth they begin, if that matters."""

    name: str
    steps: list[Step]
    home: Home | None = None


def from_legs(name: str, legs: Sequence[Leg], home: Home | None = None) -> Mission:
    """Return the mission that uploads the legs, arms, flies them and lands; raise ConfigError naming a bad leg."""
    check(name, legs)
    upload = [leg.step(i) for i, leg in enumerate(legs)]
    steps = [Step(Demand.MISSION_CLEAR), *upload, Step(Demand.ARM, awaits=Await.READY)]
    steps.append(Step(Demand.MISSION_START, awaits=Await.ARMED))
    if legs[-1].item not in (Item.LAND, Item.RETURN):
        steps.append(Step(Demand.LAND, awaits=Await.HOLDING, wait_s=SETTLE_S))
    return Mission(name, steps, home)


def check(name: str, legs: Sequence[Leg]) -> None:
    """Raise ConfigError when a mission cannot be flown as it stands."""
    if not legs:
        raise ConfigError(f"{name}: the mission is empty; it needs a take-off and at least one more item")
    if len(legs) > MOST_LEGS:
        raise ConfigError(f"{name}: {len(legs)} items; at most {MOST_LEGS} can be flown")
    if legs[0].item != Item.TAKEOFF:
        raise ConfigError(f"{name}: item 1 is {legs[0].item.name.lower()}; a mission begins with a take-off")
    for number, leg in enumerate(legs, 1):
        check_leg(f"{name}: item {number} ({leg.item.name.lower()})", leg)


def check_leg(where: str, leg: Leg) -> None:
    """Raise ConfigError naming the value of a leg that is out of bounds."""
    for key in ("north_m", "east_m"):
        check_value(where, key, getattr(leg, key), -DISTANCE_MAX_M, DISTANCE_MAX_M)
    lowest_m = 0.0 if leg.item in (Item.LAND, Item.RETURN) else 0.5
    check_value(where, "height_m", leg.height_m, lowest_m, HEIGHT_MAX_M)
    check_value(where, "speed_m_s", leg.speed_m_s, 0.1, SPEED_MAX_M_S)
    check_value(where, "hold_s", leg.hold_s, 0.0, HOLD_MAX_S)
    check_value(where, "yaw_deg", None if leg.yaw_rad is None else math.degrees(leg.yaw_rad), -360.0, 360.0)
    check_value(where, "turns", leg.turns, -100.0, 100.0)
    check_value(where, "radius_m", leg.radius_m, -RADIUS_MAX_M, RADIUS_MAX_M)
    distance_m = math.hypot(leg.north_m or 0.0, leg.east_m or 0.0)
    if distance_m > DISTANCE_MAX_M:
        raise ConfigError(
            f"{where}: {distance_m:.0f} m from the take-off point; allowed {DISTANCE_MAX_M:g} m"
        )


def check_value(where: str, key: str, value: float | None, low: float, high: float) -> None:
    """Raise ConfigError when a value is not a number within its limits."""
    if value is not None and not low <= value <= high:
        raise ConfigError(f"{where}: {key} = {value:g}; allowed {low:g} to {high:g}")
