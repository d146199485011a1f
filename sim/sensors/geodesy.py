"""Where on the Earth a place of the simulator's local world lies: the pretending side's own geodesy.

Horizontally the local world is the plane that touches the WGS84 ellipsoid at home; heights above it are taken as
heights above sea level, because everything else in the simulator (gravity, pressure, ground) is flat.
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

    Exact on the ellipsoid: local to Earth-centred coordinates, then Bowring 1976 (closed form, below 0.1 mm here).
    """
    lat = DEGREE * lat_deg
    s, c = math.sin(lat), math.cos(lat)
    _, across = radii(lat)
    # Seen from home's own meridian: x away from the axis, y east, z north along it.
    x = (across + alt_m) * c - s * p_ned.x - c * p_ned.z
    y = p_ned.y
    z = (across * (1.0 - ECCENTRICITY_SQ) + alt_m) * s + c * p_ned.x - s * p_ned.z
    axis = math.sqrt(x * x + y * y)
    theta = math.atan2(z * SEMI_MAJOR_M, axis * SEMI_MINOR_M)
    st, ct = math.sin(theta), math.cos(theta)
    north = z + SECOND_ECCENTRICITY_SQ * SEMI_MINOR_M * st * st * st
    out = axis - ECCENTRICITY_SQ * SEMI_MAJOR_M * ct * ct * ct
    lon = lon_deg + math.atan2(y, x) / DEGREE
    return Vec3(
        math.atan2(north, out) / DEGREE, lon - 360.0 * math.floor((lon + 180.0) / 360.0), alt_m - p_ned.z
    )
