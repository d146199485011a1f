"""Places in commands and setpoints, whatever frame they are given in, as local NED metres."""

import math

from flight.vector import Vec3
from ground.link.service import Order
from ground.link.vehicle import Vehicle

GLOBAL_AMSL, GLOBAL_ABOVE_HOME = (0, 5), (3, 6, 10, 11)
LOCAL_NED = 1
FURTHEST_M = 100_000.0
HIGHEST_M = 20_000.0
# Above home: nobody means to circle lower than this.
LOWEST_ORBIT_M = 2.0
# A client that names the place where the vehicle is, is this much behind it.
HERE_M = 3.0
Ned = tuple[float | None, float | None, float | None]


def checked(lat_deg: float, lon_deg: float, alt_m: float) -> None:
    """Raise ValueError for a point that is on no globe; NaN is not said."""
    if math.isinf(lat_deg) or math.isinf(lon_deg) or abs(lat_deg) > 90.0 or abs(lon_deg) > 180.0:
        raise ValueError(f"latitude {lat_deg:g}, longitude {lon_deg:g} is no place on Earth")
    if math.isinf(alt_m) or abs(alt_m) > HIGHEST_M:
        raise ValueError(f"altitude {alt_m:g} m is out of reach")


def amsl(vehicle: Vehicle, alt_m: float, frame: int | None) -> float:
    """Return an altitude above mean sea level; raise ValueError for a frame that is not known."""
    if frame is None or frame in GLOBAL_AMSL:
        return alt_m
    if frame not in GLOBAL_ABOVE_HOME:
        raise ValueError(f"frame {frame} is not supported here; use GLOBAL or GLOBAL_RELATIVE_ALT")
    home = vehicle.home
    if home is None:
        raise ValueError("there is no home yet for a height above it")
    return alt_m + home.alt_amsl_m


def local_place(vehicle: Vehicle, order: Order) -> Ned:
    """Return a command's place, None for what it leaves open; raise ValueError for what cannot be."""
    if order.frame == LOCAL_NED:
        return local_given(order)
    checked(order.x, order.y, order.z)
    here = vehicle.here
    if here is None:
        raise ValueError("the position is not known yet")
    has_place = not (math.isnan(order.x) or math.isnan(order.y))
    alt = here.alt_amsl_m if math.isnan(order.z) else amsl(vehicle, order.z, order.frame)
    point = vehicle.local(*((order.x, order.y) if has_place else here[:2]), alt)
    if point is None or math.hypot(point.x, point.y) > FURTHEST_M:
        raise ValueError("the place is out of reach")
    down = None if math.isnan(order.z) else point.z
    return (point.x, point.y, down) if has_place else (None, None, down)


def is_elsewhere(vehicle: Vehicle, order: Order) -> bool:
    """Tell whether a command names a place other than here; a latitude and longitude of 0 names none."""
    here = vehicle.here
    if here is None or not (order.x or order.y) or not math.isfinite(order.x + order.y):
        return False
    there, spot = vehicle.local(order.x, order.y, here.alt_amsl_m), vehicle.local(*here)
    return there is None or spot is None or math.hypot(there.x - spot.x, there.y - spot.y) > HERE_M


def as_meant(vehicle: Vehicle, order: Order) -> Order:
    """Return an orbit with its altitude in the frame that was meant; raise ValueError where that may be the ground.

    MAVSDK names the frame of heights above home and sends the altitude above sea level, and PX4 reads every orbit's
    as that, whatever its frame (FlightTaskOrbit). So in a frame above home the reading that changes the vehicle's
    height least is taken: it is the frame's or PX4's, and never a climb or a descent that the other would have spared.
    One that would lead down to the ground is refused. In GLOBAL and GLOBAL_INT the altitude is what it says; in a
    COMMAND_LONG too, unless it lies below home and, taken as a height above home, nearer to where the vehicle flies.
    """
    here, home = vehicle.here, vehicle.home
    is_above_home = order.frame in GLOBAL_ABOVE_HOME
    if here is None or home is None or not (is_above_home or order.frame is None):
        return order
    is_sea_nearer = abs(order.z - here.alt_amsl_m) < abs(order.z + home.alt_amsl_m - here.alt_amsl_m)
    height_m = order.z - home.alt_amsl_m
    is_low = height_m < min(LOWEST_ORBIT_M, here.alt_amsl_m - home.alt_amsl_m)
    if not is_above_home:
        return order._replace(frame=GLOBAL_ABOVE_HOME[1]) if is_low and not is_sea_nearer else order
    if is_sea_nearer and is_low:
        raise ValueError(
            f"{order.z:g} m above sea level is {height_m:.1f} m above home; say which in frame GLOBAL"
        )
    return order._replace(frame=GLOBAL_AMSL[1]) if is_sea_nearer else order


def local_given(order: Order) -> Ned:
    """Return a place given in local NED metres."""
    if any(math.isinf(v) for v in (order.x, order.y, order.z)):
        raise ValueError("a place must be made of numbers")
    given = [None if math.isnan(v) else v for v in (order.x, order.y, order.z)]
    return given[0], given[1], given[2]


def turned(v: Vec3, yaw: float) -> Vec3:
    """Return a vector given in the heading's frame in NED."""
    c, s = math.cos(yaw), math.sin(yaw)
    return Vec3(c * v.x - s * v.y, s * v.x + c * v.y, v.z)
