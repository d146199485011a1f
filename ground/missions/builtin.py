"""The missions that come with Quadloop: square, hover, circle, figure8, chirp, autotune; for campaigns rounds, room."""

from collections.abc import Callable

from flight.inputs import Demand
from flight.modes import Item
from ground.missions.autotune import autotune
from ground.missions.chirp import chirp
from ground.missions.mission import SETTLE_S, Leg, Mission, from_legs
from sim.operator import Await, Step

SQUARE_HEIGHT_M = 10.0
SQUARE_SIDE_M = 20.0
# Indoor sizes: what a motion-capture room holds and other projects publish.
HEIGHT_M = 3.0
RADIUS_M = 1.0
SPEED_M_S = 1.0
PERIOD_S = 5.0
HOVER_S = 65.0
TRACK_S = 35.0
PAUSE_S = 3.0


def square() -> Mission:
    """Take off to 10 m, fly a 20 m square and land."""
    side = SQUARE_SIDE_M
    corners = ((side, 0.0), (side, side), (0.0, side), (0.0, 0.0))
    way = [Leg(Item.WAYPOINT, north, east, SQUARE_HEIGHT_M) for north, east in corners]
    return from_legs("square", [Leg(Item.TAKEOFF, height_m=SQUARE_HEIGHT_M), *way, Leg(Item.LAND)])


def hover() -> Mission:
    """Take off, hold the place for a minute after settling and land."""
    return Mission("hover", [*up(), Step(Demand.LAND, awaits=Await.HOLDING, wait_s=HOVER_S)])


def circle() -> Mission:
    """Circle at 1 m radius and 1 m/s for half a minute."""
    orbit = Step(
        Demand.ORBIT, (0.0, 0.0, -HEIGHT_M, RADIUS_M, SPEED_M_S), awaits=Await.HOLDING, wait_s=SETTLE_S
    )
    return Mission("circle", [*up(), orbit, down()])


def figure8() -> Mission:
    """Fly a figure-8 of 1 m amplitude and 5 s period for half a minute."""
    track = (0.0, 0.0, -HEIGHT_M, RADIUS_M, PERIOD_S)
    return Mission(
        "figure8", [*up(), Step(Demand.FIGURE8, track, awaits=Await.HOLDING, wait_s=SETTLE_S), down()]
    )


def rounds() -> Mission:
    """Go through every phase outdoors: climb, hover, a fast leg, a circle, straight down, back, land."""
    return every_phase("rounds", height_m=8.0, low_m=3.0, far_m=25.0, speed_m_s=8.0, radius_m=4.0)


def room() -> Mission:
    """Go through every phase in a room."""
    return every_phase("room", height_m=2.5, low_m=1.2, far_m=3.0, speed_m_s=2.0, radius_m=1.0)


def every_phase(
    name: str, height_m: float, low_m: float, far_m: float, speed_m_s: float, radius_m: float
) -> Mission:
    """Return a mission in which faults can be met in every phase of a flight."""
    legs = [
        Leg(Item.TAKEOFF, height_m=height_m),
        Leg(Item.LOITER_TIME, 0.0, 0.0, height_m, hold_s=PAUSE_S),
        Leg(Item.WAYPOINT, far_m, 0.0, height_m, speed_m_s=speed_m_s),
        Leg(Item.LOITER_TURNS, far_m, 0.0, height_m, turns=1.0, radius_m=radius_m),
        Leg(Item.WAYPOINT, far_m, 0.0, low_m),
        Leg(Item.WAYPOINT, 0.0, 0.0, low_m, speed_m_s=speed_m_s),
        Leg(Item.LAND),
    ]
    return from_legs(name, legs)


def up() -> list[Step]:
    """Arm when ready and take off."""
    return [Step(Demand.ARM, awaits=Await.READY), Step(Demand.TAKEOFF, (HEIGHT_M,), awaits=Await.ARMED)]


def down() -> Step:
    """Land when the track has been flown long enough."""
    return Step(Demand.LAND, awaits=Await.AIRBORNE, wait_s=TRACK_S)


BUILTIN: dict[str, Callable[[], Mission]] = {
    "square": square,
    "hover": hover,
    "circle": circle,
    "figure8": figure8,
    "chirp": chirp,
    "autotune": autotune,
    "rounds": rounds,
    "room": room,
}
