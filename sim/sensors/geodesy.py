"""Where on the Earth a place of the simulator's local world lies: the pretending side's own geodesy.

The local axes touch the WGS84 ellipsoid at home. The height of the sea's surface above the ellipsoid counts as zero.
"""

import math

from flight.kernel import kernel
from flight.vector import Vec3

SEMI_MAJOR_M = 6378137.0
ECCENTRICITY_SQ = 6.69437999014e-3
SEMI_MINOR_M = SEMI_MAJOR_M * math.sqrt(1.0 - ECCENTRICITY_SQ)
SECOND_ECCENTRICITY_SQ = ECCENTRICITY_SQ / (1.0 - ECCENTRICITY_SQ)
DEGREE = math.pi / 180.0


@kernel
def radii(lat):
    """Return the ellipsoid's radii of curvature along the meridian and across it in metres."""
    s = math.sin(lat)
    w = 1.0 - ECCENTRICITY_SQ * s * s
    across = SEMI_MAJOR_M / math.sqrt(w)
    return across * (1.0 - ECCENTRICITY_SQ) / w, across


@kernel
def geodetic(p_ned, lat_deg, lon_deg, alt_m):
    """Return latitude and longitude in degrees and altitude of a local place; home is given in degrees and metres.

    Exact: local to Earth-centred coordinates, then Bowring 1976 in closed form (below 0.1 mm near the ground).
    """
    lat = DEGREE * lat_deg
    s, c = math.sin(lat), math.cos(lat)
    _, across = radii(lat)
    # Seen from home's own meridian: x away from the axis, y east, z north along it.
    x = (across + alt_m) * c - s * p_ned.x - c * p_ned.z
    y = p_ned.y
    z = (across * (1.0 - ECCENTRICITY_SQ) + alt_m) * s + c * p_ned.x - s * p_ned.z
    place = latitude_and_altitude(math.sqrt(x * x + y * y), z)
    lon = lon_deg + math.atan2(y, x) / DEGREE
    return Vec3(place.x / DEGREE, lon - 360.0 * math.floor((lon + 180.0) / 360.0), place.z)


@kernel
def latitude_and_altitude(axis, z):
    """Return latitude in radians as x and altitude as z, from the distances to the axis and above the equator."""
    theta = math.atan2(z * SEMI_MAJOR_M, axis * SEMI_MINOR_M)
    st, ct = math.sin(theta), math.cos(theta)
    north = z + SECOND_ECCENTRICITY_SQ * SEMI_MINOR_M * st * st * st
    lat = math.atan2(north, axis - ECCENTRICITY_SQ * SEMI_MAJOR_M * ct * ct * ct)
    s = math.sin(lat)
    return Vec3(
        lat, 0.0, axis * math.cos(lat) + z * s - SEMI_MAJOR_M * math.sqrt(1.0 - ECCENTRICITY_SQ * s * s)
    )
