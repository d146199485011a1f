"""Latitude and longitude to local north-east-down metres and back, exact on the WGS84 ellipsoid.

The local frame is the tangent plane at its origin: 1 km away its level surface lies 8 cm above the curved one.
"""

import math

from flight.kernel import kernel
from flight.vector import Vec3

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY_2 = FLATTENING * (2.0 - FLATTENING)


@kernel
def ecef(lat_deg, lon_deg, alt_m):
    """Return earth-centred metres of a geodetic point."""
    lat = math.radians(lat_deg)
    lon = math.radians(lon_deg)
    sine = math.sin(lat)
    normal = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY_2 * sine * sine)
    across = (normal + alt_m) * math.cos(lat)
    return Vec3(
        across * math.cos(lon), across * math.sin(lon), (normal * (1.0 - ECCENTRICITY_2) + alt_m) * sine
    )


@kernel
def turn_to_ned(v, lat_deg, lon_deg):
    """Turn an earth-centred vector into north, east and down at a place."""
    lat = math.radians(lat_deg)
    lon = math.radians(lon_deg)
    outward = math.cos(lon) * v.x + math.sin(lon) * v.y
    return Vec3(
        math.cos(lat) * v.z - math.sin(lat) * outward,
        math.cos(lon) * v.y - math.sin(lon) * v.x,
        -math.cos(lat) * outward - math.sin(lat) * v.z,
    )


@kernel
def turn_to_ecef(v_ned, lat_deg, lon_deg):
    """Turn a north-east-down vector at a place into earth-centred axes."""
    lat = math.radians(lat_deg)
    lon = math.radians(lon_deg)
    outward = -math.sin(lat) * v_ned.x - math.cos(lat) * v_ned.z
    return Vec3(
        math.cos(lon) * outward - math.sin(lon) * v_ned.y,
        math.sin(lon) * outward + math.cos(lon) * v_ned.y,
        math.cos(lat) * v_ned.x - math.sin(lat) * v_ned.z,
    )


@kernel
def local_ned(lat_deg, lon_deg, alt_m, origin_lat_deg, origin_lon_deg, origin_alt_m):
    """Return metres north, east and down of the origin."""
    away = ecef(lat_deg, lon_deg, alt_m) - ecef(origin_lat_deg, origin_lon_deg, origin_alt_m)
    return turn_to_ned(away, origin_lat_deg, origin_lon_deg)


@kernel
def geodetic(p_ned, origin_lat_deg, origin_lon_deg, origin_alt_m):
    """Return latitude deg, longitude deg and altitude m of a local point as the x, y, z of a Vec3 (Bowring 1985)."""
    place = ecef(origin_lat_deg, origin_lon_deg, origin_alt_m)
    place = place + turn_to_ecef(p_ned, origin_lat_deg, origin_lon_deg)
    across = math.sqrt(place.x * place.x + place.y * place.y)
    # Bowring's formula once more from its own result: below a nanometre for anything that flies.
    reduced = math.atan2(SEMI_MAJOR_M * place.z, SEMI_MINOR_M * across)
    lat = latitude(place.z, across, reduced)
    lat = latitude(place.z, across, math.atan2((1.0 - FLATTENING) * math.sin(lat), math.cos(lat)))
    sine = math.sin(lat)
    root = math.sqrt(1.0 - ECCENTRICITY_2 * sine * sine)
    alt = across * math.cos(lat) + place.z * sine - SEMI_MAJOR_M * root
    return Vec3(math.degrees(lat), math.degrees(math.atan2(place.y, place.x)), alt)


@kernel
def latitude(z, across, reduced):
    """Return the geodetic latitude from an estimate of the reduced one (Bowring 1976, eq. 4)."""
    sine = math.sin(reduced)
    cosine = math.cos(reduced)
    second = ECCENTRICITY_2 / (1.0 - ECCENTRICITY_2) * SEMI_MINOR_M
    return math.atan2(
        z + second * sine * sine * sine, across - ECCENTRICITY_2 * SEMI_MAJOR_M * cosine * cosine * cosine
    )
